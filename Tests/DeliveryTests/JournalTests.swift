import Foundation
import HTTPCore
import TestSupport
import Testing

@testable import Delivery

extension JournalHeader {
    static func example(records: Int, sha256: String = "aa") -> JournalHeader {
        JournalHeader(
            command: "send-event", input: "/in.ndjson", inputSHA256: sha256, records: records,
            destination: "https://a.example/v1", mapping: ["format": "ndjson", "groupKey": "g"])
    }
}

/// The state of each record, in order.
private func list(_ states: RecordStates) -> [RecordState] {
    states.count == 0 ? [] : (1...states.count).map { states[$0] }
}

@Suite("The journal")
struct JournalTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory("x.journal")
    }

    /// Opens, begins unless it has begun, and closes again after `body`.
    private func inJournal(records: Int, _ body: (Journal) throws -> Void) throws {
        let (journal, content) = try Journal.open(path)
        if content == nil { try journal.begin(.example(records: records)) }
        try body(journal)
    }

    @Test("a new journal is private, and empty until it begins")
    func new() throws {
        let (journal, content) = try Journal.open(path)
        #expect(content == nil)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        try journal.begin(.example(records: 2))
        let read = try #require(try JournalContent.read(path))
        #expect(read.header == .example(records: 2))
        #expect(list(read.states) == [.remaining, .remaining])
    }

    @Test("what was announced is unknown until its outcome is there; what was not sent after all is remaining again")
    func states() async throws {
        let (journal, _) = try Journal.open(path)
        try journal.begin(.example(records: 6))
        try await journal.announce((1...6).map { .sending(RecordRanges($0), checks: [UInt32($0)]) })
        try journal.note(.sent(RecordRanges(1), requestID: "r"))
        try journal.note(.rejected(RecordRanges(2), status: 400, message: "m", requestID: nil))
        try journal.note(.unknown(RecordRanges(3), message: "m"))
        try journal.note(.skipped(RecordRanges(4), message: "m"))
        try journal.note(.unsent(RecordRanges(5)))
        let content = try #require(try JournalContent.read(path))
        #expect(list(content.states) == [.sent, .rejected, .unknown, .skipped, .remaining, .unknown])
        #expect(content.checks == [0, 1, 2, 3, 4, 5, 6])
    }

    @Test("what was unknown or rejected and is not sent again after all is unknown or rejected still")
    func unsentAgain() async throws {
        try inJournal(records: 4) { journal in
            for ordinal in 1...3 { try journal.note(.sending(RecordRanges(ordinal), checks: [1])) }
            try journal.note(.unknown(RecordRanges(1), message: "lost"))
            try journal.note(.rejected(RecordRanges(2), status: 400, message: "bad", requestID: nil))
        }
        // 3 was under way when the first run was killed.
        try inJournal(records: 4) { journal in
            try journal.note(.sending(RecordRanges([1...4]), checks: [1, 1, 1, 1]))
            try journal.note(.unsent(RecordRanges([1...4])))
        }
        let content = try #require(try JournalContent.read(path))
        #expect(list(content.states) == [.unknown, .rejected, .unknown, .remaining])
    }

    @Test("a rejected record whose second try was cut off may have arrived in it, even if a third is not made")
    func unsentAfterKill() throws {
        try inJournal(records: 1) { journal in
            try journal.note(.sending(RecordRanges(1), checks: [1]))
            try journal.note(.rejected(RecordRanges(1), status: 400, message: "bad", requestID: nil))
            try journal.note(.sending(RecordRanges(1), checks: [1]))
            try journal.note(.sending(RecordRanges(1), checks: [1]))
            try journal.note(.unsent(RecordRanges(1)))
        }
        let content = try #require(try JournalContent.read(path))
        #expect(list(content.states) == [.unknown])
    }

    @Test(
        "cut at any byte, a journal says what its whole lines say; opening it takes the rest off, and it goes on from there"
    )
    func cuts() throws {
        var dice = Dice(state: 5)
        var lines = [JournalHeader.example(records: 9).line]
        for _ in 0..<12 { lines.append(JournalEntryTests.randomEntry(records: 9, using: &dice).line) }
        let whole = Array(lines.joined().utf8)
        var ends = [0]
        for line in lines { ends.append(ends[ends.count - 1] + line.utf8.count) }
        // What each number of whole lines says, by the entries alone.
        var expected: [[RecordState]] = []
        for count in lines.indices {
            try Data(whole[..<ends[count + 1]]).write(to: URL(fileURLWithPath: path))
            expected.append(list(try #require(try JournalContent.read(path)).states))
        }
        for length in 0...whole.count {
            try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
            let lineCount = ends.lastIndex { $0 <= length } ?? 0
            let content = try JournalContent.read(path)
            #expect(content?.validLength ?? 0 == ends[lineCount])
            #expect(content.map { list($0.states) } == (lineCount == 0 ? nil : expected[lineCount - 1]))
            let (journal, opened) = try Journal.open(path)
            #expect((opened == nil) == (lineCount == 0))
            #expect(directory.read("x.journal")?.count == ends[lineCount])
            if opened == nil { try journal.begin(.example(records: 9)) }
            try journal.note(.sent(RecordRanges(9), requestID: nil))
            let after = try #require(try JournalContent.read(path))
            #expect(after.states[9] == .sent)
        }
    }

    @Test(
        "a file that is no journal is refused and left as it is, whether its last line ends or not",
        arguments: [
            "[{\"a\":1}]", "[{\"a\":1}]\n", "{\"a\":1}", "{\"a\":1}\n", "a,b\n1,2", "x", "{\"journal\":2",
            "{\"journal\":2}\n",
            "{\"sent\":\"1\"}\n", "\n",
        ])
    func foreign(_ text: String) throws {
        try directory.write(text, to: "x.journal")
        let failure = #expect(throws: Failure.self) { try Journal.open(path) }
        #expect(failure?.category == .invalidInput)
        #expect(directory.read("x.journal") == Data(text.utf8))
    }

    @Test(
        "a header that cannot be right is refused, not believed",
        arguments: [-1, Int.max, 4_000_000_000_000, Int.min])
    func impossibleHeader(_ records: Int) throws {
        try directory.write(JournalHeader.example(records: records).line, to: "x.journal")
        let failure = #expect(throws: Failure.self) { try JournalContent.read(path) }
        #expect(failure?.category == .invalidInput)
    }

    @Test(
        "a line that says something of records which the input does not have is refused with its number",
        arguments: ["{\"sent\":\"4\"}\n", "{\"sent\":\"1-9223372036854775807\"}\n", "{\"sent\":\"0\"}\n", "nonsense\n"])
    func impossibleLine(_ line: String) throws {
        try directory.write(JournalHeader.example(records: 3).line + line, to: "x.journal")
        let failure = #expect(throws: Failure.self) { try JournalContent.read(path) }
        #expect(failure?.category == .invalidInput)
        #expect(failure?.message.hasPrefix("\(path):2:1: error: ") == true)
    }

    @Test("a second process on the same journal is refused until the first has ended")
    func lock() throws {
        try inJournal(records: 1) { _ in
            let failure = #expect(throws: Failure.self) { try Journal.open(path) }
            #expect(failure?.category == .tryAgain)
            #expect(failure?.message.contains(path) == true)
        }
        #expect(throws: Never.self) { try inJournal(records: 1) { _ in } }
    }

    @Test("a corrected input's header replaces the old one, and what happened before still counts")
    func newHeader() throws {
        try inJournal(records: 2) { journal in
            try journal.note(.sent(RecordRanges(1), requestID: nil))
            try journal.begin(.example(records: 2, sha256: "bb"))
            try journal.note(.sent(RecordRanges(2), requestID: nil))
        }
        let content = try #require(try JournalContent.read(path))
        #expect(content.header.inputSHA256 == "bb")
        #expect(list(content.states) == [.sent, .sent])
        try inJournal(records: 2) { try $0.begin(.example(records: 3)) }
        #expect(throws: Failure.self) { try JournalContent.read(path) }
    }

    @Test("a journal that is not there is nil to read, a place that cannot be written is exit 73")
    func missing() throws {
        #expect(try JournalContent.read(directory("none")) == nil)
        let failure = #expect(throws: Failure.self) { try Journal.open(directory("no/such/folder")) }
        #expect(failure?.category == .cannotCreateOutput)
    }

    @Test("callers that sync together all return")
    func syncs() async throws {
        let (journal, _) = try Journal.open(path)
        try journal.begin(.example(records: 200))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for ordinal in 1...200 {
                group.addTask { try await journal.announce([.sending(RecordRanges(ordinal), checks: [1])]) }
            }
            try await group.waitForAll()
        }
        let content = try #require(try JournalContent.read(path))
        #expect(content.states.count(of: .unknown) == 200)
    }

    @Test("lines that the reader has to put together from pieces of its window are all counted")
    func large() throws {
        let count = 50_000
        var text = JournalHeader.example(records: count).line
        for ordinal in 1...count {
            text += JournalEntry.sending(RecordRanges(ordinal), checks: [7]).line
            text += JournalEntry.sent(RecordRanges(ordinal), requestID: "3f1d2c4e-0000-4000-8000-000000000000").line
        }
        try directory.write(text, to: "x.journal")
        let content = try #require(try JournalContent.read(path))
        #expect(content.states.count(of: .sent) == count)
        #expect(content.validLength == text.utf8.count)
    }
}
