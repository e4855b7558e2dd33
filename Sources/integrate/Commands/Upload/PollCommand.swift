import Arguments
import HTTPCore
import VendorAPIs

/// `poll`: waits until an upload's processing has ended.
enum PollCommand: Subcommand {
    struct Options: Sendable {
        /// Nil for the newest upload.
        var token: ProcessingToken?
        var pace = PollPace()
    }

    static let path = ["poll"]
    static let command = Command(
        name: "poll", summary: "Wait until the processing of an upload has ended",
        discussion: """
            When the processing failed, the platform's feedback is printed as faults in the uploaded file, each with \
            its line.
            """,
        standardOutput: "the final status", positionals: [TokenArgument.token],
        optionGroups: [OptionGroup("Waiting", [TokenArgument.last] + PollPace.options)],
        exitCodes: [
            (0, "processed successfully"), (1, "the processing failed; the feedback is on standard error"),
            (75, "still processing at --deadline; the message has the command that goes on"),
        ],
        examples: [
            Example(
                "Wait for the newest upload", command: "integrate upload-csv Examples/shifts.csv; integrate poll --last"
            ),
            Example(
                "Ask often, and for a minute at most",
                command: """
                    token=$(integrate upload-csv Examples/shifts.csv)
                    integrate poll "$token" --interval 0.5 --deadline 60
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(token: try TokenArgument.parse(arguments), pace: PollPace(arguments))
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let connection = try UploadConnection(environment)
        let token = try TokenArgument.resolve(options.token, in: connection.records)
        let status = try await Polling(connection: connection, environment: environment, pace: options.pace)
            .untilFinal(token)
        guard environment.globals.isJSON else { return try environment.output.line(status.word) }
        try environment.output.json(["token": token.description, "status": status.word])
    }
}
