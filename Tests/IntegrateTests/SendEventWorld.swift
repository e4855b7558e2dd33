import Delivery
import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

/// A home of its own, the forwarder's stand-in (or a server with a script) and the real binary.
final class EventWorld: Sendable {
    /// What no journal and no output may ever hold.
    static let secrets = [ForwarderSettings().secretAccessKey, "canary/Session+Token=="]

    let home: TemporaryDirectory
    let sandbox: VendorSandbox
    let runner: CommandRunner

    /// - Parameters:
    ///   - faults: As `--fault` takes them, without the vendor.
    ///   - server: Where events go instead of the sandbox.
    init(_ faults: String..., server: MisbehavingServer? = nil) throws {
        home = try TemporaryDirectory()
        var configuration = SandboxConfiguration()
        configuration.seed = 7
        configuration.faults = try faults.map { try FaultRule(parsing: "forwarder:" + $0) }
        sandbox = try VendorSandbox(configuration: configuration)
        try sandbox.start()
        var environment = sandbox.environment
        if let server { environment["INTEGRATE_FORWARDER_URL"] = server.url + "/v1/events" }
        runner = CommandRunner(home: home.path, environment: environment)
    }

    deinit { sandbox.stop() }

    func run(
        _ arguments: String..., environment: [String: String] = [:], stdin: String = ""
    ) async throws -> CommandResult {
        try await runner.run(arguments, environment: environment, stdin: Data(stdin.utf8), directory: home.path)
    }

    /// Runs a shell script in which `integrate` is found.
    func shell(_ script: String) async throws -> CommandResult {
        var shell = runner
        shell.program = "/bin/sh"
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try await shell.run(
            ["-c", script], environment: ["PATH": CommandRunner.productsDirectory + ":" + path], directory: home.path)
    }

    /// A file with events that have the ids `prefix1` to `prefixN`; those of `refused` the vendor does not take.
    @discardableResult
    func events(
        _ count: Int, refused: Set<Int> = [], prefix: String = "e", to name: String = "events.ndjson"
    ) throws -> String {
        var text = ""
        for ordinal in 1...count {
            // Flat, and still nothing that the vendor takes.
            text += refused.contains(ordinal) ? "{}\n" : "{\"id\":\"\(prefix)\(ordinal)\",\"n\":1.10}\n"
        }
        return try home.write(text, to: name)
    }

    var deliveries: DeliveryCounter {
        get throws { try #require(sandbox.deliveries(of: "forwarder")) }
    }

    /// How often each of the events 1 to `count` arrived.
    func arrivals(_ count: Int, prefix: String = "e") throws -> [Int] {
        let deliveries = try deliveries
        return (1...count).map { deliveries.count(ofID: "\(prefix)\($0)") }
    }

    func journal(_ name: String = "events.ndjson.journal") throws -> RecordStates {
        try #require(try JournalContent.read(home(name))).states
    }
}

/// The JSON objects of standard output, one a line.
func jsonLines(_ result: CommandResult) throws -> [[String: Any]] {
    try result.output.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
}

/// Checks the exit code, and the words on either output.
func expectExit(
    _ result: CommandResult, _ code: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
    let all = result.output + result.errors
    #expect(result.exitCode == code, Comment(rawValue: all), sourceLocation: sourceLocation)
    for text in words { #expect(all.contains(text), Comment(rawValue: all), sourceLocation: sourceLocation) }
}
