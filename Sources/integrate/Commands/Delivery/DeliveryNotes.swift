import Delivery
import Foundation
import HTTPCore

/// What is said of each batch's outcome: an object under `--json`, otherwise a line for each that was not taken; and
/// progress, and what acknowledgements said.
final class DeliveryNotes {
    /// So many different acknowledgements are told apart.
    private static let mostStatuses = 5
    private static let longestStatus = 100

    private let job: DeliveryJob
    private let environment: Environment
    private let progress: ProgressLine
    /// How many acknowledgements had which status.
    private var statuses: [String: Int] = [:]

    /// - Parameter total: How many records this run has to deliver.
    init(_ job: DeliveryJob, _ environment: Environment, total: Int) {
        self.job = job
        self.environment = environment
        progress = ProgressLine(environment.statusLine, timing: environment.timing, total: total)
    }

    private struct BatchResult: Encodable {
        /// The record's number, where a request carries one.
        var event: Int?
        /// The records' numbers, where it carries several: `1-500`.
        var records: String?
        var outcome: String
        var status: String?
        var requestID: String?
        var message: String?

        init(_ records: RecordRanges, isBatched: Bool, _ outcome: String) {
            if isBatched { self.records = records.description } else { event = records.ranges.first?.lowerBound ?? 0 }
            self.outcome = outcome
        }
    }

    /// Tells `batch`'s outcome, which is final.
    func note(_ batch: DeliveryBatch, _ outcome: DeliveryOutcome) throws {
        progress.count(outcome, records: batch.records.count)
        switch outcome {
        case .sent(let requestID, let status):
            count(status)
            guard environment.globals.isJSON else { return }
            var result = BatchResult(batch.records, isBatched: job.isBatched, "sent")
            (result.requestID, result.status) = (requestID, status)
            try environment.output.json(result)
        case .rejected(let failure): try note(batch, "rejected", failure)
        case .unknown(let failure): try note(batch, "unknown", failure)
        case .throttled, .stopped: break
        }
    }

    private func note(_ batch: DeliveryBatch, _ word: String, _ failure: Failure) throws {
        if environment.globals.isJSON {
            var result = BatchResult(batch.records, isBatched: job.isBatched, word)
            (result.requestID, result.message) = (failure.requestID, failure.message)
            try environment.output.json(result)
        } else {
            environment.statusLine.clear()
            let request = failure.requestID.map { " (request \($0))" } ?? ""
            let records = "\(job.unit)\(batch.records.count == 1 ? "" : "s") \(batch.records)"
            environment.output.note("\(records) \(word): \(failure.message)\(request)")
        }
    }

    /// Removes the progress, and says what `vendor` acknowledged with.
    func finish(_ vendor: Vendor) {
        progress.clear()
        guard !environment.globals.isJSON else { return }
        for (status, count) in statuses.sorted(by: { $0.key < $1.key }) {
            environment.output.note(
                "\(vendor.title) acknowledged \(count == 1 ? "1 request" : "\(count) requests") with status \(status)")
        }
    }

    private func count(_ status: String?) {
        guard let status else { return }
        let shown = status.count > Self.longestStatus ? status.prefix(Self.longestStatus) + "..." : status
        let name = statuses[shown] != nil || statuses.count < Self.mostStatuses ? shown : "(others)"
        statuses[name, default: 0] += 1
    }
}
