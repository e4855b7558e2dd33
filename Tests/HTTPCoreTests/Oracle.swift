import Foundation
import TestSupport
import Testing

/// Programs of the system that know the right answer.
enum Oracle {
    static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first(where: isThere)
    static let flock = ["/usr/bin/flock"].first(where: isThere)

    private static func isThere(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// What a Python script prints that finds `input` in `data` (JSON) and prints JSON.
    static func python<Input: Encodable, Output: Decodable>(
        _ script: String, _ input: Input, as type: Output.Type = Output.self
    ) async throws -> Output {
        let runner = CommandRunner(program: try #require(python), home: "/")
        let result = try await runner.run(
            ["-c", "import json, sys\ndata = json.load(sys.stdin)\n" + script], stdin: try JSONEncoder().encode(input))
        try #require(result.exitCode == 0, "\(result.errors)")
        return try JSONDecoder().decode(type, from: result.standardOutput)
    }
}
