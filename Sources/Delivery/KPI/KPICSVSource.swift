import VendorAPIs

/// The rows of a CSV file, whose header names the columns.
struct KPICSVSource: KPISource {
    private let reader: CSVReader
    private var checker: KPIRowChecker
    /// For each column, the index of its field.
    private var fields: [Int?] = []
    private var headerNames: [String] = []
    private(set) var unusedColumns: [String] = []
    private var isAtHeader = true

    init(descriptor: Int32, named name: String, options: KPIRowOptions) {
        var format = CSVReader.Options()
        format.delimiter = options.delimiter
        format.encoding = options.encoding
        // No row of figures is nearly as long, and a quote that is never closed should not fill the memory.
        format.maximumRecordSize = 1 << 20
        reader = CSVReader(CSVDescriptorSource(descriptor), options: format)
        checker = KPIRowChecker(file: name, options: options)
    }

    func writer() -> KPIDocumentWriter { KPIDocumentWriter(checker.options.envelope) }

    mutating func next(_ faults: inout DiagnosticCollector) throws(KPIInputError) -> KPIItem? {
        if isAtHeader {
            isAtHeader = false
            guard let header = try record() else {
                throw .malformed(TextPosition(line: 1, column: 1), message: "the file is empty")
            }
            try read(header: header)
        }
        guard let record = try record() else { return nil }
        return check(record, &faults).map { .record($0) } ?? .invalid
    }

    private func record() throws(KPIInputError) -> CSVRecord? {
        do throws(CSVError) {
            return try reader.next()
        } catch {
            switch error {
            case .malformed(let fault): throw .malformed(fault.position, message: fault.message)
            case .unreadable(let number): throw .unreadable(errno: number)
            }
        }
    }

    private mutating func check(_ record: CSVRecord, _ faults: inout DiagnosticCollector) -> KPIRecord? {
        guard record.count == headerNames.count else {
            faults.add(
                Diagnostic(
                    file: checker.file,
                    position: record.count > headerNames.count
                        ? record.position(ofField: headerNames.count) : record.endPosition,
                    message: "the row has \(record.count == 1 ? "1 field" : "\(record.count) fields"), the header "
                        + "\(headerNames.count)"
                        + (record.count > headerNames.count
                            ? "; a field that holds the delimiter must be in quotes" : "")))
            return nil
        }
        var row = KPIRowChecker.emptyRow
        for (column, field) in fields.enumerated() {
            if let field { row[column] = record.string(ofField: field) }
        }
        // The header counts as a record.
        return checker.check(
            row, ordinal: record.ordinal - 1, at: record.position(ofField: 0), &faults
        ) { [fields] column in
            record.position(ofField: fields[column.rawValue] ?? 0)
        }
    }

    // MARK: The header

    private mutating func read(header: CSVRecord) throws(KPIInputError) {
        headerNames = header.strings
        fields = []
        for column in KPIColumn.allCases { fields.append(try field(of: column, header)) }
        let used = Set(fields.compactMap(\.self))
        unusedColumns = headerNames.indices.filter { !used.contains($0) }.map { headerNames[$0] }
        var missing = [KPIColumn.kpi, .value, .timestamp].filter { fields[$0.rawValue] == nil }.map(checker.name)
        if fields[KPIColumn.id.rawValue] == nil, !checker.options.assignsIDs {
            missing.append(checker.name(.id) + " (or --assign-ids)")
        }
        if fields[KPIColumn.userID.rawValue] == nil, fields[KPIColumn.locationID.rawValue] == nil {
            missing.append("\(checker.name(.userID)) or \(checker.name(.locationID))")
        }
        guard missing.isEmpty else {
            let shown = headerNames.prefix(20).map(quoted).joined(separator: ", ")
            throw .malformed(
                header.position(ofField: 0),
                message:
                    "the header has no column \(missing.joined(separator: ", ")); it has \(shown)\(delimiterHint); "
                    + "for another name add --column \(KPIColumn.value.name)=NAME")
        }
    }

    private func field(of column: KPIColumn, _ header: CSVRecord) throws(KPIInputError) -> Int? {
        let mapped = checker.options.columns[column]
        let names = mapped.map { [$0] } ?? [column.name, column.field.otherSpelling].compactMap(\.self)
        let found = headerNames.indices.filter { index in
            // A name that the user gave is meant as it is written.
            mapped != nil
                ? headerNames[index] == names[0]
                : names.contains(headerNames[index].lowercased()) && !isMapped(headerNames[index])
        }
        if found.count > 1 {
            throw .malformed(
                header.position(ofField: found[1]),
                message: "the header has the column \(quoted(headerNames[found[1]])) twice")
        }
        if let mapped, found.isEmpty {
            throw .malformed(
                header.position(ofField: 0),
                message: "the header has no column \(quoted(mapped)) (for \(column.name))\(delimiterHint)")
        }
        return found.first
    }

    private func isMapped(_ name: String) -> Bool { checker.options.columns.values.contains(name) }

    private var delimiterHint: String {
        let used = checker.options.delimiter
        guard headerNames.count == 1 else { return "" }
        let others: [(Character, String)] = [(";", "';'"), ("\t", "tab"), ("|", "'|'"), (",", "','")]
        let other = others.first { $0.0.asciiValue != used && headerNames[0].contains($0.0) }
        return other.map { " (is it --delimiter \($0.1)?)" } ?? ""
    }
}
