/// What reading a file of shifts came to.
package struct ShiftFileReport: Sendable {
    /// Rows of shifts, valid or not; a header is not counted.
    package internal(set) var rows = 0
    /// Bytes of text that were read, as UTF-8; a fault that ends the reading leaves out what follows.
    package internal(set) var bytes = 0
    package internal(set) var diagnostics = DiagnosticCollector()
    package internal(set) var lineMap = LineMap()
    /// The file's first row is a header.
    package internal(set) var headerPresent = false

    /// Nothing is wrong, and what the sink received may be sent.
    package var isValid: Bool { diagnostics.isEmpty }
}

/// Reads a file of shifts once: checks every row, and gives the canonical CSV to `sink`.
///
/// The CSV always starts with the documented header line; rows have the documented columns, formats and delimiter, with CRLF between
/// them; it is escaped as the inside of a JSON string. When the report is not valid, what the sink received is to be thrown away.
///
/// - Parameters:
///   - descriptor: read from where it stands to its end; stays open.
///   - name: the file's name as diagnostics show it.
///   - sink: gets pieces of up to 256 KiB, in order.
/// - Throws: `CSVError.unreadable` when reading fails, and what the sink throws. Faults in the file are in the report.
package func readShiftFile(
    descriptor: Int32, named name: String, format: ShiftFileFormat, sink: ShiftSink? = nil
) throws -> ShiftFileReport {
    let reading = try ShiftFileReading(CSVDescriptorSource(descriptor), named: name, format: format, sink: sink)
    return try reading.run()
}

/// One pass over a file of shifts.
final class ShiftFileReading {
    private let reader: CSVReader
    private let name: String
    private let format: ShiftFileFormat
    private let writer: ShiftWriter?
    private let usesFastPath: Bool
    private var layout = ShiftLayout.documented(hasHeader: false)
    private var report = ShiftFileReport()

    /// - Parameters:
    ///   - bufferSize: of the reader and of the pieces for the sink.
    ///   - usesFastPath: tests turn it off to compare.
    init(
        _ source: any CSVByteSource, named name: String, format: ShiftFileFormat, sink: ShiftSink?,
        bufferSize: Int = 256 << 10, usesFastPath: Bool = true
    ) throws {
        var options = CSVReader.Options()
        options.delimiter = format.delimiter
        options.encoding = format.encoding
        options.bufferSize = bufferSize
        // No row of shifts is nearly as long, and a quote that is never closed should not fill the memory.
        options.maximumRecordSize = 1 << 20
        reader = CSVReader(source, options: options)
        self.name = name
        self.format = format
        writer = try sink.map { try ShiftWriter(capacity: bufferSize, sink: $0) }
        self.usesFastPath =
            usesFastPath && format.delimiter == UInt8(ascii: ",") && format.dateFormat.isDocumented
            && format.timeFormat.isDocumented
    }

    func run() throws -> ShiftFileReport {
        do {
            if try readHeader() { try readRows() }
        } catch CSVError.malformed(let fault) {
            add(fault.position, fault.message)
        }
        report.bytes = reader.bytesConsumed
        if report.isValid { try writer?.flush() }
        return report
    }

    /// Looks at the first record; false when there is no use in reading on.
    private func readHeader() throws -> Bool {
        guard try reader.next() else {
            let isEmpty = reader.upcoming.line == 1
            add(
                TextPosition(line: 1, column: 1), isEmpty ? "the file is empty" : "the file has nothing but blank lines"
            )
            return false
        }
        do throws(ShiftHeaderFaults) {
            layout = try ShiftHeaderReader(reader.strings, format: format).layout()
        } catch {
            for (field, message) in error.faults { add(reader.position(ofField: field), message) }
            return false
        }
        report.headerPresent = layout.hasHeader
        if layout.hasHeader {
            report.lineMap.add(row: 1, line: reader.recordLine)
        } else {
            try readRow()
        }
        return true
    }

    private func readRows() throws {
        let takesFastRows = usesFastPath && layout.isDocumented
        let headerLine = reader.recordLine
        while true {
            if takesFastRows { try readFastRows() }
            guard try reader.next() else { break }
            try readRow()
        }
        if report.rows == 0 {
            add(TextPosition(line: headerLine, column: 1), "there is no row after the header")
        }
    }

    /// Takes rows that are right as they stand, up to one that is not.
    private func readFastRows() throws {
        let first = reader.upcoming.line
        var rows = 0
        let longest = writer?.longestVerbatimRow ?? .max
        let writer = report.isValid ? writer : nil
        try reader.takeLines { bytes in
            guard let base = bytes.baseAddress else { return (0, 0) }
            var at = 0
            while let row = ShiftFastPath.row(in: base, at: at, end: bytes.count), row.length <= longest {
                if let writer { try writer.writeRow(verbatim: base + at, count: row.length) }
                at += row.lengthWithEnd
                rows += 1
            }
            return (at, rows)
        }
        report.lineMap.add(row: report.rows + 2, line: first, count: rows)
        report.rows += rows
    }

    // MARK: - A row the general way

    private func readRow() throws {
        report.rows += 1
        report.lineMap.add(row: report.rows + 1, line: reader.recordLine)
        let faultsBefore = report.diagnostics.count
        if reader.fieldCount > layout.fieldCount {
            add(
                reader.position(ofField: layout.fieldCount),
                "extra field \(quoted(reader.string(ofField: layout.fieldCount))): the row has \(reader.fieldCount) fields, "
                    + "not \(layout.fieldCount); a field that holds the delimiter must be in quotes")
            return
        }
        checkReference()
        let startDay = day(.startDate)
        let startMinute = minute(.startTime)
        let endDay = day(.endDate)
        let endMinute = minute(.endTime)
        if reader.fieldCount < layout.fieldCount {
            let missing = layout.names[reader.fieldCount...].joined(separator: ", ")
            let fields = reader.fieldCount == 1 ? "1 field" : "\(reader.fieldCount) fields"
            let plural = reader.fieldCount + 1 < layout.fieldCount ? "s" : ""
            add(
                reader.endPosition, "missing field\(plural) \(missing): the row has \(fields), not \(layout.fieldCount)"
            )
        }
        guard let startDay, let startMinute, let endDay, let endMinute else { return }
        let start = ShiftMoment(day: startDay, minute: startMinute)
        let end = ShiftMoment(day: endDay, minute: endMinute)
        if end < start { addEndBeforeStart(isSameDay: startDay == endDay) }
        guard report.diagnostics.count == faultsBefore, report.isValid, let writer else { return }
        let reference = layout.indices[0]
        try writer.writeRow(
            reference: reader.bytes(ofField: reference), isEscaped: reader.isEscaped(field: reference), start: start,
            end: end)
    }

    /// The index of a column's field, if the row is long enough to have it.
    private func field(_ column: ShiftColumn) -> Int? {
        let index = layout.indices[column.index]
        return index < reader.fieldCount ? index : nil
    }

    private func checkReference() {
        guard let field = field(.reference) else { return }
        let isBlank = reader.bytes(ofField: field).allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if isBlank { add(reader.position(ofField: field), "Reference is empty; every shift needs one") }
    }

    private func day(_ column: ShiftColumn) -> CalendarDay? {
        guard let field = field(column) else { return nil }
        let bytes = reader.bytes(ofField: field)
        if let day = format.dateFormat.day(in: bytes) { return day }
        add(
            reader.position(ofField: field),
            bytes.isEmpty
                ? "\(column.rawValue) is empty; every shift needs one (\(format.dateFormat.description))"
                : "\(column.rawValue) \(quoted(reader.string(ofField: field))) is not a date (\(format.dateFormat.description))"
                    + dateHint(bytes))
        return nil
    }

    private func minute(_ column: ShiftColumn) -> Int? {
        guard let field = field(column) else { return nil }
        let bytes = reader.bytes(ofField: field)
        if let minute = format.timeFormat.minute(in: bytes) { return minute }
        let value = quoted(reader.string(ofField: field))
        let message =
            if bytes.isEmpty {
                "\(column.rawValue) is empty; every shift needs one (\(format.timeFormat.description))"
            } else if format.timeFormat.hasSeconds(bytes) {
                "\(column.rawValue) \(value) has seconds, which the platform does not take; round it to the minute"
            } else {
                "\(column.rawValue) \(value) is not a time (\(format.timeFormat.description))" + timeHint(bytes)
            }
        add(reader.position(ofField: field), message)
        return nil
    }

    private func addEndBeforeStart(isSameDay: Bool) {
        func value(_ column: ShiftColumn) -> String { reader.string(ofField: layout.indices[column.index]) }
        let place = layout.indices[(isSameDay ? ShiftColumn.endTime : .endDate).index]
        add(
            reader.position(ofField: place),
            "the shift ends (\(value(.endDate)) \(value(.endTime))) before it starts "
                + "(\(value(.startDate)) \(value(.startTime)))")
    }

    private func add(_ position: @autoclosure () -> TextPosition, _ message: @autoclosure () -> String) {
        report.diagnostics.add(Diagnostic(file: name, position: position(), message: message()))
    }
}

// MARK: - Hints

private let datePatterns = [
    "dd/MM/yyyy", "MM/dd/yyyy", "yyyy-MM-dd", "dd.MM.yyyy", "dd-MM-yyyy", "d/M/yyyy", "M/d/yyyy", "d.M.yyyy",
    "yyyy/MM/dd",
    "yyyyMMdd",
].compactMap { try? DatePattern($0) }

private let timePatterns = ["HH:mm", "HH:mm:ss", "H:mm", "h:mm a", "h:mma", "HH.mm", "HHmm"]
    .compactMap { try? TimePattern($0) }

/// Says which `--date-format` would take the value.
private func dateHint(_ bytes: UnsafeRawBufferPointer) -> String {
    guard let pattern = datePatterns.first(where: { $0.day(in: bytes) != nil }) else { return "" }
    return pattern.isMonthFirst
        ? "; is it month first? --date-format \(pattern.text)"
        : "; \(optionText("--date-format", pattern.text)) takes it"
}

private func timeHint(_ bytes: UnsafeRawBufferPointer) -> String {
    guard let pattern = timePatterns.first(where: { $0.minute(in: bytes) != nil }) else { return "" }
    return "; \(optionText("--time-format", pattern.text)) takes it"
}

private func optionText(_ option: String, _ value: String) -> String {
    value.contains(" ") ? "\(option) '\(value)'" : "\(option) \(value)"
}
