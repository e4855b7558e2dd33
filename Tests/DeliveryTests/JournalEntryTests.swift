import Foundation
import Testing

@testable import Delivery

@Suite("Journal lines")
struct JournalEntryTests {
    /// Texts that a vendor may send.
    private static let texts = [
        "", "plain", "quote \" inside", "back\\slash", "\\", "\"}", "\u{301}combining", "ü€𝄞", "line\nend\r\t",
        "\u{0}\u{1F}\u{7F}",
        "\u{2028}", "{\"sent\":\"1\"}", "e\u{301}", ",\"requestID\":\"",
    ]

    static func randomEntry(records count: Int, using dice: inout Dice) -> JournalEntry {
        let first = Int.random(in: 1...count, using: &dice)
        let records =
            Bool.random(using: &dice)
            ? RecordRanges(first) : RecordRanges([first...Int.random(in: first...count, using: &dice)])
        let text = texts.randomElement(using: &dice) ?? ""
        let requestID = Bool.random(using: &dice) ? texts.randomElement(using: &dice) : nil
        switch Int.random(in: 0..<6, using: &dice) {
        case 0: return .sending(records, checks: records.ordinals.map { UInt32(truncatingIfNeeded: $0 &* 40_503) })
        case 1: return .sent(records, requestID: requestID)
        case 2:
            let status = Bool.random(using: &dice) ? 400 : nil
            return .rejected(records, status: status, message: text, requestID: requestID)
        case 3: return .unknown(records, message: text)
        case 4: return .skipped(records, message: text)
        default: return .unsent(records)
        }
    }

    @Test("every entry is one line, and read as it was written")
    func roundTrip() {
        var dice = Dice(state: 3)
        for _ in 0..<1000 {
            let entry = Self.randomEntry(records: 100, using: &dice)
            let line = entry.line
            #expect(line.utf8.last == UInt8(ascii: "\n"))
            #expect(line.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
            #expect(JournalEntry(line: line.utf8.dropLast()) == entry, Comment(rawValue: line))
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "every line is JSON")
        }
    }

    @Test("a beginning of a line is never an entry, however long it is")
    func beginnings() {
        var dice = Dice(state: 4)
        for _ in 0..<100 {
            let line = Array(Self.randomEntry(records: 9, using: &dice).line.utf8.dropLast())
            for length in 0..<line.count { #expect(JournalEntry(line: line[..<length]) == nil) }
        }
    }

    @Test(
        "what only looks like an entry is none",
        arguments: [
            "{\"sent\":\"5\"garbage", "{\"sent\":\"5\",\"requestID\":\"x", "{\"sent\":\"\"}", "{\"sent\":5}",
            "{\"sent\":\"5\"}}",
            "{\"sending\":\"1\",\"checks\":\"123\"}", "{\"sending\":\"1\",\"checks\":\"zzzzzzzz\"}",
            "{\"sending\":\"1\"}",
            "{\"delivered\":\"1\"}", "[]", "", "{}", "null", "{\"sent\":\"1-\"}",
        ])
    func lookalikes(_ line: String) {
        #expect(JournalEntry(line: line.utf8) == nil)
    }

    @Test("a header is read as it was written, with awkward names in it")
    func header() throws {
        let header = JournalHeader(
            command: "send-event", input: "/tmp/a \"b\"\\\n€.csv", inputSHA256: "ab", records: 3,
            destination: "https://a.example/v1", mapping: ["groupKey": "k\"\\\u{1}é", "format": "csv"])
        #expect(header.line.hasPrefix("{\"journal\":1,"))
        #expect(try JSONDecoder().decode(JournalHeader.self, from: Data(header.line.utf8)) == header)
    }

    @Test("a record's checksum is FNV-1a, folded")
    func checksums() {
        // The 64-bit values are those of the algorithm's authors: offset basis, "a", "foobar".
        for (text, hash): (String, UInt64) in [
            ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8),
        ] {
            #expect(recordCheck(text.utf8) == UInt32(truncatingIfNeeded: hash ^ hash >> 32))
        }
    }
}
