import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("send-kpi")
struct SendKPITests {
    @Test("twelve thousand rows arrive once each, every digit as it was, and are not sent again")
    func many() async throws {
        let world = try KPIWorld.sandboxed()
        try world.rows(12_000)
        let result = try await world.send("kpis.csv")
        expectSummary(result, 0, summary(12_000), "Atobi acknowledged 24 requests with status ok")
        let deliveries = try #require(world.deliveries)
        #expect(deliveries.received == 12_000)
        #expect((1...12_000).allSatisfy { deliveries.count(ofID: KPIWorld.record($0)) == 1 })
        expectSummary(try await world.send("kpis.csv"), 0, summary(12_000))
        #expect(world.documents == 24)
    }

    @Test("a document is sent byte for byte, as the vendor prints it")
    func document() async throws {
        let world = try KPIWorld.scripted { _ in .answer(200, body: Data(#"{"status":"received"}"#.utf8)) }
        let text = """
            { "type": "acme", "version": "1.0.0", "context": "sales", "data": [
              { "user_id": "123", "location_id": "321", "elements": [
                { "id": 1, "kpi": "device_sales", "object_type": "number", "value": "100.00", "units": "Devices sold",
                  "timestamp": "2019-09-10 13:09:23", "date_from": "2019-09-10 13:09:23" },
                { "id": 2, "kpi": "bonuses", "object_type": "number", "value": "150.00",
                  "timestamp": "2019-09-10 13:09:23" } ] } ] }
            """
        try world.home.write(text, to: "kpi.json")
        let result = try await world.run("send-kpi", "kpi.json")
        expectSummary(result, 0, summary(2), "acknowledged 1 request with status received")
        #expect(world.bodies == [text])
        let received = try #require(world.server?.requests.last)
        #expect(received.path == "/api/external/v1/kpi")
        #expect(received["Accept"] == "application/json")
        #expect(received["Content-Type"] == "application/json")
        // Beyond the batch's limit it is split under its own envelope.
        let split = try await world.run("send-kpi", "kpi.json", "--batch-size", "1", "--journal", "other")
        expectSummary(split, 0, summary(2))
        #expect(world.bodies.count == 3)
        #expect(world.bodies.dropFirst().allSatisfy { $0.contains(#""version": "1.0.0", "context": "sales""#) })
    }

    @Test("rows of NDJSON with other names and zones become what the options say")
    func rows() async throws {
        let world = try KPIWorld.scripted { _ in .answer(201, body: Data(#"{"status":true}"#.utf8)) }
        let rows = """
            {"user_id":"1","kpi":"k","amount":1.50,"timestamp":"2024-07-01 09:00:00"}
            {"location_id":"2","kpi":"k","amount":"7","timestamp":"2024-07-01T09:00:00+02:00","note":"x"}
            """
        let result = try await world.run(
            "send-kpi", "-", "--context", "c", "--type", "t", "--integration-version", "2", "--column",
            "value=amount", "--assign-ids", "--timestamps", "epoch", "--timezone", "Europe/Copenhagen", "--json",
            stdin: rows)
        #expect(
            world.bodies == [
                #"{"type":"t","version":"2","context":"c","data":[{"user_id":"1","elements":[{"id":1,"kpi":"k","#
                    + #""object_type":"number","value":"1.50","timestamp":1719817200}]},{"location_id":"2","#
                    + #""elements":[{"id":2,"kpi":"k","object_type":"number","value":"7","timestamp":1719817200}]}]}"#
            ])
        let lines = result.output.split(separator: "\n")
        #expect(lines.first == #"{"outcome":"sent","records":"1-2","status":"true"}"#)
        #expect(lines.last?.contains(#""summary":{"read":2,"rejected":0,"remaining":0,"sent":2"#) == true)
        #expect(result.errors.contains(#"not sent: the column "note""#))
        #expect(result.exitCode == 0)
    }

    @Test("a dry run prints the documents and sends, writes and asks nothing")
    func dryRun() async throws {
        let world = try KPIWorld.sandboxed()
        try world.rows(3)
        let result = try await world.send("kpis.csv", "--dry-run", "--batch-size", "2")
        #expect(result.exitCode == 0)
        #expect(result.output.components(separatedBy: "POST /atobi/api/external/v1/kpi HTTP/1.1").count == 3)
        #expect(result.output.contains(KPIWorld.value(3)))
        #expect(world.sandbox?.requestCounts.isEmpty == true)
        #expect(!world.home.names.contains("kpis.csv.journal"))
    }

    @Test("faults are told with their places and nothing is sent; --skip-invalid sends the rest")
    func faults() async throws {
        let world = try KPIWorld.sandboxed()
        try world.rows(5, changing: [2: "1e5", 4: "NaN"])
        let refused = try await world.send("kpis.csv")
        expectFailure(refused, 65, "kpis.csv:3:", "kpis.csv:5:", "\"1e5\"", "2 faults; nothing was sent")
        #expect(world.documents == 0)
        let skipping = try await world.send("kpis.csv", "--skip-invalid")
        expectSummary(skipping, 2, summary(3, skipped: 2), "journal retry kpis.csv.journal")
        #expect(world.deliveries?.received == 3)
    }

    private struct Case: Sendable {
        var arguments: [String]
        var code: Int32
        var words: [String]
        var environment: [String: String] = [:]
    }

    private static let cases = [
        Case(arguments: ["kpis.csv"], code: 64, words: ["--context"]),
        Case(arguments: ["kpi.json", "--context", "c"], code: 64, words: ["--context", "document"]),
        Case(arguments: ["rows.ndjson", "--context", "c", "--delimiter", ";"], code: 64, words: ["--delimiter"]),
        Case(arguments: ["kpis.csv", "--context", "c", "--column", "price=x"], code: 64, words: ["price", "value"]),
        Case(arguments: ["kpis.csv", "--context", "c", "--timezone", "CET"], code: 64, words: ["CET"]),
        Case(arguments: ["kpis.csv", "--context", ""], code: 64, words: ["--context"]),
        Case(arguments: ["absent.csv", "--context", "c"], code: 66, words: ["absent.csv"]),
        Case(arguments: ["/dev/null", "--context", "c"], code: 66, words: ["/dev/null", "standard input"]),
        Case(arguments: ["empty.csv", "--context", "c"], code: 65, words: ["empty.csv:1:1"]),
        Case(
            arguments: ["kpis.csv", "--context", "c", "--journal", "no/such/journal"], code: 73, words: ["--journal"]),
        Case(
            arguments: ["kpis.csv", "--context", "c"], code: 78,
            words: ["clientName (INTEGRATE_ATOBI_CLIENT_NAME) or url (INTEGRATE_ATOBI_URL), apiVersion"],
            environment: ["INTEGRATE_ATOBI_URL": "", "INTEGRATE_ATOBI_API_VERSION": ""]),
        Case(
            arguments: ["kpis.csv", "--context", "c"], code: 78, words: ["not both"],
            environment: ["INTEGRATE_ATOBI_CLIENT_NAME": "acme"]),
        Case(
            arguments: ["kpis.csv", "--context", "c"], code: 78, words: ["INTEGRATE_ATOBI_TYPE"],
            environment: ["INTEGRATE_ATOBI_TYPE": ""]),
        Case(
            arguments: ["kpis.csv", "--context", "c"], code: 78, words: ["grant-type"],
            environment: ["INTEGRATE_ATOBI_TOKEN_GRANT_FIELD": "grant"]),
        Case(
            arguments: ["kpis.csv", "--context", "c"], code: 77, words: ["Client authentication failed"],
            environment: ["INTEGRATE_ATOBI_CLIENT_SECRET": "wrong"]),
    ]

    @Test("what cannot be sent is refused with its code, before anything is sent", arguments: cases.indices)
    func refused(index: Int) async throws {
        let refusal = Self.cases[index]
        let world = try KPIWorld.sandboxed()
        try world.rows(2)
        try world.home.write("", to: "empty.csv")
        try world.home.write(
            #"{"type":"t","version":"1","context":"c","data":[{"user_id":"1","elements":[]}]}"#, to: "kpi.json")
        try world.home.write(#"{"user_id":"1"}"#, to: "rows.ndjson")
        let result = try await world.runner.run(
            ["send-kpi"] + refusal.arguments, environment: refusal.environment, directory: world.home.path)
        expectFailure(result, refusal.code)
        for text in refusal.words { #expect(result.errors.contains(text), Comment(rawValue: result.errors)) }
        #expect(world.documents == 0)
    }

    @Test("both spellings of the grant work, as the setting says", arguments: ["grant_type", "grant-type"])
    func grant(name: String) async throws {
        let world = try KPIWorld.sandboxed()
        let result = try await world.run(
            "auth", "token", "atobi", environment: ["INTEGRATE_ATOBI_TOKEN_GRANT_FIELD": name])
        #expect(result.exitCode == 0, Comment(rawValue: result.errors))
        #expect(world.sandbox?.requests.last?.notes.contains("spelling \(name)") == true)
    }

    @Test("auth logs in, shows and logs out")
    func auth() async throws {
        let world = try KPIWorld.sandboxed()
        let secret = AtobiSettings().clientSecret
        let without = ["INTEGRATE_ATOBI_CLIENT_SECRET": ""]
        expectFailure(
            try await world.run("auth", "token", "atobi", environment: without), 78, "INTEGRATE_ATOBI_CLIENT_SECRET")
        expectSuccess(
            try await world.run(
                "auth", "login", "atobi", "--with-stdin", environment: without, stdin: "clientSecret=\(secret)\n"))
        expectSuccess(try await world.run("auth", "token", "atobi", environment: without))
        let status = try await world.run("auth", "status", "atobi", environment: without)
        expectSuccess(status)
        #expect(status.output.contains("valid until") && !status.output.contains(secret))
        expectSuccess(try await world.run("auth", "logout", "atobi", environment: without))
        #expect(try await world.run("auth", "status", "atobi", environment: without).exitCode == 78)
    }

    @Test("the nightly example runs in the sandbox as it stands")
    func example() async throws {
        var shell = try KPIWorld.sandboxed().runner
        shell.program = "/bin/sh"
        let folder = ((#filePath as NSString).deletingLastPathComponent as NSString)
            .appendingPathComponent("../../Examples/kpi-nightly.sh")
        let path = CommandRunner.productsDirectory + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/bin")
        let world = try KPIWorld.sandboxed()
        shell.environment = world.runner.environment
        shell.home = world.home.path
        let result = try await shell.run([folder], environment: ["PATH": path])
        #expect(result.exitCode == 0, Comment(rawValue: result.errors))
        #expect(result.output.contains("every figure is delivered"))
        #expect(world.deliveries?.received == 6)
    }
}
