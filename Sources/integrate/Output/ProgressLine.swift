import Delivery
import Foundation
import HTTPCore

/// A batch's progress on the terminal: counts by outcome, rate and remaining time, a few times a second.
final class ProgressLine {
    private let line: StatusLine
    private let timing: Timing
    private let total: Int
    private let start: ContinuousClock.Instant
    private var lastShown: ContinuousClock.Instant?
    private var sent = 0
    private var rejected = 0
    private var unknown = 0

    /// - Parameter total: How many records this run has to deliver.
    init(_ line: StatusLine, timing: Timing, total: Int) {
        self.line = line
        self.timing = timing
        self.total = total
        start = timing.instant()
    }

    /// Counts `records` records whose outcome is final.
    func count(_ outcome: DeliveryOutcome, records: Int = 1) {
        switch outcome {
        case .sent: sent += records
        case .rejected: rejected += records
        case .unknown: unknown += records
        case .throttled, .stopped: return
        }
        guard line.isShown else { return }
        let now = timing.instant()
        if let lastShown, lastShown.duration(to: now) < .milliseconds(200) { return }
        lastShown = now
        line.show(text(at: now))
    }

    func clear() { line.clear() }

    private func text(at now: ContinuousClock.Instant) -> String {
        let done = sent + rejected + unknown
        let seconds = start.duration(to: now).inSeconds
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var text = "\(done) of \(total)"
        if rejected > 0 { text += ", \(rejected) rejected" }
        if unknown > 0 { text += ", \(unknown) unknown" }
        text += ", \(Int(rate.rounded()))/s"
        if rate > 0, done < total { text += ", \(Duration.seconds(Double(total - done) / rate).forPeople) left" }
        return text
    }
}
