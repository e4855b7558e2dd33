import Foundation
import TestSupport
import Testing

@Suite("Interrupted, killed and crashed")
struct InterruptionTests {
    enum Moment: String, CaseIterable, Sendable {
        case token, upload, poll, betweenPolls
    }

    /// A server that tells when the moment has come, and then is slow.
    private static func world(_ moment: Moment, _ signal: Signal) throws -> World {
        let slow = MisbehavingServer.Behaviour.late(.seconds(30), .close)
        return try World.against(
            try MisbehavingServer(script: { request in
                if request.path == World.tokenPath {
                    guard moment == .token else {
                        return .answer(200, body: Data(#"{"access_token":"the-token","expires_in":3600}"#.utf8))
                    }
                } else if moment == .betweenPolls {
                    signal.send()
                    return .answer(200, body: Data("queued".utf8))
                }
                signal.send()
                return slow
            }))
    }

    @Test(
        "a signal ends the command in order with its code, and nothing is left behind",
        arguments: Moment.allCases, [SIGINT, SIGTERM])
    func signals(moment: Moment, number: Int32) async throws {
        let signal = Signal()
        let world = try Self.world(moment, signal)
        let isUpload = moment == .upload || moment == .token
        let arguments =
            isUpload
            ? ["upload-csv", try world.shiftFile()] : ["poll", World.processingToken, "--interval", "30"]
        let command = try world.runner.start(arguments)
        await signal.wait()
        command.send(signal: number)
        let result = await command.result()
        // The last resort of ending the process after five seconds says nothing.
        expectFailure(result, number == SIGINT ? 130 : 143, "interrupted")
        #expect(result.signal == nil)
        #expect(result.errors.contains("may have been applied") == (moment == .upload))
        #expect(world.outgoing.isEmpty)
    }

    @Test("an interruption in JSON has its code")
    func json() async throws {
        let signal = Signal()
        let world = try Self.world(.poll, signal)
        let command = try world.runner.start(["poll", World.processingToken, "--json"])
        await signal.wait()
        command.send(signal: SIGTERM)
        let error = try jsonError(await command.result())
        #expect(error["code"] as? String == "terminated")
        #expect(error["exit"] as? Int == 143)
    }

    @Test("what a killed upload left behind is private, and removed by the next run; a running one's is not")
    func killed() async throws {
        let signal = Signal()
        let world = try Self.world(.upload, signal)
        let file = try world.shiftFile()
        let killed = try world.runner.start(["upload-csv", file])
        await signal.wait()
        let first = try #require(world.outgoing.first)
        let attributes = try FileManager.default.attributesOfItem(
            atPath: world.home(".cache/integrate/outgoing/\(first)/body"))
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        killed.send(signal: SIGKILL)
        #expect(await killed.result().signal == SIGKILL)
        #expect(world.outgoing == [first])
        let running = try world.runner.start(["upload-csv", file])
        await signal.wait()
        let second = try #require(world.outgoing.first)
        #expect(world.outgoing == [second])
        #expect(second != first)
        let third = try world.runner.start(["upload-csv", file])
        await signal.wait()
        #expect(world.outgoing.count == 2)
        #expect(world.outgoing.contains(second))
        running.send(signal: SIGINT)
        third.send(signal: SIGINT)
        _ = await (running.result(), third.result())
        #expect(world.outgoing.isEmpty)
    }

    @Test("an answer cut inside its header crashes this toolchain's URLSession; the state stays usable")
    func crash() async throws {
        let world = try World.scripted { request in
            switch request.path {
            // The token request is the first, the uploads are the second and the third.
            case World.uploadPath where request.number == 1: .answer(200, body: Data(World.processingToken.utf8))
            case World.uploadPath where request.number == 2: .cutInsideHeaders
            case World.uploadPath: .answer(200, body: Data(UUID().uuidString.utf8))
            default: .answer(200, body: Data("completedsuccessfully".utf8))
            }
        }
        expectSuccess(try await world.run("upload-csv", try world.shiftFile()))
        let crashed = try await world.run(
            "upload-csv", try world.shiftFile(), environment: ["SWIFT_BACKTRACE": "enable=no"])
        // SIGILL on x86_64, SIGTRAP on arm64; a toolchain without the fault loses the answer in order.
        if let signal = crashed.signal {
            #expect([SIGILL, SIGTRAP].contains(signal))
        } else {
            expectFailure(crashed, 3)
        }
        #expect(crashed.output.isEmpty)
        let polled = try await world.run("poll", "--last", "--json")
        #expect(polled.output.contains(World.processingToken), Comment(rawValue: polled.errors))
        #expect(try await world.run("auth", "token", "upload").output == "token-0\n")
        expectSuccess(try await world.run("upload-csv", try world.shiftFile()))
        #expect(world.outgoing.isEmpty)
        #expect(world.server?.requests.filter { $0.path == World.tokenPath }.count == 1)
    }
}
