import Arguments
import Delivery
import Foundation

/// Reading and checking events, against Python's json.loads.
enum JSONBenchmark: Benchmark {
    private static let events = Option(
        "events", .integer(in: 1...100_000_000), placeholder: "N", help: "How many events")

    static var command: Command {
        Command(
            name: "json", summary: "Read and check NDJSON events, against Python's json.loads",
            optionGroups: [OptionGroup("Measuring", [events, Option.runs])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let file = try workspace.writeEvents(arguments[events] ?? 500_000)
        let units = Double(file.size) / 1e6
        let comparison = Comparison(
            title: "json: \(file.size / 1_000_000) MB of events, one a line", unit: "MB", runs: arguments[.runs] ?? 5)
        let figures = try comparison.measure(
            [
                Contender(
                    name: "EventReader", program: workspace.benchmarks, arguments: ["read-json", file.path],
                    units: units, reportsSeconds: true),
                Contender(
                    name: "json.loads", program: try workspace.python(),
                    arguments: [Workspace.script("json-loads.py"), file.path], units: units, reportsSeconds: true),
            ], in: workspace)
        print("  \(number(figures[0].medianRate / figures[1].medianRate)) times json.loads")
    }
}

/// Reads a file of events and prints the seconds it took.
enum JSONWorker: Benchmark {
    private static let file = Positional("FILE", .path, help: "An event a line")

    static var command: Command {
        Command(name: "read-json", summary: "Read events", positionals: [file], isHidden: true)
    }

    static func run(_ arguments: ParsedArguments) throws {
        let descriptor = open(try arguments.require(file), O_RDONLY | O_CLOEXEC)
        var faults = 0
        let duration = try ContinuousClock().measure {
            var reader = EventReader(descriptor: descriptor, format: .ndjson)
            while let record = try reader.next() {
                if case .failure = record.event { faults += 1 }
            }
        }
        guard faults == 0 else { throw BenchmarkError("\(faults) events were refused") }
        print(duration / .seconds(1))
    }
}
