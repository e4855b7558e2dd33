import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

@Suite("Retry")
struct RetryTransportTests {
    private let fake = FakeTransport()
    private let time = FakeTiming(randoms: [1])

    private func request(_ repeatClass: RepeatClass, budget: Duration? = nil) throws -> HTTPRequest {
        var request = HTTPRequest(
            repeatClass == .safe ? .get : .post, try BaseURL("https://vendor.test").origin, path: "/",
            repeatClass: repeatClass)
        request.deadline = budget.map { time.instant + $0 }
        return request
    }

    private func retrying(
        _ policy: RetryPolicy = RetryPolicy(), timing: Timing? = nil,
        notice: @escaping @Sendable (RetryNotice) -> Void = { _ in }
    ) -> RetryTransport {
        RetryTransport(next: fake, policy: policy, timing: timing ?? time.timing, notice: notice)
    }

    private static let refused = TransportError(.connectionRefused, .notSent, "refused")
    private static let lost = TransportError(.connectionLost, .ambiguous, "lost")

    @Test(
        "a lost request is repeated where its verdict and its class allow it",
        arguments: [
            (refused, true), (TransportError(.nameNotResolved, .notSent, ""), true),
            (TransportError(.unclassified, .throttled(retryAfter: nil), ""), true),
            (lost, false), (TransportError(.timedOut, .ambiguous, ""), false),
            (TransportError(.unclassified, .ambiguous, ""), false),
        ], [RepeatClass.safe, .idempotent, .unsafe])
    func lostRequest(_ entry: (TransportError, Bool), _ repeatClass: RepeatClass) async throws {
        let (error, isRepeatedForAll) = entry
        let isRepeated = isRepeatedForAll || repeatClass != .unsafe
        fake.stub(error: error)
        if isRepeated {
            fake.stub(status: 200)
            #expect(try await retrying().send(request(repeatClass)).attempts == 2)
        } else {
            var expected = error
            expected.attempts = 1
            await #expect(throws: expected) { try await retrying().send(request(repeatClass)) }
        }
        #expect(time.sleeps.count == (isRepeated ? 1 : 0))
        fake.verify()
    }

    @Test(
        "what cannot help is not repeated for anyone",
        arguments: [
            TransportError(.tls, .notSent, ""), TransportError(.cancelled, .notSent, ""),
            TransportError(.bodyTooLarge(limit: 1), .ambiguous, ""), TransportError(.invalidRequest, .notSent, ""),
            TransportError(.redirected(to: "x"), .rejected, ""), TransportError(.budgetSpent, .notSent, ""),
            TransportError(.previewed, .notSent, ""),
        ], [RepeatClass.safe, .idempotent, .unsafe])
    func hopeless(_ error: TransportError, _ repeatClass: RepeatClass) async throws {
        fake.stub(error: error)
        await #expect(throws: error) { try await retrying().send(request(repeatClass)) }
        #expect(time.sleeps.isEmpty)
        fake.verify()
    }

    @Test(
        "an answer is repeated where its status and its class allow it",
        arguments: [
            (200, nil, []), (301, nil, []), (400, nil, []), (401, nil, []), (409, nil, []),
            (429, nil, [.safe, .idempotent, .unsafe]), (503, "1", [.safe, .idempotent, .unsafe]),
            (408, nil, [.safe, .idempotent]), (500, nil, [.safe, .idempotent]), (502, nil, [.safe, .idempotent]),
            (503, nil, [.safe, .idempotent]), (504, "1", [.safe, .idempotent]),
        ] as [(Int, String?, [RepeatClass])], [RepeatClass.safe, .idempotent, .unsafe])
    func statuses(_ entry: (status: Int, retryAfter: String?, classes: [RepeatClass]), _ repeatClass: RepeatClass)
        async throws
    {
        var first = HTTPResponse(status: entry.status)
        first.fields["Retry-After"] = entry.retryAfter
        fake.stub(answer: first)
        let isRepeated = entry.classes.contains(repeatClass)
        if isRepeated { fake.stub(status: 204) }
        let response = try await retrying().send(request(repeatClass))
        #expect(response.status == (isRepeated ? 204 : entry.status))
        #expect(response.attempts == (isRepeated ? 2 : 1))
        fake.verify()
    }

    @Test("tries are counted, and the last answer or error is what remains", arguments: [0, 1, 4])
    func exhausted(retries: Int) async throws {
        for _ in 0...retries { fake.stub(status: 500, body: "why") }
        let response = try await retrying(RetryPolicy(retries: retries)).send(request(.safe))
        #expect(response.status == 500 && response.attempts == retries + 1 && response.body == Data("why".utf8))
        for _ in 0...retries { fake.stub(error: Self.refused) }
        let error = await retrying(RetryPolicy(retries: retries)).error(for: try request(.unsafe))
        #expect(error?.reason == .connectionRefused && error?.attempts == retries + 1)
        fake.verify()
    }

    @Test("a try that may have been processed makes the whole ambiguous, whatever comes after it")
    func ambiguousForGood() async throws {
        fake.stub(error: Self.lost)
        fake.stub(error: Self.refused)
        let error = await retrying(RetryPolicy(retries: 1)).error(for: try request(.idempotent))
        #expect(error?.reason == .connectionRefused && error?.verdict == .ambiguous && error?.attempts == 2)
        fake.stub(error: Self.lost)
        fake.stub(status: 429, fields: ["Retry-After": "1000"])
        let refusal = await retrying().error(for: try request(.idempotent))
        #expect(refusal?.reason == .budgetSpent && refusal?.verdict == .ambiguous && refusal?.attempts == 2)
        fake.verify()
    }

    @Test("a write that was not sent is repeated until it is, and no further once it may have been processed")
    func unsafeSequence() async throws {
        fake.stub(error: Self.refused)
        fake.stub(status: 429)
        fake.stub(error: Self.lost)
        let error = await retrying().error(for: try request(.unsafe))
        #expect(error?.reason == .connectionLost && error?.verdict == .ambiguous && error?.attempts == 3)
        fake.verify()
    }

    @Test("the backoff doubles up to its cap, with full jitter")
    func backoff() async throws {
        let policy = RetryPolicy(retries: 6, base: .milliseconds(500), cap: .seconds(4))
        for _ in 0...6 { fake.stub(status: 500) }
        _ = try await retrying(policy).send(request(.safe))
        #expect(time.sleeps == [0.5, 1, 2, 4, 4, 4].map { Duration.seconds($0) })
        let jitter = FakeTiming(randoms: [0, 0.5, 0.25])
        for _ in 0...3 { fake.stub(status: 500) }
        _ = try await retrying(RetryPolicy(retries: 3), timing: jitter.timing).send(request(.safe))
        #expect(jitter.sleeps == [0, 0.5, 0.5].map { Duration.seconds($0) })
    }

    @Test("the wait is the larger of Retry-After and backoff", arguments: [("7", 7.0), ("1", 4), ("0", 4)])
    func retryAfter(_ asked: String, _ wait: Double) async throws {
        fake.stub(status: 429, fields: ["Retry-After": asked])
        fake.stub(status: 200)
        let notices = Mutex<[RetryNotice]>([])
        let transport = retrying(RetryPolicy(base: .seconds(4))) { notice in notices.withLock { $0.append(notice) } }
        _ = try await transport.send(request(.unsafe))
        #expect(time.sleeps == [.seconds(wait)])
        let notice = try #require(notices.withLock { $0.first })
        #expect(notice.retry == 1 && notice.retries == 4)
        #expect(notice.wait == .seconds(wait) && notice.reason == "answered 429")
    }

    @Test("a Retry-After date counts as the seconds until then")
    func retryAfterDate() async throws {
        fake.stub(
            status: 503,
            fields: ["Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT", "Date": "Sun, 06 Nov 1994 08:50:07 GMT"])
        fake.stub(status: 200)
        _ = try await retrying().send(request(.unsafe))
        #expect(time.sleeps == [.seconds(30)])
    }

    @Test("a wait that does not fit the budget ends at once and says so", arguments: [RepeatClass.safe, .unsafe])
    func budget(_ repeatClass: RepeatClass) async throws {
        fake.stub(status: 429, fields: ["Retry-After": "30"])
        let error = await retrying().error(for: try request(repeatClass, budget: .seconds(20)))
        #expect(error?.reason == .budgetSpent && error?.verdict == .throttled(retryAfter: .seconds(30)))
        #expect(error?.attempts == 1)
        #expect(
            error?.message
                == "answered 429; the next try is due in 30 s, but only 20 s of the time allowed remain")
        #expect(time.sleeps.isEmpty)
        fake.verify()
    }

    @Test("waits that fit the budget are waited for until one does not")
    func budgetOverTries() async throws {
        for _ in 0..<3 { fake.stub(status: 429, fields: ["Retry-After": "8"]) }
        let error = await retrying().error(for: try request(.unsafe, budget: .seconds(20)))
        #expect(error?.reason == .budgetSpent && error?.attempts == 3)
        #expect(time.sleeps == [.seconds(8), .seconds(8)])
        fake.verify()
    }

    @Test("without a budget, a Retry-After beyond all patience is not waited for, one within it is")
    func patience() async throws {
        fake.stub(status: 429, fields: ["Retry-After": "301"])
        let error = await retrying().error(for: try request(.unsafe))
        #expect(error?.reason == .budgetSpent && error?.message == "answered 429; it asks to wait 5 min 1 s")
        fake.stub(status: 429, fields: ["Retry-After": "300"])
        fake.stub(status: 200)
        #expect(try await retrying().send(request(.unsafe)).status == 200)
        #expect(time.sleeps == [.seconds(300)])
        fake.verify()
    }

    @Test(
        "a cancellation while waiting ends the tries and keeps what is known",
        arguments: [
            (RepeatClass.unsafe, 429, Verdict.throttled(retryAfter: nil)), (.safe, 500, .ambiguous),
        ])
    func cancelled(_ repeatClass: RepeatClass, _ status: Int, _ verdict: Verdict) async throws {
        fake.stub(status: status)
        let cancelling = FakeTiming(onSleep: { _ in withUnsafeCurrentTask { $0?.cancel() } })
        let (transport, request) = (retrying(timing: cancelling.timing), try request(repeatClass))
        let error = await Task { await transport.error(for: request) }.value
        #expect(error?.reason == .cancelled && error?.verdict == verdict && error?.attempts == 1)
        fake.verify()
    }

    @Test("a failure that is no transport error passes through")
    func otherErrors() async throws {
        fake.stub("fails", matching: { _ in true }) { _ in throw Failure(.credentials, "no token") }
        await #expect(throws: Failure(.credentials, "no token")) { try await retrying().send(request(.safe)) }
    }
}
