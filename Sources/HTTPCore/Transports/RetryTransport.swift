/// How often and after which waits a request is repeated.
public struct RetryPolicy: Sendable, Equatable {
    /// At most this many tries after the first (`--retry`).
    public var retries: Int
    /// The first backoff is drawn between nothing and this.
    public var base: Duration
    /// No backoff is longer than this.
    public var cap: Duration
    /// With no budget given, a vendor's `Retry-After` beyond this is not waited for.
    public var patience: Duration

    /// Creates a policy.
    public init(
        retries: Int = 4, base: Duration = .milliseconds(500), cap: Duration = .seconds(30),
        patience: Duration = .seconds(300)
    ) {
        self.retries = retries
        self.base = base
        self.cap = cap
        self.patience = patience
    }
}

/// A repetition about to be waited for, to be told to the user.
public struct RetryNotice: Sendable, Equatable {
    /// 1 for the first repetition.
    public var retry: Int
    /// The most repetitions there may be.
    public var retries: Int
    /// How long until then.
    public var wait: Duration
    /// `answered 503` or `the connection was refused`.
    public var reason: String
}

/// Repeats a request where its verdict and its repeat class allow it, with full jitter and within the budget.
package struct RetryTransport: HTTPTransport {
    package let next: any HTTPTransport
    package let policy: RetryPolicy
    package let timing: Timing
    package let notice: @Sendable (RetryNotice) -> Void

    package init(
        next: any HTTPTransport, policy: RetryPolicy, timing: Timing,
        notice: @escaping @Sendable (RetryNotice) -> Void
    ) {
        self.next = next
        self.policy = policy
        self.timing = timing
        self.notice = notice
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var attempts = 0
        // Once a try may have been processed, no later one can say that nothing was.
        var mayBeProcessed = false
        while true {
            attempts += 1
            let verdict: Verdict
            let reason: String
            let outcome: Result<HTTPResponse, TransportError>
            do {
                var response = try await next.send(request)
                response.attempts = attempts
                guard let unsuccessful = response.verdict else { return response }
                (verdict, reason, outcome) = (unsuccessful, "answered \(response.status)", .success(response))
            } catch var error as TransportError {
                error.attempts = attempts
                if mayBeProcessed, error.verdict != .rejected { error.verdict = .ambiguous }
                guard error.mayHelpToRepeat else { throw error }
                (verdict, reason, outcome) = (error.verdict, error.message, .failure(error))
            }
            guard request.repeatClass.allowsRepeat(after: verdict), attempts <= policy.retries else {
                return try outcome.get()
            }
            mayBeProcessed = mayBeProcessed || verdict == .ambiguous
            let wait = wait(after: verdict, retry: attempts)
            let outcomeSoFar = mayBeProcessed ? .ambiguous : verdict
            if let refusal = refusal(of: wait, verdict: outcomeSoFar, reason: reason, request, attempts: attempts) {
                throw refusal
            }
            notice(RetryNotice(retry: attempts, retries: policy.retries, wait: wait, reason: reason))
            do {
                try await timing.sleep(wait)
            } catch {
                var cancelled = TransportError(.cancelled, outcomeSoFar, "cancelled while waiting to try again")
                cancelled.attempts = attempts
                throw cancelled
            }
        }
    }

    /// The larger of what the vendor asks for and a backoff with full jitter.
    private func wait(after verdict: Verdict, retry: Int) -> Duration {
        let ceiling = min(policy.cap.inSeconds, policy.base.inSeconds * Double(1 << min(retry - 1, 20)))
        let backoff = Duration.seconds(timing.random(0...ceiling))
        if case .throttled(let asked?) = verdict { return max(asked, backoff) }
        return backoff
    }

    private func refusal(
        of wait: Duration, verdict: Verdict, reason: String, _ request: HTTPRequest, attempts: Int
    ) -> TransportError? {
        let message: String
        if let deadline = request.deadline {
            let remaining = timing.instant().duration(to: deadline)
            guard wait >= remaining else { return nil }
            message =
                "\(reason); the next try is due in \(wait.forPeople), but only \(max(.zero, remaining).forPeople) "
                + "of the time allowed remain"
        } else {
            guard wait > policy.patience else { return nil }
            message = "\(reason); it asks to wait \(wait.forPeople)"
        }
        var error = TransportError(.budgetSpent, verdict, message)
        error.attempts = attempts
        return error
    }
}

extension TransportError {
    /// A broken request stays broken, an untrusted certificate untrusted.
    fileprivate var mayHelpToRepeat: Bool {
        switch reason {
        case .nameNotResolved, .connectionRefused, .timedOut, .connectionLost, .unclassified: true
        case .tls, .cancelled, .bodyTooLarge, .invalidRequest, .redirected, .budgetSpent, .previewed: false
        }
    }
}
