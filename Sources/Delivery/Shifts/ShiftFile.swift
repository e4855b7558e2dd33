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
    private let writer: ShiftWriter?
    private let usesFastPath: Bool
    private let name: String
    private let format: ShiftFileFormat
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
            try readAll()
        } catch CSVError.malformed(let fault) {
            add(fault.position, fault.message)
        }
        report.bytes = reader.bytesConsumed
        if report.isValid { try writer?.flush() }
        return report
    }

    private func readAll() throws {
        guard let first = try reader.next() else {
            let isEmpty = reader.upcomingLine == 1
            add(
                TextPosition(line: 1, column: 1), isEmpty ? "the file is empty" : "the file has nothing but blank lines"
            )
            return
        }
        let layout: ShiftLayout
        do throws(ShiftHeaderFaults) {
            layout = try ShiftHeaderReader(first.strings, format: format).layout()
        } catch {
            for (field, message) in error.faults { add(first.position(ofField: field), message) }
            return
        }
        let firstLine = first.line
        let checker = ShiftRowChecker(name: name, layout: layout, format: format)
        report.headerPresent = layout.hasHeader
        if layout.hasHeader {
            report.lineMap.add(row: 1, line: firstLine)
        } else {
            try read(first, checker)
        }
        let takesFastRows = usesFastPath && layout.isDocumented
        while true {
            if takesFastRows { try readFastRows() }
            guard let record = try reader.next() else { break }
            try read(record, checker)
        }
        if report.rows == 0 {
            add(TextPosition(line: firstLine, column: 1), "there is no row after the header")
        }
    }

    /// Checks a row and writes it.
    private func read(_ record: CSVRecord, _ checker: ShiftRowChecker) throws {
        report.rows += 1
        report.lineMap.add(row: report.rows + 1, line: record.line)
        guard let shift = checker.check(record, &report.diagnostics), report.isValid, let writer else { return }
        try writer.writeRow(
            reference: shift.reference, isEscaped: shift.isEscaped, start: shift.start, end: shift.end)
    }

    /// Takes rows that are right as they stand, up to one that is not.
    private func readFastRows() throws {
        let first = reader.upcomingLine
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

    private func add(_ position: TextPosition, _ message: String) {
        report.diagnostics.add(Diagnostic(file: name, position: position, message: message))
    }
}
