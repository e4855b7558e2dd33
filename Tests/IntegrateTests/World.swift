import Foundation
import Synchronization
import TestSupport
import Testing

@testable import VendorSandbox

/// A home of its own, a vendor to talk to, and the real binary.
final class World: Sendable {
    static let header = "Reference,StartDate,StartTime,EndDate,EndTime"
    static let row = "User1,01/07/2024,09:00,01/07/2024,17:00"
    static let shifts = "\(header)\r\n\(row)\r\nUser2,02/07/2024,22:00,03/07/2024,06:00\r\n"
    /// Full of what must be encoded; the sandbox's own secrets.
    static let clientSecret = UploadPlatformSettings().clientSecret
    static let apiKey = UploadPlatformSettings().apiKey

    let home: TemporaryDirectory
    let sandbox: VendorSandbox?
    let server: MisbehavingServer?
    /// The settings that lead to the vendor.
    let environment: [String: String]
    let runner: CommandRunner

    private init(
        sandbox: VendorSandbox?, server: MisbehavingServer?, environment: [String: String], inEnvironment: Bool
    ) throws {
        home = try TemporaryDirectory()
        self.sandbox = sandbox
        self.server = server
        self.environment = environment
        runner = CommandRunner(home: home.path, environment: inEnvironment ? environment : [:])
    }

    deinit {
        sandbox?.stop()
        server?.stop()
    }

    /// The sandbox; its settings are in the environment of every run unless `inEnvironment` is false.
    static func sandboxed(
        inEnvironment: Bool = true, _ change: (inout UploadPlatformSettings) -> Void = { _ in }
    ) throws -> World {
        var configuration = SandboxConfiguration()
        change(&configuration.upload)
        let sandbox = try VendorSandbox(configuration: configuration)
        try sandbox.start()
        return try World(
            sandbox: sandbox, server: nil, environment: sandbox.environment, inEnvironment: inEnvironment)
    }

    /// A server that issues tokens and does what `script` says with any other request.
    static func scripted(
        _ script: @escaping @Sendable (MisbehavingServer.Received) -> MisbehavingServer.Behaviour
    ) throws -> World {
        let server = try MisbehavingServer(script: { request in
            guard request.path == tokenPath else { return script(request) }
            return .answer(
                200, body: Data(#"{"access_token":"token-\#(request.number)","expires_in":3600}"#.utf8))
        })
        return try against(server)
    }

    static let tokenPath = "/identity/connect/token"
    static let uploadPath = "/upload/api/UploadData"
    static let resultsPath = "/upload/api/GetResults"
    static let processingToken = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

    /// A server whose script answers token requests too.
    static func against(_ server: MisbehavingServer) throws -> World {
        try World(sandbox: nil, server: server, environment: settings(for: server.url), inEnvironment: true)
    }

    /// No vendor and no settings.
    static func bare() throws -> World {
        try World(sandbox: nil, server: nil, environment: [:], inEnvironment: true)
    }

    static func settings(for url: String) -> [String: String] {
        [
            "INTEGRATE_UPLOAD_IDENTITY_URL": url + "/identity", "INTEGRATE_UPLOAD_API_URL": url + "/upload/",
            "INTEGRATE_UPLOAD_CLIENT_ID": "client", "INTEGRATE_UPLOAD_CLIENT_SECRET": clientSecret,
            "INTEGRATE_UPLOAD_API_KEY": apiKey,
        ]
    }

    func run(
        _ arguments: String..., environment: [String: String] = [:], stdin: String = "", directory: String? = nil
    ) async throws -> CommandResult {
        try await run(arguments, environment: environment, stdin: stdin, directory: directory)
    }

    func run(
        _ arguments: [String], environment: [String: String] = [:], stdin: String = "", directory: String? = nil
    ) async throws -> CommandResult {
        try await runner.run(arguments, environment: environment, stdin: Data(stdin.utf8), directory: directory)
    }

    /// Runs a shell script in which `integrate` is found.
    func shell(_ script: String, environment: [String: String] = [:]) async throws -> CommandResult {
        var shell = runner
        shell.program = "/bin/sh"
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try await shell.run(
            ["-c", script],
            environment: environment.merging(["PATH": CommandRunner.productsDirectory + ":" + path]) { old, _ in old },
            directory: home.path)
    }

    /// A file with valid shifts.
    func shiftFile(_ name: String = "shifts.csv", _ text: String = World.shifts) throws -> String {
        try home.write(text, to: name)
    }

    /// Uploads valid shifts and returns the processing token.
    func upload(_ arguments: String...) async throws -> String {
        let result = try await run(["upload-csv", try shiftFile()] + arguments)
        #expect(result.exitCode == 0, Comment(rawValue: result.errors))
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The paths of the requests that reached the server, without token requests.
    var paths: [String] { (server?.requests ?? []).map(\.path).filter { $0 != Self.tokenPath } }

    /// How many requests for `operation` reached the sandbox.
    func count(_ operation: String) -> Int { sandbox?.requestCounts["upload." + operation] ?? 0 }

    /// What is left in the folder of bodies under way.
    var outgoing: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: home(".cache/integrate/outgoing"))) ?? []).sorted()
    }
}

/// Checks what every failure has in common, and its words.
func expectFailure(
    _ result: CommandResult, _ code: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result.exitCode == code, Comment(rawValue: result.errors), sourceLocation: sourceLocation)
    #expect(result.output.isEmpty, "standard output has only results", sourceLocation: sourceLocation)
    #expect(!result.timedOut, sourceLocation: sourceLocation)
    #expect(result.errors.contains("integrate: error: "), sourceLocation: sourceLocation)
    for text in words {
        #expect(result.errors.contains(text), Comment(rawValue: result.errors), sourceLocation: sourceLocation)
    }
}

func expectSuccess(_ result: CommandResult, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(result.exitCode == 0, Comment(rawValue: result.errors), sourceLocation: sourceLocation)
}

/// The members of the JSON error on the last line of standard error.
func jsonError(_ result: CommandResult) throws -> [String: Any] {
    let line = try #require(result.errors.split(separator: "\n").last)
    let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
    let document = try #require(value as? [String: Any])
    #expect(Array(document.keys) == ["error"])
    return try #require(document["error"] as? [String: Any])
}

/// Tells a test when something happened in a server's script.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func send() { continuation.yield() }

    func wait() async {
        for await _ in stream { return }
    }
}
