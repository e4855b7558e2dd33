import Arguments
import Testing

@Suite("Manual page")
struct ManualPageTests {
    static let page = ManualPage.roff(tree: Sample.tree, date: "2026-01-31")

    // Skipped where there is no groff.
    @Test("groff has no warning about the page", .enabled(if: SystemTool.exists("groff")))
    func groff() throws {
        let result = try SystemTool.run(
            "groff", ["-man", "-ww", "-Tutf8", "tool.1"], files: ["tool.1": Self.page])
        #expect(result.status == 0)
        #expect(result.errors == "")
    }

    // Skipped where there is no mandoc.
    @Test("mandoc's lint has nothing to say", .enabled(if: SystemTool.exists("mandoc")))
    func mandoc() throws {
        let result = try SystemTool.run(
            "mandoc", ["-T", "lint", "-W", "style", "tool.1"], files: ["tool.1": Self.page])
        #expect(result.output == "")
        #expect(result.errors == "")
    }

    // Skipped where there is no mandoc: man and groff add bold and hyphenation that would have to be undone.
    @Test("the rendered page says what was declared", .enabled(if: SystemTool.exists("mandoc")))
    func rendered() throws {
        let result = try SystemTool.run(
            "mandoc", ["-T", "utf8", "-O", "width=100", "tool.1"], files: ["tool.1": Self.page])
        var text = ""
        for character in result.output.unicodeScalars {
            // Bold is a letter, a backspace and the letter again.
            if character == "\u{8}" { text.unicodeScalars.removeLast() } else { text.unicodeScalars.append(character) }
        }
        for expected in [
            "tool - Move data into other people's services", "verbatim --kept   as-is", ".hidden is no request",
            "'quoted'", "-n, --name N", "it's created beside C:\\temp", "--[no-]wait",
            "tool auth login VENDOR [options]",
            "tool upload-csv people.csv \\\n", "  --name 'Q1 people'", "EXIT STATUS", "EXIT-CODES",
            "Never from an option.",
            "Standard output: the processing token.", "one of upload, atobi, bidcore", "environment: TOOL_PROFILE",
        ] {
            #expect(text.contains(expected), "\(expected)")
        }
        #expect(!text.contains("internal-trace") && !text.contains("debug-dump"))
    }

    @Test("lines of text are short, plain ASCII, and begin with no dot of their own")
    func source() {
        for line in Self.page.split(separator: "\n") {
            #expect(line.utf8.allSatisfy { $0 < 0x80 })
            #expect(line.utf8.count <= 80 || line.hasPrefix("token="))
            if line.hasPrefix(".") { #expect(line.dropFirst().prefix(2).allSatisfy { $0.isUppercase }, "\(line)") }
            #expect(!line.hasPrefix("'"))
        }
    }
}

@Suite("Markdown")
struct MarkdownTests {
    @Test("the command table has a row for each subcommand that runs")
    func commands() {
        let table = Markdown.commandTable(Sample.tree)
        #expect(
            table == """
                | subcommand | does | standard output |
                | --- | --- | --- |
                | `auth login VENDOR` | Store a vendor's secrets |  |
                | `auth status [VENDOR]` | Show what is stored |  |
                | `upload-csv FILE` | Validate a CSV file and upload it | the processing token |
                | `poll [TOKEN]` | Wait for an upload |  |
                | `send-kpi FILE ...` | Send KPI values |  |
                | `send-event` | Send events |  |
                | `sandbox [-- COMMAND ...]` | Run the vendors in a box |  |
                | `exec -- COMMAND ...` | Run a command |  |
                | `help [SUBJECT ...]` | Show help for a subcommand or a topic |  |

                """)
    }

    @Test("pipes in a cell are escaped, and hidden options left out")
    func options() {
        let table = Markdown.globalOptionTable(Sample.tree)
        #expect(table.contains("| `--color auto\\|always\\|never` | When to colour |\n"))
        #expect(table.contains("| `-q, --quiet` | Only errors |\n"))
        #expect(table.contains("(default: default; environment: TOOL\\_PROFILE) |\n"))
        #expect(!table.contains("internal-trace"))
        #expect(table.contains("| `--version` | Show the version |\n"))
    }

    @Test("exit codes are a table")
    func exitCodes() {
        #expect(
            Markdown.exitCodeTable(Sample.tree)
                == "| code | meaning |\n| --- | --- |\n| 0 | done |\n| 64 | wrong usage |\n")
    }
}
