import Foundation
import HTTPCore
import Synchronization
import Testing

/// A transport that answers from stubs, each used once, and keeps what it was asked.
///
/// A request without a stub and a stub without a request are test failures; for the latter, end with ``verify()``.
package final class FakeTransport: HTTPTransport {
    /// Answers a request, or throws a `TransportError`.
    package typealias Answer = @Sendable (HTTPRequest) async throws -> HTTPResponse

    private struct Stub {
        var name: String
        var matches: @Sendable (HTTPRequest) -> Bool
        var answer: Answer
        var location: SourceLocation
    }

    private struct State {
        var stubs: [Stub] = []
        var requests: [HTTPRequest] = []
    }

    private let state = Mutex(State())

    /// Creates a transport without stubs.
    package init() {}

    /// Every request received, in order.
    package var requests: [HTTPRequest] { state.withLock { $0.requests } }

    /// Adds a stub for the first request that `matches` takes; `name` is for messages.
    package func stub(
        _ name: String, matching matches: @escaping @Sendable (HTTPRequest) -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation, answer: @escaping Answer
    ) {
        let stub = Stub(name: name, matches: matches, answer: answer, location: sourceLocation)
        state.withLock { $0.stubs.append(stub) }
    }

    /// Adds a stub by method and path (nil: any).
    package func stub(
        _ method: HTTPMethod? = nil, path: String? = nil, answer response: HTTPResponse,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        stub(
            Self.name(method, path), matching: Self.matcher(method, path), sourceLocation: sourceLocation,
            answer: { _ in response })
    }

    /// Adds a stub by method and path (nil: any) for a status, header fields and a text.
    package func stub(
        _ method: HTTPMethod? = nil, path: String? = nil, status: Int, fields: HTTPFields = [:], body: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        stub(
            method, path: path, answer: HTTPResponse(status: status, fields: fields, body: Data(body.utf8)),
            sourceLocation: sourceLocation)
    }

    /// Adds a stub by method and path (nil: any) for a request that gets no answer.
    package func stub(
        _ method: HTTPMethod? = nil, path: String? = nil, error: TransportError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        stub(
            Self.name(method, path), matching: Self.matcher(method, path), sourceLocation: sourceLocation,
            answer: { _ in throw error })
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let stub = state.withLock { state -> Stub? in
            state.requests.append(request)
            guard let index = state.stubs.firstIndex(where: { $0.matches(request) }) else { return nil }
            return state.stubs.remove(at: index)
        }
        guard let stub else {
            Issue.record("no stub for \(request.method.rawValue) \(request.origin)\(request.target)")
            throw TransportError(.unclassified, .rejected, "no stub for this request")
        }
        var response = try await stub.answer(request)
        if case .file(let path) = request.destination, response.isSuccess {
            try response.body.write(to: URL(fileURLWithPath: path))
            response.body = Data()
        }
        return response
    }

    /// Fails the test for every stub that no request used.
    package func verify() {
        for stub in state.withLock({ $0.stubs }) {
            Issue.record("unused stub: \(stub.name)", sourceLocation: stub.location)
        }
    }

    private static func name(_ method: HTTPMethod?, _ path: String?) -> String {
        "\(method?.rawValue ?? "any method") \(path ?? "any path")"
    }

    private static func matcher(_ method: HTTPMethod?, _ path: String?) -> @Sendable (HTTPRequest) -> Bool {
        { request in (method ?? request.method) == request.method && (path ?? request.path) == request.path }
    }
}
