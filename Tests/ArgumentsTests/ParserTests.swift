import Arguments
import Testing

@Suite("Parsing what is right")
struct ParserTests {
    @Test(
        "a value follows its option, is joined with '=', or follows the short form",
        arguments: [
            ["--name", "x"], ["--name=x"], ["-n", "x"], ["-qn", "x"], ["-vvqn", "x"],
        ])
    func valueForms(option: [String]) throws {
        #expect(try Sample.run(["upload-csv", "f.csv"] + option)[Sample.name] == "x")
        #expect(try Sample.run(["upload-csv"] + option + ["f.csv"])[Sample.name] == "x")
        #expect(try Sample.run(["upload-csv"] + option + ["--", "f.csv"])[Sample.file] == "f.csv")
    }

    @Test(
        "values are kept as they are",
        arguments: [
            (["--name", ""], ""), (["--name="], ""), (["--name=a=b"], "a=b"), (["--name=\u{301}a"], "\u{301}a"),
            (["--name=-x"], "-x"),
            (["--name=--wait"], "--wait"), (["--name", "-"], "-"), (["--name", "-1"], "-1"),
            (["--name", "é ✓"], "é ✓"),
            (["--name==", "f2"], "="),
        ])
    func values(option: [String], expected: String) throws {
        let arguments = ["upload-csv"] + option + (option.count == 2 && option[1] == "f2" ? [] : ["f.csv"])
        #expect(try Sample.run(arguments)[Sample.name] == expected)
    }

    @Test("a lone dash is an argument")
    func dash() throws {
        #expect(try Sample.run("upload-csv", "-")[Sample.file] == "-")
    }

    @Test("after -- nothing is an option")
    func terminator() throws {
        #expect(try Sample.run("upload-csv", "--", "--wait")[Sample.file] == "--wait")
        #expect(
            try Sample.run("send-kpi", "a", "--", "-b", "--help", "--")[Sample.files] == ["a", "-b", "--help", "--"])
        #expect(try Sample.run("--", "poll", "-x")[Sample.token] == "-x")
    }

    @Test(
        "global options stand on either side of the subcommand",
        arguments: [
            ["--profile", "p", "--json", "auth", "login", "atobi"],
            ["auth", "--profile", "p", "login", "--json", "atobi"],
            ["auth", "login", "atobi", "--json", "--profile=p"],
        ])
    func globals(arguments: [String]) throws {
        let parsed = try Sample.run(arguments)
        #expect(parsed.commandPath == ["auth", "login"])
        #expect(parsed[Sample.profile] == "p")
        #expect(parsed[Sample.json] == true)
        #expect(parsed[Sample.vendor] == "atobi")
    }

    @Test("what is not given reads as nil, nothing or zero")
    func absent() throws {
        let parsed = try Sample.run("poll")
        #expect(parsed[Sample.profile] == nil)
        #expect(parsed[Sample.json] == nil)
        #expect(parsed[Sample.verbose] == 0)
        #expect(parsed[Sample.set].isEmpty)
        #expect(parsed[Sample.token] == nil)
        #expect(!parsed.isGiven(Sample.last))
    }

    @Test(
        "a flag is on, off or not given",
        arguments: [
            ([], nil), (["--wait"], true), (["--no-wait"], false), (["--wait", "--wait"], true),
        ] as [([String], Bool?)])
    func flags(option: [String], expected: Bool?) throws {
        #expect(try Sample.run(["upload-csv", "f"] + option)[Sample.wait] == expected)
    }

    @Test("a flag whose own name begins with no- is no negation")
    func flagNamedNo() throws {
        #expect(try Sample.run("poll", "--no-input")[Sample.noInput] == true)
    }

    @Test(
        "a counted flag counts each time it is given",
        arguments: [(["-v"], 1), (["-vv"], 2), (["-v", "--verbose", "-qv"], 3)])
    func counted(option: [String], expected: Int) throws {
        #expect(try Sample.run(["poll"] + option)[Sample.verbose] == expected)
    }

    @Test("a repeatable option keeps its values in order")
    func repeatable() throws {
        let parsed = try Sample.run("upload-csv", "--set", "x=-1", "f", "--set=y:=[1]", "--set", "x=2")
        #expect(parsed[Sample.set] == ["x=-1", "y:=[1]", "x=2"])
    }

    @Test("a descriptor of another value type does not read a value")
    func identity() throws {
        let parsed = try Sample.run("upload-csv", "f", "--name", "5")
        #expect(parsed[Option("name", .integer(in: 0...9), help: "")] == nil)
        #expect(parsed[Option("name", .string, help: "")] == "5")
    }

    @Test("values have their types")
    func types() throws {
        let parsed = try Sample.run("poll", "t", "--interval", "0.25", "--attempts=64", "--color", "never")
        #expect(parsed[Sample.interval] == .milliseconds(250))
        #expect(parsed[Sample.attempts] == 64)
        #expect(parsed[Sample.color] == .never)
    }

    @Test("the rest after -- belongs to the command line it names")
    func restAfterTerminator() throws {
        let parsed = try Sample.run("sandbox", "--port", "0", "--", "sh", "-c", "--port", "--", "--help")
        #expect(parsed[Sample.sandboxCommand] == ["sh", "-c", "--port", "--", "--help"])
        #expect(parsed[Sample.port] == 0)
        #expect(try Sample.run("sandbox")[Sample.sandboxCommand].isEmpty)
        #expect(try Sample.run("sandbox", "--")[Sample.sandboxCommand].isEmpty)
    }

    @Test("the rest from the first argument on belongs to the command line it names")
    func restFromFirstArgument() throws {
        let parsed = try Sample.run("exec", "--port", "1", "env", "--port", "x", "--", "-h")
        #expect(parsed[Sample.execCommand] == ["env", "--port", "x", "--", "-h"])
        #expect(parsed[Sample.port] == 1)
        #expect(try Sample.run("exec", "--", "-x")[Sample.execCommand] == ["-x"])
    }

    @Test("a command may require an argument that its grammar leaves open")
    func requirement() throws {
        let parsed = try Sample.run("poll")
        #expect(throws: UsageError.self) { try parsed.require(Sample.token) }
        do throws(UsageError) {
            _ = try parsed.require(Sample.token, hint: "or give --last")
        } catch {
            #expect(error.message == "missing argument TOKEN for 'poll'")
            #expect(error.hint == "or give --last")
            #expect(error.helpLine == "See 'tool poll --help'")
        }
        #expect(try Sample.run("poll", "t").require(Sample.token) == "t")
        #expect(throws: UsageError.self) { try parsed.require(Sample.interval) }
    }

    @Test("options that exclude one another are refused as they were spelled")
    func exclusive() throws {
        let parsed = try Sample.run("poll", "-q", "-v")
        do throws(UsageError) {
            try parsed.checkExclusive(Sample.json, Sample.quiet, Sample.verbose)
            Issue.record("nothing was refused")
        } catch {
            #expect(error.message == "options '-q' and '-v' exclude one another")
        }
        try parsed.checkExclusive(Sample.json, Sample.quiet)
    }

    @Test(
        "help is asked for in many ways",
        arguments: [
            ([], .command([])), (["help"], .command([])), (["--help"], .command([])), (["-h"], .command([])),
            (["--json", "--help"], .command([])), (["help", "poll"], .command(["poll"])),
            (["help", "auth"], .command(["auth"])), (["help", "auth", "login"], .command(["auth", "login"])),
            (["help", "exit-codes"], .topic("exit-codes")), (["help", "help"], .command(["help"])),
            (["help", "--json", "poll"], .command(["poll"])), (["help", "poll", "--help"], .command(["poll"])),
            (["help", "--help"], .command([])), (["poll", "--help"], .command(["poll"])),
            (["poll", "-h"], .command(["poll"])), (["poll", "-vh"], .command(["poll"])),
            (["--help", "auth", "login"], .command(["auth", "login"])), (["auth", "--help"], .command(["auth"])),
            (["auth", "-h", "login"], .command(["auth", "login"])),
            // Whatever else is wrong on the line.
            (["poll", "--bogus", "--help"], .command(["poll"])), (["poll", "a", "b", "c", "-h"], .command(["poll"])),
            (["poll", "--interval", "--help"], .command(["poll"])), (["upload-csv", "-h"], .command(["upload-csv"])),
            (["poll", "--interval", "x", "--help"], .command(["poll"])), (["bogus", "--help"], .command([])),
            (["--bogus", "auth", "login", "--help"], .command(["auth", "login"])),
            (["poll", "--version", "--help"], .command(["poll"])), (["exec", "-h", "ls"], .command(["exec"])),
        ] as [([String], HelpTarget)])
    func help(arguments: [String], expected: HelpTarget) throws {
        guard case .help(let target) = try Sample.tree.parse(arguments) else {
            Issue.record("not help")
            return
        }
        #expect(target == expected)
    }

    @Test(
        "--help behind the end of options is not asked of this program",
        arguments: [["poll", "--", "--help"], ["exec", "ls", "--help"], ["sandbox", "--", "ls", "-h"]])
    func othersHelp(arguments: [String]) throws {
        _ = try Sample.run(arguments)
        #expect(Sample.mistake(["poll", "--bogus", "--", "--help"]) != nil)
        #expect(Sample.mistake(["exec", "--bogus", "ls", "--help"]) != nil)
    }

    @Test(
        "the version is shown wherever it is asked for",
        arguments: [["--version"], ["poll", "--version"], ["upload-csv", "--version", "--bogus"]])
    func version(arguments: [String]) throws {
        guard case .version = try Sample.tree.parse(arguments) else {
            Issue.record("not the version")
            return
        }
    }
}
