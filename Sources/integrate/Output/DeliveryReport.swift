import Delivery
import Foundation
import HTTPCore

/// The end of a batch: its summary on standard output, what to do next on standard error, and the exit code.
struct DeliveryReport {
    let environment: Environment
    let journal: String
    /// What a record is called: `event`.
    let unit: String

    struct Counts: Encodable {
        var read: Int
        var sent: Int
        var rejected: Int
        var unknown: Int
        var skipped: Int
        var remaining: Int

        init(_ summary: DeliverySummary) {
            (read, sent, rejected) = (summary.total, summary.sent, summary.rejected)
            (unknown, skipped, remaining) = (summary.unknown, summary.skipped, summary.remaining)
        }
    }

    private struct Document: Encodable {
        var summary: Counts
        var journal: String
    }

    /// Prints the summary; throws what the exit code is to say.
    ///
    /// - Parameter failure: Why the run stopped early, if it did.
    func finish(_ summary: DeliverySummary, _ failure: Failure?) throws {
        if environment.globals.isJSON {
            try environment.output.json(Document(summary: Counts(summary), journal: journal))
        } else {
            try environment.output.line(summary.description)
        }
        if let failure {
            var failure = failure
            if summary.remaining > 0 {
                let rest = "\(summary.remaining) of \(summary.total) \(unit)s remain to be sent"
                failure.message += "; \(rest)"
                failure.hint = failure.hint ?? "run the same command again: it goes on where this stopped"
            }
            throw failure
        }
        guard summary.remaining == 0 else {
            throw Failure(.internalFault, "\(summary.remaining) \(unit)s were not attempted", hint: "report it")
        }
        guard let category = summary.category else { return }
        let name = shellQuoted(journal)
        let message: String
        let hint: String
        switch category {
        case .unknownOutcome:
            message = "the outcome of \(counted(summary.unknown)) is unknown: the answers were lost"
            hint = "look at the vendor; integrate journal show \(name) lists them, --resend-unknown sends them again"
        case .partlyRefused:
            message = "\(counted(summary.rejected + summary.skipped)) of \(summary.total) were not taken"
            hint = "integrate journal show \(name) says why; after a fix: integrate journal retry \(name)"
        default:
            message = "none of \(counted(summary.total)) was taken"
            hint = "integrate journal show \(name) says why; after a fix: integrate journal retry \(name)"
        }
        throw Failure(category, message, hint: hint)
    }

    private func counted(_ count: Int) -> String { count == 1 ? "1 \(unit)" : "\(count) \(unit)s" }
}
