import Arguments
import Foundation

/// The options that every subcommand takes (cli.md, "Grammar").
struct GlobalOptions: Sendable {
    static let profileOption = Option(
        "profile", .string, placeholder: "NAME", help: "Use the settings of this profile", defaultText: "default",
        environment: "INTEGRATE_PROFILE")
    static let configOption = Option(
        "config", .path, help: "Read settings from this file",
        defaultText: "$XDG_CONFIG_HOME/integrate/config.json5", environment: "INTEGRATE_CONFIG")
    static let jsonFlag = Flag(
        "json", help: "Machine output: one JSON value, or one object a line where results stream")
    static let quietFlag = Flag("quiet", short: "q", help: "Say nothing but errors")
    static let verboseFlag = CountedFlag(
        "verbose", short: "v", help: "Show a line for each request, secrets masked; twice: headers and bodies too")
    enum Color: String, CaseIterable, Sendable { case auto, always, never }
    static let colorOption = Option(
        "color", .choice(of: Color.self), help: "Colour in help; NO_COLOR turns it off", defaultText: "auto")
    static let timeoutOption = Option(
        "timeout", .seconds(in: 0.001...86_400), help: "The longest one attempt may take", defaultText: "60")
    static let retryOption = Option(
        "retry", .integer(in: 0...100), help: "At most this many more tries of what may be repeated", defaultText: "4")
    static let maxTimeOption = Option(
        "max-time", .seconds(in: 0.001...1e9), help: "The longest the command may use the network, waiting included")
    static let dryRunFlag = Flag(
        "dry-run", help: "Validate, print the exact request with secrets masked, and send nothing")
    static let curlFlag = Flag(
        "curl",
        help: "As --dry-run, but print a curl command that sends the same; secrets are environment variables in it")
    static let harOption = Option("har", .path, help: "Write every exchange, secrets masked, to this file as HAR 1.2")
    static let noInputFlag = Flag("no-input", help: "Never ask; also when CI is set or there is no terminal")

    static let groups = [
        OptionGroup("Settings", [profileOption, configOption]),
        OptionGroup("Output", [jsonFlag, quietFlag, verboseFlag, colorOption]),
        OptionGroup("Network", [timeoutOption, retryOption, maxTimeOption, dryRunFlag, curlFlag, harOption]),
        OptionGroup("Prompts", [noInputFlag]),
    ]

    var profile: String?
    var settingsFile: String?
    var isJSON = false
    var isQuiet = false
    var verbosity = 0
    var color = Color.auto
    var timeout = Duration.seconds(60)
    var retries = 4
    var maxTime: Duration?
    /// Nothing is sent: `--dry-run`, or `--curl`.
    var isDryRun = false
    /// What would be sent is shown as a `curl` command.
    var printsCurl = false
    var harPath: String?
    var forbidsInput = false

    init() {}

    init(_ arguments: ParsedArguments) {
        profile = arguments[Self.profileOption]
        settingsFile = arguments[Self.configOption]
        isJSON = arguments[Self.jsonFlag] ?? false
        isQuiet = arguments[Self.quietFlag] ?? false
        verbosity = arguments[Self.verboseFlag]
        color = arguments[Self.colorOption] ?? .auto
        timeout = arguments[Self.timeoutOption] ?? timeout
        retries = arguments[Self.retryOption] ?? retries
        maxTime = arguments[Self.maxTimeOption]
        printsCurl = arguments[Self.curlFlag] ?? false
        isDryRun = printsCurl || arguments[Self.dryRunFlag] ?? false
        harPath = arguments[Self.harOption]
        forbidsInput = arguments[Self.noInputFlag] ?? false
    }

    /// The options that another command needs to run with the same settings, as they would be typed.
    var settingsOptions: String {
        var text = ""
        if let profile { text += " --profile \(shellQuoted(profile))" }
        if let settingsFile { text += " --config \(shellQuoted(settingsFile))" }
        return text
    }
}

/// `text` as one word of a POSIX shell.
func shellQuoted(_ text: String) -> String {
    let isPlain =
        !text.isEmpty
        && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:=@%+,".utf8.contains(byte)
            }
        }
    return isPlain ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
}
