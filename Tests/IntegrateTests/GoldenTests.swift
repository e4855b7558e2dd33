import Foundation
import TestSupport
import Testing
import VendorSandbox

@testable import integrate

@Suite("Golden texts")
struct GoldenTests {
    /// A page of help and its file.
    struct Page: Sendable, CustomTestStringConvertible {
        var words: [String]
        var file: String { (["help"] + words).joined(separator: "-") + ".txt" }
        var testDescription: String { "help " + words.joined(separator: " ") }
    }

    private static let groups = Set(CommandTable.subcommands.filter { $0.path.count > 1 }.map { $0.path[0] }).sorted()
    static let pages: [Page] =
        ([[]] + groups.map { [$0] } + CommandTable.subcommands.map { $0.path }
        + [["exit-codes"], ["environment"], ["secrets"]]).map(Page.init)

    @Test("help at 80 columns is as recorded", arguments: pages)
    func help(page: Page) async throws {
        let result = try await World.bare().run(["help"] + page.words, environment: ["COLUMNS": "80"])
        expectSuccess(result)
        try Golden.expect(result.output, page.file)
    }

    /// A command that fails, and the file with what it says.
    struct Mistake: Sendable, CustomTestStringConvertible {
        var name: String
        var exit: Int32
        /// For a shell in a folder with the files below, in the sandbox.
        var script: String
        var file: String { "error-\(name).txt" }
        var testDescription: String { name }

        init(_ name: String, _ exit: Int32, _ script: String) {
            (self.name, self.exit, self.script) = (name, exit, script)
        }
    }

    static let mistakes: [Mistake] = [
        Mistake("unknown-subcommand", 64, "integrate uplaod-csv shifts.csv"),
        Mistake("unknown-option", 64, "integrate upload-csv shifts.csv --overwrit"),
        Mistake("missing-argument", 64, "integrate upload-csv"),
        Mistake("wrong-value", 64, "integrate poll --last --interval soon"),
        Mistake("options-that-exclude-each-other", 64, "integrate upload-csv shifts.csv --check --wait"),
        Mistake("invalid-file", 65, "integrate upload-csv faulty.csv"),
        Mistake("invalid-file-json", 65, "integrate upload-csv faulty.csv --json"),
        Mistake("invalid-event", 65, "integrate send-event --data '{\"a\":{\"b\":1}}'"),
        Mistake("missing-file", 66, "integrate upload-csv absent.csv"),
        Mistake("no-upload-yet", 66, "integrate poll --last"),
        Mistake("missing-journal", 66, "integrate journal show absent.journal"),
        Mistake(
            "unreachable", 69,
            "INTEGRATE_UPLOAD_IDENTITY_URL=http://127.0.0.1:1 integrate auth token upload --retry 0"),
        Mistake("file-exists", 73, "touch there.json5; integrate config init --config there.json5"),
        Mistake("full-disk", 74, "integrate man >/dev/full"),
        Mistake("wrong-secret", 77, "INTEGRATE_UPLOAD_CLIENT_SECRET=mistaken-secret integrate auth token upload"),
        Mistake(
            "wrong-secret-json", 77,
            "INTEGRATE_UPLOAD_CLIENT_SECRET=mistaken-secret integrate auth token upload --json"),
        Mistake("missing-settings", 78, "unset INTEGRATE_UPLOAD_API_KEY; integrate upload-csv shifts.csv"),
        Mistake("unknown-profile", 78, "integrate upload-csv shifts.csv --profile prod"),
        Mistake("unknown-setting", 78, "integrate config check --config mistyped.json5"),
        Mistake("nobody-to-ask", 78, "integrate auth login upload"),
    ]

    @Test("what a failing command says is as recorded", arguments: mistakes)
    func mistake(_ mistake: Mistake) async throws {
        let world = try World.sandboxed()
        try world.home.write(World.shifts, to: "shifts.csv")
        try world.home.write("\(World.header)\nUser1,2024-07-01,09:00,01/07/2024,17:00\n", to: "faulty.csv")
        try world.home.write("{ profiles: { default: { upload: { apiUrl: 'x' } } } }", to: "mistyped.json5")
        let result = try await world.shell(mistake.script)
        #expect(result.exitCode == mistake.exit, Comment(rawValue: result.errors))
        #expect(result.output.isEmpty)
        let text = result.errors.replacingOccurrences(of: world.home.path, with: "HOME")
        try Golden.expect(text, mistake.file)
    }

    @Test("no recorded file is left of what is gone")
    func leftovers() throws {
        let expected = Set(Self.pages.map(\.file) + Self.mistakes.map(\.file))
        let leftovers = Golden.recorded.subtracting(expected)
        if Golden.isRecording {
            for name in leftovers { try FileManager.default.removeItem(at: Golden.folder.appendingPathComponent(name)) }
        } else {
            #expect(leftovers.isEmpty)
        }
    }
}
