import Foundation
import HTTPCore
import Synchronization

/// Time that passes only where something sleeps, and chance that follows a script.
package final class FakeTiming: Sendable {
    private struct State {
        var date: Date
        var instant: ContinuousClock.Instant
        var sleeps: [Duration] = []
        var randoms: [Double]
    }

    private let state: Mutex<State>
    private let onSleep: @Sendable (Duration) -> Void

    /// - Parameters:
    ///   - date: The calendar's time at the beginning.
    ///   - randoms: Where in the asked range the random numbers lie (0 its lower, 1 its upper end), in order; the last
    ///     one repeats.
    ///   - onSleep: Called before each sleep; a task that it cancels does not get the sleep.
    package init(
        date: Date = Date(timeIntervalSince1970: 1_700_000_000), randoms: [Double] = [1],
        onSleep: @escaping @Sendable (Duration) -> Void = { _ in }
    ) {
        state = Mutex(State(date: date, instant: .now, randoms: randoms))
        self.onSleep = onSleep
    }

    /// What the code under test gets.
    package var timing: Timing {
        Timing(
            now: { self.now }, instant: { self.instant }, sleep: { try self.sleep($0) },
            random: { self.random(in: $0) })
    }

    /// Every sleep asked for, in order.
    package var sleeps: [Duration] { state.withLock { $0.sleeps } }

    /// The calendar's time.
    package var now: Date { state.withLock { $0.date } }

    /// The clock that never jumps.
    package var instant: ContinuousClock.Instant { state.withLock { $0.instant } }

    /// Lets time pass on both clocks.
    package func advance(by duration: Duration) {
        state.withLock { state in
            state.instant += duration
            state.date += duration.inSeconds
        }
    }

    /// Sets the calendar's clock alone, as an administrator would.
    package func set(date: Date) {
        state.withLock { $0.date = date }
    }

    private func sleep(_ duration: Duration) throws {
        onSleep(duration)
        state.withLock { $0.sleeps.append(duration) }
        try Task.checkCancellation()
        advance(by: max(.zero, duration))
    }

    private func random(in range: ClosedRange<Double>) -> Double {
        let fraction = state.withLock { state in
            state.randoms.count > 1 ? state.randoms.removeFirst() : state.randoms.first ?? 1
        }
        return range.lowerBound + (range.upperBound - range.lowerBound) * fraction
    }
}
