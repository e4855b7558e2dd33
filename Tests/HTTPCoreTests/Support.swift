import Foundation
import HTTPCore
import TestSupport
import Testing

extension MisbehavingServer {
    /// The server's origin, or that of `host` on the same port.
    func origin(host: String = "127.0.0.1") throws -> BaseURL.Origin {
        try BaseURL("http://\(host):\(port)").origin
    }

    /// A read of `path`.
    func get(_ path: String = "/", timeout: Duration = .seconds(20)) throws -> HTTPRequest {
        var request = HTTPRequest(.get, try origin(), path: path, repeatClass: .safe)
        request.timeout = timeout
        return request
    }

    /// A lone write to `path`.
    func post(
        _ path: String = "/", _ text: String = "the body", timeout: Duration = .seconds(20)
    ) throws -> HTTPRequest {
        var request = HTTPRequest(
            .post, try origin(), path: path, body: .data(Data(text.utf8), contentType: "text/plain"),
            repeatClass: .unsafe)
        request.timeout = timeout
        return request
    }
}

extension HTTPTransport {
    /// The error that a request ends with; a failure of the test when there is an answer.
    func error(for request: HTTPRequest, sourceLocation: SourceLocation = #_sourceLocation) async -> TransportError? {
        do {
            let response = try await send(request)
            Issue.record("answered \(response.status)", sourceLocation: sourceLocation)
            return nil
        } catch {
            if let error = error as? TransportError { return error }
            Issue.record("not a transport error: \(type(of: error))", sourceLocation: sourceLocation)
            return nil
        }
    }
}

/// The tests of the real transport, one after the other: URLSession has one queue for all sessions, and a test with a
/// thousand requests would eat another one's time-out.
@Suite("URLSession transport", .serialized)
enum RealTransport {}

/// The same transport for all tests, as a process has one.
let sharedTransport = URLSessionTransport(userAgent: "integrate-tests/1")

/// The time `work` takes.
func elapsed(_ work: () async throws -> Void) async rethrows -> Duration {
    try await ContinuousClock().measure(work)
}
