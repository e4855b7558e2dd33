import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

@testable import Authorization

@Suite("A token's life, and the cache on disk")
struct TokenCacheTests {
    private static let now = Date(timeIntervalSince1970: 1_700_000_000)
    private static let identity = TokenIdentity(endpoint: "https://id.example", client: "c", scope: "s")

    @Test(
        "a token is used up to a minute, or a tenth of its life, before its end",
        arguments: [
            // Life and age in seconds.
            (3600, 0, true), (3600, 3539, true), (3600, 3541, false), (3600, 3600, false), (100, 89, true),
            (100, 91, false), (10, 8, true), (10, 10, false), (3600, -299, true), (3600, -301, false),
        ] as [(Double, Double, Bool)])
    func margins(life: Double, age: Double, isUsable: Bool) {
        let issuedAt = Self.now.addingTimeInterval(-age)
        let token = AccessToken(
            Secret("t"), expiresAt: issuedAt.addingTimeInterval(life), issuedAt: issuedAt)
        #expect(token.isUsable(at: Self.now) == isUsable)
    }

    @Test("a token without an end is usable")
    func endless() {
        #expect(AccessToken(Secret("t"), expiresAt: nil, issuedAt: .distantPast).isUsable(at: Self.now))
    }

    private static func token(_ value: String = "t") -> AccessToken {
        AccessToken(
            Secret(value), expiresAt: now.addingTimeInterval(3600), issuedAt: now, refreshToken: Secret("r"),
            attributes: ["realm": "x"])
    }

    private static func store(_ token: AccessToken, in cache: TokenCache) async throws {
        let lock = try await cache.lock(identity)
        try cache.write(token, as: identity, holding: lock)
    }

    private static func mode(_ path: String) throws -> UInt16 {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require((attributes[.posixPermissions] as? NSNumber)?.uint16Value)
    }

    @Test("what is stored comes back whole, from a file of mode 0600 in a folder of mode 0700")
    func roundTrip() async throws {
        let directory = try TemporaryDirectory()
        let cache = TokenCache(directory: directory("a/tokens"))
        #expect(try cache.read(Self.identity) == nil)
        try await Self.store(Self.token(), in: cache)
        #expect(try cache.read(Self.identity) == Self.token())
        let path = cache.path(of: Self.identity)
        #expect(try Self.mode(path) == 0o600)
        #expect(try Self.mode(path + ".lock") == 0o600)
        #expect(try Self.mode(directory("a/tokens")) == 0o700)
        #expect(cache.remove(Self.identity))
        #expect(!cache.remove(Self.identity))
        // Whoever waits for the lock waits for this very file.
        #expect(access(path + ".lock", F_OK) == 0)
    }

    @Test("a folder that others can enter is closed to them")
    func closesFolder() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory("tokens"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        try await Self.store(Self.token(), in: TokenCache(directory: directory("tokens")))
        #expect(try Self.mode(directory("tokens")) == 0o700)
    }

    @Test("a file that others can read is refused, with the command that removes it", arguments: [0o604, 0o640, 0o666])
    func refused(mode: mode_t) async throws {
        let directory = try TemporaryDirectory()
        let cache = TokenCache(directory: directory.path)
        try await Self.store(Self.token(), in: cache)
        let path = cache.path(of: Self.identity)
        chmod(path, mode)
        let failure = #expect(throws: Failure.self) { try cache.read(Self.identity) }
        #expect(failure?.category == .configuration)
        #expect(failure?.hint == "rm \(path)")
    }

    @Test("a symbolic link is not followed")
    func link() async throws {
        let directory = try TemporaryDirectory()
        let (one, other) = (TokenCache(directory: directory("a")), TokenCache(directory: directory("b")))
        try await Self.store(Self.token(), in: one)
        try FileManager.default.createDirectory(atPath: directory("b"), withIntermediateDirectories: false)
        symlink(one.path(of: Self.identity), other.path(of: Self.identity))
        #expect(try other.read(Self.identity) == nil)
    }

    @Test("what cannot be read is as good as absent", arguments: ["", "{", "null", #"{"accessToken":5}"#, "\u{0}"])
    func unreadable(text: String) async throws {
        let directory = try TemporaryDirectory()
        let cache = TokenCache(directory: directory.path)
        let path = cache.path(of: Self.identity)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        #expect(try cache.read(Self.identity) == nil)
        try await Self.store(Self.token(), in: cache)
        #expect(try cache.read(Self.identity) == Self.token())
    }

    @Test("two who want the lock have it one after the other")
    func excludes() async throws {
        let directory = try TemporaryDirectory()
        let cache = TokenCache(directory: directory.path, timing: FakeTiming().timing, patience: .seconds(1))
        let held = try await cache.lock(Self.identity)
        await #expect(throws: FileLock.AcquireError.self) { _ = try await cache.lock(Self.identity) }
        _ = consume held
        _ = try await cache.lock(Self.identity)
    }
}
