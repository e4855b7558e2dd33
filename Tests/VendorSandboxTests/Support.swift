import Foundation
import Synchronization

@testable import VendorSandbox

/// A clock that tests move.
final class TestClock: Sendable {
    private let date: Mutex<Date>

    init(_ date: Date = Date(timeIntervalSince1970: 1_790_000_000)) {
        self.date = Mutex(date)
    }

    var now: @Sendable () -> Date { { self.date.withLock { $0 } } }

    func advance(_ seconds: TimeInterval) { date.withLock { $0.addTimeInterval(seconds) } }
}

/// A running box, a client connected to it, and the requests that tests make all the time.
final class Box {
    let sandbox: VendorSandbox
    let clock: TestClock
    let port: UInt16
    let client: SocketClient

    init(_ change: (inout SandboxConfiguration) -> Void = { _ in }) throws {
        let clock = TestClock()
        var configuration = SandboxConfiguration()
        configuration.seed = 1
        configuration.now = clock.now
        change(&configuration)
        self.clock = clock
        sandbox = try VendorSandbox(configuration: configuration)
        port = try sandbox.start()
        client = try SocketClient(port: port)
    }

    deinit { sandbox.stop() }
}

/// Runs a program found in PATH and returns what it wrote to standard output; nil when it failed.
func run(_ program: String, _ arguments: [String], input: [UInt8] = []) throws -> [UInt8]? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let (output, standardInput) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardInput = standardInput
    process.standardError = FileHandle.nullDevice
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: input)
    try standardInput.fileHandleForWriting.close()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? Array(data) : nil
}

/// Whether an independent client is installed; tests that need it are skipped by name where it is not.
func isInstalled(_ program: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains { folder in
        FileManager.default.isExecutableFile(atPath: "\(folder)/\(program)")
    }
}
