import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

/// A home of its own, a connector service to talk to, and the real binary.
final class ConnectorWorld: Sendable {
    static let password = ConnectorSettings().password
    /// Looked for in every output.
    static let staticKey = "canary/static+key"
    static let clientSecret = "canary/client+secret=å"
    static let data = #"{"staticKey":"\#(staticKey)","clientId":"my-app","clientSecret":"\#(clientSecret)"}"#

    let home: TemporaryDirectory
    let sandbox: VendorSandbox?
    let server: MisbehavingServer?
    let runner: CommandRunner

    private init(sandbox: VendorSandbox?, server: MisbehavingServer?, environment: [String: String]) throws {
        home = try TemporaryDirectory()
        self.sandbox = sandbox
        self.server = server
        runner = CommandRunner(home: home.path, environment: environment)
    }

    deinit {
        sandbox?.stop()
        server?.stop()
    }

    static func sandboxed(
        faults: String..., change: (inout ConnectorSettings) -> Void = { _ in }
    ) throws -> ConnectorWorld {
        var configuration = SandboxConfiguration()
        change(&configuration.connector)
        configuration.faults = try faults.map { try FaultRule(parsing: $0) }
        let sandbox = try VendorSandbox(configuration: configuration)
        try sandbox.start()
        return try ConnectorWorld(sandbox: sandbox, server: nil, environment: sandbox.environment)
    }

    /// A server that logs everybody in and does what `script` says with any other request.
    static func scripted(
        _ script: @escaping @Sendable (MisbehavingServer.Received) -> MisbehavingServer.Behaviour
    ) throws -> ConnectorWorld {
        let server = try MisbehavingServer(script: { request in
            guard request.path == "/auth" else { return script(request) }
            return .answer(200, body: Data(#"{"access_token":"canary-token","expires_in":3600}"#.utf8))
        })
        return try ConnectorWorld(
            sandbox: nil, server: server,
            environment: [
                "INTEGRATE_CONNECTOR_URL": server.url, "INTEGRATE_CONNECTOR_EMAIL": "a@b.example",
                "INTEGRATE_CONNECTOR_PASSWORD": password,
            ])
    }

    /// No vendor and no settings.
    static func bare() throws -> ConnectorWorld {
        try ConnectorWorld(sandbox: nil, server: nil, environment: [:])
    }

    /// Runs the binary, and looks for secrets in what it wrote.
    func run(
        _ arguments: String..., environment: [String: String] = [:], stdin: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> CommandResult {
        let result = try await runner.run(
            arguments, environment: environment, stdin: Data(stdin.utf8), directory: home.path)
        for secret in [Self.staticKey, Self.clientSecret, Self.password, "canary"] {
            #expect(!(result.output + result.errors).contains(secret), sourceLocation: sourceLocation)
        }
        return result
    }

    /// Authorizes a service and returns the authorizer's id.
    func authorizer() async throws -> String {
        let result = try await run("auth", "authorize-service", "snapchat_static", "--from", "-", stdin: Self.data)
        expectSuccess(result)
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// Creates a source from the template and returns its id.
    func source() async throws -> String {
        let template = try await run("create-source", "snapchat", "--print-template")
        try home.write(template.standardOutput, to: "source.json")
        let result = try await run(
            "create-source", "snapchat", "--from", "source.json", "--oauth-id", try await authorizer(), "--set",
            "organizationId=org-1", "--set", "accountId=acc-1")
        expectSuccess(result)
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// How many requests for `operation` reached the sandbox.
    func count(_ operation: String) -> Int { sandbox?.requestCounts["connector." + operation] ?? 0 }

    /// The body of the last request for `operation`.
    func body(_ operation: String) throws -> JSONValue {
        let record = try #require(sandbox?.requests.last { $0.operation == operation })
        return try JSONScanner.parse(record.request.body)
    }
}
