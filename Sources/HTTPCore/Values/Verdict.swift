/// What is known about a request that did not succeed; it alone decides whether the request may be repeated.
public enum Verdict: Sendable, Equatable {
    /// No byte of the request reached the vendor (name resolution, connection refused, TLS).
    case notSent
    /// The vendor declined to process it for now (429, or 503 with `Retry-After`).
    case throttled(retryAfter: Duration?)
    /// The vendor may or may not have processed it (time-out, connection lost, 5xx).
    case ambiguous
    /// The vendor processed the request and refused it, or repeating it cannot help.
    case rejected
}

/// How often a request may reach the vendor without harm.
public enum RepeatClass: Sendable, Equatable {
    /// Reads: no effect at the vendor.
    case safe
    /// A second delivery leaves the vendor in the same state as the first (token requests, PUT, DELETE).
    case idempotent
    /// A second delivery may do the work twice.
    case unsafe

    /// Whether a request of this class may be sent again after `verdict`.
    public func allowsRepeat(after verdict: Verdict) -> Bool {
        switch verdict {
        case .notSent, .throttled: true
        case .ambiguous: self != .unsafe
        case .rejected: false
        }
    }
}

/// A request that brought no answer, or none that may be used.
public struct TransportError: Error, Sendable, Equatable {
    /// What happened, as far as it can be told apart.
    public enum Reason: Sendable, Equatable {
        case nameNotResolved
        case connectionRefused
        case tls
        case timedOut
        case connectionLost
        case cancelled
        case bodyTooLarge(limit: Int)
        case invalidRequest
        /// A redirect that is not followed; the place it names, without its query.
        case redirected(to: String)
        /// Waiting any longer would exceed the command's budget (`--max-time`).
        case budgetSpent
        /// The request was built for `--dry-run` or `--curl` and deliberately not sent.
        case previewed
        case unclassified
    }

    /// What happened.
    public var reason: Reason
    /// What is known about the request, all tries together.
    public var verdict: Verdict
    /// One line for people, free of the request's URL.
    public var message: String
    /// How many times the request was tried.
    public var attempts = 1

    /// Creates a transport error.
    public init(_ reason: Reason, _ verdict: Verdict, _ message: String) {
        self.reason = reason
        self.verdict = verdict
        self.message = message
    }
}
