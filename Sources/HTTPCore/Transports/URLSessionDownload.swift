import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Answers that go to a file in constant memory. A session of its own, whose delegate knows no data callbacks: with them
/// a refused redirect traps (urlsession-linux.md, C1 row 14).
final class DownloadSession: NSObject, URLSessionTaskDelegate, Sendable {

    private let session = Mutex<URLSession?>(nil)
    private let control = DispatchQueue(label: "integrate.transport.download")

    func send(_ request: URLRequest, to path: String, timeLimit: TimeLimit) async throws -> HTTPResponse {
        let session = session.withLock { session in
            if let session { return session }
            let created = URLSession(
                configuration: .forIntegrate(connections: 4), delegate: self, delegateQueue: nil)
            session = created
            return created
        }
        let stopper = Stopper()
        let timer = DispatchWorkItem { stopper.stop(timeLimit.error) }
        control.asyncAfter(deadline: .now() + timeLimit.duration.inSeconds, execute: timer)
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let started = StartedTask()
                let task = session.downloadTask(with: request) { file, response, error in
                    // A refused Basic challenge ends as an error although the 401 is there.
                    let answer = (response ?? started.task.withLock { $0?.response }) as? HTTPURLResponse
                    started.task.withLock { $0 = nil }
                    continuation.resume(
                        with: Result { try Self.finish(file, answer, error, stopper.reason, to: path) })
                }
                started.task.withLock { $0 = task }
                stopper.arm { [control] in control.async { task.cancel() } }
                task.resume()
            }
        } onCancel: {
            stopper.stop(.cancelledInFlight)
        }
    }

    private static func finish(
        _ file: URL?, _ response: HTTPURLResponse?, _ error: (any Error)?, _ stopped: TransportError?, to path: String
    ) throws -> HTTPResponse {
        if let stopped { throw stopped }
        if let error {
            guard let response, response.statusCode == 401, file == nil else {
                throw TransportError(urlSession: error)
            }
            return HTTPResponse(response, body: Data())
        }
        guard let response, let file else {
            throw TransportError(.connectionLost, .ambiguous, "the answer was not HTTP")
        }
        guard (200...299).contains(response.statusCode) else {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            return HTTPResponse(response, body: try handle.read(upToCount: 64 << 10) ?? Data())
        }
        // The temporary file vanishes when this returns.
        if rename(file.path, path) != 0 {
            try? FileManager.default.removeItem(atPath: path)
            try FileManager.default.copyItem(atPath: file.path, toPath: path)
        }
        return HTTPResponse(response, body: Data())
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
            completionHandler(.cancelAuthenticationChallenge, nil)
        #else
            let isServerTrust = challenge.protectionSpace.authenticationMethod == NSURLAuthenticationMethodServerTrust
            completionHandler(isServerTrust ? .performDefaultHandling : .rejectProtectionSpace, nil)
        #endif
    }
}

/// The task for its own completion handler, which is written before the task exists.
private final class StartedTask: Sendable {
    let task = Mutex<URLSessionDownloadTask?>(nil)
}

/// The reason we ended a download ourselves, and the means to end it.
private final class Stopper: Sendable {
    private struct State {
        var reason: TransportError?
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    var reason: TransportError? { state.withLock { $0.reason } }

    /// Gives the means to end the download; ends it at once if that was asked for before.
    func arm(_ cancel: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            state.cancel = cancel
            return state.reason != nil
        }
        if isStopped { cancel() }
    }

    func stop(_ reason: TransportError) {
        let cancel = state.withLock { state in
            if state.reason == nil { state.reason = reason }
            return state.cancel
        }
        cancel?()
    }
}
