import Arguments
import Foundation
import HTTPCore

@main
enum Integrate {
    static func main() async {
        reserveStandardStreams()
        // A closed pipe is reported as an error of the write, with its message and exit code.
        signal(SIGPIPE, SIG_IGN)
        let interruption = Interruption()
        let program = Task { await run(CommandLine.arguments.dropFirst().map(\.self), interruption) }
        interruption.start(cancelling: program)
        let code = await program.value
        StatusLine.clear()
        Prompt.restoreTerminal()
        // Sessions are not torn down: that can crash, and the system does it better (urlsession-linux.md, C1 row 19).
        exit(code)
    }

    /// Opens what the caller closed: otherwise the next file, a journal perhaps, would be standard output. Reading gives
    /// nothing, and writing fails, as it should.
    private static func reserveStandardStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDONLY)
        }
    }

    /// Foundation repairs arguments that are not UTF-8, and so would look for another file than the one that was named.
    private static func refuseUnreadableArguments() throws(UsageError) {
        for (place, argument) in CommandLine.unsafeArguments.enumerated() {
            guard let argument, String(validatingCString: argument) == nil else { continue }
            throw UsageError(
                "argument \(place) is not valid UTF-8: '\(String(cString: argument))'",
                hint: "give the file a name in UTF-8, a link will do, or pass it through standard input as -",
                programName: "integrate", commandPath: [])
        }
    }

    private static func run(_ arguments: [String], _ interruption: Interruption) async -> Int32 {
        let variables = ProcessInfo.processInfo.environment
        let masker = Masker()
        let terminal = Terminal.current(variables)
        var output = Output(isQuiet: false, masker: masker)
        var report = ErrorReport(
            output: output, isJSON: arguments.contains("--json"), isWorkflow: variables["GITHUB_ACTIONS"] == "true")
        var har: HARFile?
        do {
            try refuseUnreadableArguments()
            switch try CommandTable.tree.parse(arguments) {
            case .version:
                try output.line(CommandTable.tree.version)
            case .help(let target):
                let isStyled = terminal.isStyled(Self.color(in: arguments), variables)
                let formatter = HelpFormatter(width: terminal.width, isStyled: isStyled)
                try output.write(Data(formatter.text(for: target, in: CommandTable.tree).utf8))
            case .run(let parsed):
                let globals = GlobalOptions(parsed)
                output = Output(isQuiet: globals.isQuiet, masker: masker)
                report = ErrorReport(output: output, isJSON: globals.isJSON, isWorkflow: report.isWorkflow)
                har = try globals.harPath.map { try HARFile($0, masker: masker) }
                interruption.atEnd { [har] in try? har?.close() }
                let environment = Environment(
                    variables: variables, terminal: terminal, timing: .system, globals: globals, masker: masker,
                    output: output,
                    network: URLSessionTransport(userAgent: "integrate/\(CommandTable.version)", connections: 256),
                    har: har,
                    deadline: globals.maxTime.map { .now + $0 }, interruption: interruption)
                report.settingSources = { vendor in
                    // Beside an error that is reported already, a fault in the settings has no place.
                    (try? environment.settings().sources(of: vendor)) ?? []
                }
                guard let subcommand = CommandTable.subcommand(at: parsed.commandPath) else {
                    throw Failure(.internalFault, "no code for \(parsed.commandPath.joined(separator: " "))")
                }
                try await subcommand.run(parsed, environment)
            }
            try har?.close()
            return 0
        } catch {
            let code = exitCode(after: error, report, interruption)
            do {
                try har?.close()
                return code
            } catch {
                report.report(error)
                return code == 0 ? error.category.exitCode : code
            }
        }
    }

    /// What `--color` says; help is printed without the rest of the line being read.
    private static func color(in arguments: [String]) -> GlobalOptions.Color {
        let words = arguments.prefix { $0 != "--" }
        let values =
            zip(words, words.dropFirst()).filter { $0.0 == "--color" }.map(\.1)
            + words.filter { $0.hasPrefix("--color=") }.map { String($0.dropFirst("--color=".count)) }
        return values.last.flatMap(GlobalOptions.Color.init) ?? .auto
    }

    /// Says what went wrong, and returns the code that tells scripts.
    private static func exitCode(
        after error: any Error, _ report: ErrorReport, _ interruption: Interruption
    ) -> Int32 {
        switch error {
        case let exit as ChildExit: return exit.code
        case let error as TransportError where error.reason == .previewed: return 0
        case let error as UsageError:
            report.report(error)
            return FailureCategory.usage.exitCode
        default: break
        }
        if let category = interruption.category {
            report.report(Failure(category, "interrupted", hint: (error as? Failure)?.interruptionHint))
            return category.exitCode
        }
        switch error {
        case let invalid as InvalidFile:
            report.report(invalid.failure, diagnostics: invalid.diagnostics)
            return invalid.failure.category.exitCode
        case let failure as Failure:
            report.report(failure)
            return failure.category.exitCode
        case let error as FileError:
            report.report(Failure(.inputOutput, error.message))
            return FailureCategory.inputOutput.exitCode
        default:
            // Never the error's own description, which may hold a URL with its secrets.
            report.report(Failure(.internalFault, "an unexpected fault (\(type(of: error)))", hint: "report it"))
            return FailureCategory.internalFault.exitCode
        }
    }
}

extension CommandLine {
    /// The arguments as the system passed them, the program's name first.
    fileprivate static var unsafeArguments: UnsafeBufferPointer<UnsafeMutablePointer<CChar>?> {
        UnsafeBufferPointer(start: unsafeArgv, count: Int(argc))
    }
}

extension Failure {
    /// What to do after an interruption: a write that was under way needs a look, the rest just another run.
    fileprivate var interruptionHint: String? { [.unknownOutcome, .interrupted].contains(category) ? hint : nil }
}
