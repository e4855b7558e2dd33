import Arguments
import Delivery
import Foundation
import HTTPCore

/// `journal show`: what batches sent, had rejected, skipped or left unknown.
enum JournalShowCommand: Subcommand {
    struct Options: Sendable {
        var journals: [String]
    }

    private static let mostListed = 50

    private static let files = RepeatedPositional(
        "FILE", .path, help: "A journal; several (of shards, say) are added up", isRequired: true)

    static let path = ["journal", "show"]
    static let command = Command(
        name: "show", summary: "Show what a batch sent, had rejected, skipped or left unknown",
        standardOutput: "a summary; with --json an object", positionals: [files],
        exitCodes: [(0, "shown"), (65, "not a journal"), (66, "there is no such journal")],
        examples: [
            Example(
                "After a batch",
                command: """
                    integrate send-event Examples/events.ndjson
                    integrate journal show Examples/events.ndjson.journal
                    """),
            Example(
                "For a script",
                command: """
                    integrate send-event Examples/events.ndjson --quiet
                    integrate journal show Examples/events.ndjson.journal --json
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(journals: arguments[files])
    }

    private struct Refusal: Encodable {
        var journal: String
        var records: String
        var outcome: String
        var status: Int?
        var message: String
        var requestID: String?
    }

    private struct Document: Encodable {
        var summary: DeliveryReport.Counts
        var journals: [String: DeliveryReport.Counts]
        /// Those that were not taken, the first ones.
        var notTaken: [Refusal]
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        var total = DeliverySummary()
        var journals: [String: DeliveryReport.Counts] = [:]
        var refusals: [Refusal] = []
        for path in options.journals {
            var found: [RecordRanges: Refusal] = [:]
            let content = try JournalContent.read(path) { entry in
                found[entry.records] = found.count < mostListed ? refusal(entry, path) : nil
            }
            guard let content else { throw Failure(.missingInput, "\(path): there is no journal") }
            let summary = DeliverySummary(content.states)
            total = total + summary
            journals[path] = DeliveryReport.Counts(summary)
            // What was announced and never answered has no line that says so.
            let silent = content.states.records(in: .unknown)
            refusals += found.values.sorted { $0.records.compare($1.records, options: .numeric) == .orderedAscending }
            if !silent.ranges.isEmpty, !found.values.contains(where: { $0.outcome == "unknown" }) {
                refusals.append(
                    Refusal(
                        journal: path, records: silent.description, outcome: "unknown",
                        message: "under way when the run ended"))
            }
        }
        guard !environment.globals.isJSON else {
            return try environment.output.json(
                Document(summary: DeliveryReport.Counts(total), journals: journals, notTaken: refusals))
        }
        try environment.output.line(total.description)
        for refusal in refusals.prefix(mostListed) {
            let request = refusal.requestID.map { " (request \($0))" } ?? ""
            let name = options.journals.count > 1 ? "\(refusal.journal): " : ""
            try environment.output.line("\(name)\(refusal.records) \(refusal.outcome): \(refusal.message)\(request)")
        }
    }

    /// Nil for a record that was taken after all, or not begun.
    private static func refusal(_ entry: JournalEntry, _ path: String) -> Refusal? {
        let records = entry.records.description
        switch entry {
        case .rejected(_, let status, let message, let requestID):
            return Refusal(
                journal: path, records: records, outcome: "rejected", status: status, message: message,
                requestID: requestID)
        case .unknown(_, let message):
            return Refusal(journal: path, records: records, outcome: "unknown", message: message)
        case .skipped(_, let message):
            return Refusal(journal: path, records: records, outcome: "skipped", message: message)
        case .sending, .sent, .unsent: return nil
        }
    }
}
