import Arguments
import Foundation

/// A token from the cache, whole process, against one request by curl.
enum TokenBenchmark: Benchmark {
    static var command: Command {
        Command(
            name: "token", summary: "auth token with a cached token, against one curl request",
            optionGroups: [OptionGroup("Measuring", [Option.runs])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let server = try Server(workspace)
        let runs = arguments[.runs] ?? 50
        let token = ["auth", "token", "upload"]
        _ = try workspace.run(workspace.integrate, token, server: server)
        let comparison = Comparison(title: "token: whole processes", unit: "runs", runs: runs)
        let figures = try comparison.measure(
            [
                Contender(
                    name: "integrate", program: workspace.integrate, arguments: token, server: server, units: 1),
                Contender(
                    name: "curl", program: "curl",
                    arguments: [
                        "-sS", "--user", "benchmark:not-a-secret", "-d", "grant_type=client_credentials",
                        server.url + "/connect/token",
                    ], server: server, units: 1),
            ], in: workspace)
        // The one that filled the cache, and curl's.
        guard server.stop().requests == 1 + runs else { throw BenchmarkError("the token did not come from the cache") }
        print("  integrate takes \(number(figures[0].medianSeconds / figures[1].medianSeconds)) of curl's median time")
    }
}
