import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Requests whose answers are kept in memory: one session for reads and batches, others for lone writes.
///
/// Sound as `@unchecked Sendable`: all mutable state is behind `state`; a session and its tasks are thread-safe.
final class DataSessions: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private struct Pending {
        let task: URLSessionTask
        var response: HTTPURLResponse?
        var body = Data()
        var byteLimit: Int
        /// Why we ended it ourselves; beats the error that URLSession then reports.
        var ownError: TransportError?
        var continuation: CheckedContinuation<HTTPResponse, any Error>
    }

    /// Unlike the address of a task, never given to another one.
    private struct TaskID: Hashable {
        let session: ObjectIdentifier
        let number: Int

        init(_ session: URLSession, _ task: URLSessionTask) {
            self.session = ObjectIdentifier(session)
            number = task.taskIdentifier
        }
    }

    private struct State {
        var shared: URLSession?
        /// Sessions of lone writes, with when each became idle.
        var lone: [(session: URLSession, idleSince: ContinuousClock.Instant)] = []
        var pending: [TaskID: Pending] = [:]
    }

    private let state = Mutex(State())
    private let connections: Int
    /// Tasks are cancelled here and never on a caller's thread, which may hold a lock that a callback takes (#5412).
    private let control = DispatchQueue(label: "integrate.transport.control")

    init(connections: Int) {
        self.connections = connections
    }

    func send(
        _ request: URLRequest, file: URL?, isLoneWrite: Bool, byteLimit: Int, timeLimit: TimeLimit
    ) async throws -> HTTPResponse {
        let session = session(isLoneWrite: isLoneWrite)
        defer { if isLoneWrite { state.withLock { $0.lone.append((session, .now)) } } }
        let task = file.map { session.uploadTask(with: request, fromFile: $0) } ?? session.dataTask(with: request)
        let id = TaskID(session, task)
        // Holds the task by its identifier only: a timer that was cancelled keeps its closure until it would have fired.
        let stop: @Sendable (TransportError) -> Void = { [self] reason in
            control.async { [self] in
                let task = state.withLock { state in
                    if state.pending[id]?.ownError == nil { state.pending[id]?.ownError = reason }
                    return state.pending[id]?.task
                }
                task?.cancel()
            }
        }
        let timer = DispatchWorkItem { stop(timeLimit.error) }
        let end = DispatchTime.now() + timeLimit.duration.inSeconds
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock {
                    $0.pending[id] = Pending(task: task, byteLimit: byteLimit, continuation: continuation)
                }
                task.resume()
                // What asks for an end finds the task only from here on, so a cancellation before is made up for.
                control.asyncAfter(deadline: end, execute: timer)
                if Task.isCancelled { stop(.cancelledInFlight) }
            }
        } onCancel: {
            stop(.cancelledInFlight)
        }
    }

    /// Each lone write has a session, and so a pool, of its own. `Connection: close` is not enough: a server that closes
    /// without saying so in its answer leaves libcurl a connection that looks alive, and the next write hangs on it.
    ///
    /// Sessions are not torn down (that can crash) but used again, when the end of such a connection has long arrived.
    private func session(isLoneWrite: Bool) -> URLSession {
        state.withLock { state in
            if isLoneWrite {
                let rested = ContinuousClock.now - Self.rest
                if let index = state.lone.firstIndex(where: { $0.idleSince < rested }) {
                    return state.lone.remove(at: index).session
                }
            } else if let session = state.shared {
                return session
            }
            let session = URLSession(
                configuration: .forIntegrate(connections: connections), delegate: self, delegateQueue: nil)
            if !isLoneWrite { state.shared = session }
            return session
        }
    }

    private static let rest = Duration.seconds(10)

    /// Whoever removes the entry resumes the continuation, once.
    private func finish(_ id: TaskID, _ error: (any Error)?) {
        guard let pending = state.withLock({ $0.pending.removeValue(forKey: id) }) else { return }
        if let ownError = pending.ownError {
            pending.continuation.resume(throwing: ownError)
        } else if let error {
            pending.continuation.resume(throwing: TransportError(urlSession: error))
        } else if let response = pending.response {
            pending.continuation.resume(returning: HTTPResponse(response, body: pending.body))
        } else {
            pending.continuation.resume(
                throwing: TransportError(.connectionLost, .ambiguous, "the answer was not HTTP"))
        }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let id = TaskID(session, dataTask)
        state.withLock { state in
            state.pending[id]?.response = response as? HTTPURLResponse
            state.pending[id]?.body = Data()
        }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let id = TaskID(session, dataTask)
        let isTooLarge = state.withLock { state -> Bool in
            guard let pending = state.pending[id], pending.ownError == nil else { return false }
            if pending.body.count + data.count > pending.byteLimit {
                state.pending[id]?.ownError = TransportError(
                    .bodyTooLarge(limit: pending.byteLimit), .ambiguous,
                    "the answer is larger than \(pending.byteLimit) bytes")
                return true
            }
            state.pending[id]?.body.append(data)
            return false
        }
        if isTooLarge {
            control.async { dataTask.cancel() }
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        finish(TaskID(session, task), error)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        #if canImport(FoundationNetworking)
            // Default handling never completes before 6.3.3 (#5456). The 401 and its body are here already.
            finish(TaskID(session, task), nil)
            control.async { task.cancel() }
            completionHandler(.cancelAuthenticationChallenge, nil)
        #else
            let isServerTrust = challenge.protectionSpace.authenticationMethod == NSURLAuthenticationMethodServerTrust
            completionHandler(isServerTrust ? .performDefaultHandling : .rejectProtectionSpace, nil)
        #endif
    }
}

extension TransportError {
    static let cancelledInFlight = TransportError(.cancelled, .ambiguous, "cancelled while it was under way")
}

extension URLSessionConfiguration {
    /// Nothing on disk, no cookies, no credentials of URLSession's own.
    static func forIntegrate(connections: Int) -> URLSessionConfiguration {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.httpCookieAcceptPolicy = .never
        configuration.httpMaximumConnectionsPerHost = connections
        return configuration
    }
}
