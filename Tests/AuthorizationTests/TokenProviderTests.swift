import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

@testable import Authorization

/// Issues `t1`, `t2`, ... and counts; where it has a gate, only once that is open.
private final class CountingSource: TokenSource {
    let vendor = Vendor.upload
    let identity = TokenIdentity(endpoint: "https://id.example", client: "c", scope: "s")
    private let timing: FakeTiming
    private let gate: Gate?
    private let life: Double?
    private let refreshToken: Bool
    private let state = Mutex((count: 0, replaced: [AccessToken?]()))

    init(_ timing: FakeTiming, gate: Gate? = nil, life: Double? = 3600, refreshToken: Bool = false) {
        self.timing = timing
        self.gate = gate
        self.life = life
        self.refreshToken = refreshToken
    }

    var count: Int { state.withLock { $0.count } }
    var replaced: [AccessToken?] { state.withLock { $0.replaced } }

    func fetch(replacing previous: AccessToken?) async throws -> AccessToken {
        let number = state.withLock { state in
            state.count += 1
            state.replaced.append(previous)
            return state.count
        }
        await gate?.wait()
        return AccessToken(
            Secret("t\(number)"), expiresAt: life.map(timing.now.addingTimeInterval), issuedAt: timing.now,
            refreshToken: refreshToken && number == 1 ? Secret("r") : nil)
    }
}

/// Closed until it is opened once.
private final class Gate: Sendable {
    private let state = Mutex((isOpen: false, waiters: [CheckedContinuation<Void, Never>]()))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

@Suite("One place for a vendor's tokens")
struct TokenProviderTests {
    private let directory: TemporaryDirectory
    private let timing = FakeTiming()
    private let masker = Masker()

    init() throws { directory = try TemporaryDirectory() }

    private func cache(_ folder: String = "tokens", patience: Duration = .seconds(120)) -> TokenCache {
        TokenCache(directory: directory(folder), timing: timing.timing, patience: patience)
    }

    private func provider(
        _ source: CountingSource, _ cache: TokenCache? = nil, warn: @escaping @Sendable (String) -> Void = { _ in }
    ) -> TokenProvider {
        TokenProvider(source: source, cache: cache ?? self.cache(), masker: masker, timing: timing.timing, warn: warn)
    }

    @Test("a hundred callers at once make one request")
    func oneFlight() async throws {
        let source = CountingSource(timing)
        let provider = provider(source)
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await provider.token().value.reveal() } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(values == ["t1"])
        #expect(source.count == 1)
        #expect(masker.mask("x t1 y") == "x *** y")
    }

    @Test("two hundred rejections of one token make one renewal")
    func oneRenewal() async throws {
        let source = CountingSource(timing)
        let provider = provider(source)
        let authorizer = BearerAuthorizer(provider)
        let base = try BaseURL("https://api.example")
        var rejected = HTTPRequest(.get, base.origin, path: "/", repeatClass: .safe)
        try await authorizer.authorize(&rejected)
        #expect(rejected.fields["Authorization"] == "Bearer t1")
        #expect(rejected.fields.all.map(\.isCredential) == [true])
        let request = rejected
        let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask { try await authorizer.renew(after: HTTPResponse(status: 401), rejected: request) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes == Array(repeating: true, count: 200))
        #expect(source.count == 2)
        #expect(try await provider.token().value.reveal() == "t2")
    }

    @Test("a request without a bearer token is not worth another try")
    func nothingToRenew() async throws {
        let source = CountingSource(timing)
        let request = HTTPRequest(.get, try BaseURL("https://api.example").origin, path: "/", repeatClass: .safe)
        let authorizer = BearerAuthorizer(provider(source))
        #expect(try await !authorizer.renew(after: HTTPResponse(status: 401), rejected: request))
        #expect(source.count == 0)
    }

    @Test("a neighbour's newer token is used instead of asking for one")
    func neighbour() async throws {
        let (own, other) = (CountingSource(timing), CountingSource(timing))
        let (one, two) = (provider(own), provider(other))
        let first = try await one.token()
        #expect(try await two.token() == first)
        #expect(other.count == 0)
        #expect(try await two.token(rejecting: first.value).value.reveal() == "t1", "another source's first token")
        // To the first provider that looks like its own rejected token, for both are called t1: ask by another name.
        #expect(try await one.token(rejecting: Secret("other")) == first)
        #expect(own.count == 1)
    }

    @Test("what is in the cache and not rejected serves without a request, in a process that starts later")
    func fromCache() async throws {
        let source = CountingSource(timing)
        _ = try await provider(source).token()
        let renewed = try await provider(source).token(rejecting: Secret("t1"))
        #expect(renewed.value.reveal() == "t2")
        #expect(try await provider(source).token(rejecting: Secret("t1")) == renewed)
        #expect(source.count == 2)
    }

    @Test("a token about to end is replaced, in memory and in the cache")
    func expiring() async throws {
        let source = CountingSource(timing)
        let provider = provider(source)
        _ = try await provider.token()
        timing.advance(by: .seconds(3500))
        #expect(try await provider.token().value.reveal() == "t1")
        timing.advance(by: .seconds(50))
        #expect(try await provider.token().value.reveal() == "t2")
        #expect(try cache().read(source.identity)?.value == Secret("t2"))
    }

    @Test("a token whose end is not known is not left to other processes")
    func endless() async throws {
        let source = CountingSource(timing, life: nil)
        let provider = provider(source)
        _ = try await provider.token()
        _ = try await provider.token()
        #expect(source.count == 1)
        #expect(try cache().read(source.identity) == nil)
    }

    @Test("a refresh token is handed on, and kept where the renewal brings none")
    func refreshTokenKept() async throws {
        let source = CountingSource(timing, refreshToken: true)
        let provider = provider(source)
        _ = try await provider.token()
        let renewed = try await provider.token(rejecting: Secret("t1"))
        #expect(source.replaced.map { $0?.refreshToken } == [nil, Secret("r")])
        #expect(renewed.refreshToken == Secret("r"))
        #expect(try cache().read(source.identity)?.refreshToken == Secret("r"))
    }

    @Test("without a place for the cache tokens are fetched all the same, with one warning")
    func noCache() async throws {
        try directory.write("", to: "file")
        let warnings = Mutex<[String]>([])
        let source = CountingSource(timing)
        let provider = provider(source, cache("file/tokens")) { text in warnings.withLock { $0.append(text) } }
        #expect(try await provider.token().value.reveal() == "t1")
        #expect(try await provider.token(rejecting: Secret("t1")).value.reveal() == "t2")
        let heard = warnings.withLock { $0 }
        #expect(heard.count == 1)
        #expect(heard.first?.contains(directory("file")) == true)
    }

    @Test("a file that others can read stops the command, and no new token hides it")
    func exposed() async throws {
        let source = CountingSource(timing)
        _ = try await provider(source).token()
        chmod(cache().path(of: source.identity), 0o644)
        let failure = await #expect(throws: Failure.self) { try await provider(source).token() }
        #expect(failure?.category == .configuration)
        #expect(source.count == 1)
    }

    @Test("who waits too long for the lock is told which file, and how to see who has it")
    func lockTimeout() async throws {
        let source = CountingSource(timing)
        let held = try await cache().lock(source.identity)
        let failure = await #expect(throws: Failure.self) {
            try await provider(source, cache(patience: .seconds(120))).token()
        }
        _ = consume held
        let path = cache().path(of: source.identity) + ".lock"
        #expect(failure?.category == .tryAgain)
        #expect(failure?.message == "waited 2 min for another integrate to finish its token request (\(path))")
        #expect(failure?.hint == "see what holds the file: fuser \(path)")
        #expect(source.count == 0)
    }

    @Test("a cancelled caller stops waiting at once, and the others get their token")
    func cancelledWaiter() async throws {
        let gate = Gate()
        let source = CountingSource(timing, gate: gate)
        let provider = provider(source)
        let first = Task { try await provider.token() }
        let second = Task { try await provider.token() }
        first.cancel()
        // Ends although the request does not: the gate is closed.
        await #expect(throws: CancellationError.self) { try await first.value }
        gate.open()
        #expect(try await second.value.value.reveal() == "t1")
        #expect(try await provider.token().value.reveal() == "t1")
        #expect(source.count == 1)
    }

    @Test("a failed request fails all who share it, and the next caller asks again")
    func failureIsNotKept() async throws {
        let calls = Mutex(0)
        struct Failing: TokenSource {
            let vendor = Vendor.upload
            let identity = TokenIdentity(endpoint: "e", client: "c", scope: "s")
            let next: @Sendable () -> Int
            func fetch(replacing previous: AccessToken?) async throws -> AccessToken {
                guard next() > 1 else { throw Failure(.unavailable, "down") }
                return AccessToken(Secret("good"), expiresAt: nil, issuedAt: .distantPast)
            }
        }
        let source = Failing {
            calls.withLock { calls in
                calls += 1
                return calls
            }
        }
        let provider = TokenProvider(source: source, cache: cache(), masker: masker, timing: timing.timing)
        await #expect(throws: Failure(.unavailable, "down")) { try await provider.token() }
        #expect(try await provider.token().value.reveal() == "good")
    }
}
