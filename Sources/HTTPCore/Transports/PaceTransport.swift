/// Keeps requests within a vendor's published limit, by reservation: whoever gets a slot waits for it.
public protocol RateLimiter: Sendable {
    /// Reserves the next free slot and returns how long it is until then.
    func reserve() throws -> Duration
    /// No slot before `duration` from now: the vendor said so.
    func holdOff(for duration: Duration) throws
}

/// Waits for a slot before each try, and passes a vendor's 429 on to everyone who shares the limit.
package struct PaceTransport: HTTPTransport {
    package let next: any HTTPTransport
    package let limiter: any RateLimiter
    package let timing: Timing

    package init(next: any HTTPTransport, limiter: any RateLimiter, timing: Timing) {
        self.next = next
        self.limiter = limiter
        self.timing = timing
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let wait = try limiter.reserve()
        if let deadline = request.deadline, wait >= timing.instant().duration(to: deadline) {
            throw TransportError(
                .budgetSpent, .throttled(retryAfter: wait),
                "the vendor's request limit leaves no room for \(wait.forPeople), more than the time allowed")
        }
        if wait > .zero {
            do {
                try await timing.sleep(wait)
            } catch {
                throw TransportError(.cancelled, .notSent, "cancelled while waiting for the vendor's request limit")
            }
        }
        let response = try await next.send(request)
        if case .throttled(let retryAfter) = response.verdict {
            try limiter.holdOff(for: retryAfter ?? .zero)
        }
        return response
    }
}
