import Arguments
import Foundation

private let events = Option("events", .integer(in: 1...100_000_000), placeholder: "N", help: "How many events")
private let width = Option("width", .integer(in: 1...1_000), placeholder: "N", help: "Requests under way at once")

/// `send-event` against a bare URLSession loop of the same width and against curl from a shell.
enum EventBenchmark: Benchmark {
    static var command: Command {
        Command(
            name: "events", summary: "Send events, against a bare URLSession loop and xargs -P 4 curl",
            optionGroups: [OptionGroup("Measuring", [events, width, Option.runs])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let (count, fewer, width) = (arguments[events] ?? 20_000, 400, arguments[width] ?? 16)
        let runs = arguments[.runs] ?? 5
        let file = try workspace.writeEvents(count)
        let bodies = try workspace.write("bodies") { piece in
            for number in 1...fewer {
                piece += Array(
                    "{\"data\":\(Workspace.event(number)),\"group_key\":\"\(Forwarder.groupKey)\"}\n".utf8)
            }
            return false
        }
        let server = try Server(workspace)
        let comparison = Comparison(
            title: "events: \(count) at width \(width) (\(fewer) by curl), one server process", unit: "events",
            runs: runs)
        let figures = try comparison.measure(
            [
                workspace.sendEvent(file.path, count, width: width, server),
                Contender(
                    name: "URLSession", program: workspace.benchmarks,
                    arguments: ["urlsession", server.url + "/events", file.path, "--width", "\(width)"],
                    server: server, units: Double(count)),
                Contender(
                    name: "xargs curl", program: Workspace.script("xargs-curl.sh"),
                    arguments: [server.url + "/events", bodies.path], server: server, units: Double(fewer)),
            ], in: workspace)
        let expected = runs * (2 * count + fewer)
        let taken = server.stop().requests
        guard taken == expected else { throw BenchmarkError("\(taken) events arrived rather than \(expected)") }
        Bar(name: "of URLSession", bound: .atLeast(0.85)).compare(
            best: figures[0].bestRate / figures[1].bestRate, median: figures[0].medianRate / figures[1].medianRate)
        print(
            "         CPU an event, of URLSession's:"
                + " \(number(figures[0].bestCPU / figures[1].bestCPU)) (best)"
                + " \(number(figures[0].medianCPU / figures[1].medianCPU)) (medians)")
        Bar(name: "times xargs curl", bound: .atLeast(7)).compare(
            best: figures[0].bestRate / figures[2].bestRate, median: figures[0].medianRate / figures[2].medianRate)
    }
}

/// `send-event` to a server that takes its time: how much of it is used.
enum EventDelayBenchmark: Benchmark {
    private static let delay = Option(
        "delay", .integer(in: 1...60_000), placeholder: "MS", help: "Milliseconds before each answer")

    static var command: Command {
        Command(
            name: "events-delay", summary: "Send events to a server that takes 50 ms, against the ideal",
            optionGroups: [OptionGroup("Measuring", [events, width, delay, Option.runs])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let (count, width, delay) = (arguments[events] ?? 5_000, arguments[width] ?? 32, arguments[delay] ?? 50)
        let file = try workspace.writeEvents(count)
        let server = try Server(workspace, delay: delay)
        let comparison = Comparison(
            title: "events-delay: \(count) at width \(width), answers after \(delay) ms", unit: "events",
            runs: arguments[.runs] ?? 3)
        let figures = try comparison.measure(
            [
                workspace.sendEvent(file.path, count, width: width, server),
                Contender(
                    name: "URLSession", program: workspace.benchmarks,
                    arguments: ["urlsession", server.url + "/events", file.path, "--width", "\(width)"],
                    server: server, units: Double(count)),
            ], in: workspace)
        _ = server.stop()
        let ideal = Double(width) / (Double(delay) / 1_000)
        print("  ideal: \(width) / \(delay) ms = \(number(ideal)) events/s")
        Bar(name: "of the ideal", bound: .atLeast(0.85))
            .compare(best: figures[0].bestRate / ideal, median: figures[0].medianRate / ideal)
    }
}

/// The memory that many events take, against that of a tenth of them.
enum EventMemoryBenchmark: Benchmark {
    static var command: Command {
        Command(
            name: "events-memory", summary: "Send a million events, and a tenth of them: peak memory",
            optionGroups: [OptionGroup("Measuring", [events, width])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let (count, width) = (arguments[events] ?? 1_000_000, arguments[width] ?? 16)
        let server = try Server(workspace)
        let tenth = try workspace.writeEvents(max(1, count / 10), to: "tenth.ndjson")
        let whole = try workspace.writeEvents(count)
        let comparison = Comparison(title: "events-memory: width \(width)", unit: "events", runs: 1)
        let figures = try comparison.measure(
            [
                workspace.sendEvent(tenth.path, max(1, count / 10), width: width, server, name: "a tenth"),
                workspace.sendEvent(whole.path, count, width: width, server, name: "\(count)"),
            ], in: workspace)
        _ = server.stop()
        let grown = Double(figures[1].peakMemory - figures[0].peakMemory)
        print("  ten times the events take \(number(grown / 1e6)) MB more")
    }
}

/// Going on with a journal in which everything is done: what a million records cost before the first request.
enum JournalResumeBenchmark: Benchmark {
    static var command: Command {
        Command(
            name: "journal-resume", summary: "Run send-event again over a finished journal",
            optionGroups: [OptionGroup("Measuring", [events, Option.runs])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let count = arguments[events] ?? 200_000
        let file = try workspace.writeEvents(count)
        let server = try Server(workspace)
        let sending = workspace.sendEvent(file.path, count, width: 16, server)
        try sending.prepare()
        _ = try workspace.run(sending.program, sending.arguments, server: server)
        var again = sending
        again.name = "again"
        again.prepare = {}
        let comparison = Comparison(
            title: "journal-resume: \(count) events, all sent before", unit: "events", runs: arguments[.runs] ?? 3)
        _ = try comparison.measure([again], in: workspace)
        guard server.stop().requests == count else { throw BenchmarkError("something was sent twice") }
    }
}

extension Workspace {
    /// One flat event; each differs.
    static func event(_ number: Int) -> String {
        #"{"epost":"person\#(number)@example.com","namn":"Person \#(number)","points":\#(number % 1_000).50,"#
            + #""active":true,"some_tags":["TAG1","TAG2"]}"#
    }

    func writeEvents(_ count: Int, to name: String = "events.ndjson") throws -> (path: String, size: Int) {
        var number = 0
        return try write(name) { piece in
            number += 1
            piece += Array((Self.event(number) + "\n").utf8)
            return number < count
        }
    }

    /// The real command, its journal begun anew each time.
    fileprivate func sendEvent(
        _ file: String, _ count: Int, width: Int, _ server: Server, name: String = "integrate"
    ) -> Contender {
        let journal = self("events.journal")
        return Contender(
            name: name, program: integrate,
            arguments: ["send-event", file, "--concurrency", "\(width)", "--journal", journal, "--quiet"],
            server: server, units: Double(count), prepare: { try? FileManager.default.removeItem(atPath: journal) })
    }
}
