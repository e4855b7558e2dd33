import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

/// A home of its own, Atobi's tenant to talk to, and the real binary.
final class KPIWorld: Sendable {
    static let header = "user_id,location_id,id,kpi,value,units,timestamp"
    static let tokenPath = "/oauth/token"

    let home: TemporaryDirectory
    let sandbox: VendorSandbox?
    let server: MisbehavingServer?
    let runner: CommandRunner

    private init(sandbox: VendorSandbox?, server: MisbehavingServer?, _ environment: [String: String]) throws {
        home = try TemporaryDirectory()
        self.sandbox = sandbox
        self.server = server
        runner = CommandRunner(home: home.path, environment: environment)
    }

    deinit {
        sandbox?.stop()
        server?.stop()
    }

    /// The sandbox, with a limit that tests do not meet.
    static func sandboxed(
        faults: [String] = [], _ change: (inout AtobiSettings) -> Void = { _ in }
    ) throws -> KPIWorld {
        var configuration = SandboxConfiguration()
        configuration.atobi.requestsPerMinute = 100_000
        configuration.faults = try faults.map { try FaultRule(parsing: $0) }
        change(&configuration.atobi)
        let sandbox = try VendorSandbox(configuration: configuration)
        try sandbox.start()
        return try KPIWorld(sandbox: sandbox, server: nil, sandbox.environment)
    }

    /// A server that issues tokens and does what `script` says with documents.
    static func scripted(
        _ script: @escaping @Sendable (MisbehavingServer.Received) -> MisbehavingServer.Behaviour
    ) throws -> KPIWorld {
        let server = try MisbehavingServer(script: { request in
            guard request.path == tokenPath else { return script(request) }
            return .answer(
                200, body: Data(#"{"access_token":"token-\#(request.number)","expires_in":3600}"#.utf8))
        })
        return try KPIWorld(
            sandbox: nil, server: server,
            [
                "INTEGRATE_ATOBI_URL": server.url, "INTEGRATE_ATOBI_API_VERSION": "v1",
                "INTEGRATE_ATOBI_CLIENT_ID": "client", "INTEGRATE_ATOBI_CLIENT_SECRET": "s e/c+r&t",
                "INTEGRATE_ATOBI_TYPE": "acme", "INTEGRATE_ATOBI_REQUESTS_PER_MINUTE": "100000",
            ])
    }

    func run(
        _ arguments: String..., environment: [String: String] = [:], stdin: String = ""
    ) async throws -> CommandResult {
        try await runner.run(
            arguments, environment: environment, stdin: Data(stdin.utf8), directory: home.path)
    }

    /// Sends `file` with what rows need.
    func send(_ file: String, _ arguments: String...) async throws -> CommandResult {
        try await runner.run(["send-kpi", file, "--context", "sales"] + arguments, directory: home.path)
    }

    /// A file with `count` rows, `changed` ones with another value.
    @discardableResult
    func rows(_ count: Int, _ name: String = "kpis.csv", changing changed: [Int: String] = [:]) throws -> String {
        var text = Self.header + "\n"
        for number in stride(from: 1, through: count, by: 1) {
            text +=
                "u\(number % 7),l\(number % 3),\(number),sales,\(changed[number] ?? Self.value(number)),Eur,"
                + "2024-07-01 09:00:00\n"
        }
        return try home.write(text, to: name)
    }

    /// Digits that no Double keeps.
    static func value(_ number: Int) -> String { "-\(number)0123456789012345678901.\(number)50" }

    /// The sandbox's name of a row of ``rows(_:_:changing:)``.
    static func record(_ number: Int) -> String {
        #"["sales","u\#(number % 7)","l\#(number % 3)",{"id":\#(number),"kpi":"sales","object_type":"number","#
            + #""value":"\#(value(number))","units":"Eur","timestamp":"2024-07-01 09:00:00"}]"#
    }

    var deliveries: DeliveryCounter? { sandbox?.deliveries(of: "atobi") }

    /// How many documents reached the vendor.
    var documents: Int {
        sandbox?.requestCounts["atobi.kpi"] ?? server?.requests.count { $0.path != Self.tokenPath } ?? 0
    }

    /// The bodies of the documents that reached the server.
    var bodies: [String] {
        (server?.requests ?? []).filter { $0.path != Self.tokenPath }.map { String(decoding: $0.body, as: UTF8.self) }
    }
}

func summary(_ sent: Int, rejected: Int = 0, unknown: Int = 0, skipped: Int = 0, remaining: Int = 0) -> String {
    "sent \(sent), rejected \(rejected), unknown \(unknown), skipped \(skipped)"
        + (remaining > 0 ? ", remaining \(remaining)" : "") + "\n"
}

/// Checks a batch's end: its exit code, its summary, and words on standard error.
func expectSummary(
    _ result: CommandResult, _ code: Int32, _ output: String, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result.exitCode == code, Comment(rawValue: result.errors), sourceLocation: sourceLocation)
    #expect(result.output == output, Comment(rawValue: result.errors), sourceLocation: sourceLocation)
    for text in words {
        #expect(result.errors.contains(text), Comment(rawValue: result.errors), sourceLocation: sourceLocation)
    }
}
