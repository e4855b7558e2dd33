import Foundation
import TestSupport
import Testing

@Suite("Progress on a terminal")
struct ProgressTests {
    /// Runs a command on a terminal of its own of 60 columns, sends SIGINT once the text of the first argument was seen
    /// (empty: never), and prints what the terminal got; then, on a last line, whether its modes are as before.
    private static let driver = """
        import fcntl, os, pty, signal, struct, sys, termios
        trigger, command = sys.argv[1].encode(), sys.argv[2:]
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        before = termios.tcgetattr(slave)
        child = os.fork()
        if child == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in range(3): os.dup2(slave, number)
            os.close(master)
            os.execvp(command[0], command)
        os.set_blocking(master, False)
        seen, code = b"", None
        import select
        while True:
            ready, _, _ = select.select([master], [], [], 0.05)
            if ready:
                seen += os.read(master, 65536)
                if trigger and trigger in seen:
                    trigger = b""
                    os.write(master, b"\\x03")
            elif code is not None: break
            if code is None:
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended: code = os.waitstatus_to_exitcode(status)
        after = termios.tcgetattr(slave)
        sys.stdout.buffer.write(seen)
        sys.stdout.write("\\n" + ("restored" if before == after else "changed"))
        sys.stdout.flush()
        sys.exit(code)
        """

    private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private static func onTerminal(
        _ world: World, _ arguments: [String], interruptAfter trigger: String = "", environment: [String: String] = [:]
    ) async throws -> CommandResult {
        var python = world.runner
        let program = python.program
        python.program = try #require(Self.python)
        return try await python.run(
            ["-c", driver, trigger, program] + arguments, environment: ["TERM": "xterm"].merging(environment) { $1 },
            directory: world.home.path)
    }

    private func events(_ world: World, _ count: Int) throws -> String {
        try world.home.write((1...count).map { "{\"n\":\($0)}\n" }.joined(), to: "e.ndjson")
    }

    /// What stands on the terminal in the end, a line each: carriage returns and "erase to the end of the line" obeyed.
    private func screen(_ output: String) -> [String] {
        output.components(separatedBy: "\r\n").map { line in
            let last = line.components(separatedBy: "\r").last ?? ""
            return last.replacingOccurrences(of: "\u{1B}[K", with: "")
        }
    }

    // Needs a terminal, which Python's pty module makes.
    @Test(
        "a batch redraws one line, with rate and time left, and ends with a summary alone", .enabled(if: python != nil))
    func batch() async throws {
        let world = try World.sandboxed()
        let result = try await Self.onTerminal(world, ["send-event", try events(world, 60), "--rate", "80/s"])
        #expect(result.exitCode == 0, Comment(rawValue: result.output))
        #expect(result.output.contains(" of 60, "))
        #expect(result.output.contains("/s"))
        #expect(result.output.contains(" left"))
        let screen = screen(result.output)
        #expect(!screen.contains { $0.contains(" left") }, "the progress line is gone")
        #expect(screen.contains { $0.contains("sent 60") }, Comment(rawValue: result.output))
        #expect(result.output.hasSuffix("restored"))
        for line in result.output.components(separatedBy: "\r") { #expect(line.count < 80) }
    }

    @Test("SIGINT removes the line, says so at once, and leaves the terminal as it was", .enabled(if: python != nil))
    func interrupted() async throws {
        let world = try World.sandboxed()
        let result = try await Self.onTerminal(
            world, ["send-event", try events(world, 3000), "--rate", "50/s"], interruptAfter: " left")
        #expect(result.exitCode == 130, Comment(rawValue: result.output))
        #expect(result.output.hasSuffix("restored"))
        let screen = screen(result.output)
        #expect(screen.contains { $0.hasPrefix("integrate: error: interrupted") }, Comment(rawValue: result.output))
        #expect(!screen.contains { $0.contains(" left") })
    }

    @Test("a warning beside the line begins at the left", .enabled(if: python != nil))
    func warning() async throws {
        let world = try World.scripted { request in
            switch request.number {
            case 1: .answer(200, body: Data("queued".utf8))
            case 2: .answer(503)
            default: .answer(200, body: Data("completedsuccessfully".utf8))
            }
        }
        let result = try await Self.onTerminal(world, ["poll", World.processingToken, "--interval", "0.1"])
        #expect(result.exitCode == 0, Comment(rawValue: result.output))
        #expect(result.output.contains("queued, "))
        let lines = screen(result.output)
        #expect(lines.contains { $0.hasPrefix("integrate: warning: ") }, Comment(rawValue: result.output))
        #expect(lines.contains("completedsuccessfully"), Comment(rawValue: result.output))
    }

    struct Silence: Sendable, CustomTestStringConvertible {
        var arguments: [String] = []
        var environment: [String: String] = [:]
        var testDescription: String { "\(arguments) \(environment)" }
    }

    @Test(
        "no line is drawn under --quiet, --json or TERM=dumb", .enabled(if: python != nil),
        arguments: [
            Silence(arguments: ["--quiet"]), Silence(arguments: ["--json"]), Silence(environment: ["TERM": "dumb"]),
        ])
    func silent(_ silence: Silence) async throws {
        let world = try World.sandboxed()
        let result = try await Self.onTerminal(
            world, ["send-event", try events(world, 30), "--rate", "60/s"] + silence.arguments,
            environment: silence.environment)
        #expect(result.exitCode == 0)
        #expect(!result.output.contains("\u{1B}"))
    }

    @Test("nothing is drawn in a pipe")
    func pipe() async throws {
        let world = try World.sandboxed()
        let result = try await world.run("send-event", try events(world, 30), "--rate", "60/s")
        expectSuccess(result)
        #expect(!(result.output + result.errors).contains("\u{1B}"))
        #expect(!(result.output + result.errors).contains("\r"))
        #expect(result.errors.isEmpty)
    }
}
