import Foundation
import TestSupport
import Testing

@Suite("sandbox")
struct SandboxCommandTests {
    @Test("a command runs with the sandbox's settings and none of a real vendor's, and its exit code is ours")
    func command() async throws {
        let world = try World.bare()
        for code: Int32 in [0, 7, 255] {
            #expect(try await world.run("sandbox", "--", "sh", "-c", "exit \(code)").exitCode == code)
        }
        let environment = try await world.run(
            "sandbox", "--", "env",
            environment: ["INTEGRATE_ATOBI_CLIENT_SECRET": "real", "INTEGRATE_UPLOAD_API_KEY": "real", "OTHER": "kept"])
        #expect(environment.output.contains("INTEGRATE_UPLOAD_API_URL=http://127.0.0.1:"))
        #expect(environment.output.contains("INTEGRATE_UPLOAD_API_KEY=\(World.apiKey)\n"))
        #expect(environment.output.contains("OTHER=kept"))
        #expect(!environment.output.contains("real"))
        let input = try await world.run("sandbox", "--", "cat", stdin: "through")
        #expect(input.output == "through")
    }

    @Test("the whole job runs in it, as the help's examples do")
    func job() async throws {
        let world = try World.bare()
        try world.home.write(World.shifts, to: "s.csv")
        let result = try await world.shell(
            "integrate sandbox -- integrate upload-csv s.csv --fetch tableofresultids --interval 0.05")
        expectSuccess(result)
        #expect(result.output.contains("User1"))
        let faulty = try await world.shell("echo oops > bad.csv; integrate sandbox -- integrate upload-csv bad.csv")
        #expect(faulty.exitCode == 65)
    }

    @Test("without a command it prints settings that a shell takes, until it is interrupted")
    func foreground() async throws {
        let world = try World.bare()
        let command = try world.runner.start(["sandbox"])
        #expect(await command.waits(for: "interrupt it", in: .errors))
        command.send(signal: SIGINT)
        let result = await command.result()
        #expect(result.exitCode == 130)
        let evaluated = try await world.shell(
            result.output + "printf '%s|%s' \"$INTEGRATE_UPLOAD_CLIENT_SECRET\" \"$INTEGRATE_UPLOAD_API_KEY\"")
        #expect(evaluated.output == World.clientSecret + "|" + World.apiKey)
    }

    @Test("a port in use is exit 73")
    func portInUse() async throws {
        let server = try MisbehavingServer()
        expectFailure(
            try await World.bare().run("sandbox", "--port", "\(server.port)", "--", "true"), 73, "\(server.port)")
        server.stop()
    }

    @Test("a signal ends the command in it", arguments: [SIGTERM, SIGINT])
    func signal(number: Int32) async throws {
        let world = try World.bare()
        let command = try world.runner.start(["sandbox", "--", "sh", "-c", "echo $$; exec sleep 50"])
        #expect(await command.waits(for: "\n", in: .output))
        command.send(signal: number)
        let result = await command.result()
        #expect(result.exitCode == 128 + number)
        let child = try #require(pid_t(result.output.trimmingCharacters(in: .newlines)))
        #expect(kill(child, 0) == -1)
    }

    @Test("a command that ends in order upon a signal is given the time and the last word")
    func orderly() async throws {
        let world = try World.bare()
        let script = "trap 'echo in order; exit 9' INT; echo ready; while :; do sleep 0.05; done"
        let command = try world.runner.start(["sandbox", "--", "sh", "-c", script])
        #expect(await command.waits(for: "ready", in: .output))
        command.send(signal: SIGINT)
        let result = await command.result()
        #expect(result.output == "ready\nin order\n")
        #expect(result.exitCode == 9)
    }
}
