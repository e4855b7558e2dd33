import Arguments
import Foundation
import TestSupport
import Testing

@testable import integrate

@Suite("Edges")
struct EdgesTests {
    // MARK: Standard streams

    /// Commands that need no vendor, and print.
    static let printers = [
        "man", "completions bash", "--help", "--version", "help environment", "config path", "doctor",
    ]

    @Test("a full disk is exit 74, not a silent success", arguments: printers)
    func fullDisk(command: String) async throws {
        let result = try await World.bare().shell("integrate \(command) >/dev/full")
        expectFailure(result, 74, "No space left on device")
    }

    @Test("a closed pipe is exit 74 and no signal", arguments: printers)
    func closedPipe(command: String) async throws {
        // The reader is gone for certain before the command begins.
        let result = try await World.bare().shell(
            """
            mkfifo gone
            { read -r _ <gone; integrate \(command); echo "code $?" >&2; } | { exec <&-; echo >gone; }
            """)
        #expect(
            result.errors.contains("integrate: error: standard output: Broken pipe"), Comment(rawValue: result.errors))
        #expect(result.errors.contains("code 74"))
    }

    @Test("a closed standard output is exit 74, and nothing is written into another file in its place")
    func closedOutput() async throws {
        let world = try World.sandboxed()
        try world.home.write("{\"a\":1}\n", to: "e.ndjson")
        let result = try await world.shell("integrate send-event e.ndjson >&-; echo \"code $?\"; integrate man >&-")
        #expect(result.exitCode == 74)
        #expect(result.output == "code 74\n")
        let journal = String(decoding: try #require(world.home.read("e.ndjson.journal")), as: UTF8.self)
        #expect(journal.split(separator: "\n").allSatisfy { $0.hasPrefix("{") }, "the summary is no part of it")
        #expect(journal.contains("\"sent\""))
    }

    @Test("closed standard input and error do no harm")
    func closedOthers() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile()
        let result = try await world.shell("integrate upload-csv \(file) --check -v <&- 2>&-")
        #expect(result.exitCode == 0)
        let token = try await world.shell("integrate upload-csv \(file) <&- 2>&-")
        #expect(token.exitCode == 0)
        #expect(UUID(uuidString: token.output.trimmingCharacters(in: .newlines)) != nil)
    }

    // MARK: Home

    @Test("a home that cannot be written costs a warning where only caching is lost, and else says what to set")
    func readOnlyHome() async throws {
        let world = try World.sandboxed()
        // Even root cannot create a folder below a regular file.
        let file = try world.home.write("", to: "file")
        let home = ["HOME": file]
        let token = try await world.run("auth", "token", "upload", environment: home)
        expectSuccess(token)
        #expect(token.output.count > 20)
        #expect(token.errors.contains("integrate: warning: "))
        let upload = try await world.run("upload-csv", try world.shiftFile(), environment: home)
        expectFailure(upload, 73, "XDG_CACHE_HOME")
        let login = try await world.run(
            "auth", "login", "upload", "--with-stdin", environment: home,
            stdin: "clientSecret=\(World.clientSecret)\napiKey=\(World.apiKey)\n")
        expectFailure(login, 73)
        try world.home.write("{\"a\":1}\n", to: "e.ndjson")
        expectSuccess(try await world.run("send-event", world.home("e.ndjson"), environment: home))
        expectFailure(try await world.run("config", "init", environment: home), 73)
        expectSuccess(try await world.run("config", "show", environment: home))
    }

    @Test("without HOME the user's own entry is taken; a relative one is none")
    func missingHome() async throws {
        let world = try World.bare()
        let places = ["XDG_CONFIG_HOME": "/c", "XDG_CACHE_HOME": "/d", "XDG_STATE_HOME": "/e"]
        for home in ["", "relative"] {
            let result = try await world.run("config", "path", environment: places.merging(["HOME": home]) { $1 })
            #expect(result.output == "/c/integrate/config.json5\n")
        }
        let entry = try #require(getpwuid(geteuid()))
        let expected = String(cString: entry.pointee.pw_dir) + "/.config/integrate/config.json5\n"
        #expect(try await world.shell("unset HOME; integrate config path").output == expected)
    }

    // MARK: No terminal

    @Test("nobody is asked without a terminal, in CI, or under --no-input: the missing value is named")
    func nobodyToAsk() async throws {
        let world = try World.sandboxed()
        for (arguments, environment) in [([], [:]), ([], ["CI": "true"]), (["--no-input"], [:])]
            as [([String], [String: String])]
        {
            let result = try await world.run(["auth", "login", "upload"] + arguments, environment: environment)
            expectFailure(result, 78, "clientSecret", "--with-stdin")
        }
    }

    // MARK: Arguments

    @Test("an argument that is not UTF-8 is refused and shown, not taken for another file")
    func invalidUTF8() async throws {
        let world = try World.sandboxed()
        let name = #""$(printf 'shifts\377.csv')""#
        let result = try await world.shell("printf '' >\(name); integrate upload-csv \(name) --check")
        expectFailure(result, 64, "argument 2 is not valid UTF-8", "shifts\u{FFFD}.csv", "hint: ")
        let json = try await world.shell("integrate upload-csv \(name) --json")
        #expect(json.exitCode == 64)
        #expect(try jsonError(json)["code"] as? String == "usage")
        expectFailure(try await world.shell(#"integrate "$(printf '\377')""#), 64)
        // Valid text of any kind is taken.
        let fine = try await world.shell(
            "printf '%s\\n' '\(World.header)' '\(World.row)' >'skift å 🧾.csv'; "
                + "integrate upload-csv 'skift å 🧾.csv' --check")
        expectSuccess(fine)
    }

    @Test("errors under --json are a single line that JSON readers take", arguments: GoldenTests.mistakes)
    func jsonErrors(_ mistake: GoldenTests.Mistake) async throws {
        // The last command of each script is the one that fails.
        let script = mistake.script.contains("--json") ? mistake.script : "\(mistake.script) --json"
        let world = try World.sandboxed()
        try world.home.write(World.shifts, to: "shifts.csv")
        try world.home.write("\(World.header)\nUser1,2024-07-01,09:00,01/07/2024,17:00\n", to: "faulty.csv")
        try world.home.write("{ profiles: { default: { upload: { apiUrl: 'x' } } } }", to: "mistyped.json5")
        let result = try await world.shell(script)
        #expect(result.exitCode == mistake.exit, Comment(rawValue: result.errors))
        #expect(result.errors.filter { $0 == "\n" }.count == 1, Comment(rawValue: result.errors))
        let error = try jsonError(result)
        #expect(error["exit"] as? Int == Int(mistake.exit))
        #expect((error["message"] as? String)?.hasSuffix(".") == false, "no period at the end")
    }

    // MARK: Width and colour

    static let helpPaths = [[]] + CommandTable.subcommands.map { $0.path }

    @Test("help keeps within 40 columns but for what cannot be broken", arguments: helpPaths)
    func narrow(path: [String]) async throws {
        let result = try await World.bare().run(path + ["--help"], environment: ["COLUMNS": "40"])
        let examples = Set(
            (CommandTable.tree.command(at: path)?.examples ?? []).flatMap { $0.command.split(separator: "\n") }
                .map { "  " + $0 })
        for line in result.output.split(separator: "\n").map(String.init) where line.count > 40 {
            // An option with its values stands on a line of its own.
            #expect(
                examples.contains(line) || line.drop { $0 == " " }.hasPrefix("-")
                    || !line.drop { $0 == " " }.contains(" "), Comment(rawValue: line))
        }
    }

    @Test("help on a wide terminal uses no more columns than can be read", arguments: helpPaths)
    func wide(path: [String]) async throws {
        let result = try await World.bare().run(path + ["--help"], environment: ["COLUMNS": "200"])
        let examples = Set(
            (CommandTable.tree.command(at: path)?.examples ?? []).flatMap { $0.command.split(separator: "\n") }
                .map { "  " + $0 })
        let widest = result.output.split(separator: "\n").map(String.init)
            .filter { !examples.contains($0) }.map(\.count).max()
        #expect(try #require(widest) <= 100)
        #expect(try #require(widest) > 80 || path.count > 0)
    }

    struct Style: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        var environment: [String: String]
        var isBold: Bool
        var testDescription: String { "\(arguments) \(environment)" }

        init(_ arguments: [String], _ environment: [String: String] = [:], isBold: Bool) {
            (self.arguments, self.environment, self.isBold) = (arguments, environment, isBold)
        }
    }

    @Test(
        "without a terminal there is colour only with --color always",
        arguments: [
            Style([], isBold: false), Style(["--color", "auto"], isBold: false),
            Style(["--color", "never"], isBold: false), Style(["--color", "always"], isBold: true),
            Style(["--color=always"], isBold: true), Style(["--color=always", "--color=never"], isBold: false),
            Style(["--color", "always"], ["NO_COLOR": "1"], isBold: true),
            Style(["--color", "always"], ["TERM": "dumb"], isBold: true),
        ])
    func colour(_ style: Style) async throws {
        let world = try World.bare()
        let result = try await world.run(["poll", "--help"] + style.arguments, environment: style.environment)
        expectSuccess(result)
        #expect(result.output.contains("\u{1B}[1m") == style.isBold)
    }
}
