import Foundation

/// A `server` worker: one process, the same for all that are compared.
final class Server {
    /// Without a trailing slash.
    let url: String
    private let child: Child
    private let input: Int32
    private let output: Int32

    /// - Parameter delay: Milliseconds before each answer.
    init(_ workspace: Workspace, delay: Int = 0) throws {
        let (toChild, fromChild) = (try Self.pipe(), try Self.pipe())
        child = try Child(
            workspace.benchmarks, ["server", "--delay", "\(delay)"], environment: workspace.environment(),
            descriptors: (toChild.reading, fromChild.writing, STDERR_FILENO))
        close(toChild.reading)
        close(fromChild.writing)
        (input, output) = (toChild.writing, fromChild.reading)
        guard let port = Int(Self.line(from: output)) else { throw BenchmarkError("the server did not start") }
        url = "http://127.0.0.1:\(port)"
    }

    /// Ends it.
    ///
    /// - Returns: How many requests it answered, and how many bytes of bodies it took.
    func stop() -> (requests: Int, bytes: Int) {
        close(input)
        let numbers = Self.line(from: output).split(separator: " ").compactMap { Int($0) }
        close(output)
        _ = child.wait()
        return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
    }

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        guard Foundation.pipe(&ends) == 0 else { throw BenchmarkError("no pipe") }
        // An end that another child inherited would never be closed.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func line(from descriptor: Int32) -> String {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { text.append(byte) }
        return String(decoding: text, as: UTF8.self)
    }
}
