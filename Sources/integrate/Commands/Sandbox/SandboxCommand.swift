import Arguments
import Foundation
import HTTPCore
import VendorSandbox

/// `sandbox`: the vendors in a box, for a command or for a while.
enum SandboxCommand: Subcommand {
    struct Options: Sendable {
        var port: Int
        var seed: Int?
        var faults: [FaultRule]
        var command: [String]
    }

    private static let port = Option(
        "port", .integer(in: 0...65_535), help: "Listen on this loopback port", defaultText: "any free one")
    private static let seed = Option(
        "seed", .integer(in: 0...Int.max), help: "Make tokens, ids and chance repeatable")
    private static let fault = RepeatableOption(
        "fault",
        ValueFormat<FaultRule>(placeholder: "VENDOR:KIND=RATE") { text throws(ValueError) in
            do throws(SandboxError) {
                return try FaultRule(parsing: text)
            } catch {
                throw ValueError(error.message)
            }
        },
        help: "Make a vendor misbehave: atobi:429=0.1, forwarder:drop-after=*3, upload.results:500=1")
    private static let words = RepeatedPositional(
        "COMMAND", .string, help: "What to run with the sandbox's settings in its environment",
        extent: .fromFirstArgument)

    static let path = ["sandbox"]
    static let command = Command(
        name: "sandbox", summary: "Run the vendors in a box on a loopback port",
        discussion: """
            Everything works against it without an account and without a network. With a command, the settings are in \
            its environment and the sandbox ends with it; without one, the settings are printed and the sandbox stays \
            until it is interrupted. http://127.0.0.1:PORT/_sandbox/requests shows what arrived.
            """,
        standardOutput: "what COMMAND prints; without one the settings, as lines for a shell",
        positionals: [words], optionGroups: [OptionGroup("The sandbox", [port, seed, fault])],
        exitCodes: [
            (0, "with a command: its own exit code"), (130, "without a command: interrupted, which is how it ends"),
        ],
        examples: [
            Example(
                "Run a script in it", command: "integrate sandbox -- sh Examples/first-integration.sh"),
            Example(
                "See what happens when the vendor throttles",
                command: "integrate sandbox --fault 'forwarder:429=0.3' -- integrate send-event Examples/events.ndjson"),
            Example(
                "Look around",
                command: "integrate sandbox -- integrate upload-csv Examples/shifts.csv --fetch tableofresultids"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(port: arguments[port] ?? 0, seed: arguments[seed], faults: arguments[fault], command: arguments[words])
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        var configuration = SandboxConfiguration()
        configuration.port = UInt16(options.port)
        configuration.seed = options.seed.map(UInt64.init)
        configuration.faults = options.faults
        let sandbox: VendorSandbox
        do throws(SandboxError) {
            sandbox = try VendorSandbox(configuration: configuration)
            try sandbox.start()
        } catch {
            throw Failure(.cannotCreateOutput, "the sandbox cannot start: \(error.message)")
        }
        defer { sandbox.stop() }
        guard options.command.isEmpty else { return try await runCommand(options.command, sandbox, environment) }
        let settings = sandbox.environment.sorted { $0.key < $1.key }
        if environment.globals.isJSON {
            try environment.output.json(sandbox.environment)
        } else {
            for (name, value) in settings { try environment.output.line("export \(name)=\(shellQuoted(value))") }
        }
        environment.output.note("the sandbox is at \(sandbox.baseURL); interrupt it to end it")
        // Until the signal that cancels this.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    private static func runCommand(
        _ command: [String], _ sandbox: VendorSandbox, _ environment: Environment
    ) async throws {
        // Neither settings nor stored secrets of real vendors reach the command beside the sandbox's, and what it
        // stores goes with it.
        let folder = try WorkingFolder(in: try environment.paths().outgoing)
        defer { withExtendedLifetime(folder) {} }
        let settingsFile = folder.path + "/config.json5"
        guard FileManager.default.createFile(atPath: settingsFile, contents: Data("{}\n".utf8)) else {
            throw Failure(.cannotCreateOutput, FileError(path: settingsFile).message)
        }
        var variables = environment.variables.filter { !$0.key.hasPrefix("INTEGRATE_") }
        variables.merge(sandbox.environment) { _, new in new }
        variables["INTEGRATE_CONFIG"] = settingsFile
        variables["XDG_STATE_HOME"] = folder.path + "/state"
        let child = try ChildProcess(command, environment: variables)
        let code = await withTaskCancellationHandler {
            await child.exitCode()
        } onCancel: {
            // Ctrl-C reached the child from the terminal already; a second SIGINT would keep it from ending in order.
            let signal = environment.interruption.number ?? SIGTERM
            if signal != SIGINT || !environment.terminal.isInputTerminal { child.send(signal) }
        }
        if code != 0 { throw ChildExit(code: code) }
    }
}

/// The command in the sandbox ended with this code, and so does `integrate`.
struct ChildExit: Error {
    var code: Int32
}
