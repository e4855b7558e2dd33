import Foundation
import HTTPCore

/// Runs the command of a `{ command: [...] }` reference and takes what it prints.
enum SecretCommand {
    struct Problem: Error {
        var reason: String
    }

    static func run(_ words: [String], variables: [String: String]) throws(Problem) -> Data {
        let process = Process()
        // Through env, so that the program is looked up in PATH.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.environment = variables
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        let data: Data
        do {
            try process.run()
            data = try output.fileHandleForReading.readToEnd() ?? Data()
        } catch {
            throw Problem(reason: "it cannot be started")
        }
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw Problem(reason: "exit \(process.terminationStatus)")
        }
        guard !data.isEmpty else { throw Problem(reason: "it printed nothing") }
        return data
    }
}
