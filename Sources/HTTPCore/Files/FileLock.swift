import Foundation

/// A lock between processes on a file that is never removed or renamed. Held until the value is given up.
///
/// `flock` binds to the open file, so two tasks of one process exclude each other as two processes do.
package struct FileLock: ~Copyable, Sendable {
    package enum AcquireError: Error, Sendable, Equatable {
        /// Somebody else held it all the time.
        case timedOut(path: String, waited: Duration)
        /// No lock can be had here: read-only disk, no permission, a network file system.
        case unavailable(path: String, reason: String)
        case cancelled
    }

    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        // Closing the last descriptor of the open file releases the lock.
        close(descriptor)
    }

    /// Waits for the lock on `path`, creating the file (mode 0600) if need be, for at most `patience`.
    package static func acquire(
        _ path: String, patience: Duration, timing: Timing
    ) async throws(AcquireError) -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unavailable(path: path, reason: String(cString: strerror(errno)))
        }
        let start = timing.instant()
        var pause = Duration.milliseconds(2)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            guard code == EWOULDBLOCK else {
                close(descriptor)
                throw .unavailable(path: path, reason: String(cString: strerror(code)))
            }
            guard start.duration(to: timing.instant()) < patience else {
                close(descriptor)
                throw .timedOut(path: path, waited: patience)
            }
            do {
                try await timing.sleep(pause)
            } catch {
                close(descriptor)
                throw .cancelled
            }
            pause = min(pause * 2, .milliseconds(50))
        }
        return FileLock(descriptor: descriptor)
    }

    /// Runs `body` on the open file at `path` while holding its lock, for work of microseconds: it blocks the thread.
    package static func withLockedFile<Result>(
        _ path: String, _ body: (_ descriptor: Int32) throws -> Result
    ) throws -> Result {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw AcquireError.unavailable(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw AcquireError.unavailable(path: path, reason: String(cString: strerror(errno)))
            }
        }
        return try body(descriptor)
    }
}
