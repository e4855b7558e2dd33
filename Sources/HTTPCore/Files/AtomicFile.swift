import Foundation

/// What a file operation failed with, in the system's words.
package struct FileError: Error, Sendable, Equatable {
    package var path: String
    package var reason: String
    package var code: Int32

    package init(path: String, code: Int32 = errno) {
        self.init(path: path, reason: String(cString: strerror(code)), code: code)
    }

    package init(path: String, reason: String, code: Int32) {
        self.path = path
        self.reason = reason
        self.code = code
    }

    package var message: String { "\(path): \(reason)" }
}

/// A file that is there whole or not at all: written beside its final place, synced, renamed.
package struct AtomicFile: ~Copyable {
    /// Where the bytes are until ``commit()``.
    package let temporaryPath: String
    private let path: String
    private let descriptor: Int32
    private var isCommitted = false

    /// Creates the temporary file beside `path`.
    package init(_ path: String, mode: mode_t) throws(FileError) {
        // A link stays a link: its target is what gets replaced.
        let target = Self.resolvingLink(path)
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            // Renaming over a device would replace it for the whole system.
            throw FileError(path: path, reason: "not a regular file", code: EINVAL)
        }
        let directory = parentFolder(of: target)
        let name = (target as NSString).lastPathComponent
        let unique = "\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let temporary = "\(directory)/.\(name).\(unique).tmp"
        let opened = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard opened >= 0 else { throw FileError(path: path) }
        self.path = target
        temporaryPath = temporary
        descriptor = opened
    }

    deinit {
        close(descriptor)
        if !isCommitted { unlink(temporaryPath) }
    }

    private static func resolvingLink(_ path: String) -> String {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
        return URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try writeAll(bytes, to: descriptor, path: path)
    }

    /// Syncs the bytes and puts the file in its place.
    package consuming func commit() throws(FileError) {
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(path: path) }
        guard rename(temporaryPath, path) == 0 else { throw FileError(path: path) }
        isCommitted = true
        syncDirectory(of: path)
    }

    /// Writes `data` to `path` in one go.
    package static func write(_ data: Data, to path: String, mode: mode_t) throws(FileError) {
        let file = try AtomicFile(path, mode: mode)
        try data.withUnsafeBytesTyped { bytes throws(FileError) in try file.write(bytes) }
        try file.commit()
    }
}

extension Data {
    /// `withUnsafeBytes` with a typed error.
    package func withUnsafeBytesTyped<Problem: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) {
        let outcome: Result<Void, Problem> = withUnsafeBytes { bytes in
            do throws(Problem) {
                return .success(try body(bytes))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }
}

/// Writes every byte, whatever the number that one call takes.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
        let count = write(descriptor, rest.baseAddress, rest.count)
        if count < 0 {
            if errno == EINTR { continue }
            throw FileError(path: path)
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
}

/// The folder that `path` is in: `.` where it names none. Foundation's `deletingLastPathComponent` ends the process on a path
/// of one character (Swift 6.3.1 on Linux).
package func parentFolder(of path: String) -> String {
    let name = path.utf8.reversed().drop { $0 == UInt8(ascii: "/") }
    guard let slash = name.firstIndex(of: UInt8(ascii: "/")) else { return path.hasPrefix("/") ? "/" : "." }
    let parent = name[slash...].drop { $0 == UInt8(ascii: "/") }
    return parent.isEmpty ? "/" : String(decoding: parent.reversed(), as: UTF8.self)
}

/// Makes a rename in the directory of `path` last; a file system that cannot is left alone.
private func syncDirectory(of path: String) {
    let descriptor = open(parentFolder(of: path), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}

/// Folders of our own below the XDG places.
package enum PrivateDirectory {
    /// Creates `path` and its missing parents with mode 0700, and takes from others what rights they have to `path`.
    package static func create(_ path: String) throws(FileError) {
        var status = stat()
        if stat(path, &status) != 0 {
            let parent = parentFolder(of: path)
            if parent != path, access(parent, F_OK) != 0 { try create(parent) }
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError(path: path) }
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError(path: path, code: ENOTDIR) }
        if status.st_mode & 0o077 != 0, status.st_uid == geteuid() { chmod(path, 0o700) }
    }
}
