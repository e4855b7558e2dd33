import Arguments
import Foundation
import HTTPCore
import TestSupport
import Testing
import VendorSandbox

@testable import integrate

@Suite("Documentation from the command tree")
struct DocumentationTests {
    /// A block of README between its markers.
    struct Block: Sendable, CustomTestStringConvertible {
        var name: String
        var table: String
        var testDescription: String { name }
    }

    static let blocks = [
        Block(name: "commands", table: Markdown.commandTable(CommandTable.tree)),
        Block(
            name: "exit codes",
            table: Markdown.exitCodeTable(
                CommandTree(
                    root: Command(
                        name: "integrate", summary: "exit codes", exitCodes: HelpTopics.exitCodeRows), version: ""))),
    ]

    // Run one after the other: each may write README.
    @Test("README's tables are those of the command tree (INTEGRATE_RECORD=1 writes them)")
    func readme() throws {
        let file = Golden.repository.appendingPathComponent("README.md")
        var text = try String(contentsOf: file, encoding: .utf8)
        for block in Self.blocks {
            let start = try #require(text.range(of: "<!-- generated: \(block.name) -->\n"), "\(block.name)")
            let end = try #require(text.range(of: "<!-- end -->", range: start.upperBound..<text.endIndex))
            let range = start.upperBound..<end.lowerBound
            if Golden.isRecording {
                text.replaceSubrange(range, with: block.table)
            } else {
                #expect(text[range] == block.table, "README: the table of \(block.name) is stale: INTEGRATE_RECORD=1")
            }
        }
        if Golden.isRecording { try Data(text.utf8).write(to: file) }
    }

    private static func path(_ tool: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(tool)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func expectSilence(_ script: String) async throws {
        let result = try await World.bare().shell(script, environment: ["LC_ALL": "C.UTF-8"])
        #expect(result.exitCode == 0, Comment(rawValue: result.output + result.errors))
        #expect(result.output + result.errors == "")
    }

    // Skipped where there is no mandoc.
    @Test("mandoc's lint has nothing to say about the manual page", .enabled(if: path("mandoc") != nil))
    func mandoc() async throws {
        try await expectSilence("integrate man >integrate.1 && mandoc -T lint -W style integrate.1")
    }

    // Skipped where there is no groff.
    @Test("groff has no warning about the manual page", .enabled(if: path("groff") != nil))
    func groff() async throws {
        try await expectSilence("integrate man >integrate.1 && groff -man -ww -Tutf8 integrate.1 >/dev/null")
    }

    // Skipped where there is no bash.
    @Test("bash takes the completions and completes with them", .enabled(if: path("bash") != nil))
    func bash() async throws {
        try await expectSilence("integrate completions bash >c && bash -n c && bash -euc '. ./c'")
        let result = try await World.bare().shell(
            """
            integrate completions bash >c
            bash -c '. ./c; COMP_WORDS=(integrate auth login ""); COMP_CWORD=3; _integrate; echo "${COMPREPLY[@]}"'
            """)
        let vendors = AuthVendor.allCases.map(\.rawValue).joined(separator: " ")
        #expect(result.output == vendors + "\n", Comment(rawValue: result.errors))
    }

    // Skipped where there is no zsh.
    @Test("zsh takes the completions", .enabled(if: path("zsh") != nil))
    func zsh() async throws {
        try await expectSilence(
            "integrate completions zsh >_integrate && zsh -f -n _integrate && "
                + "zsh -f -c 'autoload -Uz compinit; compinit -u -D; . ./_integrate; [[ $_comps[integrate] == _integrate ]]'"
        )
    }

    // Skipped where there is no fish.
    @Test("fish takes the completions and completes with them", .enabled(if: path("fish") != nil))
    func fish() async throws {
        try await expectSilence("integrate completions fish >c.fish && fish -n c.fish")
        let result = try await World.bare().shell(
            "integrate completions fish >c.fish; fish --no-config -c '. ./c.fish; complete -C \"integrate completions \"'"
        )
        #expect(result.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } } == ["bash", "fish", "zsh"])
    }

    private static let pageReader = """
        import html.parser, json, sys
        VOID = {"meta", "link", "br", "img", "input", "hr"}
        class Reader(html.parser.HTMLParser):
            def __init__(self):
                super().__init__(convert_charrefs=True)
                self.open, self.tables, self.title, self.refresh, self.faults = [], {}, "", None, []
            def handle_starttag(self, tag, attributes):
                attributes = dict(attributes)
                if tag == "meta" and attributes.get("http-equiv") == "refresh": self.refresh = attributes["content"]
                if tag in VOID: return
                self.open.append(tag)
                if tag == "table": self.table = self.tables.setdefault(attributes.get("id"), [])
                if tag == "tr": self.table.append([])
                if tag in ("td", "th"): self.table[-1].append("")
            def handle_endtag(self, tag):
                if not self.open or self.open.pop() != tag: self.faults.append(tag)
            def handle_data(self, text):
                if "title" in self.open: self.title += text
                if self.open and self.open[-1] in ("td", "th"): self.table[-1][-1] += text
        reader = Reader()
        reader.feed(sys.stdin.read())
        reader.close()
        json.dump({"title": reader.title, "refresh": reader.refresh, "faults": reader.faults + reader.open,
                   "tables": reader.tables}, sys.stdout)
        """

    // A browser is tried where there is one; Python's parser is there nearly always.
    @Test("the sandbox's page is HTML that lists stand-ins and requests", .enabled(if: path("python3") != nil))
    func page() async throws {
        let world = try World.sandboxed()
        let sandbox = try #require(world.sandbox)
        expectSuccess(try await world.run("auth", "token", "upload"))
        let request = HTTPRequest(.get, try BaseURL(sandbox.baseURL).origin, path: "/", repeatClass: .safe)
        let data = try await URLSessionTransport(userAgent: "tests").send(request).body
        var python = world.runner
        python.program = try #require(Self.path("python3"))
        let result = try await python.run(["-c", Self.pageReader], stdin: data)
        expectSuccess(result)
        let page = try #require(
            try JSONSerialization.jsonObject(with: result.standardOutput) as? [String: Any])
        #expect(page["title"] as? String == "Vendor sandbox")
        #expect(page["refresh"] as? String == "2")
        #expect((page["faults"] as? [String])?.isEmpty == true)
        let tables = try #require(page["tables"] as? [String: [[String]]])
        let standIns = try #require(tables["stand-ins"])
        #expect(standIns.contains { $0.first == "upload" && $0[1].hasPrefix(sandbox.baseURL) })
        let widths = Set((tables["requests"] ?? []).map(\.count))
        #expect(widths == [7])
        #expect(tables["requests"]?.contains { $0[1] == "upload" && $0[2] == "token" && $0[5] == "200" } == true)
        #expect(!String(decoding: data, as: UTF8.self).contains(World.clientSecret), "no secret unescaped")
    }

    private static let browser = ["chromium", "chromium-browser", "google-chrome"].compactMap(path).first

    // Skipped where there is no Chromium.
    @Test("Chromium shows the sandbox's page", .enabled(if: browser != nil))
    func chromium() async throws {
        let world = try World.sandboxed()
        let sandbox = try #require(world.sandbox)
        var browser = world.runner
        browser.program = try #require(Self.browser)
        let result = try await browser.run(
            ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", sandbox.baseURL + "/"])
        #expect(result.output.contains("id=\"stand-ins\""), Comment(rawValue: result.errors))
    }
}
