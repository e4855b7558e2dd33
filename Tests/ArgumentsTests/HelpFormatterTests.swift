import Arguments
import Testing

@Suite("Help")
struct HelpFormatterTests {
    private func help(_ path: String, width: Int = 80, isStyled: Bool = false) -> String {
        let names = path.split(separator: " ").map(String.init)
        return HelpFormatter(width: width, isStyled: isStyled).text(for: .command(names), in: Sample.tree)
    }

    @Test("a subcommand's help has all its parts in order")
    func subcommand() {
        #expect(
            help("upload-csv") == """
                Validate a CSV file and upload it

                Usage: tool upload-csv FILE [options]

                The file is checked first.

                Arguments:
                  FILE  The CSV file, or - for standard input

                Upload options:
                  -n, --name N         The upload's name
                      --overwrite      Replace what is there
                      --[no-]wait      Wait until the upload is processed
                      --fetch KEY      Fetch a result
                      --set KEY=VALUE  Set a value (may be given more than once)
                      --output FILE    Write there; it's created beside C:\\temp

                Global options:
                  --profile, --config, --json, -q/--quiet, -v/--verbose, --color, --dry-run,
                  --no-input, -h/--help, --version (see 'tool --help')

                Standard output:
                  the processing token

                Environment:
                  TOOL_UPLOAD_URL  the service

                Exit codes:
                  0   uploaded
                  65  the file is invalid

                Examples:
                  # Upload and wait
                  tool upload-csv people.csv --wait

                  # Two lines
                  tool upload-csv people.csv \\
                    --name 'Q1 people'

                """)
    }

    @Test("the program's help lists subcommands, global options and topics")
    func program() {
        let text = help("")
        #expect(text.hasPrefix("Move data into other people's services\n\nUsage: tool [global options] SUBCOMMAND"))
        #expect(text.contains("\n  upload-csv  Validate a CSV file and upload it\n"))
        #expect(text.contains("\n  --profile NAME  Use that profile's settings (default: default; environment:\n"))
        #expect(text.contains("\n      --color auto|always|never"))
        #expect(text.contains("\nHelp topics:\n  exit-codes  What the exit codes mean\n"))
        #expect(text.contains("\n  -h, --help     Show help"))
        #expect(!text.contains("debug-dump") && !text.contains("internal-trace"))
    }

    @Test("a group's help lists its subcommands")
    func group() {
        #expect(
            help("auth").hasPrefix(
                """
                Log in and out

                Usage: tool auth SUBCOMMAND [options]

                Subcommands:
                  login   Store a vendor's secrets
                  status  Show what is stored
                """))
    }

    @Test("a topic's help is its text")
    func topic() {
        let text = HelpFormatter(width: 80).text(for: .topic("exit-codes"), in: Sample.tree)
        #expect(text == "What the exit codes mean\n\n- 0: done\n- 64: wrong usage\n")
    }

    @Test(
        "text keeps within the width, and within 100 columns on a wide terminal",
        arguments: [20, 40, 59, 60, 80, 100, 200, 100_000])
    func width(width: Int) {
        for path in ["", "auth", "auth login", "upload-csv", "poll", "sandbox", "exec", "help"] {
            for line in help(path, width: width).split(separator: "\n", omittingEmptySubsequences: false) {
                // Command lines and labels are not broken.
                let mayBeLong =
                    line.contains("tool upload-csv") || line.contains("--color") || line.contains("verbatim")
                    || (width == 20 && line.contains("--"))
                #expect(line.count <= min(width, 100) || mayBeLong, "\(line)")
                #expect(line.last != " ", "\(line)")
            }
        }
    }

    @Test("a narrow terminal has each text beneath its label")
    func narrow() {
        #expect(help("poll", width: 40).contains("\n  --interval SECONDS\n      Between two polls (default: 5)\n"))
    }

    @Test("words keep their order and none is lost, whatever the width", arguments: [20, 33, 40, 77, 100])
    func lossless(width: Int) {
        func words(_ text: String) -> [Substring] { text.split { $0 == " " || $0 == "\n" } }
        #expect(words(help("", width: width)) == words(help("", width: 90)))
    }

    @Test("headings are bold only when asked for")
    func style() {
        let escape: Character = "\u{1B}"
        #expect(!help("upload-csv").contains(escape))
        let styled = help("upload-csv", isStyled: true)
        #expect(styled.contains("\u{1B}[1mArguments:\u{1B}[0m\n"))
        #expect(styled.contains("\u{1B}[1mUsage:\u{1B}[0m tool upload-csv"))
        let plain = styled.split(separator: "\u{1B}[1m").joined().split(separator: "\u{1B}[0m").joined()
        #expect(plain == help("upload-csv"))
    }

    @Test("discussions keep lists, paragraphs and verbatim lines")
    func discussion() {
        #expect(
            help("", width: 40).contains(
                """

                A paragraph about the tool that is long
                enough to be wrapped when the terminal
                has few columns.

                - first item
                - second item, which is also rather long
                  so that it has to be wrapped

                    verbatim --kept   as-is

                .hidden is no request, nor is 'quoted'.

                """))
    }
}

@Suite("Command tree")
struct CommandTreeTests {
    @Test("a sound tree has no problems")
    func sound() {
        #expect(Sample.tree.problems() == [])
    }

    @Test("contradictions in a tree are found")
    func unsound() {
        let tree = CommandTree(
            root: Command(
                name: "t", summary: "s", optionGroups: [OptionGroup("G", [Sample.json, Sample.quiet])],
                subcommands: [
                    Command(
                        name: "a", summary: "", positionals: [Sample.token, Sample.file],
                        optionGroups: [
                            OptionGroup(
                                "O", [Sample.json, Flag("query", short: "q", help: ""), Flag("help", help: "")])
                        ]),
                    Command(name: "b", summary: "s", positionals: [Sample.files, Sample.token]),
                    Command(
                        name: "c", summary: "s", positionals: [Sample.file],
                        subcommands: [Command(name: "d", summary: "s"), Command(name: "d", summary: "s")]),
                ]),
            topics: [HelpTopic(name: "a", summary: "s", text: "")], version: "1")
        #expect(
            tree.problems() == [
                "a: the summary is not one line", "a: --json is declared twice", "a: --help is declared twice",
                "a: -q is declared twice", "a: FILE is required after TOKEN", "b: FILE takes what TOKEN should",
                "c: has subcommands and positionals", "c: subcommand d is declared twice", "help a has two meanings",
            ])
    }

    @Test("usage lines show what is required, optional, repeated and left over")
    func usage() {
        #expect(Sample.tree.usage(of: ["poll"]) == "tool poll [TOKEN] [options]")
        #expect(Sample.tree.usage(of: ["send-kpi"]) == "tool send-kpi FILE ... [options]")
        #expect(Sample.tree.usage(of: ["sandbox"]) == "tool sandbox [options] [-- COMMAND ...]")
        #expect(Sample.tree.usage(of: ["auth"]) == "tool auth SUBCOMMAND [options]")
    }
}
