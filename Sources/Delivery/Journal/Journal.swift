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
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(
                .tryAgain, "the journal \(path) is in use by another integrate", hint: "wait until that one has ended")
        }
        let content = try JournalContent.read(path)
        guard ftruncate(descriptor, off_t(content?.validLength ?? 0)) == 0 else {
            throw Failure(.inputOutput, FileError(path: path).message)
        }
        return (journal, content)
    }

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Begins with `header`, or goes on under a new one.
    package func begin(_ header: JournalHeader) throws(Failure) {
        try append(header.line)
        guard fdatasync(descriptor) == 0 else { throw Failure(.inputOutput, FileError(path: path).message) }
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
            for waiter in waiters {
                if let failure { waiter.resume(throwing: failure) } else { waiter.resume() }
            }
        }
    }

    /// A journal that could not be written once is not written any more: what follows a gap would mislead.
    private func append(_ text: String) throws(Failure) {
        let failure = state.withLock { state -> Failure? in
            if let failure = state.failure { return failure }
            let bytes = Array(text.utf8)
            do throws(FileError) {
                try bytes.withUnsafeBytesTyped { bytes throws(FileError) in
                    try writeAll(bytes, to: descriptor, path: path)
                }
            } catch {
                state.failure = Failure(
                    .inputOutput, "the journal \(error.message)",
                    hint: "sending has stopped; make room and run it again")
            }
            return state.failure
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
