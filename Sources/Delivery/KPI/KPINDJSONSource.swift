import VendorAPIs

/// The rows of a file that holds a flat object a line, with the columns' names.
struct KPINDJSONSource: KPISource {
    private var reader: NDJSONReader
    private var checker: KPIRowChecker
    private var columns: [String: KPIColumn] = [:]
    private(set) var unusedColumns: [String] = []

    init(descriptor: Int32, named name: String, options: KPIRowOptions) {
        // No row of figures is nearly as long.
        reader = NDJSONReader(fileDescriptor: descriptor, lineLimit: 1 << 20)
        checker = KPIRowChecker(file: name, options: options)
        for column in KPIColumn.allCases where options.columns[column] == nil {
            columns[column.name] = column
            if let other = column.field.otherSpelling { columns[other] = column }
        }
        // Last, so that a name the user gave to a column is not taken for another.
        for (column, name) in options.columns { columns[name] = column }
    }

    func writer() -> KPIDocumentWriter { KPIDocumentWriter(checker.options.envelope) }

    mutating func next(_ faults: inout DiagnosticCollector) throws(KPIInputError) -> KPIItem? {
        let record: JSONRecord
        do throws(JSONReadError) {
            guard let next = try reader.next() else { return nil }
            record = next
        } catch {
            switch error {
            case .text(let fault):
                throw .malformed(TextPosition(line: fault.line, column: fault.column), message: fault.message)
            case .read(let number): throw .unreadable(errno: number)
            }
        }
        return check(record, &faults).map { .record($0) } ?? .invalid
    }

    private mutating func check(_ record: JSONRecord, _ faults: inout DiagnosticCollector) -> KPIRecord? {
        record.bytes.withUnsafeBytes { bytes in
            func place(_ index: Int) -> TextPosition { textPosition(of: index, in: bytes, startingOn: record.line) }
            func fault(_ index: Int, _ message: String) {
                faults.add(Diagnostic(file: checker.file, position: place(index), message: message))
            }
            do throws(JSONTextError) {
                _ = try FlatObject(json: bytes, root: "row")
            } catch {
                fault(error.offset, error.message)
                return nil
            }
            let text = KPIObjectReader(text: bytes)
            let start = bytes.firstIndex(of: JSONByte.openObject) ?? 0
            let faultsBefore = faults.count
            var row = KPIRowChecker.emptyRow
            var places = [Int](repeating: start, count: row.count)
            var seen: Set<KPIColumn> = []
            for member in text.members(of: start..<bytes.count) {
                guard let column = columns[member.name] else {
                    if unusedColumns.count < 20, !unusedColumns.contains(member.name) {
                        unusedColumns.append(member.name)
                    }
                    continue
                }
                guard seen.insert(column).inserted else {
                    fault(member.nameStart, "\(column.name) is given twice")
                    continue
                }
                places[column.rawValue] = member.value.lowerBound
                switch bytes[member.value.lowerBound] {
                case JSONByte.quote: row[column.rawValue] = text.string(member.value)
                case UInt8(ascii: "n"): break
                case UInt8(ascii: "t"), UInt8(ascii: "f"), JSONByte.openArray:
                    fault(member.value.lowerBound, "\(member.name) must be a string or a number")
                default: row[column.rawValue] = String(decoding: text.bytes(member.value), as: UTF8.self)
                }
            }
            guard faults.count == faultsBefore else { return nil }
            return checker.check(row, ordinal: record.ordinal, at: place(start), &faults) { place(places[$0.rawValue]) }
        }
    }
}
