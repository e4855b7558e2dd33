import Arguments
import Foundation
import TestSupport
import Testing
import VendorSandbox

@testable import integrate

@Suite("Help, version and usage")
struct HelpTests {
    @Test("the command tree has no problem")
    func tree() {
        #expect(CommandTable.tree.problems().isEmpty)
    }

    private static let paths = CommandTable.subcommands.map { $0.path }

    @Test("help, --help and -h print the same, with usage and examples, for every subcommand", arguments: paths)
    func help(path: [String]) async throws {
        let world = try World.bare()
        let long = try await world.run(path + ["--help"])
        let short = try await world.run(path + ["-h"])
        let topic = try await world.run(["help"] + path)
        #expect([long.exitCode, short.exitCode, topic.exitCode] == [0, 0, 0])
        #expect(long.output == short.output)
        #expect(long.output == topic.output)
        #expect(long.errors.isEmpty)
        #expect(long.output.contains("integrate " + path.joined(separator: " ")))
        #expect(long.output.contains("Examples"))
        #expect(!long.output.contains("\u{1B}"), "no colour without a terminal")
    }

    @Test("help names every subcommand, and every topic has a text")
    func overview() async throws {
        let world = try World.bare()
        let overview = try await world.run("--help")
        for path in Self.paths { #expect(overview.output.contains(path[0])) }
        #expect(try await world.run([]).output == overview.output)
        for topic in ["exit-codes", "environment", "secrets"] {
            let text = try await world.run("help", topic)
            #expect(text.exitCode == 0)
            #expect(text.output.count > 200)
        }
        #expect(try await world.run("help", "exit-codes").output.contains("143"))
        #expect(try await world.run("help", "environment").output.contains("INTEGRATE_UPLOAD_API_KEY"))
    }

    @Test("--version prints one line, also beside a settings file that is broken")
    func version() async throws {
        let world = try World.bare()
        let config = try world.home.write("{", to: "broken.json5")
        let result = try await world.run("--version", environment: ["INTEGRATE_CONFIG": config])
        #expect(result.exitCode == 0)
        #expect(result.output.hasPrefix("integrate \(CommandTable.version) ("))
        #expect(result.output.filter { $0 == "\n" }.count == 1)
        #expect(try await world.run("upload-csv", "--help", environment: ["INTEGRATE_CONFIG": config]).exitCode == 0)
    }

    struct Misuse: CustomTestStringConvertible {
        var arguments: [String]
        var words: [String]
        init(_ arguments: String..., says words: String...) {
            self.arguments = arguments
            self.words = words
        }
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(
        "wrong usage is exit 64, says what is wrong and suggests what was meant",
        arguments: [
            Misuse("uplaod-csv", says: "uplaod-csv", "upload-csv"),
            Misuse("auth", "tokn", "upload", says: "tokn", "token"),
            Misuse("auth", "token", "uplod", says: "uplod", "upload"),
            Misuse("auth", "token", says: "VENDOR"),
            Misuse("upload-csv", says: "FILE"),
            Misuse("upload-csv", "a.csv", "b.csv", says: "b.csv"),
            Misuse("upload-csv", "a.csv", "--overwrit", says: "--overwrit", "--overwrite"),
            Misuse("upload-csv", "a.csv", "--name", says: "--name"),
            Misuse("upload-csv", "a.csv", "--name=", says: "empty"),
            Misuse("upload-csv", "a.csv", "--check", "--wait", says: "--check", "--wait"),
            Misuse("upload-csv", "a.csv", "--output", "r", says: "--fetch"),
            Misuse("upload-csv", "-", says: "--name"),
            Misuse("upload-csv", "a.csv", "--interval", "soon", says: "--interval", "soon"),
            Misuse("upload-csv", "a.csv", "--encoding", "utf8", says: "utf-8"),
            Misuse("upload-csv", "a.csv", "--delimiter", "ab", says: "delimiter"),
            Misuse("upload-csv", "a.csv", "--date-format", "dd/QQ", says: "dd/QQ"),
            Misuse("upload-csv", "a.csv", "--column", "Nonsense=A", says: "Nonsense"),
            Misuse("poll", says: "TOKEN", "--last"),
            Misuse("poll", "not-a-uuid", says: "not-a-uuid", "UUID"),
            Misuse("poll", World.processingToken, "--last", says: "--last"),
            Misuse("fetch-results", World.processingToken, "--key", "", says: "--key"),
            Misuse("poll", World.processingToken, "--retry", "-1", says: "--retry"),
            Misuse("sandbox", "--port", "70000", says: "70000"),
            Misuse("sandbox", "--", "/no/such/program", says: "/no/such/program"),
        ])
    func misuse(_ misuse: Misuse) async throws {
        let world = try World.sandboxed()
        let result = try await world.run(misuse.arguments)
        expectFailure(result, 64)
        for word in misuse.words { #expect(result.errors.contains(word), Comment(rawValue: result.errors)) }
        #expect(world.sandbox?.requests.isEmpty == true)
        let json = try await world.run(
            misuse.arguments.first == "sandbox" ? ["--json", "oops"] : ["--json"] + misuse.arguments)
        #expect(json.exitCode == 64)
        #expect(json.output.isEmpty)
        let error = try jsonError(json)
        #expect(error["code"] as? String == "usage")
        #expect(error["exit"] as? Int == 64)
    }
}
