import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

private let hasCurl: Bool = {
    let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return directories.contains { FileManager.default.isExecutableFile(atPath: "\($0)/curl") }
}()

/// curl itself is the oracle: what it sends must be what `integrate` sends.
@Suite("--curl", .enabled(if: hasCurl, "curl is not installed"))
struct CurlTests {
    /// What must be the same on the wire.
    private struct Sent: Equatable, CustomStringConvertible {
        var method: String
        var target: String
        var body: String
        var fields: [String]
        var status: Int

        var description: String { "\(method) \(target) \(fields) \(body) -> \(status)" }

        init(_ record: RecordedRequest) {
            method = record.request.method
            target = record.request.target
            body = String(decoding: record.request.body, as: UTF8.self)
            // An answer says whether the signature is right; a session token stands in it as it is.
            let compared = [
                "accept", "content-type", "authorization", "x-realm-id", "x-provider", "x-amz-security-token",
            ]
            fields = record.request.headers.filter { header in
                compared.contains(header.name.lowercased()) && !header.value.hasPrefix("AWS4-")
            }.map { "\($0.name.lowercased()): \($0.value)" }.sorted()
            status = record.status
        }
    }

    private static let settings: @Sendable (inout UploadPlatformSettings) -> Void = { upload in
        upload.clientSecret = #"s+c/r=t %é"\$`'!"#
        upload.apiKey = #"k"\+/=%é&'$(x)`"#
    }

    /// Runs `arguments`, then what `--curl` prints for them, and compares what arrived.
    private static func compare(_ world: World, _ arguments: [String]) async throws {
        let sandbox = try #require(world.sandbox)
        var tokens: [String: String] = [:]
        for vendor in ["upload", "atobi", "connector", "bidcore"] {
            let token = try await world.run("auth", "token", vendor)
            expectSuccess(token)
            tokens["INTEGRATE_\(vendor.uppercased())_TOKEN"] = token.output.trimmingCharacters(in: .newlines)
        }
        let start = sandbox.requests.count
        // First, for a batch that is delivered has nothing left to show.
        let printed = try await world.run(arguments + ["--curl"], directory: world.home.path)
        expectSuccess(printed)
        #expect(sandbox.requests.count == start, "--curl sends nothing, and asks for no token")
        _ = try await world.run(arguments + ["--retry", "0"], directory: world.home.path)
        let sent = sandbox.requests[start...].map(Sent.init)
        #expect(!sent.isEmpty)
        let between = sandbox.requests.count
        #expect(printed.output.hasPrefix("#") && printed.output.contains("curl --"))
        for secret in [UploadPlatformSettings.secrets(settings), Array(tokens.values)].joined() {
            for spelling in SecrecyTests.spellings(secret) { #expect(!printed.output.contains(spelling)) }
        }
        // From a file, as a person would run it: a script may be longer than an argument.
        _ = try world.home.write(printed.output, to: "curl.sh")
        let result = try await world.shell(
            "sh curl.sh", environment: world.environment.merging(tokens) { _, new in new })
        #expect(result.exitCode == 0, Comment(rawValue: result.errors))
        let curled = sandbox.requests[between...].map(Sent.init)
        #expect(!curled.isEmpty, Comment(rawValue: printed.output))
        for (request, sent) in zip(curled, sent) {
            var sent = sent
            // The first of two writes may be the only one that is taken.
            if sent.status < 300, [404, 409].contains(request.status) { sent.status = request.status }
            // curl accepts anything unless it is told, as integrate does.
            #expect(request == sent, Comment(rawValue: printed.output))
        }
    }

    @Test(
        "the printed command sends the same bytes",
        arguments: [
            ["auth", "token", "upload", "--refresh"], ["auth", "token", "bidcore", "--refresh"],
            ["upload-csv", "shifts.csv", "--overwrite"], ["upload-csv", "shifts.csv", "--overwrite", "--wait"],
            ["upload-csv", "umlaut's.csv", "--name", #"quo"te's $HOME `x` \ é"#, "--overwrite"],
            ["upload-csv", "large.csv", "--overwrite"],
            ["poll", "--last"], ["fetch-results", "--last", "--key", "feed back&"],
            ["send-event", "--set", #"a=it's "$HOME" \ `id` é!"#, "--set", "n:=1.50"],
            ["send-kpi", "kpis.csv", "--context", "sales"], ["send-event", "events.ndjson", "--concurrency", "1"],
            ["workflow", "list", "publishers"],
            ["workflow", "list", "publishers", "--filter", "name=El Faro & sons"],
            ["workflow", "get", "publishers", "1"],
            ["workflow", "create", "publishers", "--set", "name=Zeit é"],
            ["workflow", "update", "publishers", "1", "--set", "margin:=0.250"],
            ["workflow", "delete", "publishers", "999", "--yes"],
            ["create-source", "snapchat", "--list", "organization", "--oauth-id", "1000"],
            ["create-flow", "--source", "63b872052946b21e6d063cb2", "--app", "google_data_studio", "--label", "x y"],
            ["auth", "authorize-service", "snapchat_static", "--from", "service.json"],
        ])
    func sameBytes(arguments: [String]) async throws {
        let world = try World.sandboxed(Self.settings)
        _ = try world.shiftFile()
        _ = try world.shiftFile(
            "umlaut's.csv", World.shifts + "\"Jürgen \"\"J\"\" O'Hara\",02/07/2024,22:00,03/07/2024,06:00\r\n")
        let rows = (0..<5000).map { "User\($0),01/07/2024,09:00,01/07/2024,17:00\r\n" }.joined()
        _ = try world.shiftFile("large.csv", World.header + "\r\n" + rows)
        let kpis = try String(contentsOfFile: WorkflowWorld.repository + "/Examples/kpis.csv", encoding: .utf8)
        _ = try world.home.write(kpis, to: "kpis.csv")
        _ = try world.home.write("{\"a\":1}\n{\"a\":\"it's\"}\n", to: "events.ndjson")
        _ = try world.home.write(
            #"{"staticKey":"s\"+/=%é","clientId":"c","clientSecret":"x'y"}"#, to: "service.json")
        if arguments.contains("--last") { _ = try await world.upload("--overwrite") }
        if arguments.contains("events.ndjson") {
            let printed = try await world.run(arguments + ["--curl"], directory: world.home.path)
            #expect(printed.output.components(separatedBy: "curl --").count == 3)
            #expect(printed.output.components(separatedBy: "must be set").count == 3, "said once for both commands")
        }
        // The secrets of the file are variables too.
        guard arguments.contains("service.json") else { return try await Self.compare(world, arguments) }
        try await Self.compareService(world, arguments)
    }

    private static func compareService(_ world: World, _ arguments: [String]) async throws {
        let sandbox = try #require(world.sandbox)
        let token = try await world.run("auth", "token", "connector").output.trimmingCharacters(in: .newlines)
        expectSuccess(try await world.run(arguments, directory: world.home.path))
        let sent = try #require(sandbox.requests.last.map(Sent.init))
        let printed = try await world.run(arguments + ["--curl"], directory: world.home.path)
        #expect(!printed.output.contains("+/=") && !printed.output.contains("x'"))
        let result = try await world.shell(
            printed.output,
            environment: [
                "INTEGRATE_CONNECTOR_TOKEN": token, "INTEGRATE_SECRET_STATICKEY": #"s"+/=%é"#,
                "INTEGRATE_SECRET_CLIENTSECRET": "x'y",
            ])
        #expect(result.exitCode == 0)
        #expect(sandbox.requests.last.map(Sent.init) == sent, Comment(rawValue: printed.output))
    }

    @Test("a secret of one letter, which is everywhere in the request, does not stand in the way")
    func shortSecret() async throws {
        let world = try World.sandboxed { upload in
            upload.apiKey = "a"
            upload.clientSecret = "é"
        }
        let sandbox = try #require(world.sandbox)
        let file = try world.shiftFile()
        expectSuccess(try await world.run("upload-csv", file, "--overwrite"))
        let sent = try #require(sandbox.requests.last.map(Sent.init))
        let printed = try await world.run("upload-csv", file, "--overwrite", "--curl")
        expectSuccess(printed)
        let token = try await world.run("auth", "token", "upload").output.trimmingCharacters(in: .newlines)
        expectSuccess(
            try await world.shell(
                printed.output, environment: world.environment.merging(["INTEGRATE_UPLOAD_TOKEN": token]) { $1 }))
        #expect(sandbox.requests.last.map(Sent.init) == sent)
    }

    @Test("where the secret comes from decides its variable, and temporary credentials go along")
    func temporaryCredentials() async throws {
        let world = try World.bare()
        let printed = try await world.run(
            "send-event", "--data", "{}", "--curl", "--group-key", "g",
            environment: [
                "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cr3t", "AWS_SESSION_TOKEN": "t0k+/=",
                "AWS_REGION": "eu-west-1", "INTEGRATE_FORWARDER_URL": "https://forwarder.example/v1",
            ])
        expectSuccess(printed)
        #expect(printed.output.contains(#"--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY""#))
        #expect(printed.output.contains(#"--header "x-amz-security-token: $AWS_SESSION_TOKEN""#))
        #expect(
            !printed.output.contains("t0k") && !printed.output.contains("s3cr3t")
                && !printed.output.contains("x-amz-date"))
    }

    @Test("a body that no command line should hold is refused, with another way")
    func tooLarge() async throws {
        let world = try World.sandboxed()
        let rows = (0..<30_000).map { "User\($0),01/07/2024,09:00,01/07/2024,17:00\r\n" }.joined()
        let file = try world.shiftFile("large.csv", World.header + "\r\n" + rows)
        expectFailure(try await world.run("upload-csv", file, "--curl"), 65, "too large", "--dry-run")
        #expect(world.sandbox?.requests.isEmpty == true)
    }
}

extension UploadPlatformSettings {
    fileprivate static func secrets(_ change: (inout UploadPlatformSettings) -> Void) -> [String] {
        var settings = UploadPlatformSettings()
        change(&settings)
        return [settings.apiKey, settings.clientSecret]
    }
}
