import Foundation
import HTTPCore

/// A private folder (mode 0700) for a request's body while it is sent, or an answer while it arrives. It goes with the
/// value; what a killed process left behind is removed by the next one.
final class WorkingFolder: Sendable {
    private static let newPrefix = "new-"

    let path: String
    /// Locked as long as the folder's process is alive.
    private let lock: Int32

    /// Creates a folder below `parent`.
    init(in parent: String) throws(Failure) {
        do throws(FileError) {
            try PrivateDirectory.create(parent)
            Self.removeAbandoned(in: parent)
            (path, lock) = try Self.lockedFolder(in: parent)
        } catch {
            throw Failure(
                .cannotCreateOutput, "no place for the request's body: \(error.message)",
                hint: "set XDG_CACHE_HOME to a folder that can be written")
        }
    }

    /// Makes a folder that is locked before it has a name under which others sweep.
    private static func lockedFolder(in parent: String) throws(FileError) -> (path: String, lock: Int32) {
        let name = "\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let (unnamed, path) = ("\(parent)/\(newPrefix)\(name)", "\(parent)/\(name)")
        guard mkdir(unnamed, 0o700) == 0 else { throw FileError(path: unnamed) }
        let lock = open(unnamed + "/lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw FileError(path: unnamed) }
        // Where no lock can be had, others cannot take it either, and leave the folder alone.
        flock(lock, LOCK_EX | LOCK_NB)
        guard rename(unnamed, path) == 0 else {
            let error = FileError(path: path)
            close(lock)
            throw error
        }
        return (path, lock)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        close(lock)
    }

    private static func removeAbandoned(in parent: String) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: parent) else { return }
        for name in names {
            let folder = "\(parent)/\(name)"
            // Being made at this moment, or left in that moment: the sweep of an old one finds out.
            if name.hasPrefix(newPrefix) {
                if isOlderThanADay(folder) { try? FileManager.default.removeItem(atPath: folder) }
                continue
            }
            let lock = open("\(folder)/lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else {
                // Being removed at this moment; what is left of it half a day later goes too.
                if isOlderThanADay(folder) { try? FileManager.default.removeItem(atPath: folder) }
                continue
            }
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: folder) }
            close(lock)
        }
    }

    private static func isOlderThanADay(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && time(nil) - status.st_mtim.tv_sec > 86_400
    }
}

/// A request's body, written piece by piece into a working folder.
final class BodyFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(in folder: WorkingFolder) throws(Failure) {
        path = folder.path + "/body"
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(.cannotCreateOutput, "no place for the request's body: \(FileError(path: path).message)")
        }
    }

    deinit { close(descriptor) }

    /// Appends `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        do throws(FileError) {
            try writeAll(bytes, to: descriptor, path: path)
        } catch {
            throw Failure(.cannotCreateOutput, "the request's body cannot be kept: \(error.message)")
        }
    }

    /// Appends `data`.
    func write(_ data: Data) throws(Failure) {
        try data.withUnsafeBytesTyped { bytes throws(Failure) in try write(bytes) }
    }
}
