import Arguments
import Foundation
import TestSupport
import Testing

@testable import integrate

@Suite("Examples of help")
struct ExamplesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var path: [String]
        var command: String
        var testDescription: String { (path + [command]).joined(separator: " | ") }
    }

    /// Programs that examples use and a machine may lack: those examples are skipped there.
    private static let tools = ["curl", "man", "jq", "git"]

    private static func isThere(_ tool: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
    }

    /// The words of a command line that are programs of others.
    private static func needs(_ command: String) -> [String] {
        let words = command.split { " \n|;&()".contains($0) }
        return tools.filter { tool in
            words.enumerated().contains { place, word in
                // `integrate man` is ours.
                word == tool && (place == 0 || words[place - 1] != "integrate")
            }
        }
    }

    static let all: [Case] =
        [Case](
            CommandTable.subcommands.flatMap { subcommand in
                subcommand.command.examples.map { Case(path: subcommand.path, command: $0.command) }
            }) + CommandTable.tree.root.examples.map { Case(path: [], command: $0.command) }

    static let runnable = all.filter { needs($0.command).allSatisfy(isThere) }

    @Test("every subcommand has two examples or more", arguments: CommandTable.subcommands.map { $0.path })
    func count(path: [String]) throws {
        #expect(try #require(CommandTable.subcommand(at: path)).command.examples.count >= 2)
    }

    @Test("every example runs in the sandbox as it stands", arguments: runnable)
    func runs(_ example: Case) async throws {
        let home = try TemporaryDirectory()
        try FileManager.default.copyItem(
            at: Golden.repository.appendingPathComponent("Examples"), to: URL(fileURLWithPath: home("Examples")))
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let runner = CommandRunner(
            home: home.path, environment: ["PATH": CommandRunner.productsDirectory + ":" + path, "MANPAGER": "cat"])
        // With -e the first command that fails is the example's.
        let result = try await runner.run(["sandbox", "--", "sh", "-e", "-c", example.command], directory: home.path)
        #expect(result.exitCode == 0, Comment(rawValue: result.output + result.errors))
    }
}
