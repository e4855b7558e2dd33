import Foundation

/// A limit on requests a minute that every process on this machine shares: the generic cell rate algorithm over one
/// timestamp in a locked file.
///
/// Requests are spaced evenly, so that no window of a minute ever holds more than the limit; the spacing leaves room for
/// one request in each window, because the ends of a window that the vendor counts may each hold one.
package struct SharedRateLimiter: RateLimiter {
    private static let window: Duration = .seconds(60)

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
        let now = microseconds()
        return try FileLock.withLockedFile(path) { descriptor in
            let slot = max(now, nextSlot(in: descriptor, now: now))
            try store(slot + Int64(spacing.inSeconds * 1e6), in: descriptor)
            return .microseconds(slot - now)
        }
    }

    package func holdOff(for duration: Duration) throws {
        let now = microseconds()
        // A 429 without Retry-After: the vendor's window is full, wait for its end.
        let wait = duration > .zero ? duration : Self.window
        try FileLock.withLockedFile(path) { descriptor in
            let slot = max(nextSlot(in: descriptor, now: now), now + Int64(wait.inSeconds * 1e6))
            try store(slot, in: descriptor)
        }
    }

    private func microseconds() -> Int64 { Int64(timing.now().timeIntervalSince1970 * 1e6) }

    /// A slot further away than any queue or Retry-After explains comes from a clock that was set back.
    private func nextSlot(in descriptor: Int32, now: Int64) -> Int64 {
        var slot: Int64 = 0
        guard pread(descriptor, &slot, 8, 0) == 8 else { return now }
        let furthest = now + 24 * 3600 * 1_000_000
        return slot > furthest ? now : slot
    }

    private func store(_ slot: Int64, in descriptor: Int32) throws {
        var slot = slot
        guard pwrite(descriptor, &slot, 8, 0) == 8 else { throw FileError(path: path) }
    }
}
