import Arguments
import Authorization
import Foundation

/// Signatures a second on one core, against botocore.
enum SignatureBenchmark: Benchmark {
    static var command: Command {
        Command(
            name: "signatures", summary: "Sign requests, against botocore",
            optionGroups: [OptionGroup("Measuring", [Option.runs])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let (own, theirs) = (200_000, 10_000)
        let comparison = Comparison(
            title: "signatures: a POST with a small body, one core", unit: "signatures", runs: arguments[.runs] ?? 5)
        let figures = try comparison.measure(
            [
                Contender(
                    name: "SigV4Signer", program: workspace.benchmarks, arguments: ["sign", "\(own)"],
                    units: Double(own), reportsSeconds: true),
                Contender(
                    name: "botocore", program: try workspace.python(),
                    arguments: [Workspace.script("sign.py"), "\(theirs)"], units: Double(theirs),
                    reportsSeconds: true),
            ], in: workspace)
        Bar(name: "times botocore", bound: .atLeast(8)).compare(
            best: figures[0].bestRate / figures[1].bestRate, median: figures[0].medianRate / figures[1].medianRate)
    }
}

/// Signs and prints the seconds it took.
enum SignatureWorker: Benchmark {
    private static let count = Positional("COUNT", .integer(in: 1...100_000_000), help: "How many")

    static var command: Command {
        Command(name: "sign", summary: "Sign requests", positionals: [count], isHidden: true)
    }

    static func run(_ arguments: ParsedArguments) throws {
        let count = try arguments.require(count)
        let signer = SigV4Signer(
            credentials: SigV4Credentials(
                accessKeyID: Forwarder.accessKeyID, secretAccessKey: Forwarder.secretAccessKey),
            region: "eu-west-1", service: "execute-api")
        let body = Data(#"{"data":{"epost":"ada@example.com","namn":"Ada"},"group_key":"benchmark"}"#.utf8)
        let date = Date(timeIntervalSince1970: 1_700_000_000)
        var length = 0
        let duration = ContinuousClock().measure {
            for number in 0..<count {
                let request = SigV4Request(
                    method: "POST", path: "/v1/events",
                    headers: [("host", "api.example.com"), ("content-type", "application/json")], body: body)
                // The time moves on as in a run, so that nothing but the day's key can be kept.
                length &+= signer.sign(request, at: date + Double(number) / 1_000).authorization.utf8.count
            }
        }
        guard length > count else { throw BenchmarkError("nothing was signed") }
        print(duration / .seconds(1))
    }
}
