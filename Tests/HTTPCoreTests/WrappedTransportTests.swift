import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

@Suite("Deadline, pace, redirect, authorize, record and their order")
struct WrappedTransportTests {
    private let fake = FakeTransport()
    private let time = FakeTiming()

    private func request(_ method: HTTPMethod = .get, _ path: String = "/from") throws -> HTTPRequest {
        HTTPRequest(
            method, try BaseURL("https://vendor.test").origin, path: path,
            repeatClass: method == .get ? .safe : .unsafe)
    }

    // MARK: deadline

    @Test(
        "the nearer of the command's and the caller's deadline holds",
        arguments: [
            (nil, nil, nil), (5, nil, 5), (nil, 7, 7), (5, 7, 5), (7, 5, 5),
        ] as [(Int?, Int?, Int?)])
    func deadline(_ command: Int?, _ caller: Int?, _ expected: Int?) async throws {
        fake.stub(status: 200)
        var request = try request()
        request.deadline = caller.map { time.instant + .seconds($0) }
        let transport = DeadlineTransport(next: fake, deadline: command.map { time.instant + .seconds($0) })
        _ = try await transport.send(request)
        #expect(fake.requests.first?.deadline == expected.map { time.instant + .seconds($0) })
    }

    // MARK: pace

    private final class FakeLimiter: RateLimiter {
        let waits: Mutex<[Duration]>
        let holdOffs = Mutex<[Duration]>([])

        init(_ waits: [Duration]) {
            self.waits = Mutex(waits)
        }

        func reserve() -> Duration { waits.withLock { $0.isEmpty ? .zero : $0.removeFirst() } }
        func holdOff(for duration: Duration) { holdOffs.withLock { $0.append(duration) } }
    }

    @Test("each request waits for its slot")
    func pace() async throws {
        let transport = PaceTransport(
            next: fake, limiter: FakeLimiter([.zero, .seconds(3)]), timing: time.timing)
        for _ in 0..<2 {
            fake.stub(status: 200)
            _ = try await transport.send(request())
        }
        #expect(time.sleeps == [.seconds(3)])
    }

    @Test("a slot beyond the budget ends at once, unsent", arguments: [2, 3])
    func paceBudget(budget: Int) async throws {
        var request = try request(.post)
        request.deadline = time.instant + .seconds(budget)
        let transport = PaceTransport(next: fake, limiter: FakeLimiter([.seconds(3)]), timing: time.timing)
        let error = await transport.error(for: request)
        #expect(error?.reason == .budgetSpent && error?.verdict == .throttled(retryAfter: .seconds(3)))
        #expect(time.sleeps.isEmpty && fake.requests.isEmpty)
    }

    @Test("a cancellation while waiting for a slot sends nothing")
    func paceCancelled() async throws {
        let cancelling = FakeTiming(onSleep: { _ in withUnsafeCurrentTask { $0?.cancel() } })
        let transport = PaceTransport(next: fake, limiter: FakeLimiter([.seconds(3)]), timing: cancelling.timing)
        let request = try request(.post)
        let error = await Task { await transport.error(for: request) }.value
        #expect(error?.reason == .cancelled && error?.verdict == .notSent)
        #expect(fake.requests.isEmpty)
    }

    @Test(
        "what the vendor says about its limit is passed on to all who share it",
        arguments: [
            (429, "7", [Duration.seconds(7)]), (429, nil, [.zero]), (503, "7", [.seconds(7)]), (503, nil, []),
            (200, "7", []), (500, "7", []),
        ] as [(Int, String?, [Duration])])
    func holdOff(_ status: Int, _ retryAfter: String?, _ holdOffs: [Duration]) async throws {
        var answer = HTTPResponse(status: status)
        answer.fields["Retry-After"] = retryAfter
        fake.stub(answer: answer)
        let limiter = FakeLimiter([])
        #expect(
            try await PaceTransport(next: fake, limiter: limiter, timing: time.timing).send(request()).status == status)
        #expect(limiter.holdOffs.withLock { $0 } == holdOffs)
    }

    // MARK: redirect

    @Test(
        "a read follows a Location on its own origin, however it is written",
        arguments: [
            ("/to", "/to"), ("to", "/a/to"), ("../to", "/to"), ("?page=2", "/a/from?page=2"),
            ("https://vendor.test/to", "/to"), ("https://vendor.test:443/to", "/to"), ("HTTPS://VENDOR.TEST/to", "/to"),
            ("//vendor.test/to", "/to"), ("https://vendor.test", "/"), ("/to#fragment", "/to"),
            ("/to?q=a+b&r=a%2Bb&s=%C3%A9&t", "/to?q=a%20b&r=a%2Bb&s=%C3%A9&t="), ("/to/%2F%20", "/to/%2F%20"),
        ])
    func location(_ location: String, _ target: String) async throws {
        fake.stub(status: 302, fields: ["Location": location])
        fake.stub(status: 200)
        #expect(try await RedirectTransport(next: fake).send(request(.get, "/a/from")).status == 200)
        #expect(fake.requests.map(\.target) == ["/a/from", target])
        fake.verify()
    }

    @Test(
        "a Location elsewhere is an error that names it, without its query",
        arguments: [
            ("https://other.test/to?key=SECRET", "https://other.test/to"),
            ("https://vendor.test:8443/to", "https://vendor.test:8443/to"),
            ("http://vendor.test/to", "http://vendor.test/to"), ("//other.test/to", "https://other.test/to"),
            ("https://vendor.test.other.test/to", "https://vendor.test.other.test/to"),
            ("https://vendor.test@other.test/to", "https://other.test/to"),
            ("https://user:SECRET@other.test/to", "https://other.test/to"),
            ("ftp://vendor.test/to", "ftp://vendor.test/to"),
        ])
    func elsewhere(_ location: String, _ name: String) async throws {
        fake.stub(status: 307, fields: ["Location": location])
        let error = await RedirectTransport(next: fake).error(for: try request())
        #expect(error?.reason == .redirected(to: name) && error?.verdict == .rejected)
        #expect(error?.message.contains(name) == true && error?.message.contains("SECRET") == false)
        fake.verify()
    }

    @Test(
        "a Location that is no URL is an error",
        arguments: ["", "http://", "https://vendor.test:x/", "/a b", "/to?q=%zz", "\u{7F}", "/%5B1%5D|é", "/{id}"])
    func noLocation(_ location: String) async throws {
        fake.stub(status: 302, fields: ["Location": location])
        let error = await RedirectTransport(next: fake).error(for: try request())
        #expect(error?.reason == .redirected(to: "") && error?.verdict == .rejected)
        fake.verify()
    }

    @Test("a redirect without a place and other answers come back as they are", arguments: [200, 300, 302, 304, 305])
    func noRedirect(_ status: Int) async throws {
        fake.stub(status: status)
        #expect(try await RedirectTransport(next: fake).send(request()).status == status)
        fake.verify()
    }

    @Test("circles and endless chains end")
    func circles() async throws {
        fake.stub(status: 302, fields: ["Location": "/b"])
        fake.stub(status: 302, fields: ["Location": "/a"])
        let circle = await RedirectTransport(next: fake).error(for: try request(.get, "/a"))
        #expect(circle?.reason == .redirected(to: "https://vendor.test/a"))
        fake.verify()
        for number in 0...5 { fake.stub(status: 302, fields: ["Location": "/\(number)"]) }
        let chain = await RedirectTransport(next: fake).error(for: try request(.get, "/a"))
        #expect(chain?.verdict == .rejected && chain?.message == "redirected more than 5 times")
        fake.verify()
    }

    // MARK: authorize

    private final class FakeAuthorizer: RequestAuthorizer {
        let answers: Mutex<[Bool]>
        let count = Mutex(0)

        init(_ answers: [Bool]) {
            self.answers = Mutex(answers)
        }

        func authorize(_ request: inout HTTPRequest) {
            let number = count.withLock {
                $0 += 1; return $0
            }
            request.fields.set(HTTPField("Authorization", "Bearer token-\(number)", isCredential: true))
        }

        func renew(after response: HTTPResponse, rejected: HTTPRequest) -> Bool {
            answers.withLock { $0.removeFirst() }
        }
    }

    private var tokens: [String?] { fake.requests.map { $0.fields["Authorization"] } }

    @Test("a 401 leads to one renewal and one replay; a second 401 comes back", arguments: [200, 401, 403])
    func renewal(_ second: Int) async throws {
        fake.stub(status: 401)
        fake.stub(status: second)
        let transport = AuthorizeTransport(next: fake, authorizer: FakeAuthorizer([true]))
        #expect(try await transport.send(request(.post)).status == second)
        #expect(tokens == ["Bearer token-1", "Bearer token-2"])
        fake.verify()
    }

    @Test(
        "a 401 that no renewal can help comes back, and other refusals renew nothing",
        arguments: [(401, [false]), (403, []), (200, [])])
    func noRenewal(_ status: Int, _ answers: [Bool]) async throws {
        fake.stub(status: status)
        let transport = AuthorizeTransport(next: fake, authorizer: FakeAuthorizer(answers))
        #expect(try await transport.send(request()).status == status)
        fake.verify()
    }

    // MARK: record, and all together

    private final class FakeRecorder: ExchangeRecorder {
        let exchanges = Mutex<[Exchange]>([])
        func record(_ exchange: Exchange) { exchanges.withLock { $0.append(exchange) } }
    }

    @Test("each exchange is recorded as it was on the wire, its credentials known to the masker, its time measured")
    func record() async throws {
        let (recorder, masker) = (FakeRecorder(), Masker())
        let stack = TransportStack(
            network: fake, retryPolicy: RetryPolicy(retries: 1), timing: time.timing, masker: masker,
            recorders: [recorder])
        fake.stub("answers late", matching: { _ in true }) { [time] _ in
            time.advance(by: .seconds(2))
            return HTTPResponse(status: 401)
        }
        fake.stub(error: TransportError(.connectionLost, .ambiguous, "lost"))
        fake.stub(status: 302, fields: ["Location": "/to"])
        fake.stub(status: 200)
        let response = try await stack.transport(authorizer: FakeAuthorizer([true])).send(request())
        #expect(response.status == 200 && response.attempts == 2)
        let exchanges = recorder.exchanges.withLock { $0 }
        #expect(exchanges.map { try? $0.outcome.get().status } == [401, nil, 302, 200])
        #expect(exchanges.map(\.request.path) == ["/from", "/from", "/from", "/to"])
        #expect(
            exchanges.map { $0.request.fields["Authorization"] } == (1...4).map { "Bearer token-\($0)" },
            "each try and each hop is authorized afresh")
        #expect(exchanges.first?.duration == .seconds(2))
        #expect(masker.mask("token-1 token-4") == "*** ***")
    }

    @Test("each try has its slot, and a 429 holds off before the next one waits for its own")
    func order() async throws {
        let limiter = FakeLimiter([.seconds(1), .seconds(2)])
        let stack = TransportStack(network: fake, timing: time.timing)
        fake.stub(status: 429, fields: ["Retry-After": "5"])
        fake.stub(status: 200)
        #expect(try await stack.transport(limiter: limiter).send(request(.post)).status == 200)
        #expect(time.sleeps == [.seconds(1), .seconds(5), .seconds(2)])
        #expect(limiter.holdOffs.withLock { $0 } == [.seconds(5)])
    }

    @Test("the budget of the stack ends the tries")
    func stackBudget() async throws {
        let stack = TransportStack(network: fake, deadline: time.instant + .seconds(10), timing: time.timing)
        fake.stub(status: 429, fields: ["Retry-After": "11"])
        let error = await stack.transport().error(for: try request(.post))
        #expect(error?.reason == .budgetSpent)
        #expect(time.sleeps.isEmpty)
        fake.verify()
    }
}
