import Foundation
import Synchronization
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("send-kpi: outcomes, journal and pace")
struct SendKPIOutcomeTests {
    @Test("a lost answer leaves its rows unknown; they are sent again only with --resend-unknown")
    func lost() async throws {
        let world = try KPIWorld.sandboxed(faults: ["atobi.kpi:drop-after=*1"])
        try world.rows(10)
        let first = try await world.send("kpis.csv", "--batch-size", "5", "--concurrency", "1")
        expectSummary(first, 3, summary(5, unknown: 5), "rows 1-5 unknown", "journal show kpis.csv.journal")
        expectSummary(try await world.send("kpis.csv"), 3, summary(5, unknown: 5))
        #expect(world.documents == 2)
        expectSummary(try await world.send("kpis.csv", "--resend-unknown"), 0, summary(10))
        #expect(world.deliveries?.received == 15)
        #expect(world.deliveries?.distinct == 10)
    }

    @Test("a refusal names the lines of the file; corrected, journal retry delivers what was refused")
    func refused() async throws {
        let world = try KPIWorld.sandboxed()
        // Valid here, but no integer of the vendor's.
        let good = KPIWorld.header + "\nu1,,1,k,1,,2024-07-01 09:00:00\nu2,,2,k,1,,2024-07-01 09:00:00\n"
        let bad = "u3,,3,k,1,,2024-07-01 09:00:00\nu4,,99999999999999999999,k,1,,2024-07-01 09:00:00\n"
        try world.home.write(good + bad, to: "kpis.csv")
        let result = try await world.send("kpis.csv", "--batch-size", "2")
        expectSummary(
            result, 2, summary(2, rejected: 2), "rows 3-4 rejected", "422", "data.1.elements.0.id must be an integer",
            "(kpis.csv:5)", "journal retry kpis.csv.journal")
        let shown = try await world.run("journal", "show", "kpis.csv.journal")
        #expect(shown.output.contains("3-4 rejected") && shown.output.contains("kpis.csv:5"))
        // A row that was sent must stay as it was.
        try world.home.write((good + bad).replacing("u1,,1", with: "u1,,7"), to: "kpis.csv")
        expectFailure(try await world.run("journal", "retry", "kpis.csv.journal"), 65, "kpis.csv:2:1", "row 1 was sent")
        try world.home.write((good + bad).replacing("99999999999999999999", with: "4"), to: "kpis.csv")
        expectFailure(try await world.send("kpis.csv"), 65, "journal retry")
        let retried = try await world.run("journal", "retry", "kpis.csv.journal", "--batch-size", "1")
        expectSummary(retried, 0, summary(4))
        #expect(world.deliveries?.received == 4)
        #expect(world.deliveries?.mostOften == 1)
    }

    @Test("a refusal of everything is exit 1, with places in brackets read too")
    func allRefused() async throws {
        let world = try KPIWorld.scripted { _ in
            .answer(422, body: Data(#"{"errors":{"body":["data[0].elements[1].value is wrong"]}}"#.utf8))
        }
        try world.home.write(
            KPIWorld.header + "\nu1,,1,k,1,,0\nu2,,2,k,1,,0\nu1,,3,k,1,,0\n", to: "kpis.csv")
        expectSummary(
            try await world.send("kpis.csv"), 1, summary(0, rejected: 3), "(kpis.csv:4)", "none of 3 rows was taken")
    }

    @Test("the vendor's 413 leads to a smaller --batch-size")
    func tooLarge() async throws {
        let world = try KPIWorld.scripted { request in
            request.bodyLength > 400 ? .answer(413) : .answer(200, body: Data(#"{"status":"ok"}"#.utf8))
        }
        try world.rows(6)
        expectSummary(try await world.send("kpis.csv"), 1, summary(0, rejected: 6), "--batch-size")
        expectSummary(
            try await world.run("journal", "retry", "kpis.csv.journal", "--batch-size", "1"), 0, summary(6))
    }

    @Test("without the vendor the rows remain, and the same command goes on")
    func unavailable() async throws {
        let world = try KPIWorld.sandboxed(faults: ["atobi.kpi:500=*1"])
        try world.rows(4)
        let failed = try await world.send("kpis.csv", "--batch-size", "2", "--concurrency", "1")
        expectSummary(failed, 69, summary(0, remaining: 4), "4 of 4 rows remain")
        expectSummary(try await world.send("kpis.csv"), 0, summary(4))
        #expect(world.deliveries?.mostOften == 1)
        try world.rows(2, "down.csv")
        let down = try await world.runner.run(
            ["send-kpi", "down.csv", "--context", "c", "--retry", "0"],
            environment: ["INTEGRATE_ATOBI_URL": "http://127.0.0.1:1"], directory: world.home.path)
        expectFailure(down, 69, "127.0.0.1:1")
    }

    @Test("a wrong API version is a matter of settings, and refuses no row")
    func wrongVersion() async throws {
        let world = try KPIWorld.sandboxed()
        try world.rows(4)
        let result = try await world.runner.run(
            ["send-kpi", "kpis.csv", "--context", "sales"], environment: ["INTEGRATE_ATOBI_API_VERSION": "v9"],
            directory: world.home.path)
        expectSummary(result, 78, summary(0, remaining: 4), "apiVersion")
    }

    @Test("a 429 all the same is waited for as it asks; without room for it, exit 75, and the same command continues")
    func throttled() async throws {
        let world = try KPIWorld.sandboxed(faults: ["atobi.kpi:429;retry-after=1=*1"])
        try world.rows(4)
        expectSummary(try await world.send("kpis.csv", "--batch-size", "2"), 0, summary(4), "answered 429")
        #expect(world.deliveries?.mostOften == 1)
        let patient = try KPIWorld.sandboxed(faults: ["atobi.kpi:429;retry-after=90=*1"])
        try patient.rows(4)
        let result = try await patient.send("kpis.csv", "--max-time", "10")
        expectSummary(result, 75, summary(0, remaining: 4), "4 of 4 rows remain")
        // Every process holds off, not only the one that was told.
        expectSummary(try await patient.send("kpis.csv", "--max-time", "1"), 75, summary(0, remaining: 4), "limit")
        try FileManager.default.removeItem(atPath: patient.home(".local/state/integrate/limits"))
        expectSummary(try await patient.send("kpis.csv"), 0, summary(4))
    }

    @Test("requests are spaced by the setting, token requests too, in a private file of the state directory")
    func paced() async throws {
        let world = try KPIWorld.sandboxed { $0.requestsPerMinute = 601 }
        try world.rows(8)
        expectSummary(try await world.send("kpis.csv", "--batch-size", "1"), 0, summary(8))
        let times = (world.sandbox?.requests ?? []).map(\.request.receivedAt)
        let (first, last) = (try #require(times.first), try #require(times.last))
        #expect(times.count == 9)
        #expect(last.timeIntervalSince(first) > 0.75, "nine requests, a tenth of a second apart")
        let limits = world.home(".local/state/integrate/limits")
        let attributes = try FileManager.default.attributesOfItem(atPath: limits)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: limits).count == 1)
    }

    @Test("where the limit's file cannot be written, the process keeps it alone and says so once")
    func unshared() async throws {
        let world = try KPIWorld.sandboxed()
        try world.rows(5)
        let state = world.home(".local/state/integrate")
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: state + "/limits"))
        let result = try await world.send("kpis.csv", "--batch-size", "1")
        expectSummary(result, 0, summary(5))
        #expect(result.errors.components(separatedBy: "the request limit is not shared").count == 2)
    }

    @Test("an acknowledgement that is no JSON counts, with one warning", arguments: ["", "OK", "<html>"])
    func notJSON(body: String) async throws {
        let world = try KPIWorld.scripted { _ in .answer(200, body: Data(body.utf8)) }
        try world.rows(4)
        let result = try await world.send("kpis.csv", "--batch-size", "1")
        expectSummary(result, 0, summary(4))
        #expect(result.errors.components(separatedBy: "acknowledgement is not JSON").count == 2)
    }

    @Test("killed while requests are under way, it goes on and sends nothing twice")
    func killed() async throws {
        let arrived = Signal()
        let served = Mutex(0)
        let world = try KPIWorld.scripted { _ in
            let number = served.withLock { count in
                count += 1
                return count
            }
            if number == 5 { arrived.send() }
            let answer = MisbehavingServer.Behaviour.answer(200, body: Data(#"{"status":"ok"}"#.utf8))
            return number == 5 ? .late(.seconds(30), answer) : answer
        }
        try world.rows(40)
        let command = try world.runner.start(
            ["send-kpi", "kpis.csv", "--context", "sales", "--batch-size", "2", "--concurrency", "1"],
            directory: world.home.path)
        await arrived.wait()
        command.send(signal: SIGKILL)
        _ = await command.result()
        let result = try await world.send("kpis.csv", "--batch-size", "2")
        #expect(result.exitCode == 3)
        // One was under way, and one more may have been announced.
        #expect([summary(38, unknown: 2), summary(36, unknown: 4)].contains(result.output))
        #expect(Set(world.bodies).count == world.bodies.count, "no document twice")
    }

    @Test("a journal of another mapping, destination or command is refused")
    func otherJournal() async throws {
        let world = try KPIWorld.sandboxed()
        try world.rows(2)
        expectSummary(try await world.send("kpis.csv"), 0, summary(2))
        expectFailure(try await world.send("kpis.csv", "--timestamps", "epoch"), 65, "its timestamps is datetime")
        expectFailure(
            try await world.run("send-kpi", "kpis.csv", "--context", "other"), 65, "its context is sales")
        expectFailure(
            try await world.run("send-event", "kpis.csv"), 65, "written by send-kpi")
        expectFailure(
            try await world.run("journal", "retry", "kpis.csv.journal", "--rate", "5/s"), 64, "requestsPerMinute")
    }

    @Test("journal retry makes rows as the journal says, not as the defaults are")
    func mapping() async throws {
        let refusals = Mutex(1)
        let world = try KPIWorld.scripted { _ in
            let refuses = refusals.withLock { count in
                defer { count -= 1 }
                return count > 0
            }
            return refuses ? .answer(422) : .answer(200, body: Data(#"{"status":"ok"}"#.utf8))
        }
        try world.home.write("who;what;how much;when\nJørg;k;1.50;2024-07-01 09:00:00\n", to: "kpis.csv")
        let sent = try await world.send(
            "kpis.csv", "--delimiter", ";", "--column", "user_id=who", "--column", "kpi=what", "--column",
            "value=how much", "--column", "timestamp=when", "--assign-ids", "--timezone", "Europe/Copenhagen",
            "--timestamps", "epoch", "--type", "special", "--integration-version", "3")
        expectSummary(sent, 1, summary(0, rejected: 1))
        expectSummary(try await world.run("journal", "retry", "kpis.csv.journal"), 0, summary(1))
        #expect(world.bodies.count == 2)
        #expect(world.bodies.first == world.bodies.last)
        #expect(world.bodies.first?.contains(#""user_id":"Jørg""#) == true)
    }
}
