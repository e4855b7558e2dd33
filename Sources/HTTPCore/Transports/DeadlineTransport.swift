/// The command's budget of network time, waiting included (`--max-time`): outermost, so that everything below knows when
/// to stop.
package struct DeadlineTransport: HTTPTransport {
    package let next: any HTTPTransport
    package let deadline: ContinuousClock.Instant?

    package init(next: any HTTPTransport, deadline: ContinuousClock.Instant?) {
        self.next = next
        self.deadline = deadline
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        // A caller's own deadline may be nearer (poll).
        request.deadline = [request.deadline, deadline].compactMap(\.self).min()
        return try await next.send(request)
    }
}
