import Foundation
import TestSupport

/// The directory of one benchmark, and what it runs in there. All of it goes when the benchmark ends.
final class Workspace {
    private let directory: TemporaryDirectory
    /// The release build of the program that is measured.
    let integrate: String
    /// This program, for its workers.
    let benchmarks: String

    private static var isDebugBuild: Bool {
        #if DEBUG
            true
        #else
            false
        #endif
    }

    init() throws {
        directory = try TemporaryDirectory()
        integrate = CommandRunner.productsDirectory + "/integrate"
        benchmarks = CommandRunner.productsDirectory + "/Benchmarks"
        guard !Self.isDebugBuild else {
            throw BenchmarkError("a debug build says nothing about speed: swift run -c release Benchmarks")
        }
        guard FileManager.default.isExecutableFile(atPath: integrate) else {
            throw BenchmarkError("build what is measured first: swift build -c release --product integrate")
        }
    }

    /// The path of a file in here.
    func callAsFunction(_ name: String) -> String { directory(name) }

    /// A script that stands beside this program's sources.
    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Scripts/\(name)").path
    }

    /// Writes `name` piece by piece, so that this process stays small.
    ///
    /// - Parameter fill: Appends the next piece; returns false at the end.
    /// - Returns: The file's path and size.
    @discardableResult
    func write(_ name: String, fill: (inout [UInt8]) -> Bool) throws -> (path: String, size: Int) {
        let path = directory(name)
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw BenchmarkError("\(path) cannot be written")
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var piece: [UInt8] = []
        var size = 0
        var goesOn = true
        while goesOn {
            goesOn = fill(&piece)
            guard piece.count > 1 << 20 || !goesOn else { continue }
            try file.write(contentsOf: piece)
            size += piece.count
            piece.removeAll(keepingCapacity: true)
        }
        // What the disk still has to take would disturb the first run.
        try file.synchronize()
        return (path, size)
    }

    func remove(_ name: String) {
        try? FileManager.default.removeItem(atPath: directory(name))
    }

    /// The environment of every process: a home of its own, and every vendor at `server`.
    func environment(_ server: Server? = nil) -> [String: String] {
        let inherited = ProcessInfo.processInfo.environment
        var variables = [
            "PATH": inherited["PATH"] ?? "/usr/bin:/bin", "HOME": directory("home"), "TMPDIR": directory("."),
            "INTEGRATE_UPLOAD_CLIENT_ID": "benchmark", "INTEGRATE_UPLOAD_CLIENT_SECRET": "not-a-secret",
            "INTEGRATE_UPLOAD_API_KEY": "not-a-key", "INTEGRATE_FORWARDER_REGION": "eu-west-1",
            "INTEGRATE_FORWARDER_ACCESS_KEY_ID": Forwarder.accessKeyID,
            "INTEGRATE_FORWARDER_SECRET_ACCESS_KEY": Forwarder.secretAccessKey,
            "INTEGRATE_FORWARDER_GROUP_KEY": Forwarder.groupKey,
        ]
        if let server {
            variables["INTEGRATE_UPLOAD_IDENTITY_URL"] = server.url
            variables["INTEGRATE_UPLOAD_API_URL"] = server.url
            variables["INTEGRATE_FORWARDER_URL"] = server.url + "/events"
        }
        return variables
    }

    /// Runs a program to its end; its output is in the files `output` and `errors`.
    func run(_ program: String, _ arguments: [String], server: Server? = nil) throws -> Measurement {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        let descriptors = (
            input: open("/dev/null", O_RDONLY | O_CLOEXEC), output: open(directory("output"), flags, 0o600),
            error: open(directory("errors"), flags, 0o600)
        )
        defer { for descriptor in [descriptors.input, descriptors.output, descriptors.error] { close(descriptor) } }
        let measurement = try Child(
            program, arguments, environment: environment(server), descriptors: descriptors
        ).wait()
        guard measurement.exitCode == 0 else {
            throw BenchmarkError(
                "\(program) \(arguments.joined(separator: " ")) ended with \(measurement.exitCode): "
                    + text("errors").suffix(2_000))
        }
        return measurement
    }

    /// A small file as text.
    func text(_ name: String) -> String { String(decoding: directory.read(name) ?? Data(), as: UTF8.self) }

    /// The interpreter itself: a launcher such as pyenv's would be measured with it.
    func python() throws -> String {
        _ = try run("python3", ["-c", "import sys; print(sys.executable)"])
        return text("output").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Invented credentials.
enum Forwarder {
    static let accessKeyID = "AKIDEXAMPLE"
    static let secretAccessKey = "benchmark-secret"
    static let groupKey = "benchmark"
}
