import Foundation
import HTTPCore

/// What a journal says.
package struct JournalContent: Sendable {
    /// The newest header; a corrected input adds one.
    package var header: JournalHeader
    /// What has become of each record.
    package var states: RecordStates
    /// The checksum that each record was sent with, by ordinal; 0 where it was not.
    package var checks: [UInt32]
    /// Bytes up to the end of the last whole line: what a crash cut off behind it counts for nothing.
    package var validLength: Int
    /// What announced records were before, unless nothing had begun: should they not be sent after all, they are so again.
    private var previous: [Int: RecordState] = [:]

    /// A journal's beginning before it was complete.
    private static let headerStart = Array("{\"journal\":1,".utf8)
    /// No input has more records: what a header says beyond is no number to reserve memory for.
    private static let mostRecords = 1_000_000_000

    /// Reads the journal at `path`; nil when there is none, or nothing in it yet.
    ///
    /// - Parameters:
    ///   - path: The journal.
    ///   - each: Called with each entry, in order.
    /// - Throws: ``Failure`` when it cannot be read, or is no journal.
    package static func read(
        _ path: String, each: (JournalEntry) -> Void = { _ in }
    ) throws(Failure) -> JournalContent? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(.missingInput, FileError(path: path).message)
        }
        defer { close(descriptor) }
        var lines = LineReader(descriptor: descriptor)
        var content: JournalContent?
        var number = 0
        while let line = try lines.next(path) {
            number += 1
            if line.starts(with: "{\"journal\":".utf8) {
                try Self.begin(&content, with: line, path)
            } else if let entry = JournalEntry(line: line), content?.apply(entry) == true {
                each(entry)
            } else {
                throw notAJournal(path, line: number)
            }
            content?.validLength = lines.consumed
        }
        if content == nil, !lines.rest.isEmpty, !lines.rest.starts(with: headerStart),
            !headerStart.starts(with: lines.rest)
        {
            throw notAJournal(path, line: 1)
        }
        return content
    }

    private static func notAJournal(_ path: String, line: Int) -> Failure {
        Failure(
            .invalidInput, "\(path):\(line):1: error: not a line of a journal",
            hint: "is it a journal of integrate? another can be named with --journal")
    }

    private static func begin(
        _ content: inout JournalContent?, with line: ArraySlice<UInt8>, _ path: String
    ) throws(Failure) {
        guard let header = try? JSONDecoder().decode(JournalHeader.self, from: Data(line)), header.journal == 1,
            (0...mostRecords).contains(header.records), header.records == content?.header.records ?? header.records
        else { throw Failure(.invalidInput, "\(path): the journal's header cannot be read") }
        if content == nil {
            content = JournalContent(
                header: header, states: RecordStates(count: header.records),
                checks: [UInt32](repeating: 0, count: header.records + 1), validLength: 0)
        }
        content?.header = header
    }

    /// False when the entry names records that the input does not have.
    private mutating func apply(_ entry: JournalEntry) -> Bool {
        guard entry.records.ranges.allSatisfy({ $0.upperBound <= states.count }) else { return false }
        switch entry {
        case .sending(let records, let checks):
            for ordinal in records.ordinals where states[ordinal] != .remaining || !previous.isEmpty {
                previous[ordinal] = states[ordinal] == .remaining ? nil : states[ordinal]
            }
            for (ordinal, check) in zip(records.ordinals, checks) { self.checks[ordinal] = check }
            states.set(records, to: entry.state)
        case .unsent(let records):
            for ordinal in records.ordinals { states[ordinal] = previous.removeValue(forKey: ordinal) ?? .remaining }
        case .sent, .rejected, .unknown, .skipped:
            states.set(entry.records, to: entry.state)
            if !previous.isEmpty { for ordinal in entry.records.ordinals { previous[ordinal] = nil } }
        }
        return true
    }
}

/// Whole lines of a file, with a bounded buffer; what follows the last line feed is no line.
private struct LineReader {
    private static let longest = 64 << 20

    let descriptor: Int32
    /// Bytes up to the end of the line that was returned last.
    private(set) var consumed = 0
    /// What was read behind the last line.
    var rest: ArraySlice<UInt8> { buffer[start...] }
    private var chunk = [UInt8](repeating: 0, count: 256 << 10)
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    mutating func next(_ path: String) throws(Failure) -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    consumed += end + 1 - start
                    start = end + 1
                }
                return buffer[start..<end]
            }
            searched = buffer.count - start
            guard !isAtEnd else { return nil }
            buffer.removeSubrange(..<start)
            start = 0
            guard buffer.count < Self.longest else {
                throw Failure(
                    .invalidInput, "\(path): a line of more than \(Self.longest) bytes is none of a journal's")
            }
            try fill(path)
        }
    }

    private mutating func fill(_ path: String) throws(Failure) {
        let count = chunk.withUnsafeMutableBytes { bytes -> Int in
            while true {
                let count = Foundation.read(descriptor, bytes.baseAddress, bytes.count)
                if count < 0, errno == EINTR { continue }
                return count
            }
        }
        guard count >= 0 else { throw Failure(.inputOutput, FileError(path: path).message) }
        buffer += chunk[..<count]
        isAtEnd = count == 0
    }
}
