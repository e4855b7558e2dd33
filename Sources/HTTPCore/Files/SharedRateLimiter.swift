import Foundation

/// A limit on requests a minute that every process on this machine shares: the generic cell rate algorithm over one
/// timestamp in a locked file.
///
/// Requests are spaced evenly, so that no window of a minute ever holds more than the limit; the spacing leaves room for
/// one request in each window, because the ends of a window that the vendor counts may each hold one.
package struct SharedRateLimiter: RateLimiter {
    private static let window: Duration = .seconds(60)
    /// No `Retry-After` is kept beyond this.
    private static let furthest: Duration = .seconds(24 * 3600)

    private let path: String
    private let spacing: Duration
    private let timing: Timing

    /// - Parameters:
    ///   - path: The file to share; its folder exists.
    ///   - requestsPerMinute: The vendor's limit, at least 1.
    package init(path: String, requestsPerMinute: Int, timing: Timing) {
        self.path = path
        self.timing = timing
        spacing = Self.window / max(1, requestsPerMinute - 1)
    }

    package func reserve() throws -> Duration {
        try FileLock.withLockedFile(path) { descriptor in
            let now = microseconds()
            let slot = max(now, nextSlot(in: descriptor, now: now))
            try store(slot + Self.microseconds(spacing), at: now, in: descriptor)
            return .microseconds(slot - now)
        }
    }

    package func holdOff(for duration: Duration) throws {
        // A 429 without Retry-After: the vendor's window is full, wait for its end.
        let wait = min(duration > .zero ? duration : Self.window, Self.furthest)
        try FileLock.withLockedFile(path) { descriptor in
            let now = microseconds()
            let slot = max(nextSlot(in: descriptor, now: now), now + Self.microseconds(wait))
            try store(slot, at: now, in: descriptor)
        }
    }

    private func microseconds() -> Int64 { Int64(timing.now().timeIntervalSince1970 * 1e6) }

    private static func microseconds(_ duration: Duration) -> Int64 { Int64((duration.inSeconds * 1e6).rounded(.up)) }

    /// The file holds two numbers: the next free slot, and when that was written.
    private func nextSlot(in descriptor: Int32, now: Int64) -> Int64 {
        var stored: (slot: Int64, writtenAt: Int64) = (0, 0)
        guard pread(descriptor, &stored, 16, 0) == 16 else { return now }
        let distance = stored.slot.subtractingReportingOverflow(stored.writtenAt)
        // Further away than a queue behind the longest wait: not written by this code.
        guard !distance.overflow, distance.partialValue <= Self.microseconds(Self.furthest * 2) else { return now }
        // Written in the future: the clock was set back since, and the slot moves with it.
        return stored.writtenAt > now ? now + distance.partialValue : stored.slot
    }

    private func store(_ slot: Int64, at now: Int64, in descriptor: Int32) throws {
        var record = (slot: slot, writtenAt: now)
        guard pwrite(descriptor, &record, 16, 0) == 16 else { throw FileError(path: path) }
    }
}
