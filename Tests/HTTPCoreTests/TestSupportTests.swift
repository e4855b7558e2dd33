import Foundation
import HTTPCore
import TestSupport
import Testing

@Suite("The tests' own tools")
struct TestSupportTests {
    private func shell(_ script: String, stdin: Data = Data(), timeout: Duration = .seconds(30)) async throws
        -> CommandResult
    {
        try await CommandRunner(program: "/bin/sh", home: "/").run(
            ["-c", script], environment: ["GREETING": "hello"], stdin: stdin, timeout: timeout)
    }

    @Test("a program's outputs, exit code and clean environment come back")
    func run() async throws {
        let result = try await shell("cat; echo $GREETING $HOME $USER >&2; exit 7", stdin: Data("in".utf8))
        #expect(result.output == "in")
        #expect(result.errors == "hello /\n")
        #expect(result.exitCode == 7 && result.signal == nil && !result.timedOut)
    }

    @Test("outputs larger than any pipe are drained, and unread input ends nothing")
    func largeOutputs() async throws {
        let result = try await shell(
            "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2", stdin: Data(count: 3_000_000))
        #expect(result.standardOutput.count == 3_000_000)
        #expect(result.standardError.count == 3_000_000)
        #expect(result.exitCode == 0)
    }

    @Test("a program and its children are killed when their time is over")
    func timeout() async throws {
        let result = try await shell("sleep 60 & sleep 60", timeout: .milliseconds(200))
        #expect(result.timedOut && result.signal == SIGKILL && result.exitCode == 137)
    }

    @Test("a program under way can be sent a signal", arguments: [SIGINT, SIGTERM, SIGKILL])
    func signal(_ signal: Int32) async throws {
        let command = try CommandRunner(program: "/bin/sh", home: "/").start(["-c", "echo ready; exec sleep 60"])
        #expect(await command.waits(for: "ready\n", in: .output))
        command.send(signal: signal)
        let result = await command.result()
        #expect(result.signal == signal && !result.timedOut)
    }

    @Test("a hundred programs side by side do not hold each other's pipes")
    func manyPrograms() async throws {
        let outputs = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<100 {
                group.addTask { try await shell("echo \(number); cat", stdin: Data("x".utf8)).output }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(outputs == Set((0..<100).map { "\($0)\nx" }))
    }

    @Test("a program runs in the directory asked for")
    func directory() async throws {
        let directory = try TemporaryDirectory()
        let result = try await CommandRunner(program: "/bin/pwd", home: "/").run([], directory: directory.path)
        #expect(result.output == directory.path + "\n")
    }

    @Test("the temporary directory is private and goes away with its contents")
    func temporaryDirectory() throws {
        var directory: TemporaryDirectory? = try TemporaryDirectory()
        let path = try #require(directory?.path)
        try directory?.write("x", to: "file")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        directory = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a request without a stub and a stub without a request are failures")
    func fakeTransport() async throws {
        let fake = FakeTransport()
        fake.stub(.get, path: "/a", status: 200)
        let request = HTTPRequest(
            .get, try BaseURL("https://vendor.test").origin, path: "/b", repeatClass: .safe)
        await withKnownIssue {
            _ = try? await fake.send(request)
            fake.verify()
        } matching: {
            let text = $0.description
            return text.contains("no stub for GET https://vendor.test/b") || text.contains("unused stub: GET /a")
        }
        #expect(fake.requests == [request])
    }

    @Test("the fake clock moves by the sleeps asked for, and only by them")
    func fakeTiming() async throws {
        let fake = FakeTiming(randoms: [0, 0.5])
        let (date, start) = (fake.now, fake.timing.instant())
        try await fake.timing.sleep(.seconds(90))
        #expect(fake.timing.now().timeIntervalSince(date) == 90)
        #expect(start.duration(to: fake.timing.instant()) == .seconds(90))
        #expect(fake.sleeps == [.seconds(90)])
        #expect([fake.timing.random(2...4), fake.timing.random(2...4), fake.timing.random(2...4)] == [2, 3, 3])
    }
}
