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
    /// Records of one kind that follow one another are listed as one.
    private static let mostLookedUp = 100_000

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

        func isSame(as other: Refusal) -> Bool {
            (outcome, status, message, requestID) == (other.outcome, other.status, other.message, other.requestID)
        }
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
            guard let content = try JournalContent.read(path) else {
                throw Failure(.missingInput, "\(path): there is no journal")
            }
            let summary = DeliverySummary(content.states)
            total = total + summary
            journals[path] = DeliveryReport.Counts(summary)
            if refusals.count < mostListed { refusals += try notTaken(content.states, path) }
        }
        guard !environment.globals.isJSON else {
            return try environment.output.json(
                Document(summary: DeliveryReport.Counts(total), journals: journals, notTaken: refusals))
        }
        try environment.output.line(total.description)
        for refusal in refusals {
            let request = refusal.requestID.map { " (request \($0))" } ?? ""
            let name = options.journals.count > 1 ? "\(refusal.journal): " : ""
            try environment.output.line("\(name)\(refusal.records) \(refusal.outcome): \(refusal.message)\(request)")
        }
    }

    /// What was not taken, with the words that the journal has for it; the first ones.
    private static func notTaken(_ states: RecordStates, _ path: String) throws -> [Refusal] {
        var ordinals: [Int] = []
        for ordinal in stride(from: 1, through: states.count, by: 1)
        where [.rejected, .unknown, .skipped].contains(states[ordinal]) {
            ordinals.append(ordinal)
            if ordinals.count == mostLookedUp { break }
        }
        guard !ordinals.isEmpty else { return [] }
        // The journal is read once more, so that only the words that are shown need memory.
        var words: [Int: Refusal] = [:]
        let wanted = Set(ordinals)
        _ = try JournalContent.read(path) { entry in
            // What is not sent after all keeps the words it had.
            if case .unsent = entry { return }
            if case .sending = entry { return }
            let refusal = refusal(entry, path)
            for ordinal in entry.records.ordinals where wanted.contains(ordinal) { words[ordinal] = refusal }
        }
        var result: [Refusal] = []
        var records = RecordRanges()
        for ordinal in ordinals {
            var refusal = Refusal(
                journal: path, records: "", outcome: "\(states[ordinal])", message: "under way when the run ended")
            if let known = words[ordinal], known.outcome == refusal.outcome { refusal = known }
            if var last = result.last, let end = records.ranges.last?.upperBound, end + 1 == ordinal,
                last.isSame(as: refusal)
            {
                records.append(ordinal)
                last.records = records.description
                result[result.count - 1] = last
            } else {
                guard result.count < mostListed else { break }
                records = RecordRanges(ordinal)
                refusal.records = records.description
                result.append(refusal)
            }
        }
        return result
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
