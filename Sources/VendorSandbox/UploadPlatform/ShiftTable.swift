/// What remains of an uploaded CSV: its faults, and the reference of each row.
struct ShiftTable: Equatable {
    /// More feedback than this is counted but not kept.
    static let faultLimit = 10_000

    struct Fault: Equatable {
        /// The record of the CSV; 1 is the header line, when there is one.
        let row: Int
        let value: String
        let message: String
    }

    /// Rows of data, without the header.
    fileprivate(set) var rows = 0
    fileprivate(set) var faults: [Fault] = []
    fileprivate(set) var faultCount = 0
    /// The first field of each row as CSV, with a line feed after each.
    fileprivate var references: [UInt8] = []

    func feedback(lineEnd: String) -> String {
        faults.map { fault in
            let value = fault.value.split(whereSeparator: \.isNewline).joined(separator: " ")
            return "\(fault.row)|\(value)|\(fault.message)"
        }.joined(separator: lineEnd)
    }

    /// `Reference,ResultId` for each row of data.
    func resultTable(token: String) -> [UInt8] {
        var result = Array("Reference,ResultId\r\n".utf8)
        result.reserveCapacity(references.count + rows * 20 + 32)
        let prefix = Array(",R\(token.prefix(8))-".utf8)
        var row = 0
        var quoted = false
        for byte in references {
            if byte == UInt8(ascii: "\"") { quoted.toggle() }
            guard byte == 0x0A, !quoted else {
                result.append(byte)
                continue
            }
            row += 1
            result.append(contentsOf: prefix)
            result.append(contentsOf: String(row).utf8)
            result.append(0x0D)
            result.append(0x0A)
        }
        return result
    }
}

/// Reads the CSV of an upload piece by piece (RFC 4180, CR LF or LF) and checks every row by the position of its columns.
struct ShiftReader {
    struct Fault: Error, Equatable {
        let message: String
    }

    private static let columns = ["Reference", "StartDate", "StartTime", "EndDate", "EndTime"]

    private enum State {
        case fieldStart
        case bare
        case quoted
        /// After a quote inside a quoted field: its end, or the first half of a doubled one.
        case quoteEnd
        /// After a CR that ended a record.
        case recordEnd
    }

    private var state = State.fieldStart
    private var table = ShiftTable()
    private var structureFault: Fault?
    /// The fields of the current record, one after the other, and where each ends.
    private var record: [UInt8] = []
    private var ends: [Int] = []
    private var row = 0

    /// Takes the next piece of the text.
    mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>) {
        var index = 0
        while index < bytes.count, structureFault == nil {
            switch state {
            case .fieldStart, .bare: index = readBare(bytes, index)
            case .quoted: index = readQuoted(bytes, index)
            case .quoteEnd:
                afterQuote(bytes[index])
                index += 1
            case .recordEnd:
                if bytes[index] == 0x0A {
                    index += 1
                    endRecord()
                } else {
                    structureFault = Fault(message: "row \(row + 1) ends with a bare carriage return")
                }
            }
        }
    }

    private mutating func readBare(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        if state == .fieldStart, bytes[start] == UInt8(ascii: "\"") {
            state = .quoted
            return start + 1
        }
        state = .bare
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: ",") || byte == 0x0A || byte == 0x0D || byte == UInt8(ascii: "\"") { break }
            index += 1
        }
        record.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
        guard index < bytes.count else { return index }
        if bytes[index] == UInt8(ascii: "\"") {
            structureFault = Fault(message: "row \(row + 1) has a quote inside a field that is not quoted")
        } else {
            separator(bytes[index])
        }
        return index + 1
    }

    private mutating func readQuoted(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") { index += 1 }
        record.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
        guard index < bytes.count else { return index }
        state = .quoteEnd
        return index + 1
    }

    private mutating func afterQuote(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            record.append(byte)
            state = .quoted
        case UInt8(ascii: ","), 0x0A, 0x0D: separator(byte)
        default: structureFault = Fault(message: "row \(row + 1) has text after a closing quote")
        }
    }

    private mutating func separator(_ byte: UInt8) {
        ends.append(record.count)
        switch byte {
        case 0x0A: endRecord()
        case 0x0D: state = .recordEnd
        default: state = .fieldStart
        }
    }

    private mutating func endRecord() {
        row += 1
        state = .fieldStart
        if !isHeader() { check() }
        record.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Ends the text.
    mutating func finish() -> Result<ShiftTable, Fault> {
        if structureFault == nil {
            switch state {
            case .quoted: structureFault = Fault(message: "row \(row + 1) has a quoted field without an end")
            case .recordEnd: endRecord()
            case .bare, .quoteEnd:
                ends.append(record.count)
                endRecord()
            case .fieldStart:
                if !ends.isEmpty {
                    ends.append(record.count)
                    endRecord()
                }
            }
        }
        if let structureFault { return .failure(structureFault) }
        return table.rows == 0 ? .failure(Fault(message: "there are no rows")) : .success(table)
    }

    private func field(_ index: Int) -> ArraySlice<UInt8> {
        record[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    /// Whether this is the first record and names columns, in whatever order: the order of the columns counts, not the names.
    private func isHeader() -> Bool {
        guard row == 1 else { return false }
        return ends.indices.contains { index in
            let name = String(decoding: field(index), as: UTF8.self).lowercased()
            return Self.columns.contains { $0.lowercased() == name }
        }
    }

    private mutating func check() {
        table.rows += 1
        guard ends.count == Self.columns.count else {
            let first = ends.isEmpty ? "" : text(0)
            fault(first, "expected \(Self.columns.count) columns, found \(ends.count)")
            return
        }
        if field(0).isEmpty { fault("", "Reference is required") }
        let start = moment(1)
        let end = moment(3)
        if let start, let end, end < start { fault(text(3) + " " + text(4), "the end is before the start") }
        if field(0).starts(with: "GHOST".utf8) { fault(text(0), "unknown reference") }
        keepReference()
    }

    /// Minutes of the date at `column` and the time after it; nil after a fault.
    private mutating func moment(_ column: Int) -> Int? {
        let date = Self.date(field(column))
        let time = Self.clock(field(column + 1))
        if date == nil { valueFault(column, "is not a date (DD/MM/YYYY)") }
        if time == nil { valueFault(column + 1, "is not a time (hh:mm)") }
        guard let date, let time else { return nil }
        return date.days * 1440 + time
    }

    private static func date(_ field: ArraySlice<UInt8>) -> CivilTime? {
        let start = field.startIndex
        guard field.count == 10, field[start + 2] == UInt8(ascii: "/"), field[start + 5] == UInt8(ascii: "/"),
            let day = pair(field, start), let month = pair(field, start + 3), let century = pair(field, start + 6),
            let year = pair(field, start + 8)
        else { return nil }
        return CivilTime(year: century * 100 + year, month: month, day: day)
    }

    /// Minutes since midnight.
    private static func clock(_ field: ArraySlice<UInt8>) -> Int? {
        let start = field.startIndex
        guard field.count == 5, field[start + 2] == UInt8(ascii: ":"), let hour = pair(field, start),
            let minute = pair(field, start + 3), hour < 24, minute < 60
        else { return nil }
        return hour * 60 + minute
    }

    /// The number that two digits stand for.
    private static func pair(_ field: ArraySlice<UInt8>, _ index: Int) -> Int? {
        let (tens, ones) = (field[index] &- UInt8(ascii: "0"), field[index + 1] &- UInt8(ascii: "0"))
        return tens < 10 && ones < 10 ? Int(tens) * 10 + Int(ones) : nil
    }

    private mutating func valueFault(_ column: Int, _ message: String) {
        let name = Self.columns[column]
        fault(text(column), field(column).isEmpty ? "\(name) is required" : "\(name) \(message)")
    }

    private func text(_ index: Int) -> String {
        String(decoding: field(index), as: UTF8.self)
    }

    private mutating func fault(_ value: String, _ message: String) {
        table.faultCount += 1
        if table.faults.count < ShiftTable.faultLimit {
            table.faults.append(ShiftTable.Fault(row: row, value: value, message: message))
        }
    }

    private mutating func keepReference() {
        let reference = field(0)
        let needsQuotes = reference.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 < 0x20 }
        if needsQuotes {
            table.references.append(UInt8(ascii: "\""))
            for byte in reference {
                if byte == UInt8(ascii: "\"") { table.references.append(byte) }
                table.references.append(byte)
            }
            table.references.append(UInt8(ascii: "\""))
        } else {
            table.references.append(contentsOf: reference)
        }
        table.references.append(0x0A)
    }
}
