import Arguments
import Foundation

/// Measures what README and the issues say about speed and memory, and prints figures. It asserts nothing about time:
/// a bar that is missed is said, not failed.
@main
enum Benchmarks {
    private static let benchmarks: [any Benchmark.Type] = [
        CSVCheckBenchmark.self, CSVUploadBenchmark.self, TokenBenchmark.self, SignatureBenchmark.self,
        EventBenchmark.self, EventDelayBenchmark.self, EventMemoryBenchmark.self, JournalResumeBenchmark.self,
        JSONBenchmark.self,
    ]
    private static let workers: [any Benchmark.Type] = [
        ServerWorker.self, URLSessionWorker.self, SignatureWorker.self, JSONWorker.self,
    ]

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        do {
            try run()
        } catch {
            let message = (error as? UsageError)?.message ?? "\(error)"
            FileHandle.standardError.write(Data("Benchmarks: \(message)\n".utf8))
            exit(error is UsageError ? 64 : 1)
        }
    }

    private static func run() throws {
        let all = benchmarks + workers
        let tree = CommandTree(
            root: Command(
                name: "Benchmarks", summary: "Measure the release build of integrate",
                discussion: """
                    Each benchmark makes its data in a temporary directory, runs the real binary beside what it is \
                    compared with (one run of each in turn), prints best and median, and removes the data.
                    """,
                subcommands: all.map { $0.command }), version: "Benchmarks")
        switch try tree.parse(Array(CommandLine.arguments.dropFirst())) {
        case .version: print(tree.version)
        case .help(let target): print(HelpFormatter(width: 100).text(for: target, in: tree), terminator: "")
        case .run(let arguments):
            for benchmark in all where [benchmark.command.name] == arguments.commandPath {
                try benchmark.run(arguments)
            }
        }
    }
}

/// One subcommand of this program.
protocol Benchmark: SendableMetatype {
    static var command: Command { get }
    static func run(_ arguments: ParsedArguments) throws
}

/// Why a measurement is worth nothing.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Option where Value == Int {
    /// How often each contender runs.
    static let runs = Option("runs", .integer(in: 1...1_000), placeholder: "N", help: "Runs of each contender")
}
