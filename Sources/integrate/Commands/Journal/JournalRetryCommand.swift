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
        var batchSize: Int?
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
        standardOutput: "a summary, as of the command that wrote the journal", positionals: [file],
        optionGroups: [
            OptionGroup("The records", [input, DeliveryOptions.resendUnknown]),
            OptionGroup(
                "Sending",
                [
                    DeliveryOptions.concurrency("16; of KPI figures 4"), DeliveryOptions.rate,
                    SendKPICommand.batchSize,
                ]),
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
                    """),
            Example(
                "After a look at the vendor, what is unknown too",
                command: """
                    integrate send-event Examples/events.ndjson
                    integrate journal retry Examples/events.ndjson.journal --resend-unknown
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(
            journal: try arguments.require(file), input: arguments[input], delivery: DeliveryOptions(arguments),
            batchSize: arguments[SendKPICommand.batchSize])
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        guard access(options.journal, F_OK) == 0 else {
            throw Failure(.missingInput, "\(options.journal): there is no journal")
        }
        let (journal, content) = try Journal.open(options.journal)
        guard let content else { throw Failure(.invalidInput, "\(options.journal): the journal is empty") }
        guard let command = JournaledCommand(rawValue: content.header.command) else {
            throw Failure(
                .invalidInput, "\(options.journal): a journal of \(content.header.command) is retried by that command")
        }
        let unit = command.unit(content.header.mapping)
        let path = options.input ?? content.header.input
        guard path != "-" else {
            throw Failure(
                .usage, "the \(unit)s came from standard input", hint: "say with --input where they are in a file")
        }
        try checkSpeed(options, command)
        let file = try InputFile(path)
        // An input knows only the descriptor.
        defer { withExtendedLifetime(file) {} }
        let limits = KPIBatchLimits(elements: options.batchSize ?? KPIBatchLimits().elements)
        guard let job = try command.job(content.header.mapping, file, options.delivery, limits, environment) else {
            throw Failure(
                .invalidInput, "\(options.journal): the journal does not say how its \(unit)s are made",
                hint: "is it of another version of integrate?")
        }
        let check = try job.input.check()
        try refuseFaults(check, in: content, path, unit)
        let digest = try sha256(ofFile: file.descriptor, named: path)
        let route = try job.connect()
        var header = content.header
        header.destination = route.destination
        try content.header.checkMatches(header, journal: options.journal)
        if digest != content.header.inputSHA256 {
            if let changed = try job.input.firstChanged(from: content.checks, among: content.states) {
                throw Failure(
                    .invalidInput,
                    "\(path):\(changed.line):1: error: \(unit) \(changed.ordinal) was sent, and is another one now",
                    hint: "only rejected \(unit)s may be corrected, and none added or removed")
            }
            header.inputSHA256 = digest
        }
        var wanted: Set<RecordState> = [.remaining, .rejected, .skipped]
        if options.delivery.resendsUnknown { wanted.insert(.unknown) }
        if environment.globals.isDryRun {
            return try await DeliveryRun.preview(job.input, check, route) { [wanted] in
                wanted.contains(content.states[$0])
            }
        }
        if header != content.header { try journal.begin(header) }
        try await DeliveryRun(
            job: job, route: route, check: check, journal: journal, options: options.delivery, environment: environment
        ).run(content.states, wanted: wanted)
    }

    /// Refuses what the journal's command does not take.
    private static func checkSpeed(_ options: Options, _ command: JournaledCommand) throws(Failure) {
        switch command {
        case .sendEvent where options.batchSize != nil:
            throw Failure(.usage, "--batch-size is for KPI figures: an event is a request of its own")
        case .sendKPI where options.delivery.rate != nil:
            throw Failure(.usage, "--rate is for events: KPI figures keep to the setting requestsPerMinute")
        default: break
        }
    }

    /// What was skipped may stay faulty, and stays skipped; nothing else may, and the number of records must be what it was.
    private static func refuseFaults(
        _ check: InputCheck, in content: JournalContent, _ path: String, _ unit: String
    ) throws {
        if check.records != content.header.records, !check.isBroken {
            throw Failure(
                .invalidInput, "\(path) has \(check.records) \(unit)s now, and had \(content.header.records)",
                hint: "only rejected \(unit)s may be corrected, and none added or removed")
        }
        guard check.isBroken || check.invalid.ordinals.contains(where: { content.states[$0] != .skipped }) else {
            return
        }
        throw InvalidFile(
            failure: Failure(.invalidInput, "\(path) has faults; nothing was sent"), diagnostics: check.diagnostics)
    }
}
