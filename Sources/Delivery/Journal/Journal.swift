import Foundation
import HTTPCore
import Synchronization

/// An append-only journal that is open for one run, which nobody else can open meanwhile.
///
/// An announcement is on disk before its request leaves; outcomes are written at once and synced with the next
/// announcement, so that a killed process loses none and a power cut at most turns outcomes into "unknown".
package final class Journal: Sendable {
    private struct State {
        var waiters: [CheckedContinuation<Void, any Error>] = []
        var isSyncing = false
        /// Bytes up to the end of the last whole line.
        var length = 0
        var failure: Failure?
    }

    package let path: String
    private let descriptor: Int32
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "integrate.journal")

    /// Opens or creates the journal at `path` (mode 0600), and takes off what a crash cut in half.
    ///
    /// - Returns: The journal, and what it says already.
    package static func open(_ path: String) throws(Failure) -> (journal: Journal, content: JournalContent?) {
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(
                .cannotCreateOutput, "the journal \(FileError(path: path).message)",
                hint: "name another place with --journal")
        }
        let journal = Journal(path: path, descriptor: descriptor)
        guard takeLock(descriptor) else {
            guard errno == EWOULDBLOCK else {
                throw Failure(
                    .cannotCreateOutput, "the journal cannot be locked: \(FileError(path: path).message)",
                    hint: "name a place on another file system with --journal")
            }
            throw Failure(
                .tryAgain, "the journal \(path) is in use by another integrate", hint: "wait until that one has ended")
        }
        let content = try JournalContent.read(path)
        let length = content?.validLength ?? 0
        guard ftruncate(descriptor, off_t(length)) == 0 else {
            throw Failure(.inputOutput, "the journal \(FileError(path: path).message)")
        }
        journal.state.withLock { $0.length = length }
        return (journal, content)
    }

    /// A run that has just ended may hold its lock for a moment more, until its last sync is put away.
    private static func takeLock(_ descriptor: Int32) -> Bool {
        for _ in 0..<25 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK else { return false }
            usleep(20_000)
        }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Begins with `header`, or goes on under a new one.
    package func begin(_ header: JournalHeader) throws(Failure) {
        try append(header.line)
        guard fsync(descriptor) == 0 else {
            throw Failure(.inputOutput, "the journal \(FileError(path: path).message)")
        }
        // A new file is there after a power cut only when its folder's entry is; a file system that cannot is left alone.
        let folder = Foundation.open(parentFolder(of: path), O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Writes that `entries` are about to be sent, and returns when that is on disk.
    package func announce(_ entries: [JournalEntry]) async throws {
        try append(entries.map(\.line).joined())
        try await sync()
    }

    /// Writes an outcome.
    package func note(_ entry: JournalEntry) throws(Failure) {
        try append(entry.line)
    }

    /// Returns when everything written so far is on disk. Callers that come together share one sync.
    package func sync() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = state.withLock { state in
                state.waiters.append(continuation)
                defer { state.isSyncing = true }
                return !state.isSyncing
            }
            if isFirst { queue.async { [self] in syncWaiters() } }
        }
    }

    private func syncWaiters() {
        while true {
            let waiters = state.withLock { state in
                defer { state.waiters = [] }
                if state.waiters.isEmpty { state.isSyncing = false }
                return state.waiters
            }
            guard !waiters.isEmpty else { return }
            let isSynced = fdatasync(descriptor) == 0
            let failure = isSynced ? nil : Failure(.inputOutput, "the journal \(FileError(path: path).message)")
            // What a failed sync has lost, the next one does not report.
            if let failure { state.withLock { $0.failure = $0.failure ?? failure } }
            for waiter in waiters {
                if let failure { waiter.resume(throwing: failure) } else { waiter.resume() }
            }
        }
    }

    /// Appends all of `text` or nothing: what did not fit is taken off again, so that outcomes of what is under way,
    /// which need less room than announcements, may still be written.
    private func append(_ text: String) throws(Failure) {
        let failure = state.withLock { state -> Failure? in
            if let failure = state.failure { return failure }
            let bytes = Array(text.utf8)
            do throws(FileError) {
                try bytes.withUnsafeBytesTyped { bytes throws(FileError) in
                    try writeAll(bytes, to: descriptor, path: path)
                }
                state.length += bytes.count
                return nil
            } catch {
                let failure = Failure(
                    .inputOutput, "the journal \(error.message)",
                    hint: "sending has stopped; make room and run it again")
                // Where half a line stays, nothing may follow it.
                if ftruncate(descriptor, off_t(state.length)) != 0 { state.failure = failure }
                return failure
            }
        }
        if let failure { throw failure }
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` with a typed error.
    fileprivate func withUnsafeBytesTyped<Problem: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) {
        try Data(self).withUnsafeBytesTyped(body)
    }
}
