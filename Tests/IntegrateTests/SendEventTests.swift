import Delivery
import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("send-event: one event")
struct SendEventSingleTests {
    /// The bodies that reached the sandbox.
    private static func bodies(_ world: EventWorld) -> [String] {
        world.sandbox.requests.map { String(decoding: $0.request.body, as: UTF8.self) }
    }

    @Test("--set, --data and both together make one event")
    func set() async throws {
        let world = try EventWorld()
        try world.home.write("från en fil", to: "text")
        expectExit(
            try await world.run("send-event", "--set", "namn=Åsa", "--set", "n:=1.10", "--set", "t=@text", "-q"), 0,
            "sent 1")
        expectExit(
            try await world.run("send-event", "--data", "{\"id\": 1.0, \"l\":[\"a\",null]}", "--set", "id:=2"), 0)
        expectExit(try await world.run("send-event", "--set", "a=1", "--group-key", "other \"key\""), 0)
        #expect(
            Self.bodies(world) == [
                #"{"data":{"namn":"Åsa","n":1.10,"t":"från en fil"},"group_key":"sandbox-group"}"#,
                #"{"data":{"id":2,"l":["a",null]},"group_key":"sandbox-group"}"#,
                #"{"data":{"a":"1"},"group_key":"other \"key\""}"#,
            ])
        #expect(world.home.names.filter { !$0.hasPrefix(".") } == ["text"], "a single event has no journal")
    }

    @Test("--json gives the outcome and the vendor's request id")
    func json() async throws {
        let world = try EventWorld()
        let lines = try jsonLines(try await world.run("send-event", "--set", "a=1", "--json"))
        #expect(lines.count == 1)
        #expect(lines.first?["outcome"] as? String == "sent")
        #expect(UUID(uuidString: lines.first?["requestID"] as? String ?? "") != nil)
    }

    @Test(
        "nested data is refused before anything is sent",
        arguments: [["--data", "{\"a\":{\"b\":1}}"], ["--data", "[1]"], ["--data", "{"], ["--set", "a:={\"b\":1}"]])
    func nested(_ arguments: [String]) async throws {
        let world = try EventWorld()
        let result = try await world.runner.run(["send-event"] + arguments)
        #expect([64, 65].contains(result.exitCode), Comment(rawValue: result.errors))
        #expect(world.sandbox.requestCounts.isEmpty)
    }

    @Test(
        "wrong usage is exit 64",
        arguments: [
            [], ["f", "--set", "a=1"], ["--data", "{}", "--journal", "j"], ["--set", "a=1", "--format", "csv"],
            ["f", "--rate", "0"], ["f", "--rate", "5/d"], ["f", "--concurrency", "0"], ["f", "--group-key", ""],
            ["f", "--format", "xml"],
        ])
    func usage(_ arguments: [String]) async throws {
        let world = try EventWorld()
        let result = try await world.runner.run(["send-event"] + arguments, directory: world.home.path)
        expectExit(result, 64)
    }

    @Test("each way to fail has its exit code and says what to do")
    func exitCodes() async throws {
        let world = try EventWorld()
        expectExit(try await world.run("send-event", "--data", "{}"), 1, "data is empty")
        expectExit(
            try await world.run(
                "send-event", "--set", "a=1", environment: ["INTEGRATE_FORWARDER_SECRET_ACCESS_KEY": "wrong"]),
            77, "403")
        expectExit(
            try await world.run(
                "send-event", "--set", "a=1",
                environment: ["INTEGRATE_FORWARDER_URL": world.sandbox.baseURL + "/forwarder/v2"]),
            77, "Missing Authentication Token", "path")
        expectExit(
            try await world.run("send-event", "--set", "a=1", environment: ["INTEGRATE_FORWARDER_REGION": ""]), 78,
            "region")
        let closed = try MisbehavingServer()
        closed.stop()
        expectExit(
            try await world.run(
                "send-event", "--set", "a=1", "--retry", "0", environment: ["INTEGRATE_FORWARDER_URL": closed.url]),
            69)
        expectExit(
            try await EventWorld("429").run("send-event", "--set", "a=1", "--retry", "0"), 75, "429")
        for fault in ["drop-after", "500", "truncate", "503;retry-after=none"] {
            let lossy = try EventWorld(fault)
            expectExit(try await lossy.run("send-event", "--set", "a=1"), 3, "look at the vendor")
            #expect(lossy.sandbox.requestCounts["forwarder.event"] == 1, "a write is not repeated")
        }
    }

    @Test("--dry-run prints the signed request with its secrets masked, and sends nothing")
    func dryRun() async throws {
        let world = try EventWorld()
        let result = try await world.run("send-event", "--set", "a=1", "--dry-run")
        expectExit(result, 0, "POST /forwarder/v1/events", "group_key")
        #expect(world.sandbox.requestCounts.isEmpty)
        for secret in EventWorld.secrets { #expect(!(result.output + result.errors).contains(secret)) }
        #expect(result.output.contains("SignedHeaders") || result.output.contains("uthorization"))
    }
}

@Suite("send-event: many events")
struct SendEventBatchTests {
    @Test(
        "NDJSON, a JSON array and CSV are sent, each event once",
        arguments: [
            ("a.ndjson", "{\"id\":\"e1\"}\n{\"id\":\"e2\"}\n"), ("a.json", "[{\"id\":\"e1\"},{\"id\":\"e2\"}]"),
            ("a.json", "{\"id\":\"e1\"}\n{\"id\":\"e2\"}\n"), ("a.csv", "id,x\ne1,\"a\nb\"\ne2,\n"),
            ("a", "[{\"id\":\"e1\"},{\"id\":\"e2\"}]"),
        ])
    func formats(_ name: String, _ text: String) async throws {
        let world = try EventWorld()
        try world.home.write(text, to: name)
        expectExit(try await world.run("send-event", name), 0, "sent 2, rejected 0, unknown 0, skipped 0")
        #expect(try world.arrivals(2) == [1, 1])
        #expect(try world.deliveries.received == 2)
        expectExit(try await world.run("send-event", name), 0, "sent 2")
        #expect(try world.deliveries.received == 2, "run again, it has nothing to do")
    }

    @Test("standard input is sent where - is given, and has a journal of its own by its content")
    func standardInput() async throws {
        let world = try EventWorld()
        let text = "{\"id\":\"e1\"}\n{\"id\":\"e2\"}\n"
        for _ in 0..<2 { expectExit(try await world.run("send-event", "-", stdin: text), 0, "sent 2") }
        #expect(try world.arrivals(2) == [1, 1])
        expectExit(try await world.run("send-event", "-", stdin: "id\ne9\n"), 64, "--format")
        expectExit(try await world.run("send-event", "-", "--format", "csv", stdin: "id\ne9\n"), 0, "sent 1")
        expectExit(try await world.run("send-event", "-", "--format", "csv"), 65, "no event")
    }

    @Test("--json gives an object an event, then the summary")
    func json() async throws {
        let world = try EventWorld()
        try world.events(20, refused: [4])
        let result = try await world.run("send-event", "events.ndjson", "--json")
        expectExit(result, 2)
        let lines = try jsonLines(result)
        #expect(lines.count == 21)
        let events = lines.dropLast()
        #expect(events.compactMap { $0["event"] as? Int }.sorted() == Array(1...20))
        for line in events {
            let isRefused = line["event"] as? Int == 4
            #expect(line["outcome"] as? String == (isRefused ? "rejected" : "sent"))
            #expect((line["message"] != nil) == isRefused)
            #expect(UUID(uuidString: line["requestID"] as? String ?? "") != nil)
        }
        #expect(Set(lines[20].keys) == ["summary", "journal"])
        let summary = try #require(lines[20]["summary"] as? [String: Int])
        #expect(summary == ["read": 20, "sent": 19, "rejected": 1, "unknown": 0, "skipped": 0, "remaining": 0])
        let error = try jsonError(result)
        #expect(error["exit"] as? Int == 2)
    }

    @Test("one bad event means that none is sent, unless it is skipped; then the four add up")
    func invalid() async throws {
        let world = try EventWorld()
        try world.home.write("{\"id\":\"e1\"}\n{\"a\":{\"b\":1}}\n{\"id\":\"e3\"}\n", to: "x.ndjson")
        expectExit(
            try await world.run("send-event", "x.ndjson"), 65, "x.ndjson:2:6: error: data.a is an object",
            "only flat values are allowed", "--skip-invalid")
        #expect(world.sandbox.requestCounts.isEmpty)
        #expect(world.home.names == ["x.ndjson"])
        expectExit(
            try await world.run("send-event", "x.ndjson", "--skip-invalid"), 2,
            "sent 2, rejected 0, unknown 0, skipped 1")
        #expect(try world.arrivals(3) == [1, 0, 1])
        expectExit(try await world.run("send-event", "x.ndjson", "--skip-invalid"), 2, "sent 2")
        #expect(try world.deliveries.received == 2)
        expectExit(try await world.run("journal", "show", "x.ndjson.journal"), 0, "2 skipped: invalid")
    }

    @Test("all refused is exit 1, some is exit 2, each named with the vendor's words")
    func refused() async throws {
        let world = try EventWorld()
        try world.events(3, refused: [1, 2, 3])
        expectExit(try await world.run("send-event", "events.ndjson"), 1, "event 2 rejected", "data is empty")
        try world.events(3, refused: [2], to: "some.ndjson")
        expectExit(try await world.run("send-event", "some.ndjson"), 2, "sent 2, rejected 1", "journal retry")
    }

    @Test("a missing file is exit 66, a folder too; nothing is created")
    func missing() async throws {
        let world = try EventWorld()
        expectExit(try await world.run("send-event", "none.csv"), 66)
        expectExit(try await world.run("send-event", ".", "--format", "csv"), 66)
        #expect(world.home.names.isEmpty)
    }

    @Test("--dry-run prints every request, sends none and leaves no journal")
    func dryRun() async throws {
        let world = try EventWorld()
        try world.events(3)
        let result = try await world.run("send-event", "events.ndjson", "--dry-run")
        expectExit(result, 0)
        #expect(result.output.components(separatedBy: "POST ").count == 4)
        #expect(world.sandbox.requestCounts.isEmpty)
        #expect(world.home.names == ["events.ndjson"])
    }

    @Test("--rate spaces the requests")
    func rate() async throws {
        let world = try EventWorld()
        try world.events(10)
        let start = ContinuousClock.now
        expectExit(try await world.run("send-event", "events.ndjson", "--rate", "20/s"), 0)
        #expect(start.duration(to: .now) >= .milliseconds(450))
    }

    @Test("answers lost are sent once, listed as unknown, and sent again only when that is asked for")
    func lost() async throws {
        let world = try EventWorld("drop-after=*5")
        try world.events(40)
        expectExit(
            try await world.run("send-event", "events.ndjson"), 3, "sent 35, rejected 0, unknown 5", "--resend-unknown")
        #expect(try world.arrivals(40).allSatisfy { $0 == 1 })
        expectExit(try await world.run("send-event", "events.ndjson"), 3, "sent 35")
        #expect(try world.deliveries.received == 40)
        expectExit(try await world.run("send-event", "events.ndjson", "--resend-unknown"), 0, "sent 40")
        #expect(try world.deliveries.received == 45)
        #expect(try world.deliveries.mostOften == 2)
    }

    @Test(
        "a storm of refusals for now ends with every event delivered once",
        arguments: ["429;retry-after=0=0.5", "503;retry-after=0=0.4"])
    func storm(_ fault: String) async throws {
        let world = try EventWorld(fault)
        try world.events(100)
        expectExit(try await world.run("send-event", "events.ndjson", "-q"), 0, "sent 100")
        #expect(try world.arrivals(100).allSatisfy { $0 == 1 })
    }

    @Test("a vendor that throttles for ever is exit 75 when the time is over, and the same command continues")
    func throttled() async throws {
        let world = try EventWorld("429;retry-after=1=*30")
        try world.events(10)
        expectExit(
            try await world.run("send-event", "events.ndjson", "--max-time", "1.5"), 75, "remaining 10")
        #expect(try world.journal().count(of: .remaining) == 10)
        expectExit(try await world.run("send-event", "events.ndjson"), 0, "sent 10")
        #expect(try world.arrivals(10).allSatisfy { $0 == 1 })
    }

    @Test("wrong credentials stop the run; nothing is marked as refused")
    func credentials() async throws {
        let world = try EventWorld()
        try world.events(50)
        expectExit(
            try await world.run(
                "send-event", "events.ndjson", environment: ["INTEGRATE_FORWARDER_SECRET_ACCESS_KEY": "wrong"]),
            77, "remaining 50")
        expectExit(try await world.run("send-event", "events.ndjson"), 0, "sent 50")
        #expect(try world.arrivals(50).allSatisfy { $0 == 1 })
    }

    @Test("standard output that is full is exit 74, and the outcome is journaled")
    func fullOutput() async throws {
        let world = try EventWorld()
        try world.events(5)
        expectExit(
            try await world.shell("integrate send-event events.ndjson --json > /dev/full"), 74, "standard output")
        expectExit(try await world.run("send-event", "events.ndjson"), 0, "sent 5")
        #expect(try world.arrivals(5).allSatisfy { $0 == 1 })
    }

    @Test(
        "a journal that cannot grow stops sending with exit 74; what is left is sent once there is room, nothing twice")
    func fullJournal() async throws {
        let world = try EventWorld()
        try world.events(1000)
        // A limit on the size of files stands in for the full disk, without the signal that comes with it.
        let result = try await world.shell("trap '' XFSZ; ulimit -f 20; integrate send-event events.ndjson")
        expectExit(result, 74, "journal", "make room")
        let states = try world.journal()
        let unknown = states.records(in: .unknown)
        // What was under way, and what was announced one round ahead of it: neither outcome nor "unsent" had room.
        #expect(unknown.count <= 16 + 2 * 8 - 1)
        #expect(states.count(of: .sent) > 0)
        let arrived = try world.arrivals(1000)
        for ordinal in 1...1000 where states[ordinal] != .unknown {
            #expect(arrived[ordinal - 1] == (states[ordinal] == .sent ? 1 : 0), "event \(ordinal)")
        }
        let rest = try await world.run("send-event", "events.ndjson")
        #expect(rest.exitCode == (unknown.count == 0 ? 0 : 3), Comment(rawValue: rest.errors))
        let unknownOrdinals = Set(unknown.ordinals)
        let later = try world.arrivals(1000)
        for ordinal in 1...1000 {
            let isUnknown = unknownOrdinals.contains(ordinal)
            #expect(isUnknown ? later[ordinal - 1] <= 1 : later[ordinal - 1] == 1, "event \(ordinal)")
        }
        expectExit(try await world.run("send-event", "events.ndjson", "--resend-unknown"), 0)
        let last = try world.arrivals(1000)
        for ordinal in 1...1000 {
            let more = unknownOrdinals.contains(ordinal) ? 1 : 0
            #expect(last[ordinal - 1] == later[ordinal - 1] + more, "event \(ordinal)")
        }
    }

    @Test("secrets are in no journal and no output, not even when the vendor says them back")
    func secrets() async throws {
        let secrets = EventWorld.secrets
        let server = try MisbehavingServer(script: { request in
            let words = ([request["Authorization"] ?? "", request["X-Amz-Security-Token"] ?? ""] + secrets)
                .joined(separator: " | ")
            let value = try? JSONSerialization.data(withJSONObject: ["messages": words, "requestId": secrets[0]])
            return .answer(request.number % 2 == 0 ? 400 : 500, body: value ?? Data())
        })
        defer { server.stop() }
        let world = try EventWorld(server: server)
        try world.events(6)
        for flags in [["-v"], ["--json", "-vv"]] {
            let result = try await world.runner.run(
                ["send-event", "events.ndjson", "--journal", "j\(flags.count)"] + flags,
                environment: ["INTEGRATE_FORWARDER_SESSION_TOKEN": secrets[1]], directory: world.home.path)
            #expect(result.exitCode == 3)
            let shown = try await world.run("journal", "show", "j\(flags.count)", "--json")
            let journal = String(decoding: world.home.read("j\(flags.count)") ?? Data(), as: UTF8.self)
            #expect(journal.contains("rejected"))
            let all = result.output + result.errors + shown.output + journal
            for secret in secrets { #expect(!all.contains(secret), Comment(rawValue: all)) }
        }
    }
}

@Suite("send-event: interruption")
struct SendEventInterruptionTests {
    @Test(
        "a signal lets what is under way finish, sums up, and the next run sends the rest: nothing twice",
        arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func interrupted(_ signal: Int32, _ code: Int32) async throws {
        let world = try EventWorld("delay:400")
        try world.events(400)
        let command = try world.runner.start(
            ["send-event", "events.ndjson", "--json", "--concurrency", "4"], directory: world.home.path)
        #expect(await command.waits(for: "\"sent\"", in: .output))
        command.send(signal: signal)
        let result = await command.result()
        #expect(result.exitCode == code, Comment(rawValue: result.errors))
        let summary = try #require(try jsonLines(result).last?["summary"] as? [String: Int])
        #expect(summary["unknown"] == 0)
        #expect((summary["sent"] ?? 0) + (summary["remaining"] ?? 0) == 400)
        #expect((summary["remaining"] ?? 0) > 0)
        #expect(try world.deliveries.received == summary["sent"])
        expectExit(try await world.run("send-event", "events.ndjson", "--concurrency", "64"), 0, "sent 400")
        #expect(try world.arrivals(400).allSatisfy { $0 == 1 })
    }

    @Test("a second SIGINT leaves at once, and what was under way is unknown")
    func twice() async throws {
        let arrived = Signal()
        let server = try MisbehavingServer(script: { _ in
            arrived.send()
            return .late(.seconds(20), .close)
        })
        defer { server.stop() }
        let world = try EventWorld(server: server)
        try world.events(5)
        let command = try world.runner.start(
            ["send-event", "events.ndjson", "--concurrency", "1"], directory: world.home.path)
        await arrived.wait()
        // Signals of one kind that come together count once, so it is repeated; by a thread, which nothing keeps waiting.
        Thread.detachNewThread {
            while kill(command.processID, 0) == 0 {
                command.send(signal: SIGINT)
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        let result = await command.result()
        #expect(result.exitCode == 130)
        #expect(result.output.isEmpty, "an end in its own time would have summed up")
        #expect(try world.journal().count(of: .unknown) >= 1)
        #expect(try world.journal().count(of: .sent) == 0)
    }

    @Test("what hangs beyond the grace is cancelled and unknown, and the rest is kept for the next run")
    func hanging() async throws {
        let arrived = Signal()
        let server = try MisbehavingServer(script: { _ in
            arrived.send()
            return .late(.seconds(20), .close)
        })
        defer { server.stop() }
        let world = try EventWorld(server: server)
        try world.events(20)
        let command = try world.runner.start(
            ["send-event", "events.ndjson", "--concurrency", "2"], directory: world.home.path)
        await arrived.wait()
        await arrived.wait()
        command.send(signal: SIGTERM)
        let result = await command.result()
        #expect(result.exitCode == 143, Comment(rawValue: result.errors))
        #expect(
            result.output.contains("sent 0, rejected 0, unknown 2, skipped 0, remaining 18"),
            Comment(rawValue: result.output))
        #expect(try world.journal().count(of: .unknown) == 2)
    }
}
