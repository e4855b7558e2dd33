import Synchronization

/// A limit on requests a second within this process: evenly spaced slots.
package final class LocalRateLimiter: RateLimiter {
    private let spacing: Duration
    private let timing: Timing
    private let nextSlot: Mutex<ContinuousClock.Instant>

    package init(perSecond: Double, timing: Timing) {
        spacing = .seconds(1 / perSecond)
        self.timing = timing
        nextSlot = Mutex(timing.instant())
    }

    package func reserve() -> Duration {
        let now = timing.instant()
        return nextSlot.withLock { next in
            let slot = max(now, next)
            next = slot + spacing
            return now.duration(to: slot)
        }
    }

    package func holdOff(for duration: Duration) {
        let end = timing.instant() + duration
        nextSlot.withLock { $0 = max($0, end) }
    }
}
