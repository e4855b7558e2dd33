import Foundation
import HTTPCore

/// The one place a process gets a vendor's token from: memory, the shared cache, or the vendor, in that order.
public actor TokenProvider {
    private let source: any TokenSource
    private let cache: TokenCache
    private let timing: Timing
    private let masker: Masker
    private let warn: @Sendable (String) -> Void
    private var current: AccessToken?
    private var flight: Task<AccessToken, any Error>?
    private var hasWarned = false

    /// Creates a provider.
    ///
    /// - Parameters:
    ///   - source: Where new tokens come from.
    ///   - cache: Where they are shared between processes.
    ///   - masker: Told of each token before it is used.
    ///   - timing: Clock and sleeper.
    ///   - warn: Told once when tokens cannot be shared.
    public init(
        source: any TokenSource, cache: TokenCache, masker: Masker, timing: Timing = .system,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.source = source
        self.cache = cache
        self.masker = masker
        self.timing = timing
        self.warn = warn
    }

    /// A token that is not `rejected` and not about to expire.
    ///
    /// Callers that come while a token is being fetched share that one request. A caller that is cancelled stops waiting at
    /// once; the request goes on for the others.
    public func token(rejecting rejected: Secret? = nil) async throws -> AccessToken {
        if let current, current.value != rejected, current.isUsable(at: timing.now()) { return current }
        if let flight {
            let token = try await Self.outcome(of: flight)
            if token.value != rejected { return token }
        }
        // While this caller waited, another may have started the next flight.
        if let flight { return try await Self.outcome(of: flight) }
        let flight = Task { try await self.fly(rejecting: rejected) }
        self.flight = flight
        return try await Self.outcome(of: flight)
    }

    private func fly(rejecting rejected: Secret?) async throws -> AccessToken {
        defer { flight = nil }
        let token = try await obtain(rejecting: rejected)
        current = token
        return token
    }

    /// As `flight.value`, which a cancelled caller would wait for all the same.
    private static func outcome(of flight: Task<AccessToken, any Error>) async throws -> AccessToken {
        let (outcomes, continuation) = AsyncStream.makeStream(of: Result<AccessToken, any Error>.self)
        Task {
            continuation.yield(await flight.result)
            continuation.finish()
        }
        for await outcome in outcomes { return try outcome.get() }
        throw CancellationError()
    }

    private func obtain(rejecting rejected: Secret?) async throws -> AccessToken {
        guard source.isCacheable else { return noted(try await source.fetch(replacing: nil)) }
        if let stored = try usable(from: cache, rejecting: rejected) { return stored }
        let lock: FileLock
        do throws(FileLock.AcquireError) {
            lock = try await cache.lock(source.identity)
        } catch {
            switch error {
            case .cancelled: throw CancellationError()
            case .timedOut(let path, let waited):
                throw Failure(
                    .tryAgain, vendor: source.vendor,
                    "waited \(waited.forPeople) for another integrate to finish its token request (\(path))",
                    hint: "see what holds the file: fuser \(path)")
            case .unavailable(let path, let reason):
                warnOnce("tokens are not cached: \(path): \(reason)")
                return noted(try await source.fetch(replacing: nil))
            }
        }
        // Whoever held the lock before may have done the work.
        if let stored = try usable(from: cache, rejecting: rejected) { return stored }
        let previous = try cache.read(source.identity)
        var token = try await source.fetch(replacing: previous)
        if token.refreshToken == nil { token.refreshToken = previous?.refreshToken }
        masker.register(token.value.reveal())
        if token.expiresAt != nil {
            do {
                try cache.write(token, as: source.identity, holding: lock)
            } catch {
                warnOnce("the token is not cached: \(error.message)")
            }
        }
        return noted(token)
    }

    private func usable(from cache: TokenCache, rejecting rejected: Secret?) throws -> AccessToken? {
        guard let stored = try cache.read(source.identity), stored.value != rejected,
            stored.isUsable(at: timing.now())
        else { return nil }
        return noted(stored)
    }

    private func noted(_ token: AccessToken) -> AccessToken {
        masker.register(token.value.reveal())
        if let refreshToken = token.refreshToken { masker.register(refreshToken.reveal()) }
        return token
    }

    private func warnOnce(_ text: String) {
        guard !hasWarned else { return }
        hasWarned = true
        warn(text)
    }
}

/// Puts a provider's token into `Authorization: Bearer`, with the header fields that the vendor wants repeated.
public struct BearerAuthorizer: RequestAuthorizer {
    private let provider: TokenProvider

    /// Creates an authorizer.
    public init(_ provider: TokenProvider) {
        self.provider = provider
    }

    /// Adds the provider's token.
    public func authorize(_ request: inout HTTPRequest) async throws {
        let token = try await provider.token()
        request.fields.set(HTTPField("Authorization", "Bearer \(token.value.reveal())", isCredential: true))
        for (name, value) in token.attributes.sorted(by: { $0.key < $1.key }) {
            request.fields.set(HTTPField(name, value))
        }
    }

    /// Has the provider replace the token that was refused.
    public func renew(after response: HTTPResponse, rejected: HTTPRequest) async throws -> Bool {
        guard let value = rejected.fields["Authorization"], value.hasPrefix("Bearer ") else { return false }
        let token = Secret(String(value.dropFirst("Bearer ".count)))
        return try await provider.token(rejecting: token).value != token
    }
}
