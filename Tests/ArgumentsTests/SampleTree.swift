import Arguments

enum ColorMode: String, CaseIterable, Sendable {
    case auto, always, never
}

/// A tree with one of everything.
enum Sample {
    static let profile = Option(
        "profile", .string, placeholder: "NAME", help: "Use that profile's settings", defaultText: "default",
        environment: "TOOL_PROFILE")
    static let config = Option("config", .path, help: "Settings file")
    static let json = Flag("json", help: "Machine output")
    static let quiet = Flag("quiet", short: "q", help: "Only errors")
    static let verbose = CountedFlag("verbose", short: "v", help: "One line a request; -vv: headers and bodies")
    static let color = Option("color", .choice(of: ColorMode.self), help: "When to colour")
    static let dryRun = Flag("dry-run", help: "Print the exact request(s), send nothing")
    static let noInput = Flag("no-input", help: "Never prompt")
    static let internalTrace = Flag("internal-trace", help: "Not for users", isHidden: true)

    static let vendor = Positional("VENDOR", .choice(of: ["upload", "atobi", "bidcore"]), help: "The vendor's name")
    static let optionalVendor = Positional(
        "VENDOR", .choice(of: ["upload", "atobi", "bidcore"]), help: "The vendor's name", isOptional: true)
    static let withStdin = Flag("with-stdin", help: "Read the secrets from standard input")

    static let file = Positional("FILE", .path, help: "The CSV file, or - for standard input")
    static let name = Option("name", short: "n", .string, placeholder: "N", help: "The upload's name")
    static let overwrite = Flag("overwrite", help: "Replace what is there")
    static let wait = Flag("wait", isNegatable: true, help: "Wait until the upload is processed")
    static let fetch = Option(
        "fetch", .string(suggesting: ["tableofresultids", "feedback"]), placeholder: "KEY", help: "Fetch a result")
    static let set = RepeatableOption("set", .string, placeholder: "KEY=VALUE", help: "Set a value")
    static let output = Option("output", .path, help: "Write there; it's created beside C:\\temp")

    static let token = Positional("TOKEN", .string, help: "What the upload printed", isOptional: true)
    static let interval = Option("interval", .seconds(in: 0.1...3600), help: "Between two polls", defaultText: "5")
    static let attempts = Option("attempts", .integer(in: 1...64), help: "At most so many")
    static let last = Flag("last", help: "The newest upload")

    static let port = Option("port", .integer(in: 0...65535), help: "The port")
    static let sandboxCommand = RepeatedPositional(
        "COMMAND", .string, help: "What to run", extent: .afterTerminator)
    static let execCommand = RepeatedPositional(
        "COMMAND", .string, help: "What to run", isRequired: true, extent: .fromFirstArgument)
    static let files = RepeatedPositional("FILE", .path, help: "Files", isRequired: true)

    static let tree = CommandTree(
        root: Command(
            name: "tool", summary: "Move data into other people's services",
            discussion: """
                A paragraph about the tool that is long enough to be wrapped when the terminal has few columns.

                - first item
                - second item, which is also rather long so that it has to be wrapped

                    verbatim --kept   as-is
                .hidden is no request, nor is
                'quoted'.
                """,
            optionGroups: [
                OptionGroup("Settings", [profile, config]),
                OptionGroup("Output", [json, quiet, verbose, color, dryRun, noInput, internalTrace]),
            ],
            environment: [("TOOL_PROFILE", "the profile"), ("NO_COLOR", "turns colour off")],
            exitCodes: [(0, "done"), (64, "wrong usage")],
            examples: [Example("Upload a file", command: "tool upload-csv people.csv --wait")],
            subcommands: [
                Command(
                    name: "auth", summary: "Log in and out",
                    subcommands: [
                        Command(
                            name: "login", summary: "Store a vendor's secrets", positionals: [vendor],
                            optionGroups: [OptionGroup("Login options", [withStdin])]),
                        Command(name: "status", summary: "Show what is stored", positionals: [optionalVendor]),
                    ]),
                Command(
                    name: "upload-csv", summary: "Validate a CSV file and upload it",
                    discussion: "The file is checked first.", standardOutput: "the processing token",
                    positionals: [file],
                    optionGroups: [OptionGroup("Upload options", [name, overwrite, wait, fetch, set, output])],
                    environment: [("TOOL_UPLOAD_URL", "the service")],
                    exitCodes: [(0, "uploaded"), (65, "the file is invalid")],
                    examples: [
                        Example("Upload and wait", command: "tool upload-csv people.csv --wait"),
                        Example("Two lines", command: "tool upload-csv people.csv \\\n  --name 'Q1 people'"),
                    ]),
                Command(
                    name: "poll", summary: "Wait for an upload", positionals: [token],
                    optionGroups: [OptionGroup("Poll options", [interval, attempts, last])],
                    examples: [
                        Example(
                            "Upload and poll",
                            command: "token=$(tool upload-csv people.csv --name 'A name that fills the whole line') "
                                + "&& tool poll \"$token\" --interval 0.5")
                    ]),
                Command(name: "send-kpi", summary: "Send KPI values", positionals: [files]),
                Command(name: "send-event", summary: "Send events"),
                Command(
                    name: "sandbox", summary: "Run the vendors in a box", positionals: [sandboxCommand],
                    optionGroups: [OptionGroup("Sandbox options", [port])]),
                Command(
                    name: "exec", summary: "Run a command", positionals: [execCommand],
                    optionGroups: [OptionGroup("Exec options", [port])]),
                Command(name: "debug-dump", summary: "Not for users", isHidden: true),
            ]),
        topics: [
            HelpTopic(name: "exit-codes", summary: "What the exit codes mean", text: "- 0: done\n- 64: wrong usage"),
            HelpTopic(name: "secrets", summary: "Where secrets come from", text: "Never from an option."),
        ],
        version: "1.2.3")

    /// Parses what must be a command to run.
    static func run(_ arguments: String...) throws -> ParsedArguments {
        try run(arguments)
    }

    static func run(_ arguments: [String]) throws -> ParsedArguments {
        guard case .run(let parsed) = try tree.parse(arguments) else { throw NotACommand() }
        return parsed
    }

    struct NotACommand: Error {}

    /// The error of a command line, nil if it has none.
    static func mistake(_ arguments: [String]) -> UsageError? {
        do throws(UsageError) {
            _ = try tree.parse(arguments)
            return nil
        } catch {
            return error
        }
    }
}
