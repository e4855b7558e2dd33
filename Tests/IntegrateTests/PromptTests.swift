import Foundation
import TestSupport
import Testing

@Suite("Questions on a terminal")
struct PromptTests {
    /// Runs a command on a terminal of its own, answers each question with the next word of standard input, and ends with
    /// the command's code; `^C` presses that key.
    private static let driver = """
        import os, pty, sys
        answers = sys.stdin.read().split("\\n")
        child, terminal = pty.fork()
        if child == 0:
            os.execvp(sys.argv[1], sys.argv[1:])
        seen = b""
        for answer in answers:
            while not seen.endswith((b"clientSecret: ", b"apiKey: ")):
                seen += os.read(terminal, 1)
            sys.stdout.write(seen.decode())
            seen = b""
            os.write(terminal, b"\\x03" if answer == "^C" else answer.encode() + b"\\n")
        try:
            while True:
                part = os.read(terminal, 1024)
                if not part: break
                sys.stdout.write(part.decode())
        except OSError:
            pass
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """

    private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private static func onTerminal(
        _ world: World, answers: String, environment: [String: String] = [:]
    ) async throws -> CommandResult {
        var python = world.runner
        let program = python.program
        python.program = try #require(Self.python)
        return try await python.run(
            ["-c", driver, program, "auth", "login", "upload"], environment: environment, stdin: Data(answers.utf8))
    }

    // Needs a terminal, which Python's pty module makes.
    @Test("login asks for each secret, and what is typed is not seen", .enabled(if: python != nil))
    func asks() async throws {
        let world = try World.sandboxed()
        let result = try await Self.onTerminal(world, answers: World.clientSecret + "\n" + World.apiKey)
        #expect(result.exitCode == 0, Comment(rawValue: result.output + result.errors))
        #expect(result.output.contains("the upload platform: clientSecret: "))
        #expect(result.output.contains("the upload platform: apiKey: "))
        #expect(result.output.contains("stored apiKey, clientSecret of upload"))
        #expect(!result.output.contains(World.clientSecret))
        #expect(!result.output.contains(World.apiKey))
        #expect(world.home.read(".local/state/integrate/credentials") != nil)
    }

    @Test("an empty answer stores nothing", .enabled(if: python != nil))
    func empty() async throws {
        let world = try World.sandboxed()
        let result = try await Self.onTerminal(world, answers: "")
        #expect(result.exitCode == 78)
        #expect(result.output.contains("clientSecret is empty"))
        #expect(world.home.read(".local/state/integrate/credentials") == nil)
    }

    @Test("an interrupted question ends at once", .enabled(if: python != nil))
    func interrupted() async throws {
        let world = try World.sandboxed()
        let result = try await Self.onTerminal(world, answers: World.clientSecret + "\n^C")
        #expect(result.exitCode == 130)
        #expect(!result.timedOut)
        #expect(world.home.read(".local/state/integrate/credentials") == nil)
    }

    @Test("nobody is asked in CI, terminal or not", .enabled(if: python != nil))
    func continuousIntegration() async throws {
        let world = try World.sandboxed()
        var python = world.runner
        let program = python.program
        python.program = try #require(Self.python)
        let result = try await python.run(
            ["-c", "import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"]
                + [program, "auth", "login", "upload"], environment: ["CI": "true"])
        #expect(result.exitCode == 78)
        #expect(result.output.contains("--with-stdin"))
    }
}
