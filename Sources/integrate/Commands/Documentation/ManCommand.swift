import Arguments
import Foundation

/// `man`: the manual page.
enum ManCommand: Subcommand {
    static let path = ["man"]
    static let command = Command(
        name: "man", summary: "Print the manual page", standardOutput: "the page, for man(1)",
        exitCodes: [(0, "the page is on standard output"), (74, "standard output is closed or full")],
        examples: [
            Example("Read it", command: "integrate man | man -l -"),
            Example(
                "Install it for this user",
                command: """
                    mkdir -p ~/.local/share/man/man1
                    integrate man > ~/.local/share/man/man1/integrate.1
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws {}

    static func run(_ options: Void, _ environment: Environment) async throws {
        let page = ManualPage.roff(tree: CommandTable.tree, date: CommandTable.releaseDate)
        try environment.output.write(Data(page.utf8))
    }
}
