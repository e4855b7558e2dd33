/// The order in which the transports wrap one another, in its one place:
///
///     deadline -> retry -> pace -> redirect -> authorize -> record -> network
public struct TransportStack: Sendable {
    /// What sends at last: URLSession, a fake, or a preview.
    public var network: any HTTPTransport
    /// How often and after which waits requests are repeated.
    public var retryPolicy: RetryPolicy
    /// When the command's network time ends, if it does.
    public var deadline: ContinuousClock.Instant?
    /// Clocks, sleep and chance.
    public var timing: Timing
    /// Learns each credential before its request leaves.
    public var masker: Masker
    /// Told of each exchange on the wire.
    public var recorders: [any ExchangeRecorder]
    /// Told of each repetition before it is waited for.
    public var retryNotice: @Sendable (RetryNotice) -> Void

    /// Creates a stack over `network`.
    public init(
        network: any HTTPTransport, retryPolicy: RetryPolicy = RetryPolicy(),
        deadline: ContinuousClock.Instant? = nil, timing: Timing = .system, masker: Masker = Masker(),
        recorders: [any ExchangeRecorder] = [], retryNotice: @escaping @Sendable (RetryNotice) -> Void = { _ in }
    ) {
        self.network = network
        self.retryPolicy = retryPolicy
        self.deadline = deadline
        self.timing = timing
        self.masker = masker
        self.recorders = recorders
        self.retryNotice = retryNotice
    }

    /// The whole stack, with or without an authorizer (a token request has none) and a limiter.
    public func transport(
        authorizer: (any RequestAuthorizer)? = nil, limiter: (any RateLimiter)? = nil
    ) -> any HTTPTransport {
        var transport: any HTTPTransport = RecordTransport(
            next: network, masker: masker, recorders: recorders, timing: timing)
        if let authorizer { transport = AuthorizeTransport(next: transport, authorizer: authorizer) }
        transport = RedirectTransport(next: transport)
        if let limiter { transport = PaceTransport(next: transport, limiter: limiter, timing: timing) }
        transport = RetryTransport(next: transport, policy: retryPolicy, timing: timing, notice: retryNotice)
        return DeadlineTransport(next: transport, deadline: deadline)
    }
}
