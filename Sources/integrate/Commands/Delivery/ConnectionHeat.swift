import HTTPCore
import Synchronization

/// Whether connections are in use, so that a write on a kept one does not meet one that the vendor has closed.
final class ConnectionHeat: Sendable {
    private static let coolsIn = Duration.seconds(1)

    private let timing: Timing
    private let lastAnswer = Mutex<ContinuousClock.Instant?>(nil)

    init(timing: Timing) {
        self.timing = timing
    }

    /// True as long as answers come, and before the first.
    var isHot: Bool {
        lastAnswer.withLock { $0.map { $0.duration(to: timing.instant()) < Self.coolsIn } ?? true }
    }

    /// An answer came.
    func touch() {
        let now = timing.instant()
        lastAnswer.withLock { $0 = now }
    }
}
