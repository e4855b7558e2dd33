import Arguments
import Delivery
import Foundation
import HTTPCore

/// `journal retry`: sends what was rejected again, after a fix.
enum JournalRetryCommand: Subcommand {
    struct Options: Sendable {
        var journal: String
        var input: String?
        var delivery: DeliveryOptions
    }

    private static let file = Positional("FILE", .path, help: "The journal")
    private static let input = Option(
        "input", .path, help: "Where the input is now", defaultText: "where it was when it was sent")

    static let path = ["journal", "retry"]
    static let command = Command(
        name: "retry", summary: "Send again what was rejected, after a fix",
        discussion: """
            The fix may be at the vendor or in the input: rejected records may be corrected in place, the others must \
            be as they were. What was not begun is sent too; what is unknown only with --resend-unknown.
            """,
        standardOutput: "a summary, as of send-event", positionals: [file],
        optionGroups: [
            OptionGroup("The records", [input, DeliveryOptions.resendUnknown]),
            OptionGroup("Sending", DeliveryOptions.descriptors),
        ],
        exitCodes: [
            (0, "every record is delivered"), (1, "all were refused again"), (2, "some were refused again"),
            (3, "the outcome of some is unknown"), (65, "the input has faults or other records; nothing was sent"),
        ],
        examples: [
            Example(
                "After the vendor has corrected its mapping",
                command: """
                    integrate send-event Examples/events.ndjson
                    integrate journal retry Examples/events.ndjson.journal
                    """)
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(
            journal: try arguments.require(file), input: arguments[input], delivery: DeliveryOptions(arguments))
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        guard access(options.journal, F_OK) == 0 else {
            throw Failure(.missingInput, "\(options.journal): there is no journal")
        }
        let (journal, content) = try Journal.open(options.journal)
        guard let content else { throw Failure(.invalidInput, "\(options.journal): the journal is empty") }
        guard content.header.command == "send-event",
            let format = EventFormat(rawValue: content.header.mapping["format"] ?? "")
        else {
            throw Failure(
                .invalidInput, "\(options.journal): a journal of \(content.header.command) is retried by that command")
        }
        let path = options.input ?? content.header.input
        guard path != "-" else {
            throw Failure(
                .usage, "the events came from standard input", hint: "say with --input where they are in a file")
        }
        let file = try InputFile(path)
        let input = EventInput(descriptor: file.descriptor, name: path, format: format)
        let check = try input.check()
        try refuseFaults(check, in: content, path)
        let digest = try sha256(ofFile: file.descriptor, named: path)
        let connection = try ForwarderConnection(
            groupKey: content.header.mapping["groupKey"], rate: options.delivery.rate, environment)
        var header = content.header
        header.destination = connection.destination
        try JournaledInput.checkMatches(content.header, header, journal: options.journal)
        if digest != content.header.inputSHA256 {
            if let changed = try input.firstChanged(from: content.checks, among: content.states) {
                throw Failure(
                    .invalidInput,
                    "\(path):\(changed.line):1: error: event \(changed.ordinal) was sent, and is another one now",
                    hint: "only rejected events may be corrected, and none added or removed")
            }
            header.inputSHA256 = digest
        }
        var wanted: Set<RecordState> = [.remaining, .rejected, .skipped]
        if options.delivery.resendsUnknown { wanted.insert(.unknown) }
        if environment.globals.isDryRun {
            let invalid = Set(check.invalid.ordinals)
            return try await EventRun.preview(input, count: check.records, connection) { [wanted] ordinal in
                wanted.contains(content.states[ordinal]) && !invalid.contains(ordinal)
            }
        }
        if header != content.header { try journal.begin(header) }
        try await EventRun(
            input: input, connection: connection, journal: journal, delivery: options.delivery, environment: environment
        ).run(content.states, skipping: check.invalid, wanted: wanted)
    }

    /// What was skipped may stay faulty, and stays skipped; nothing else may, and the number of records must be what it was.
    private static func refuseFaults(_ check: EventInput.Check, in content: JournalContent, _ path: String) throws {
        if check.records != content.header.records, !check.isBroken {
            throw Failure(
                .invalidInput, "\(path) has \(check.records) events now, and had \(content.header.records)",
                hint: "only rejected events may be corrected, and none added or removed")
        }
        guard check.isBroken || check.invalid.ordinals.contains(where: { content.states[$0] != .skipped }) else {
            return
        }
        throw InvalidFile(
            failure: Failure(.invalidInput, "\(path) has faults; nothing was sent"), diagnostics: check.diagnostics)
    }
}
