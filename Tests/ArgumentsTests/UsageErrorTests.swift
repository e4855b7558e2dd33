import Arguments
import Testing

@Suite("Parsing what is wrong")
struct UsageErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let line: [String]
        let message: String
        var hint: String?
        var path: [String]

        init(_ line: String, _ message: String, hint: String? = nil, path: String) {
            // `_` stands for the empty word.
            self.line = line.split(separator: " ").map { $0 == "_" ? "" : String($0) }
            self.message = message
            self.hint = hint
            self.path = path.split(separator: " ").map(String.init)
        }

        var testDescription: String { line.joined(separator: " ") }
    }

    static let cases: [Case] = [
        // Unknown options
        Case(
            "upload-csv f --overwite", "unknown option '--overwite' for 'upload-csv'; did you mean '--overwrite'?",
            path: "upload-csv"),
        Case("poll t --jsn", "unknown option '--jsn' for 'poll'; did you mean '--json'?", path: "poll"),
        Case("--jsno poll", "unknown option '--jsno'; did you mean '--json'?", path: ""),
        Case("poll --dryRun", "unknown option '--dryRun' for 'poll'; did you mean '--dry-run'?", path: "poll"),
        Case("poll --dry_run=x", "unknown option '--dry_run' for 'poll'; did you mean '--dry-run'?", path: "poll"),
        Case("poll --hepl", "unknown option '--hepl' for 'poll'; did you mean '--help'?", path: "poll"),
        Case(
            "upload-csv f --no-wiat", "unknown option '--no-wiat' for 'upload-csv'; did you mean '--no-wait'?",
            path: "upload-csv"),
        Case("poll --zzzzzzz", "unknown option '--zzzzzzz' for 'poll'", path: "poll"),
        Case("poll --internal-trac", "unknown option '--internal-trac' for 'poll'", path: "poll"),
        // No abbreviations: the whole name is suggested
        Case("poll --inter 5", "unknown option '--inter' for 'poll'; did you mean '--interval'?", path: "poll"),
        // Options of other subcommands
        Case(
            "poll --overwrite", "unknown option '--overwrite' for 'poll'",
            hint: "'--overwrite' is an option of 'upload-csv'", path: "poll"),
        Case(
            "--overwrite upload-csv f", "unknown option '--overwrite'",
            hint: "'--overwrite' is an option of 'upload-csv' and stands after the subcommand", path: ""),
        Case(
            "poll --port 1", "unknown option '--port' for 'poll'",
            hint: "'--port' is an option of 'sandbox' and 'exec'", path: "poll"),
        Case(
            "poll -n x", "unknown option '-n' for 'poll'", hint: "'-n' is an option of 'upload-csv'", path: "poll"),
        // Short options
        Case(
            "poll -x", "unknown option '-x' for 'poll'",
            hint: "put '--' before an argument that begins with '-': '-- -x'", path: "poll"),
        Case(
            "poll -vx", "unknown option '-x' in '-vx' for 'poll'",
            hint: "put '--' before an argument that begins with '-': '-- -vx'", path: "poll"),
        Case("-x", "unknown option '-x'", path: ""),
        Case("poll -interval 5", "unknown option '-interval'; did you mean '--interval'?", path: "poll"),
        Case("poll -help", "unknown option '-help'; did you mean '--help'?", path: "poll"),
        Case("upload-csv f -name=x", "unknown option '-name'; did you mean '--name'?", path: "upload-csv"),
        Case(
            "upload-csv f -nvalue", "the value of '-n' must be a word of its own",
            hint: "write '-n N' or '--name=N'", path: "upload-csv"),
        Case(
            "upload-csv f -n=x", "the value of '-n' must be a word of its own", hint: "write '-n N' or '--name=N'",
            path: "upload-csv"),
        Case("poll -q=1", "option '-q' takes no value", path: "poll"),
        // Values
        Case(
            "poll --interval", "option '--interval' needs a value: '--interval SECONDS'", path: "poll"),
        Case(
            "poll --interval --json", "option '--interval' needs a value: '--interval SECONDS'",
            hint: "a value that begins with '-' is written '--interval=--json'", path: "poll"),
        Case(
            "upload-csv f -n -q", "option '-n' needs a value: '-n N'",
            hint: "a value that begins with '-' is written '--name=-q'", path: "upload-csv"),
        Case(
            "poll --interval -1", "invalid value '-1' for '--interval': must be from 0.1 to 3600", path: "poll"),
        Case("poll --interval=1s", "invalid value '1s' for '--interval': not a number of seconds", path: "poll"),
        Case("poll --interval nan", "invalid value 'nan' for '--interval': not a number of seconds", path: "poll"),
        Case("poll --interval _", "invalid value '' for '--interval': not a number of seconds", path: "poll"),
        Case("poll --attempts 65", "invalid value '65' for '--attempts': must be from 1 to 64", path: "poll"),
        Case(
            "--color alwys",
            "invalid value 'alwys' for '--color': must be one of auto, always, never; "
                + "did you mean 'always'?", path: ""),
        Case("--color=", "invalid value '' for '--color': must be one of auto, always, never", path: ""),
        Case("poll --config _", "invalid value '' for '--config': a path cannot be empty", path: "poll"),
        Case(
            "auth login atobbi",
            "invalid value 'atobbi' for VENDOR: must be one of upload, atobi, bidcore; "
                + "did you mean 'atobi'?", path: "auth login"),
        Case("poll --dry-run=yes", "option '--dry-run' takes no value", path: "poll"),
        Case(
            "upload-csv f --wait=no", "option '--wait' takes no value", hint: "write '--wait' or '--no-wait'",
            path: "upload-csv"),
        Case(
            "upload-csv f --no-wait=x", "option '--no-wait' takes no value", hint: "write '--wait' or '--no-wait'",
            path: "upload-csv"),
        Case("poll --verbose=2", "option '--verbose' takes no value", hint: "give it again for more", path: "poll"),
        Case("poll --help=x", "option '--help' takes no value", path: "poll"),
        // Repetition and negation
        Case(
            "upload-csv f -n a --name b", "option '--name' is given twice: '-n a' and '--name b'",
            path: "upload-csv"),
        Case(
            "--profile a poll --profile a", "option '--profile' is given twice: '--profile a' and '--profile a'",
            path: "poll"),
        Case(
            "upload-csv f --wait --no-wait", "options '--wait' and '--no-wait' contradict each other",
            path: "upload-csv"),
        Case(
            "upload-csv f --no-overwrite",
            "unknown option '--no-overwrite': '--overwrite' has no form that turns it off",
            path: "upload-csv"),
        Case(
            "poll --no-interval", "unknown option '--no-interval': '--interval' has no form that turns it off",
            path: "poll"),
        // Subcommands
        Case("uplaod-csv f", "unknown subcommand 'uplaod-csv'; did you mean 'upload-csv'?", path: ""),
        Case("upload f", "unknown subcommand 'upload'; did you mean 'upload-csv'?", path: ""),
        Case("send f", "unknown subcommand 'send'; did you mean 'send-kpi' or 'send-event'?", path: ""),
        Case("login", "unknown subcommand 'login'; did you mean 'auth login'?", path: ""),
        Case("frobnicate", "unknown subcommand 'frobnicate'", path: ""),
        Case("debug-dmp", "unknown subcommand 'debug-dmp'", path: ""),
        Case("auth logn", "unknown subcommand 'logn' for 'auth'; did you mean 'login'?", path: "auth"),
        Case("auth zzz", "unknown subcommand 'zzz' for 'auth'", hint: "one of login, status", path: "auth"),
        Case("auth", "'auth' needs a subcommand", hint: "one of login, status", path: "auth"),
        Case(
            "--json", "a subcommand is missing",
            hint: "one of auth, upload-csv, poll, send-kpi, send-event, sandbox, exec, help", path: ""),
        Case("_", "unknown subcommand ''", path: ""),
        // Arguments
        Case(
            "upload-csv", "missing argument FILE for 'upload-csv'", hint: "usage: tool upload-csv FILE [options]",
            path: "upload-csv"),
        Case(
            "upload-csv a b", "superfluous argument 'b' for 'upload-csv'",
            hint: "usage: tool upload-csv FILE [options]", path: "upload-csv"),
        Case(
            "send-event x", "superfluous argument 'x' for 'send-event'", hint: "usage: tool send-event [options]",
            path: "send-event"),
        Case(
            "sandbox ls", "superfluous argument 'ls'",
            hint: "'--' stands before COMMAND: tool sandbox [options] [-- COMMAND ...]", path: "sandbox"),
        Case(
            "exec", "missing argument COMMAND for 'exec'", hint: "usage: tool exec [options] -- COMMAND ...",
            path: "exec"),
        // Help
        Case("help uplod-csv", "no help about 'uplod-csv'; did you mean 'upload-csv'?", path: ""),
        Case("help exit-code", "no help about 'exit-code'; did you mean 'exit-codes'?", path: ""),
        Case("help auth lgoin", "no help about 'auth lgoin'; did you mean 'auth login'?", path: "auth"),
        Case("help --jsn", "unknown option '--jsn' for 'help'; did you mean '--json'?", path: "help"),
    ]

    @Test("each mistake is named, with what was probably meant", arguments: cases)
    func mistake(_ example: Case) {
        let error = Sample.mistake(example.line)
        #expect(error?.messageWithSuggestions == example.message)
        #expect(error?.hint == example.hint)
        #expect(error?.commandPath == example.path)
    }

    @Test("a long value is cut short in a message")
    func longValue() throws {
        let long = String(repeating: "x", count: 5000)
        for line in [
            ["poll", "--attempts", long], ["poll", "--\(long)"], ["poll", "-\(long)"], [long], ["help", long],
            ["upload-csv", "f", long], ["auth", "login", long],
        ] {
            let error = try #require(Sample.mistake(line))
            #expect(error.message.count < 150)
        }
    }

    @Test("what would move the terminal's cursor is shown, not obeyed")
    func controlCharacters() throws {
        let error = try #require(Sample.mistake(["a\u{1B}[2J\n\u{9B}x"]))
        #expect(error.message == "unknown subcommand 'a\\u{1B}[2J\\n\\u{009B}x'")
    }

    @Test("the help that would help is that of the command")
    func helpLine() throws {
        #expect(try #require(Sample.mistake(["auth", "login"])).helpLine == "See 'tool auth login --help'")
        #expect(try #require(Sample.mistake(["bogus"])).helpLine == "See 'tool --help'")
    }

    @Test("no command line makes the parser fail otherwise")
    func randomLines() {
        var random = SplitMix(state: 7)
        let words = [
            "", "-", "--", "---", "-=", "--=", "--=x", "-n", "-vvq", "-vn", "--name", "--name=", "--no-", "--no-wait",
            "--wait", "auth", "login", "atobi", "poll", "upload-csv", "exec", "sandbox", "help", "x", "é\u{301}", "-é",
            "--set", "a=b", "--verbose", "\u{0}", "send-kpi", "--interval", "1e999", "--attempts",
            "99999999999999999999",
        ]
        for _ in 0..<5000 {
            let line = (0..<Int.random(in: 0...6, using: &random)).map { _ in words.randomElement(using: &random) ?? ""
            }
            if let error = Sample.mistake(line) { #expect(!error.message.isEmpty, "\(line)") }
        }
    }
}

/// A small generator, so that a failure can be had again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
