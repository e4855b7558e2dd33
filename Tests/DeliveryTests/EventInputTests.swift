import Foundation
import HTTPCore
import TestSupport
import Testing

@testable import Delivery

/// A file of events, open for reading.
private final class EventFile: Sendable {
    let directory: TemporaryDirectory
    let input: EventInput

    init(_ bytes: [UInt8], _ format: EventFormat) throws {
        directory = try TemporaryDirectory()
        let path = try directory.write(Data(bytes), to: "in")
        input = EventInput(descriptor: open(path, O_RDONLY | O_CLOEXEC), name: "in", format: format)
    }

    convenience init(_ text: String, _ format: EventFormat) throws { try self.init(Array(text.utf8), format) }

    deinit { close(input.descriptor) }

    /// The file stays open meanwhile, which its descriptor alone does not see to.
    func check() throws -> EventInput.Check {
        try withExtendedLifetime(self) { try input.check() }
    }

    func firstChanged(from checks: [UInt32], among states: RecordStates) throws -> Int? {
        try withExtendedLifetime(self) { try input.firstChanged(from: checks, among: states)?.ordinal }
    }

    /// The text of each event that is given out.
    func events(count: Int = .max, where isWanted: @escaping (Int) -> Bool = { _ in true }) throws -> [String] {
        defer { withExtendedLifetime(self) {} }
        let next = try input.batches(count: count, where: isWanted)
        var result: [String] = []
        while let batch = try next() {
            #expect(batch.checks == [recordCheck(batch.payload)])
            result.append(String(decoding: batch.payload, as: UTF8.self))
        }
        return result
    }
}

@Suite("Reading events")
struct EventInputTests {
    @Test(
        "every format gives the same events, digits unchanged",
        arguments: [
            (EventFormat.ndjson, "{\"n\":1.10,\"s\":\"å\"}\r\n\n{\"n\":12345678901234567890123}"),
            (.json, "\u{feff}[ {\"n\" : 1.10, \"s\":\"å\"},\n {\"n\":12345678901234567890123} ]\n"),
        ])
    func formats(_ format: EventFormat, _ text: String) throws {
        let file = try EventFile(text, format)
        let check = try file.check()
        #expect(check.diagnostics.isEmpty)
        #expect(check.records == 2)
        let events = ["{\"n\":1.10,\"s\":\"å\"}", "{\"n\":12345678901234567890123}"]
        #expect(try file.events() == events)
        #expect(try file.events() == events, "it can be read again")
    }

    @Test("a CSV row is an event of strings, named by the header")
    func csv() throws {
        let file = try EventFile("epost,\"na\"\"me\"\r\na@b.c,\"x,\ny\"\r\n007,\r\n", .csv)
        #expect(try file.check().diagnostics.isEmpty)
        #expect(
            try file.events() == [
                "{\"epost\":\"a@b.c\",\"na\\\"me\":\"x,\\ny\"}", "{\"epost\":\"007\",\"na\\\"me\":\"\"}",
            ])
    }

    @Test("only wanted events are given out, with their ordinals")
    func wanted() throws {
        let file = try EventFile("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", .ndjson)
        #expect(try file.events { $0 != 2 } == ["{\"a\":1}", "{\"a\":3}"])
        let next = try file.input.batches(count: 3) { $0 == 3 }
        let batch = try next()
        withExtendedLifetime(file) {}
        #expect(batch?.records == RecordRanges(3))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var format: EventFormat
        var text: String
        /// As they are printed; what follows is left out.
        var diagnostics: [String]
        var isBroken = false
        var testDescription: String { "\(format) \(text.debugDescription)" }
    }

    static let faults = [
        Fault(
            format: .ndjson, text: "{\"a\":1}\n{\"a\":{\"b\":1}}\n\n[1]\n{\"a\":[[1]]}\n",
            diagnostics: [
                "in:2:6: error: data.a is an object", "in:4:1: error: data must be an object",
                "in:5:7: error: data.a[0] is a",
            ]),
        Fault(format: .ndjson, text: "{\"a\":1}\n{\"a\":\n", diagnostics: ["in:2:6: error: "]),
        Fault(format: .ndjson, text: "{\"a\":1,\"a\":2}", diagnostics: ["in:1:8: error: "]),
        Fault(
            format: .json, text: "[{\"a\":1},\n  {\"a\":{}}]", diagnostics: ["in:2:8: error: data.a is an object"]),
        Fault(format: .json, text: "[{\"a\":1},", diagnostics: ["in:1:10: error: "], isBroken: true),
        Fault(format: .json, text: "{\"a\":1}", diagnostics: ["in:1:1: error: "], isBroken: true),
        Fault(
            format: .csv, text: "a,b\n1\n1,2,3\n4,5\n",
            diagnostics: ["in:2:2: error: missing field b", "in:3:5: error: extra field"]),
        Fault(format: .csv, text: "a,a\n1,2\n", diagnostics: ["in:1:3: error: the column \"a\""], isBroken: true),
        Fault(format: .csv, text: "a,,c\n1,2,3\n", diagnostics: ["in:1:3: error: a column without"], isBroken: true),
        Fault(format: .csv, text: "a\n\"x\n", diagnostics: ["in:2:1: error: "], isBroken: true),
        Fault(format: .csv, text: "a,b\n", diagnostics: ["in:1:1: error: the file holds no event"], isBroken: true),
        Fault(format: .csv, text: "", diagnostics: ["in:1:1: error: the file holds no event"], isBroken: true),
        Fault(format: .ndjson, text: "", diagnostics: ["in:1:1: error: the file holds no event"], isBroken: true),
        Fault(format: .ndjson, text: "\n \r\n", diagnostics: ["in:1:1: error: the file holds no"], isBroken: true),
        Fault(format: .json, text: "[]", diagnostics: ["in:1:1: error: the file holds no event"], isBroken: true),
        Fault(format: .json, text: "", diagnostics: ["in:1:1: error: "], isBroken: true),
    ]

    @Test("every fault is located, and one in the file's structure cannot be skipped", arguments: faults)
    func located(_ fault: Fault) throws {
        let check = try EventFile(fault.text, fault.format).check()
        #expect(check.isBroken == fault.isBroken)
        let rendered = check.diagnostics.rendered
        #expect(rendered.count == fault.diagnostics.count, Comment(rawValue: "\(rendered)"))
        for (found, expected) in zip(rendered, fault.diagnostics) {
            #expect(found.hasPrefix(expected), Comment(rawValue: found))
        }
    }

    @Test("a list of a million brackets is refused, and does not end the process")
    func deep() throws {
        let deep = String(repeating: "[", count: 1_000_000)
        for (text, format) in [(deep, EventFormat.json), ("{\"a\":" + deep, .ndjson), ("[{\"a\":" + deep, .json)] {
            let check = try EventFile(text, format).check()
            #expect(check.diagnostics.count == 1)
        }
    }

    @Test("the invalid ones are known by their ordinals, and the others still given out")
    func skipping() throws {
        let file = try EventFile("{\"a\":1}\n{\"a\":{}}\n{\"a\":3}\nnull\n", .ndjson)
        let check = try file.check()
        #expect(!check.isBroken)
        #expect(check.records == 4)
        #expect(Array(check.invalid.ordinals) == [2, 4])
        #expect(try file.events { ![2, 4].contains($0) } == ["{\"a\":1}", "{\"a\":3}"])
    }

    @Test("a file that grew or was spoilt after it was checked is refused, not sent and not skipped")
    func changed() throws {
        let file = try EventFile("{\"a\":1}\n{\"a\":2}\n", .ndjson)
        let failure = #expect(throws: Failure.self) { try file.events(count: 1) }
        #expect(failure?.category == .invalidInput)
        #expect(failure?.message.contains("changed") == true)
        let spoilt = try EventFile("{\"a\":1}\n{\"a\":\n", .ndjson)
        #expect(throws: Failure.self) { try spoilt.events(count: 2) }
        let cut = try EventFile("[{\"a\":1},{\"a\"", .json)
        #expect(throws: Failure.self) { try cut.events(count: 2) }
    }

    @Test("the first event that was sent and is another one now is found; what was not sent may change")
    func firstChanged() throws {
        let old = try EventFile("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n", .ndjson)
        var checks: [UInt32] = [0]
        for event in try old.events() { checks.append(recordCheck(event.utf8)) }
        var states = RecordStates(count: 4)
        states[1] = .sent
        states[2] = .rejected
        states[3] = .unknown
        let corrected = try EventFile("{\"a\": 1}\n{\"b\":2}\n{\"a\":3}\n{\"c\":4}\n", .ndjson)
        #expect(try corrected.firstChanged(from: checks, among: states) == nil)
        for (text, ordinal) in [("{\"a\":9}\n{\"a\":2}\n{\"a\":3}\n", 1), ("{\"a\":1}\n\n{\"a\":2}\nnull\n", 3)] {
            let changed = try EventFile(text, .ndjson)
            #expect(try changed.firstChanged(from: checks, among: states) == ordinal)
        }
    }

    @Test("what cannot be read twice, or not at all, is exit 74")
    func unreadable() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        for descriptor in [ends[0], -1] {
            let input = EventInput(descriptor: descriptor, name: "in", format: .ndjson)
            let failure = #expect(throws: Failure.self) { try input.check() }
            #expect(failure?.category == .inputOutput)
        }
    }

    @Test(
        "the name's ending says the format",
        arguments: [
            ("a.ndjson", .ndjson), ("a.JSONL", .ndjson), ("x/a.json", .json), ("a.b.csv", .csv), ("a", nil),
            ("a.txt", nil), ("json", nil), ("-", nil), ("/", nil),
        ] as [(String, EventFormat?)])
    func endings(_ path: String, _ format: EventFormat?) {
        #expect(EventFormat(path: path) == format)
    }
}
