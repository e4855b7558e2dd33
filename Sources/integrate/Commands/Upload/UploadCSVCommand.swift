import Arguments
import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// `upload-csv`: checks a file of shifts, uploads it, and goes on to poll and fetch where asked to.
enum UploadCSVCommand: Subcommand {
    struct Options: Sendable {
        var file: String
        var name: String?
        var overwrite = false
        var checksOnly = false
        var format = ShiftFileFormat()
        var waits = false
        var fetchKey: ResultKey?
        var outputPath: String?
        var pace = PollPace()
    }

    private static let file = Positional("FILE", .path, help: "The CSV file; - reads standard input")
    private static let name = Option(
        "name", .string, placeholder: "NAME", help: "The data set's name", defaultText: "the file's base name")
    private static let overwrite = Flag(
        "overwrite", isNegatable: true, help: "Replace the data set of that name, to send a corrected file")
    private static let check = Flag("check", help: "Only check the file; send nothing and need no settings")
    private static let column = RepeatableOption(
        "column", .string(suggesting: ShiftColumn.allCases.map { $0.rawValue + "=" }), placeholder: "COLUMN=NAME",
        help: "The file's name for a column, where its header has another: Reference=EmpNo")
    private static let dateFormat = Option(
        "date-format", .string(suggesting: ["dd/MM/yyyy", "yyyy-MM-dd", "dd.MM.yyyy", "MM/dd/yyyy"]),
        placeholder: "PATTERN", help: "How the file writes dates", defaultText: "dd/MM/yyyy")
    private static let timeFormat = Option(
        "time-format", .string(suggesting: ["HH:mm", "H:mm", "h:mm a"]), placeholder: "PATTERN",
        help: "How the file writes times", defaultText: "HH:mm")
    private static let delimiter = Option(
        "delimiter", .string, placeholder: "CHARACTER", help: "What stands between fields; tab for a tab",
        defaultText: ",")
    private static let encoding = Option(
        "encoding", .choice(of: TextEncoding.self), help: "The file's encoding", defaultText: "utf-8")
    private static let wait = Flag("wait", help: "Poll until the processing has ended")
    private static let fetch = Option(
        "fetch", .string(suggesting: FetchResultsCommand.knownKeys), placeholder: "KEY",
        help: "Poll, then fetch this result")
    private static let outputOption = Option("output", short: "o", .path, help: "Write the fetched result to this file")

    static let path = ["upload-csv"]
    static let command = Command(
        name: "upload-csv", summary: "Check a CSV file of shifts and upload it to the upload platform",
        discussion: """
            The file has the columns Reference, StartDate, StartTime, EndDate, EndTime in this order, with or without a \
            header. Every row is checked before anything is sent; each fault is reported with its line and column.
            """,
        standardOutput: "the processing token; with --wait the final status; with --fetch the result",
        positionals: [file],
        optionGroups: [
            OptionGroup("The data set", [name, overwrite, check]),
            OptionGroup("The file", [column, dateFormat, timeFormat, delimiter, encoding]),
            OptionGroup("Afterwards", [wait, fetch, outputOption] + PollPace.options),
        ],
        exitCodes: [
            (0, "uploaded; with --wait or --fetch: processed successfully"),
            (1, "the platform refused the upload, or the processing failed; its feedback is on standard error"),
            (3, "the connection was lost during the upload: it may have arrived"),
            (65, "the file has faults; nothing was sent"),
            (75, "still processing at --deadline; the message has the command that goes on"),
        ],
        examples: [
            Example("Check a file without sending it", command: "integrate upload-csv Examples/shifts.csv --check"),
            Example(
                "Upload, wait and show the results",
                command: "integrate upload-csv Examples/shifts.csv --fetch tableofresultids"),
            Example(
                "A file with other names and dates",
                command: """
                    integrate upload-csv Examples/export.csv --delimiter ';' --date-format yyyy-MM-dd \\
                        --column Reference=EmpNo --wait
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        var options = Options(file: try arguments.require(file))
        options.name = arguments[name]
        options.overwrite = arguments[overwrite] ?? false
        options.checksOnly = arguments[check] ?? false
        options.waits = arguments[wait] ?? false
        options.fetchKey = arguments[fetch].map(ResultKey.init)
        options.outputPath = arguments[outputOption]
        options.pace = PollPace(arguments)
        if options.checksOnly { try arguments.checkExclusive(check, wait, fetch) }
        if options.outputPath != nil, options.fetchKey == nil {
            throw arguments.usageError("--output needs --fetch: without it there is no result to write")
        }
        if options.fetchKey?.rawValue.isEmpty == true || options.name?.isEmpty == true {
            throw arguments.usageError("--name and --fetch cannot be empty")
        }
        if options.file == "-", options.name == nil, !options.checksOnly {
            throw arguments.usageError("standard input has no name: give one with --name")
        }
        do throws(ShiftFormatError) {
            for value in arguments[column] { try options.format.addColumn(value) }
            if let text = arguments[dateFormat] { options.format.dateFormat = try DatePattern(text) }
            if let text = arguments[timeFormat] { options.format.timeFormat = try TimePattern(text) }
            if let text = arguments[delimiter] { options.format.delimiter = try ShiftFileFormat.delimiter(named: text) }
        } catch {
            throw arguments.usageError(error.message)
        }
        options.format.encoding = arguments[encoding] ?? .utf8
        return options
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let input = try InputFile(options.file)
        guard !options.checksOnly else { return try check(input, options, environment) }
        try FetchResultsCommand.checkOutput(options.outputPath)
        let connection = try UploadConnection(environment)
        let name = options.name ?? ((options.file as NSString).lastPathComponent as NSString).deletingPathExtension
        let folder = try WorkingFolder(in: try environment.paths().outgoing)
        defer { withExtendedLifetime(folder) {} }
        let body = try BodyFile(in: folder)
        let envelope = connection.client.envelope(name: name, overwrite: options.overwrite)
        try body.write(envelope.prefix)
        let report = try read(input, options) { piece in
            try Task.checkCancellation()
            try body.write(piece)
        }
        try body.write(envelope.suffix)

        let token: ProcessingToken
        do {
            token = try await connection.client.upload(bodyFile: body.path)
        } catch var failure as Failure {
            if failure.status == 409 {
                failure.hint = "to replace the data set '\(name)' add --overwrite; to add another give it a --name"
            }
            throw failure
        }
        let record = UploadRecord(
            token: token.description, name: name, file: options.file,
            directory: FileManager.default.currentDirectoryPath, rows: report.rows,
            uploadedAt: environment.timing.now().timeIntervalSince1970, lineMap: report.lineMap,
            delimiter: options.format.delimiter, encoding: options.format.encoding.rawValue)
        do throws(FileError) {
            try connection.records.store(record)
        } catch {
            environment.output.warn(
                "the processing token is not kept, so poll --last will not find it: \(error.message)")
        }
        try await finish(token, record, connection, options, environment)
    }

    /// Prints the token, or goes on to what was asked for beyond it.
    private static func finish(
        _ token: ProcessingToken, _ record: UploadRecord, _ connection: UploadConnection, _ options: Options,
        _ environment: Environment
    ) async throws {
        let output = environment.output
        guard options.waits || options.fetchKey != nil else {
            output.note("uploaded \(rowCount(record.rows)) as '\(record.name)'")
            guard environment.globals.isJSON else { return try output.line(token.description) }
            return try output.json(UploadResult(token: token.description, name: record.name, rows: record.rows))
        }
        output.note("uploaded \(rowCount(record.rows)) as '\(record.name)'; processing token \(token)")
        let polling = Polling(connection: connection, environment: environment, pace: options.pace)
        let status = try await polling.untilFinal(token)
        guard let key = options.fetchKey else {
            guard environment.globals.isJSON else { return try output.line(status.word) }
            return try output.json(
                UploadResult(
                    token: token.description, name: record.name, rows: record.rows, status: status.word))
        }
        try await FetchResultsCommand.fetch(
            key, of: token, to: options.outputPath, connection, environment, status: status)
    }

    private static func check(_ input: InputFile, _ options: Options, _ environment: Environment) throws {
        let report = try read(input, options, sink: nil)
        if environment.globals.isJSON {
            try environment.output.json(CheckResult(file: options.file, rows: report.rows, valid: true))
        } else {
            environment.output.note("\(options.file): \(rowCount(report.rows)), no fault")
        }
    }

    /// Reads and checks the whole file; its faults, if it has any, end the command here.
    private static func read(
        _ input: InputFile, _ options: Options, sink: ShiftSink?
    ) throws -> ShiftFileReport {
        let report: ShiftFileReport
        do {
            report = try readShiftFile(
                descriptor: input.descriptor, named: input.displayName, format: options.format, sink: sink)
        } catch let CSVError.unreadable(code) {
            throw Failure(
                code == EISDIR ? .missingInput : .inputOutput,
                FileError(path: input.displayName, code: code).message)
        }
        guard report.isValid else {
            let count = report.diagnostics.count
            throw InvalidFile(
                failure: Failure(
                    .invalidInput,
                    "\(input.displayName) has \(count == 1 ? "a fault" : "\(count) faults"); nothing was sent"),
                diagnostics: report.diagnostics)
        }
        return report
    }

    private static func rowCount(_ rows: Int) -> String { rows == 1 ? "1 row" : "\(rows) rows" }

    private struct UploadResult: Encodable {
        var token: String
        var name: String
        var rows: Int
        var status: String?
    }

    private struct CheckResult: Encodable {
        var file: String
        var rows: Int
        var valid: Bool
    }
}
