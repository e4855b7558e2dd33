/// Checks rows that are not for the fast path.
struct ShiftRowChecker {
    /// A valid row. The reference is the field as it stands in the file, with doubled quotes if `isEscaped`.
    struct Shift {
        var reference: UnsafeRawBufferPointer
        var isEscaped: Bool
        var start: ShiftMoment
        var end: ShiftMoment
    }

    let name: String
    let layout: ShiftLayout
    let format: ShiftFileFormat

    /// A record as a shift, or `nil` after telling `faults` everything that is wrong with it.
    func check(_ record: CSVRecord, _ faults: inout DiagnosticCollector) -> Shift? {
        let faultsBefore = faults.count
        if record.count > layout.fieldCount {
            faults.add(
                diagnostic(
                    record.position(ofField: layout.fieldCount),
                    "extra field \(quoted(record.string(ofField: layout.fieldCount))): the row has \(record.count) "
                        + "fields, not \(layout.fieldCount); a field that holds the delimiter must be in quotes"))
            return nil
        }
        checkReference(record, &faults)
        let startDay = day(.startDate, record, &faults)
        let startMinute = minute(.startTime, record, &faults)
        let endDay = day(.endDate, record, &faults)
        let endMinute = minute(.endTime, record, &faults)
        if record.count < layout.fieldCount { faults.add(missingFields(record)) }
        guard let startDay, let startMinute, let endDay, let endMinute else { return nil }
        let start = ShiftMoment(day: startDay, minute: startMinute)
        let end = ShiftMoment(day: endDay, minute: endMinute)
        if end < start { faults.add(endBeforeStart(record, isSameDay: startDay == endDay)) }
        guard faults.count == faultsBefore else { return nil }
        let reference = layout.indices[0]
        return Shift(
            reference: record.bytes(ofField: reference), isEscaped: record.isEscaped(field: reference), start: start,
            end: end)
    }

    private func diagnostic(_ position: TextPosition, _ message: String) -> Diagnostic {
        Diagnostic(file: name, position: position, message: message)
    }

    /// The index of a column's field, if the row is long enough to have it.
    private func field(_ column: ShiftColumn, _ record: CSVRecord) -> Int? {
        let index = layout.indices[column.index]
        return index < record.count ? index : nil
    }

    private func checkReference(_ record: CSVRecord, _ faults: inout DiagnosticCollector) {
        guard let field = field(.reference, record) else { return }
        let isBlank = record.bytes(ofField: field).allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if isBlank {
            faults.add(diagnostic(record.position(ofField: field), "Reference is empty; every shift needs one"))
        }
    }

    private func day(_ column: ShiftColumn, _ record: CSVRecord, _ faults: inout DiagnosticCollector) -> CalendarDay? {
        guard let field = field(column, record) else { return nil }
        let bytes = record.bytes(ofField: field)
        if let day = format.dateFormat.day(in: bytes) { return day }
        faults.add(diagnostic(record.position(ofField: field), notADate(column, record, field)))
        return nil
    }

    private func minute(_ column: ShiftColumn, _ record: CSVRecord, _ faults: inout DiagnosticCollector) -> Int? {
        guard let field = field(column, record) else { return nil }
        let bytes = record.bytes(ofField: field)
        if let minute = format.timeFormat.minute(in: bytes) { return minute }
        faults.add(diagnostic(record.position(ofField: field), notATime(column, record, field)))
        return nil
    }

    // MARK: - What is wrong

    private func notADate(_ column: ShiftColumn, _ record: CSVRecord, _ field: Int) -> String {
        let bytes = record.bytes(ofField: field)
        let expected = format.dateFormat.description
        guard !bytes.isEmpty else { return "\(column.rawValue) is empty; every shift needs one (\(expected))" }
        return "\(column.rawValue) \(quoted(record.string(ofField: field))) is not a date (\(expected))"
            + dateHint(bytes)
    }

    private func notATime(_ column: ShiftColumn, _ record: CSVRecord, _ field: Int) -> String {
        let bytes = record.bytes(ofField: field)
        let expected = format.timeFormat.description
        guard !bytes.isEmpty else { return "\(column.rawValue) is empty; every shift needs one (\(expected))" }
        let value = quoted(record.string(ofField: field))
        if format.timeFormat.hasSeconds(bytes) {
            return "\(column.rawValue) \(value) has seconds, which the platform does not take; round it to the minute"
        }
        return "\(column.rawValue) \(value) is not a time (\(expected))" + timeHint(bytes)
    }

    private func missingFields(_ record: CSVRecord) -> Diagnostic {
        let missing = layout.names[record.count...].joined(separator: ", ")
        let fields = record.count == 1 ? "1 field" : "\(record.count) fields"
        let plural = record.count + 1 < layout.fieldCount ? "s" : ""
        return diagnostic(
            record.endPosition, "missing field\(plural) \(missing): the row has \(fields), not \(layout.fieldCount)")
    }

    private func endBeforeStart(_ record: CSVRecord, isSameDay: Bool) -> Diagnostic {
        func value(_ column: ShiftColumn) -> String { record.string(ofField: layout.indices[column.index]) }
        let place = layout.indices[(isSameDay ? ShiftColumn.endTime : .endDate).index]
        return diagnostic(
            record.position(ofField: place),
            "the shift ends (\(value(.endDate)) \(value(.endTime))) before it starts "
                + "(\(value(.startDate)) \(value(.startTime)))")
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
