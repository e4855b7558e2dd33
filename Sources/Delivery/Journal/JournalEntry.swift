import Foundation
import HTTPCore

/// To what a journal belongs: one input, one destination, one mapping. Another is refused.
package struct JournalHeader: Sendable, Equatable, Codable {
    /// The version of the journal's form.
    package var journal = 1
    /// The subcommand that writes it.
    package var command: String
    /// The input's path when the run began.
    package var input: String
    package var inputSHA256: String
    /// How many records the input has.
    package var records: Int
    /// The URL that records are sent to.
    package var destination: String
    /// How records are made from the input: format, group key and the like, by name.
    package var mapping: [String: String]

    package init(
        command: String, input: String, inputSHA256: String, records: Int, destination: String,
        mapping: [String: String]
    ) {
        self.command = command
        self.input = input
        self.inputSHA256 = inputSHA256
        self.records = records
        self.destination = destination
        self.mapping = mapping
    }

    /// The line, with its line feed. The version stands first: it is what tells a header from other lines.
    var line: String {
        let mapping = mapping.sorted { $0.key < $1.key }
            .map { "\(JSONText.string($0.key)):\(JSONText.string($0.value))" }
        let members = [
            ("journal", "\(journal)"), ("command", JSONText.string(command)), ("input", JSONText.string(input)),
            ("inputSHA256", JSONText.string(inputSHA256)), ("records", "\(records)"),
            ("destination", JSONText.string(destination)), ("mapping", "{\(mapping.joined(separator: ","))}"),
        ]
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}\n"
    }
}

/// A line of a journal after its header.
package enum JournalEntry: Sendable, Equatable {
    /// Written and synced before a request leaves: without a later line its records are unknown. `checks` are the
    /// records' checksums in their order, to recognise them in an input that was corrected.
    case sending(RecordRanges, checks: [UInt32])
    case sent(RecordRanges, requestID: String?)
    case rejected(RecordRanges, status: Int?, message: String, requestID: String?)
    case unknown(RecordRanges, message: String)
    case skipped(RecordRanges, message: String)
    /// Announced, but not sent after all: its records are again what they were.
    case unsent(RecordRanges)

    /// The line, with its line feed.
    package var line: String {
        func line(_ name: String, _ records: RecordRanges, _ members: [(String, String?)] = []) -> String {
            var text = "{\"\(name)\":\"\(records)\""
            for (name, value) in members { if let value { text += ",\"\(name)\":\(value)" } }
            return text + "}\n"
        }
        switch self {
        case .sending(let records, let checks):
            return line("sending", records, [("checks", "\"" + checks.map(Self.hexadecimal).joined() + "\"")])
        case .sent(let records, let requestID):
            return line("sent", records, [("requestID", requestID.map(JSONText.string))])
        case .rejected(let records, let status, let message, let requestID):
            return line(
                "rejected", records,
                [
                    ("status", status.map { "\($0)" }), ("message", JSONText.string(message)),
                    ("requestID", requestID.map(JSONText.string)),
                ])
        case .unknown(let records, let message):
            return line("unknown", records, [("message", JSONText.string(message))])
        case .skipped(let records, let message):
            return line("skipped", records, [("message", JSONText.string(message))])
        case .unsent(let records): return line("unsent", records)
        }
    }

    private static func hexadecimal(_ check: UInt32) -> String {
        let digits = String(check, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    package var records: RecordRanges {
        switch self {
        case .sending(let records, _), .sent(let records, _), .rejected(let records, _, _, _),
            .unknown(let records, _), .skipped(let records, _), .unsent(let records):
            records
        }
    }

    /// What the line makes of its records, as far as it says so by itself.
    package var state: RecordState {
        switch self {
        case .sending, .unknown: .unknown
        case .sent: .sent
        case .rejected: .rejected
        case .skipped: .skipped
        case .unsent: .remaining
        }
    }
}

extension JournalEntry {
    /// Reads a line without its line feed; nil when it is none of a journal's.
    ///
    /// The two kinds that a journal has by the million are read by hand.
    package init?(line: some Collection<UInt8>) {
        var text = PlainLine(rest: ArraySlice(line))
        if text.skips("{\"sending\":\""), let records = text.string().flatMap({ RecordRanges($0) }),
            text.skips(",\"checks\":\""), let checks = text.string().flatMap(Self.checks), text.endsHere
        {
            self = .sending(records, checks: checks)
            return
        }
        text = PlainLine(rest: ArraySlice(line))
        if text.skips("{\"sent\":\""), let records = text.string().flatMap({ RecordRanges($0) }) {
            let requestID = text.skips(",\"requestID\":\"") ? text.string() : nil
            if text.endsHere {
                self = .sent(records, requestID: requestID)
                return
            }
        }
        self.init(members: (try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any] ?? [:])
    }

    private init?(members: [String: Any]) {
        func records(_ name: String) -> RecordRanges? { (members[name] as? String).flatMap { RecordRanges($0) } }
        let message = members["message"] as? String ?? ""
        if let records = records("sent") {
            self = .sent(records, requestID: members["requestID"] as? String)
        } else if let records = records("rejected") {
            self = .rejected(
                records, status: members["status"] as? Int, message: message, requestID: members["requestID"] as? String
            )
        } else if let records = records("unknown") {
            self = .unknown(records, message: message)
        } else if let records = records("skipped") {
            self = .skipped(records, message: message)
        } else if let records = records("unsent") {
            self = .unsent(records)
        } else {
            return nil
        }
    }

    private static func checks(_ digits: String) -> [UInt32]? {
        guard digits.utf8.count % 8 == 0 else { return nil }
        var result: [UInt32] = []
        var rest = digits[...]
        while !rest.isEmpty {
            guard let check = UInt32(rest.prefix(8), radix: 16) else { return nil }
            result.append(check)
            rest = rest.dropFirst(8)
        }
        return result
    }
}

/// A line read from left to right, as long as it looks like one that was written here and has no escapes.
private struct PlainLine {
    var rest: ArraySlice<UInt8>

    mutating func skips(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    /// The text up to the quotation mark that ends it; nil where there is an escape or no end.
    mutating func string() -> String? {
        guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }),
            rest[end] == UInt8(ascii: "\"")
        else { return nil }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    var endsHere: Bool { rest.elementsEqual(CollectionOfOne(UInt8(ascii: "}"))) }
}

/// A record's checksum: FNV-1a over its bytes, folded to 32 bits. It recognises a record; it protects against nothing.
package func recordCheck(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
}
