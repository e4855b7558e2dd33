import Arguments
import Testing

@Suite("Values")
struct ValueFormatTests {
    @Test(
        "seconds are finite decimal numbers within the range",
        arguments: [
            ("60", .seconds(60)), ("0.25", .milliseconds(250)), (".5", .milliseconds(500)), ("1.", .seconds(1)),
            ("+2", .seconds(2)), ("0", .zero), ("1e3", nil), ("inf", nil), ("nan", nil), ("0x10", nil), ("", nil),
            (" 1", nil), ("1 ", nil), ("1s", nil), ("-0.1", nil), ("1,5", nil), ("--1", nil), ("1.2.3", nil),
            ("99999999999", nil), ("١", nil),
        ] as [(String, Duration?)])
    func seconds(text: String, expected: Duration?) {
        let format = ValueFormat.seconds(in: 0...Double.infinity)
        #expect((try? format.convert(text)) == expected)
    }

    @Test(
        "whole numbers are within the range",
        arguments: [("1", 1), ("064", 64), ("+5", 5), ("0", nil), ("65", nil), ("1.0", nil), ("", nil), ("-", nil)]
            as [(String, Int?)])
    func integers(text: String, expected: Int?) {
        #expect((try? ValueFormat.integer(in: 1...64).convert(text)) == expected)
    }

    @Test(
        "a number out of range is told the range",
        arguments: [
            (1...64, "65", "must be from 1 to 64"), (1...Int.max, "0", "must be at least 1"),
            (Int.min...5, "6", "must be at most 5"), (0...9, "99999999999999999999999", "must be from 0 to 9"),
            (0...9, "-99999999999999999999999", "must be from 0 to 9"), (0...9, "+", "not a whole number"),
        ])
    func ranges(range: ClosedRange<Int>, text: String, reason: String) {
        #expect(throws: ValueError(reason)) { try ValueFormat.integer(in: range).convert(text) }
    }

    @Test("decimal ranges are shown without a needless fraction")
    func decimalRange() {
        #expect(throws: ValueError("must be from 0 to 1.5")) { try ValueFormat.number(in: 0...1.5).convert("2") }
        #expect(throws: ValueError("must be at least 0.1")) {
            try ValueFormat.seconds(in: 0.1...Double.infinity).convert("0")
        }
    }

    @Test("a format of one's own says why it refuses a text")
    func custom() throws {
        let shard = Option(
            "shard",
            ValueFormat<Int>(placeholder: "K/N") { text throws(ValueError) in
                guard let slash = text.firstIndex(of: "/"), let number = Int(text[..<slash]) else {
                    throw ValueError("must look like 1/4")
                }
                return number
            }, help: "Every Nth record")
        let tree = CommandTree(
            root: Command(
                name: "t", summary: "s",
                subcommands: [Command(name: "c", summary: "s", optionGroups: [OptionGroup("O", [shard])])]),
            version: "1")
        guard case .run(let parsed) = try tree.parse(["c", "--shard", "2/4"]) else {
            Issue.record("not run")
            return
        }
        #expect(parsed[shard] == 2)
        #expect(throws: UsageError.self) { try tree.parse(["c", "--shard", "2"]) }
    }
}

@Suite("Suggestions")
struct SuggestionsTests {
    @Test(
        "the nearest words are suggested, and none that is far away",
        arguments: [
            ("upload-cvs", ["upload-csv"]), ("uploadcsv", ["upload-csv"]), ("UPLOAD_CSV", ["upload-csv"]),
            ("pol", ["poll"]), ("opll", ["poll"]), ("pull", ["poll"]), ("p", []), ("xy", []), ("zzzz", []),
            ("send", ["send-kpi", "send-event"]), ("sendkpis", ["send-kpi"]), ("se", []), ("", []), ("-", []),
        ])
    func nearest(word: String, expected: [String]) {
        let words = ["upload-csv", "poll", "send-kpi", "send-event", "sandbox"]
        #expect(Suggestions.nearest(to: word, among: words) == expected)
    }

    @Test("words are listed as in a sentence")
    func list() {
        #expect(Suggestions.quotedList([]) == "")
        #expect(Suggestions.quotedList(["a"]) == "'a'")
        #expect(Suggestions.quotedList(["a", "b", "c"]) == "'a', 'b' or 'c'")
    }
}
