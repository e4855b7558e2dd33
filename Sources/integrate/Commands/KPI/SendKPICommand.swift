import Arguments
import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// `send-kpi`: an Atobi document, or rows that become documents.
enum SendKPICommand: Subcommand {
    struct Options: Sendable {
        var file: String
        var format: KPIInputFormat?
        /// The envelope's type is empty where it comes from the settings.
        var rows: KPIRowOptions
        /// The options given that only rows take, and those that only CSV takes.
        var rowOptions: [String]
        var csvOptions: [String]
        var limits: KPIBatchLimits
        var delivery: DeliveryOptions
    }

    private static let file = Positional(
        "FILE", .path,
        help: "An Atobi JSON document, or figures as CSV or NDJSON; - reads standard input to its end first")
    private static let format = Option(
        "format", .choice(of: KPIInputFormat.self), help: "How FILE holds its figures",
        defaultText: "by its name's ending, else by its content")
    private static let context = Option(
        "context", .string, placeholder: "NAME", help: "The context that groups these figures; rows need one")
    private static let type = Option(
        "type", .string, placeholder: "ID", help: "The integration identifier that Atobi issued",
        environment: "INTEGRATE_ATOBI_TYPE")
    private static let version = Option(
        "integration-version", .string, placeholder: "VERSION", help: "The integration's version",
        defaultText: "1.0.0")
    private static let objectType = Option(
        "object-type", .choice(of: [KPIElement.numberType]), help: "The type of the figures",
        defaultText: KPIElement.numberType)
    private static let column = RepeatableOption(
        "column", .string(suggesting: KPIColumn.allCases.map { $0.name + "=" }), placeholder: "COLUMN=NAME",
        help: "The file's name for a column, where it has another: value=amount")
    private static let assignIDs = Flag("assign-ids", help: "Rows without an id get their number")
    private static let timestamps = Option(
        "timestamps", .choice(of: KPIRowOptions.Timestamps.self),
        help: "Send times as Y-m-d H:i:s in UTC, or as seconds since 1970", defaultText: "datetime")
    private static let timeZone = Option(
        "timezone", .string(suggesting: ["UTC", "Europe/Copenhagen"]), placeholder: "ZONE",
        help: "The zone of times in FILE that name none", defaultText: "UTC")
    private static let delimiter = Option(
        "delimiter", .string, placeholder: "CHARACTER", help: "What stands between fields; tab for a tab",
        defaultText: ",")
    private static let encoding = Option(
        "encoding", .choice(of: TextEncoding.self), help: "The file's encoding", defaultText: "utf-8")
    static let batchSize = Option(
        "batch-size", .integer(in: 1...100_000), help: "At most so many KPI figures a request", defaultText: "500")

    static let path = ["send-kpi"]
    static let command = Command(
        name: "send-kpi", summary: "Send KPI figures of users and locations to Atobi, each once",
        discussion: """
            Rows have the columns user_id, location_id (one of them at least), id, kpi, value, units, timestamp, \
            date_from and date_to, in any order; units and dates may be left out. Every figure is checked before the \
            first is sent, and its digits are sent as they are. Times are yyyy-MM-dd HH:mm:ss, ISO 8601 with an offset, \
            or seconds since 1970. Requests keep to the vendor's limit (requestsPerMinute), together with all other \
            processes of this user on this machine. What becomes of each row is in the journal, so that the same \
            command goes on where it was interrupted; nothing is sent twice. Rows whose answer was lost are unknown, and \
            sent again only with --resend-unknown.
            """,
        standardOutput: "a summary; with --json an object a request, then the summary", positionals: [file],
        optionGroups: [
            OptionGroup(
                "The file",
                [format, column, assignIDs, timeZone, delimiter, encoding, DeliveryOptions.skipInvalid("rows")]),
            OptionGroup("The document", [context, type, version, objectType, timestamps]),
            OptionGroup(
                "Sending",
                [
                    batchSize, DeliveryOptions.concurrency("4"), DeliveryOptions.journal,
                    DeliveryOptions.resendUnknown,
                ]),
        ],
        exitCodes: [
            (0, "every row is delivered"), (1, "all were refused"), (2, "some were refused; the journal says which"),
            (3, "the outcome of some is unknown: their answers were lost"),
            (65, "the file has faults; nothing was sent"),
            (75, "the vendor still throttles; the same command continues"),
        ],
        examples: [
            Example("Rows of a CSV file", command: "integrate send-kpi Examples/kpis.csv --context sales"),
            Example(
                "See the document that would be sent",
                command: "integrate send-kpi Examples/kpis.csv --context sales --dry-run"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        var rows = KPIRowOptions(
            envelope: KPIEnvelope(
                type: arguments[type] ?? "", version: arguments[version] ?? "1.0.0",
                context: arguments[context] ?? ""))
        for option in [context, type, version] where arguments[option]?.allSatisfy(\.isWhitespace) == true {
            throw arguments.usageError("--\(option.specification.name) cannot be empty")
        }
        rows.objectType = arguments[objectType] ?? rows.objectType
        rows.assignsIDs = arguments[assignIDs] ?? false
        rows.timestamps = arguments[timestamps] ?? rows.timestamps
        rows.encoding = arguments[encoding] ?? rows.encoding
        do throws(KPIOptionError) {
            for value in arguments[column] { try rows.addColumn(value) }
            if let name = arguments[timeZone] { try rows.setTimeZone(name) }
        } catch {
            throw arguments.usageError(error.message)
        }
        do throws(ShiftFormatError) {
            if let text = arguments[delimiter] { rows.delimiter = try ShiftFileFormat.delimiter(named: text) }
        } catch {
            throw arguments.usageError(error.message)
        }
        func given(_ options: [any OptionDescriptor]) -> [String] {
            options.filter { arguments.isGiven($0) }.map { "--\($0.specification.name)" }
        }
        return Options(
            file: try arguments.require(file), format: arguments[format], rows: rows,
            rowOptions: given([context, type, version, objectType, column, assignIDs, timestamps, timeZone]),
            csvOptions: given([delimiter, encoding]),
            limits: KPIBatchLimits(elements: arguments[batchSize] ?? KPIBatchLimits().elements),
            delivery: DeliveryOptions(arguments))
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        try await FileDelivery(path: options.file, options: options.delivery, environment: environment).run { file in
            let format =
                options.format ?? KPIInputFormat.detect(descriptor: file.descriptor, named: options.file)
            let foreign = (format == .document ? options.rowOptions : []) + (format == .csv ? [] : options.csvOptions)
            if let option = foreign.first {
                throw Failure(
                    .usage,
                    "\(option) is of no meaning for \(file.displayName), which is "
                        + (format == .document ? "a document and says so itself" : "not CSV"),
                    hint: options.format == nil ? "if it is something else, say so with --format" : nil)
            }
            return try KPIJob.make(file, format, try rows(format, options, environment), options.limits, environment)
        }
    }

    /// How rows become documents, with what only the settings may know.
    private static func rows(
        _ format: KPIInputFormat, _ options: Options, _ environment: Environment
    ) throws(Failure) -> KPIRowOptions {
        var rows = options.rows
        guard format != .document else { return rows }
        guard !rows.envelope.context.isEmpty else {
            throw Failure(.usage, "rows need --context, which groups their figures at Atobi")
        }
        if rows.envelope.type.isEmpty {
            rows.envelope.type = try environment.settings().resolve(.atobi).text("type")
        }
        return rows
    }
}
