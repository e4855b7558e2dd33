import Arguments
import Foundation

/// `completions`: the script that makes a shell complete integrate's command lines.
enum CompletionsCommand: Subcommand {
    private static let shell = Positional(
        "SHELL", .choice(of: Completions.Shell.self), help: "The shell to write for")

    static let path = ["completions"]
    static let command = Command(
        name: "completions", summary: "Print the completion script of a shell", standardOutput: "the script",
        positionals: [shell],
        exitCodes: [(0, "the script is on standard output"), (74, "standard output is closed or full")],
        examples: [
            Example(
                "For every bash session",
                command: """
                    mkdir -p ~/.local/share/bash-completion/completions
                    integrate completions bash > ~/.local/share/bash-completion/completions/integrate
                    """),
            Example(
                "For every zsh session",
                command: "mkdir -p ~/.zfunc && integrate completions zsh > ~/.zfunc/_integrate"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Completions.Shell { try arguments.require(shell) }

    static func run(_ shell: Completions.Shell, _ environment: Environment) async throws {
        try environment.output.write(Data(Completions.script(for: shell, tree: CommandTable.tree).utf8))
    }
}
