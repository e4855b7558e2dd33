import Foundation

/// Time and chance, injected so that waiting and jitter are tested without either.
public struct Timing: Sendable {
    /// The calendar's time.
    public var now: @Sendable () -> Date
    /// A clock that never jumps.
    public var instant: @Sendable () -> ContinuousClock.Instant
    /// Waits; throws `CancellationError` when the task is cancelled meanwhile.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// A number in the range, evenly distributed.
    public var random: @Sendable (ClosedRange<Double>) -> Double

    /// Creates a source of time and chance.
    public init(
        now: @escaping @Sendable () -> Date, instant: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable (ClosedRange<Double>) -> Double
    ) {
        self.now = now
        self.instant = instant
        self.sleep = sleep
        self.random = random
    }

    /// The machine's own clocks and random numbers.
    public static let system = Timing(
        now: { Date() }, instant: { .now }, sleep: { try await Task.sleep(for: $0) },
        random: { .random(in: $0) })
}

extension Duration {
    /// In seconds, fractions included.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// For a message: `0.3 s`, `45 s`, `2 min 5 s`.
    package var forPeople: String {
        let seconds = inSeconds
        if seconds < 10 {
            let tenths = Int((seconds * 10).rounded())
            return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        }
        let whole = Int(seconds.rounded())
        if whole < 120 { return "\(whole) s" }
        if whole < 7200 { return whole % 60 == 0 ? "\(whole / 60) min" : "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
