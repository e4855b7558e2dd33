/// Reads CSV records (RFC 4180) from bytes, one at a time, holding no more of the file than its buffer.
///
/// A record ends with LF, CR or CRLF outside quotes, or with the file; a line with nothing on it is no record. Inside quotes
/// every byte counts, and a doubled quote stands for one. Nothing is trimmed. A byte order mark is removed. Records may have any
/// number of fields: whether that is right is for the caller to say. After an error there are no more records.
package final class CSVReader {
    package struct Options: Sendable {
        /// One ASCII byte; neither a quote, a line end nor NUL.
        package var delimiter = UInt8(ascii: ",")
        package var encoding = TextEncoding.utf8
        /// A longer record is refused; this bounds the memory.
        package var maximumRecordSize = 16 << 20
        /// How many bytes the buffer holds before a longer record makes it grow.
        package var bufferSize = 256 << 10

        package init() {}
    }

    /// How a look at the buffered bytes for one record ended.
    enum Scan {
        case record
        case incomplete
        case fault(CSVFault.Kind, at: Int)
    }

    struct ScanNotes {
        /// Where the record ends, without its line end.
        var recordEnd = 0
        var fieldCount = 0
        /// Where the next record starts.
        var next = 0
        /// Line ends in the record, its own included.
        var lineEnds = 0
        /// A byte of 0x80 or more stands in the record or next to it.
        var hasNonASCII = false
        /// The start of the quoted field that has no end in the buffer, or text behind its end.
        var openQuote: Int?
    }

    /// Loads of eight bytes may reach this far past the end of what is buffered.
    static let padding = 64

    package let options: Options
    private var source: any CSVByteSource
    var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// The first byte that belongs to no record yet.
    var start = 0
    /// The end of what is buffered.
    var end = 0
    /// The source has no more.
    var atEnd = false
    /// How many bytes, in UTF-8, were dropped from the buffer's front.
    private var droppedBytes = 0
    private var isStarted = false
    private var isFinished = false
    /// The line on which `start` stands.
    private var line = 1

    var slots: UnsafeMutablePointer<CSVRecord.Slot>
    var slotCapacity = 16
    /// What the scan found besides the fields.
    var scanned = ScanNotes()

    /// How many records were read; a header counts, a blank line does not.
    package private(set) var recordCount = 0
    /// Bytes up to the end of the last record, as UTF-8; at the end of the file, all of them.
    package var bytesConsumed: Int { droppedBytes + start }

    package init(_ source: any CSVByteSource, options: Options = Options()) {
        precondition(
            options.delimiter < 0x80 && !"\"\r\n\0".utf8.contains(options.delimiter),
            "a delimiter is one ASCII byte other than a quote, a line end or NUL")
        self.options = options
        self.source = options.encoding == .utf8 ? source : TranscodingSource(source, from: options.encoding)
        capacity = max(options.bufferSize, 4 * Self.padding)
        base = .allocate(capacity: capacity + Self.padding)
        base.initialize(repeating: 0, count: capacity + Self.padding)
        slots = .allocate(capacity: slotCapacity)
    }

    deinit {
        base.deallocate()
        slots.deallocate()
    }

    /// The next record, valid until the next call; `nil` at the end.
    package func next() throws(CSVError) -> CSVRecord? {
        guard !isFinished else { return nil }
        do throws(CSVError) {
            if !isStarted { try begin() }
            guard try skipBlankLines() else {
                isFinished = true
                return nil
            }
            while true {
                switch scan() {
                case .record:
                    return try finishRecord()
                case .incomplete:
                    try refill()
                case .fault(let kind, let at):
                    throw fault(kind, at: at)
                }
            }
        } catch {
            isFinished = true
            throw error
        }
    }

    /// Lets `body` take whole records from the front of the bytes that are buffered and not read.
    ///
    /// `body` gets what is buffered (eight bytes past its end may be loaded) and says how many bytes it took and how many records, each
    /// exactly one line, those were. It must take nothing that `next()` would refuse.
    func takeLines(_ body: (UnsafeRawBufferPointer) throws -> (bytes: Int, lines: Int)) rethrows {
        guard isStarted, !isFinished else { return }
        let taken = try body(UnsafeRawBufferPointer(start: base + start, count: end - start))
        start += taken.bytes
        line += taken.lines
        recordCount += taken.lines
    }

    /// The line on which the first unread byte stands.
    var upcomingLine: Int { line }

    /// Checks what the scan found and moves on to what follows it.
    private func finishRecord() throws(CSVError) -> CSVRecord {
        let length = scanned.recordEnd - start
        if length > options.maximumRecordSize { throw fault(.recordTooLong, at: start) }
        if scanned.hasNonASCII, let bad = firstInvalidUTF8(in: bytes(start, scanned.recordEnd)) {
            throw fault(.wrongEncoding, at: start + bad)
        }
        recordCount += 1
        let record = CSVRecord(
            bytes: bytes(start, scanned.recordEnd), slots: slots, count: scanned.fieldCount, line: line,
            ordinal: recordCount)
        line += scanned.lineEnds
        start = scanned.next
        return record
    }

    // MARK: - The buffer

    /// Reads the first bytes, removes the byte order mark and refuses what shows itself as UTF-16 or UTF-32.
    private func begin() throws(CSVError) {
        isStarted = true
        while end < 4, !atEnd { try refill() }
        let head = Array(bytes(0, min(end, 4)))
        if head.starts(with: [0xEF, 0xBB, 0xBF]) {
            start = 3
            return
        }
        guard options.encoding == .utf8, head.count >= 2 else { return }
        let isWide = head.starts(with: [0, 0, 0xFE, 0xFF]) || head.starts(with: [0xFF, 0xFE, 0, 0])
        let isMarked = head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF])
        if isWide {
            throw malformed(.wrongEncoding, at: 0, "the file is UTF-32 (byte offset 0); convert it to UTF-8")
        }
        if isMarked || (head[0] == 0) != (head[1] == 0) {
            let sign =
                isMarked ? "byte order mark at byte offset 0" : "zero byte at byte offset \(head[0] == 0 ? 0 : 1)"
            throw malformed(.wrongEncoding, at: 0, "the file is UTF-16 (\(sign)); use --encoding utf-16")
        }
    }

    private func skipBlankLines() throws(CSVError) -> Bool {
        while true {
            while start < end {
                switch base[start] {
                case UInt8(ascii: "\n"):
                    start += 1
                case UInt8(ascii: "\r"):
                    // A line feed that belongs to it may not be here yet.
                    if start + 1 == end, !atEnd { try refill() }
                    start += start + 1 < end && base[start + 1] == UInt8(ascii: "\n") ? 2 : 1
                default:
                    return true
                }
                line += 1
            }
            if atEnd { return false }
            try refill()
        }
    }

    /// Drops what is read, makes room and reads more.
    private func refill() throws(CSVError) {
        let pending = end - start
        if pending > options.maximumRecordSize {
            throw scanned.openQuote.map { fault(.unclosedQuote, at: $0) } ?? fault(.recordTooLong, at: start)
        }
        if start > 0 {
            base.update(from: base + start, count: pending)
            droppedBytes += start
            (start, end) = (0, pending)
        }
        if pending > capacity / 2 { grow() }
        // The scan starts over after each refill, so a long record has to double before it is worth another look.
        let wanted = pending < 4096 ? 1 : pending
        repeat {
            do throws(CSVSourceError) {
                let room = UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
                let count = try source.read(into: room)
                end += count
                atEnd = count == 0
            } catch {
                switch error {
                case .system(let number): throw .unreadable(errno: number)
                case .undecodable(_, let message): throw malformed(.wrongEncoding, at: end, message)
                }
            }
        } while !atEnd && end - pending < wanted && capacity - end >= Self.padding
    }

    private func grow() {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * capacity + Self.padding)
        larger.initialize(repeating: 0, count: 2 * capacity + Self.padding)
        larger.update(from: base, count: end)
        base.deallocate()
        base = larger
        capacity *= 2
    }

    func bytes(_ from: Int, _ to: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + from, count: to - from)
    }

    // MARK: - Faults

    private func malformed(_ kind: CSVFault.Kind, at index: Int, _ message: String) -> CSVError {
        let place = textPosition(of: index - start, in: bytes(start, end), startingOn: line)
        return .malformed(CSVFault(kind: kind, position: place, record: recordCount + 1, message: message))
    }

    /// Describes a fault in the record that starts at `start`; a byte before it that is not UTF-8 comes first.
    private func fault(_ kind: CSVFault.Kind, at index: Int) -> CSVError {
        if let bad = firstInvalidUTF8(in: bytes(start, index)) {
            return malformed(.wrongEncoding, at: start + bad, message(for: .wrongEncoding, at: start + bad))
        }
        return malformed(kind, at: index, message(for: kind, at: index))
    }

    private func message(for kind: CSVFault.Kind, at index: Int) -> String {
        let delimiter = options.delimiter == 9 ? "a tab" : "\"\(UnicodeScalar(options.delimiter))\""
        switch kind {
        case .unclosedQuote:
            return "the quote that opens here is not closed"
        case .strayQuote:
            return "a quote inside a field without quotes; put the field in quotes and double the quotes inside it"
        case .textAfterQuote:
            // Far from its opening quote, this one is likely the start of a later field, and the first was never closed.
            let open = scanned.openQuote.map { textPosition(of: $0 - start, in: bytes(start, end), startingOn: line) }
            let here = textPosition(of: index - start, in: bytes(start, end), startingOn: line)
            let origin =
                open.map { $0.line < here.line ? " of a field that opens at \($0.line):\($0.column)" : "" } ?? ""
            return "text after the closing quote\(origin), where \(delimiter) or a line end belongs; "
                + "a quote inside quotes is doubled"
        case .recordTooLong:
            return "the record is longer than \(options.maximumRecordSize) bytes"
        case .wrongEncoding:
            guard options.encoding == .utf8 else {
                return "a zero byte; the file is damaged or not \(options.encoding.rawValue)"
            }
            let offset = droppedBytes + index
            if base[index] == 0 {
                return "a zero byte at byte offset \(offset): the file is damaged or not UTF-8; "
                    + "for UTF-16 use --encoding utf-16"
            }
            let hex = String(base[index], radix: 16, uppercase: true)
            return "byte 0x\(hex) at byte offset \(offset) is not UTF-8; if the file is from Windows, "
                + "use --encoding windows-1252"
        }
    }
}
