/// One function from a request to its answer. Each concern (retrying, pacing, authorizing, ...) is a transport wrapped
/// round the next; ``TransportStack`` puts them in order.
public protocol HTTPTransport: Sendable {
    /// Sends `request` and returns the complete answer, whatever its status.
    ///
    /// - Throws: ``TransportError`` when there is no answer, ``Failure`` when a credential could not be had.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}
