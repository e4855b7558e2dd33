import Arguments
import Foundation
import HTTPCore

@main
enum Integrate {
    static func main() async {
        // A closed pipe is reported as an error of the write, with its message and exit code.
        signal(SIGPIPE, SIG_IGN)
        let interruption = Interruption()
        let program = Task { await run(CommandLine.arguments.dropFirst().map(\.self), interruption) }
        interruption.start(cancelling: program)
        let code = await program.value
        Prompt.restoreTerminal()
        // Sessions are not torn down: that can crash, and the system does it better (urlsession-linux.md, C1 row 19).
        exit(code)
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
            switch try CommandTable.tree.parse(arguments) {
            case .version:
                try output.line(CommandTable.tree.version)
            case .help(let target):
                let isStyled =
                    terminal.isOutputTerminal && variables["NO_COLOR", default: ""].isEmpty
                    && variables["TERM"] != "dumb"
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

extension Failure {
    /// What to do after an interruption: a write that was under way needs a look, the rest just another run.
    fileprivate var interruptionHint: String? { category == .unknownOutcome ? hint : nil }
}
