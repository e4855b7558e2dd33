import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

/// A home of its own, BidCore in the sandbox, and the real binary.
final class WorkflowWorld: Sendable {
    /// Where the repository is, for its examples.
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    let home: TemporaryDirectory
    let sandbox: VendorSandbox
    let runner: CommandRunner

    /// - Parameters:
    ///   - faults: As `--fault` writes them.
    ///   - environment: Beside or, where empty, without one of the sandbox's settings.
    init(
        faults: [String] = [], environment: [String: String] = [:], _ change: (inout BidCoreSettings) -> Void = { _ in }
    ) throws {
        var configuration = SandboxConfiguration()
        configuration.faults = try faults.map { try FaultRule(parsing: $0) }
        change(&configuration.bidcore)
        sandbox = try VendorSandbox(configuration: configuration)
        try sandbox.start()
        home = try TemporaryDirectory()
        runner = CommandRunner(
            home: home.path, environment: sandbox.environment.merging(environment) { $1 }.filter { !$1.isEmpty })
    }

    deinit { sandbox.stop() }

    func run(_ arguments: String..., stdin: String = "", environment: [String: String] = [:]) async throws
        -> CommandResult
    {
        try await runner.run(
            arguments, environment: environment, stdin: Data(stdin.utf8), directory: home.path)
    }

    /// `integrate workflow ...`.
    func workflow(_ arguments: String..., stdin: String = "") async throws -> CommandResult {
        try await runner.run(["workflow"] + arguments, stdin: Data(stdin.utf8), directory: home.path)
    }

    /// Standard output of a command that succeeds, as JSON.
    func value(_ arguments: String...) async throws -> Any {
        let result = try await runner.run(["workflow"] + arguments, directory: home.path)
        expectSuccess(result)
        return try JSONSerialization.jsonObject(with: result.standardOutput, options: .fragmentsAllowed)
    }

    /// How many requests for `operation` arrived.
    func count(_ operation: String) -> Int { sandbox.requestCounts["bidcore." + operation] ?? 0 }

    /// How many requests arrived that would change something.
    var writes: Int { count("create") + count("update") + count("delete") }
}

extension CommandResult {
    /// The lines of standard output, each as a JSON object.
    func objects() throws -> [[String: Any]] {
        try output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }
}
