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
        defer {
            timer.cancel()
            // The timer keeps the stopper until it would have fired; the task need not wait for that.
            stopper.disarm()
        }
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
            let handle = try? FileHandle(forReadingFrom: file)
            defer { try? handle?.close() }
            return HTTPResponse(response, body: (try? handle?.read(upToCount: 64 << 10)) ?? Data())
        }
        try copy(file.path, to: path)
        return HTTPResponse(response, body: Data())
    }

    /// Into the file that is there, if it is: its mode and the descriptor that its maker holds stay true (``AtomicFile``).
    private static func copy(_ source: String, to path: String) throws {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw Failure(.inputOutput, FileError(path: source).message) }
        defer { close(input) }
        let output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard output >= 0 else { throw Failure(.cannotCreateOutput, FileError(path: path).message) }
        defer { close(output) }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = read(input, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(.inputOutput, FileError(path: source).message) }
            if count == 0 { return }
            do {
                try buffer.withUnsafeBytes { try writeAll(.init(rebasing: $0[..<count]), to: output, path: path) }
            } catch let error as FileError {
                throw Failure(.inputOutput, error.message)
            }
        }
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

    /// Lets go of the means: the download is over.
    func disarm() {
        state.withLock { $0.cancel = nil }
    }

    func stop(_ reason: TransportError) {
        let cancel = state.withLock { state in
            if state.reason == nil { state.reason = reason }
            return state.cancel
        }
        cancel?()
    }
}
