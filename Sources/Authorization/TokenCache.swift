import Foundation
import HTTPCore

/// Tokens on disk, one file each, shared by every process of this user (design.md, "Tokens").
///
/// A file is replaced whole, by rename, under the lock of its neighbour `.lock`, which is never removed: so any number
/// of processes that start together make one token request.
public struct TokenCache: Sendable {
    private let directory: String
    private let timing: Timing
    private let patience: Duration

    /// Creates a cache in `directory`, which is made when first needed.
    ///
    /// - Parameters:
    ///   - directory: A private folder (mode 0700).
    ///   - timing: Clock and sleeper.
    ///   - patience: How long to wait for another process's token request.
    public init(directory: String, timing: Timing = .system, patience: Duration = .seconds(120)) {
        self.directory = directory
        self.timing = timing
        self.patience = patience
    }

    package func path(of identity: TokenIdentity) -> String { "\(directory)/\(identity.fileName).json" }

    /// The stored token, usable or not; nil when there is none.
    ///
    /// - Throws: ``Failure`` when the file can be read by others: it is no secret any more.
    public func read(_ identity: TokenIdentity) throws(Failure) -> AccessToken? {
        let path = path(of: identity)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        guard status.st_mode & 0o077 == 0, status.st_uid == geteuid() else {
            throw Failure(
                .configuration, "the cached token \(path) can be read by others, so it is not used",
                hint: "rm \(path)")
        }
        // What cannot be read is as good as absent: the next token replaces it.
        guard let data = try? handle.readToEnd() else { return nil }
        return (try? JSONDecoder().decode(StoredToken.self, from: data))?.token
    }

    /// Removes the stored token.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    public func remove(_ identity: TokenIdentity) -> Bool { unlink(path(of: identity)) == 0 }

    /// The lock under which a token may be replaced.
    package func lock(_ identity: TokenIdentity) async throws(FileLock.AcquireError) -> FileLock {
        let path = path(of: identity) + ".lock"
        do {
            try PrivateDirectory.create(directory)
        } catch {
            throw .unavailable(path: directory, reason: error.reason)
        }
        return try await FileLock.acquire(path, patience: patience, timing: timing)
    }

    /// Stores `token`. The lock is a parameter so that storing without it does not compile.
    package func write(
        _ token: AccessToken, as identity: TokenIdentity, holding lock: borrowing FileLock
    ) throws(FileError) {
        guard let data = try? JSONEncoder().encode(StoredToken(token)) else { return }
        try AtomicFile.write(data, to: path(of: identity), mode: 0o600)
    }
}

/// The file's form.
private struct StoredToken: Codable {
    var v = 1
    var accessToken: String
    var expiresAt: Double?
    var issuedAt: Double
    var refreshToken: String?
    var attributes: [String: String]?

    init(_ token: AccessToken) {
        accessToken = token.value.reveal()
        expiresAt = token.expiresAt?.timeIntervalSince1970
        issuedAt = token.issuedAt.timeIntervalSince1970
        refreshToken = token.refreshToken?.reveal()
        attributes = token.attributes.isEmpty ? nil : token.attributes
    }

    var token: AccessToken {
        AccessToken(
            Secret(accessToken), expiresAt: expiresAt.map(Date.init(timeIntervalSince1970:)),
            issuedAt: Date(timeIntervalSince1970: issuedAt), refreshToken: refreshToken.map(Secret.init),
            attributes: attributes ?? [:])
    }
}
