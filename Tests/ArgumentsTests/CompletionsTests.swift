import Arguments
import Testing

@Suite("Completions")
struct CompletionsTests {
    /// The words of a command line, the last being completed; and what is offered there.
    struct Case: Sendable, CustomTestStringConvertible {
        let words: [String]
        let offers: [String]
        var testDescription: String { words.joined(separator: " ") }

        init(_ words: String, _ offers: String) {
            self.words = words.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            self.offers = offers.split(separator: " ").map(String.init).sorted()
        }
    }

    static let cases: [Case] = [
        Case("tool ", "auth upload-csv poll send-kpi send-event sandbox exec help"),
        Case("tool s", "send-kpi send-event sandbox"),
        Case("tool auth ", "login status"),
        Case("tool auth l", "login"),
        Case("tool auth login ", "upload atobi bidcore"),
        Case("tool auth login u", "upload"),
        Case("tool auth login upload ", ""),
        Case("tool --json auth ", "login status"),
        // The value of an option is no subcommand, and no argument.
        Case("tool --profile auth ", "auth upload-csv poll send-kpi send-event sandbox exec help"),
        Case("tool --profile=x auth lo", "login"),
        Case("tool auth --profile x login a", "atobi"),
        Case("tool --profile ", ""),
        Case("tool --color ", "auto always never"),
        Case("tool poll --color a", "auto always"),
        Case("tool upload-csv --fetch ", "tableofresultids feedback"),
        Case("tool upload-csv --fe", "--fetch"),
        Case("tool upload-csv --no", "--no-wait --no-input"),
        Case("tool poll --la", "--last"),
        Case("tool poll --over", ""),
        Case("tool auth --with", ""),
        Case("tool --inter", ""),
        Case("tool --ver", "--verbose --version"),
        Case("tool upload-csv ", "alpha.csv beta.csv"),
        Case("tool upload-csv al", "alpha.csv"),
        Case("tool upload-csv --output al", "alpha.csv"),
        Case("tool upload-csv -n x --wait al", "alpha.csv"),
        Case("tool upload-csv alpha.csv ", ""),
        Case("tool send-kpi alpha.csv ", "alpha.csv beta.csv"),
        Case("tool send-kpi -- al", "alpha.csv"),
        Case("tool sandbox -- x al", "alpha.csv"),
        Case("tool exec x al", "alpha.csv"),
        Case("tool help ", "auth upload-csv poll send-kpi send-event sandbox exec help exit-codes secrets"),
        Case("tool help ex", "exec exit-codes"),
        Case("tool help auth ", "login status"),
        Case("tool help auth login ", ""),
        Case("tool help poll ", ""),
    ]

    static let files = ["alpha.csv": "", "beta.csv": ""]

    private static func candidates(_ output: String) -> [String] {
        Set(output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }).sorted()
    }

    // MARK: bash

    // Skipped where there is no bash.
    @Test("bash finds no fault in its script", .enabled(if: SystemTool.exists("bash")))
    func bashSyntax() throws {
        let script = Completions.script(for: .bash, tree: Sample.tree)
        let result = try SystemTool.run("bash", ["-n", "tool.bash"], files: ["tool.bash": script])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    private func bash(_ words: [String]) throws -> [String] {
        let driver = """
            set -u
            source ./.tool.bash
            COMP_WORDS=("$@")
            COMP_CWORD=$(($# - 1))
            _tool
            printf '%s\\n' "${COMPREPLY[@]+"${COMPREPLY[@]}"}"
            """
        let script = Completions.script(for: .bash, tree: Sample.tree)
        let result = try SystemTool.run(
            "bash", [".driver.bash"] + words,
            files: Self.files.merging([".driver.bash": driver, ".tool.bash": script]) { $1 })
        #expect(result.errors.isEmpty, "\(result.errors)")
        return Self.candidates(result.output)
    }

    @Test("bash offers what can stand there", .enabled(if: SystemTool.exists("bash")), arguments: cases)
    func bashOffers(_ example: Case) throws {
        let expected = example.offers
        let offered = try bash(example.words).filter { !$0.hasPrefix(".") }
        #expect(offered == expected)
    }

    @Test(
        "bash completes a value after '=', which it takes for a word of its own",
        .enabled(if: SystemTool.exists("bash")),
        arguments: [
            (["tool", "--color", "=", "al"], ["always"]), (["tool", "--color", "="], ["always", "auto", "never"]),
            (["tool", "--color=al"], ["--color=always"]), (["tool", "--color", "=", "never", "au"], ["auth"]),
            (["tool", "upload-csv", "-n", "=", "x", "al"], ["alpha.csv"]),
        ])
    func bashEquals(words: [String], expected: [String]) throws {
        #expect(try bash(words) == expected)
    }

    @Test("bash offers the system's commands after --", .enabled(if: SystemTool.exists("bash")))
    func bashCommands() throws {
        #expect(try bash(["tool", "sandbox", "--", "bas"]).contains("bash"))
        #expect(try bash(["tool", "sandbox", "bas"]).isEmpty)
        #expect(try bash(["tool", "exec", "bas"]).contains("bash"))
    }

    // MARK: zsh

    // Skipped where there is no zsh.
    @Test("zsh finds no fault in its script", .enabled(if: SystemTool.exists("zsh")))
    func zshSyntax() throws {
        let script = Completions.script(for: .zsh, tree: Sample.tree)
        let result = try SystemTool.run("zsh", ["-f", "-n", "_tool"], files: ["_tool": script])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    /// Runs the function with stand-ins for the completion system's own commands, which work only in its line editor.
    @Test("zsh offers what can stand there", .enabled(if: SystemTool.exists("zsh")), arguments: cases)
    func zshOffers(_ example: Case) throws {
        let driver = """
            emulate zsh
            setopt no_unset
            offer() { local w; for w in "$@"; do if [[ $w == "$PREFIX"* ]]; then print -r -- "$w"; fi; done }
            compadd() { shift; offer "$@" }
            _describe() { local n=${@[-1]}; offer "${(@)${(@P)n}%%:*}" }
            _files() { offer *(N) }
            _command_names() { : }
            _message() { : }
            compset() { PREFIX=${PREFIX#*=} }
            compdef() { : }
            source ./.tool.zsh
            words=("$@")
            CURRENT=$#words
            PREFIX=$words[-1]
            _tool
            true
            """
        let script = Completions.script(for: .zsh, tree: Sample.tree)
        let result = try SystemTool.run(
            "zsh", ["-f", ".driver.zsh"] + example.words,
            files: Self.files.merging([".driver.zsh": driver, ".tool.zsh": script]) { $1 })
        #expect(result.errors.isEmpty, "\(result.errors)")
        #expect(Self.candidates(result.output) == example.offers)
    }

    @Test("zsh's own completion system takes the script", .enabled(if: SystemTool.exists("zsh")))
    func zshLoads() throws {
        let driver = """
            autoload -Uz compinit
            compinit -u -D
            source ./.tool.zsh
            print -r -- "$_comps[tool]"
            """
        let result = try SystemTool.run(
            "zsh", ["-f", ".driver.zsh"],
            files: [".driver.zsh": driver, ".tool.zsh": Completions.script(for: .zsh, tree: Sample.tree)])
        #expect(result.errors.isEmpty, "\(result.errors)")
        #expect(result.output == "_tool\n")
    }

    // MARK: fish

    // Skipped where there is no fish.
    @Test("fish finds no fault in its script", .enabled(if: SystemTool.exists("fish")))
    func fishSyntax() throws {
        let script = Completions.script(for: .fish, tree: Sample.tree)
        let result = try SystemTool.run("fish", ["-n", "tool.fish"], files: ["tool.fish": script])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    private func fish(_ words: [String]) throws -> [String] {
        let script = Completions.script(for: .fish, tree: Sample.tree)
        let result = try SystemTool.run(
            "fish",
            [
                "--no-config", "-c", "source ./.tool.fish; complete -C \"$argv[1]\"",
                words.joined(separator: " "),
            ],
            files: Self.files.merging([".tool.fish": script]) { $1 })
        #expect(result.errors.isEmpty, "\(result.errors)")
        // fish matches anywhere in a word, where nothing begins with what was typed.
        let prefix = words.last ?? ""
        return Self.candidates(result.output).filter { $0.hasPrefix(prefix) && !$0.hasPrefix(".") }
    }

    @Test("fish offers what can stand there", .enabled(if: SystemTool.exists("fish")), arguments: cases)
    func fishOffers(_ example: Case) throws {
        let offered = try fish(example.words)
        #expect(offered == example.offers)
    }

    @Test("fish offers the system's commands after --", .enabled(if: SystemTool.exists("fish")))
    func fishCommands() throws {
        #expect(try fish(["tool", "sandbox", "--", "bas"]).contains("bash"))
        #expect(try fish(["tool", "sandbox", "bas"]).isEmpty)
        #expect(try fish(["tool", "exec", "bas"]).contains("bash"))
    }

    // MARK: all

    @Test("what is hidden is not offered", arguments: Completions.Shell.allCases)
    func hidden(shell: Completions.Shell) {
        let script = Completions.script(for: shell, tree: Sample.tree)
        #expect(!script.contains("debug-dump"))
        #expect(!script.contains("internal-trace"))
    }
}
