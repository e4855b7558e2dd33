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

    package func path(of identity: TokenIdentity) -> String { "\(directory)/\(identity.fileName)" }

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
        return TokenFile.token(in: String(decoding: data, as: UTF8.self))
    }

    /// Stores a token that was got outside a ``TokenProvider``, such as by a login; one without an end is not stored.
    ///
    /// - Throws: ``Failure`` when it cannot be stored.
    public func store(_ token: AccessToken, as identity: TokenIdentity) async throws(Failure) {
        guard token.expiresAt != nil else { return }
        do throws(FileLock.AcquireError) {
            let lock = try await lock(identity)
            do throws(FileError) {
                try write(token, as: identity, holding: lock)
            } catch {
                throw FileLock.AcquireError.unavailable(path: error.path, reason: error.reason)
            }
        } catch {
            switch error {
            case .cancelled: throw Failure(.interrupted, "cancelled while storing the token")
            case .timedOut(let path, let waited):
                throw Failure(.tryAgain, "waited \(waited.forPeople) for another integrate (\(path))")
            case .unavailable(let path, let reason): throw Failure(.cannotCreateOutput, "\(path): \(reason)")
            }
        }
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
        try AtomicFile.write(Data(TokenFile.text(of: token).utf8), to: path(of: identity), mode: 0o600)
    }
}

/// The file's form: a line a member, `NAME VALUE`, values percent-encoded. No JSON, because the first use of a decoder
/// costs a process 14 ms, more than everything else that `auth token` does.
private enum TokenFile {
    private static let firstLine = "integrate token 1"

    static func text(of token: AccessToken) -> String {
        var lines = [firstLine, "access \(PercentEncoding.encode(token.value.reveal()))"]
        lines.append("issued \(token.issuedAt.timeIntervalSince1970)")
        if let expiresAt = token.expiresAt { lines.append("expires \(expiresAt.timeIntervalSince1970)") }
        if let refresh = token.refreshToken { lines.append("refresh \(PercentEncoding.encode(refresh.reveal()))") }
        for (name, value) in token.attributes.sorted(by: { $0.key < $1.key }) {
            lines.append("attribute.\(PercentEncoding.encode(name)) \(PercentEncoding.encode(value))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Nil when the text is no token file of this form.
    static func token(in text: String) -> AccessToken? {
        var lines = text.split(separator: "\n")[...]
        guard lines.popFirst() == firstLine[...] else { return nil }
        var members: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let value = PercentEncoding.decode(parts[1]) else { return nil }
            members[String(parts[0])] = value
        }
        guard let access = members["access"], let issued = members["issued"].flatMap(Double.init) else { return nil }
        var token = AccessToken(
            Secret(access), expiresAt: nil, issuedAt: Date(timeIntervalSince1970: issued),
            refreshToken: members["refresh"].map(Secret.init))
        token.expiresAt = members["expires"].flatMap(Double.init).map(Date.init(timeIntervalSince1970:))
        for (name, value) in members where name.hasPrefix("attribute.") {
            guard let name = PercentEncoding.decode(name.dropFirst("attribute.".count)) else { return nil }
            token.attributes[name] = value
        }
        return token
    }
}
