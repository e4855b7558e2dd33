import Arguments
import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// `send-event`: one flat event from the command line, or many from a file.
enum SendEventCommand: Subcommand {
    struct Options: Sendable {
        enum Input: Sendable {
            case single(data: String?, assignments: [Assignment])
            case file(String, EventFormat?)
        }

        var input: Input
        var groupKey: String?
        var delivery = DeliveryOptions()
    }

    private static let file = Positional(
        "FILE", .path, help: "Events as NDJSON, a JSON array or CSV; - reads standard input to its end first",
        isOptional: true)
    private static let data = Option("data", .string, placeholder: "JSON", help: "One event as a JSON object")
    private static let format = Option(
        "format", .choice(of: EventFormat.self), help: "How FILE holds its events", defaultText: "by its name's ending")
    private static let groupKey = Option(
        "group-key", .string, placeholder: "KEY", help: "The group key", environment: "INTEGRATE_FORWARDER_GROUP_KEY")

    static let path = ["send-event"]
    static let command = Command(
        name: "send-event", summary: "Send flat events to the data forwarder, each once",
        discussion: """
            Every event is checked before the first is sent: its data must be flat (strings, numbers, booleans, null, \
            and lists of those). What becomes of each is in the journal, so that the same command goes on where it was \
            interrupted; nothing is sent twice. Events whose answer was lost are unknown, and sent again only with \
            --resend-unknown.
            """,
        standardOutput: "a summary; with --json an object an event, then the summary", positionals: [file],
        optionGroups: [
            OptionGroup("One event", [Assignment.option, data]),
            OptionGroup(
                "Many events",
                [
                    format, DeliveryOptions.skipInvalid("events"), DeliveryOptions.journal,
                    DeliveryOptions.resendUnknown,
                ]),
            OptionGroup("Sending", [groupKey, DeliveryOptions.concurrency("16"), DeliveryOptions.rate]),
        ],
        exitCodes: [
            (0, "every event is delivered"), (1, "all were refused"), (2, "some were refused; the journal says which"),
            (3, "the outcome of some is unknown: their answers were lost"),
            (65, "the file has faults; nothing was sent"),
            (75, "the vendor still throttles; the same command continues"),
        ],
        examples: [
            Example(
                "One event", command: "integrate send-event --set epost=john@example.com --set 'some_tags:=[\"TAG1\"]'"),
            Example("Many, at most 50 a second", command: "integrate send-event Examples/events.ndjson --rate 50/s"),
            Example(
                "See the exact, signed request", command: "integrate send-event --data '{\"a\":1}' --dry-run"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        let assignments = arguments[Assignment.option]
        let single = arguments[data]
        var options: Options
        if let path = arguments[file] {
            guard assignments.isEmpty, single == nil else {
                throw arguments.usageError("FILE excludes --set and --data, which make one event")
            }
            options = Options(input: .file(path, arguments[format]))
        } else {
            guard !assignments.isEmpty || single != nil else {
                throw arguments.usageError(
                    "there is no event", hint: "give a FILE, or one event with --set KEY=VALUE or --data JSON")
            }
            for option in [format, DeliveryOptions.journal] as [any OptionDescriptor] where arguments.isGiven(option) {
                throw arguments.usageError("--\(option.specification.name) needs FILE")
            }
            options = Options(input: .single(data: single, assignments: assignments))
        }
        options.groupKey = arguments[groupKey]
        if options.groupKey?.isEmpty == true { throw arguments.usageError("--group-key cannot be empty") }
        options.delivery = DeliveryOptions(arguments)
        return options
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        switch options.input {
        case .single(let data, let assignments):
            let event = try singleEvent(data, assignments)
            let connection = try ForwarderConnection(
                groupKey: options.groupKey, rate: options.delivery.rate, environment)
            let receipt = try await connection.client.send(data: event.json)
            guard environment.globals.isJSON else {
                return try environment.output.line(
                    "sent 1" + (receipt.requestID.map { " (request \($0))" } ?? ""))
            }
            try environment.output.json(["outcome": "sent", "requestID": receipt.requestID].compactMapValues(\.self))
        case .file(let path, let format):
            try await FileDelivery(path: path, options: options.delivery, environment: environment).run { file in
                EventJob.make(
                    file, try format ?? EventJob.detectedFormat(file, path: path), groupKey: options.groupKey,
                    rate: options.delivery.rate, environment)
            }
        }
    }

    /// The event of `--data`, with the members of `--set` added or replaced.
    static func singleEvent(_ data: String?, _ assignments: [Assignment]) throws(Failure) -> FlatObject {
        var members: [(name: String, value: FlatValue)] = []
        if let data {
            do throws(JSONTextError) {
                members = try FlatObject(json: Array(data.utf8)).members
            } catch {
                throw Failure(.invalidInput, "--data:\(error.line):\(error.column): error: \(error.message)")
            }
        }
        for assignment in assignments {
            let value: FlatValue
            if let text = try assignment.text() {
                value = .string(text)
            } else if case .json(let text) = assignment.value {
                do throws(JSONTextError) {
                    value = try FlatValue(json: Array(text.utf8), path: "data.\(assignment.key)")
                } catch {
                    throw Failure(.invalidInput, "--set \(assignment.key): \(error.message)")
                }
            } else {
                continue
            }
            if let index = members.firstIndex(where: { $0.name == assignment.key }) {
                members[index].value = value
            } else {
                members.append((assignment.key, value))
            }
        }
        guard let event = FlatObject(members: members) else {
            throw Failure(.invalidInput, "the event names a member twice")
        }
        return event
    }
}
