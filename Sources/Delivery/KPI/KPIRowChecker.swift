import VendorAPIs

/// Turns rows into elements of a document.
struct KPIRowChecker {
    /// A row's values by column; nil where the row has none.
    typealias Row = [String?]

    static let emptyRow = Row(repeating: nil, count: KPIColumn.allCases.count)

    let file: String
    let options: KPIRowOptions
    private var lastFrame: (userID: String?, locationID: String?, frame: KPIEntryFrame)?

    init(file: String, options: KPIRowOptions) {
        self.file = file
        self.options = options
    }

    /// The row as a record, nil after telling `faults` everything that is wrong with it.
    ///
    /// - Parameter place: Where a column's value stands, or where it should.
    mutating func check(
        _ row: Row, ordinal: Int, at start: TextPosition, _ faults: inout DiagnosticCollector,
        place: (KPIColumn) -> TextPosition
    ) -> KPIRecord? {
        let faultsBefore = faults.count
        func fault(_ column: KPIColumn, _ message: String) {
            faults.add(Diagnostic(file: file, position: place(column), message: message))
        }
        func text(_ column: KPIColumn) -> String? { row[column.rawValue].flatMap { Self.isBlank($0) ? nil : $0 } }
        func required(_ column: KPIColumn) -> String? {
            let text = text(column)
            if text == nil { fault(column, "\(name(column)) is empty; every row needs one") }
            return text
        }
        func time(_ column: KPIColumn, isRequired: Bool = false) -> KPITimestamp? {
            guard let text = isRequired ? required(column) : text(column) else { return nil }
            do throws(KPITime.Fault) {
                return try KPITime.timestamp(text, zone: options.timeZone, as: options.timestamps)
            } catch {
                fault(column, "\(name(column)) \(quoted(text)) \(error.message)")
                return nil
            }
        }

        let (userID, locationID) = (text(.userID), text(.locationID))
        if userID == nil, locationID == nil {
            fault(.userID, "neither \(name(.userID)) nor \(name(.locationID)); every row needs one of them")
        }
        let id = identifier(row, ordinal: ordinal, fault)
        let kpi = required(.kpi)
        let value = required(.value)
        if let value, options.objectType == KPIElement.numberType, !KPIElement.isDecimal(value) {
            fault(.value, "\(name(.value)) \(quoted(value)) is not a plain decimal\(Self.decimalHint(value))")
        }
        let timestamp = time(.timestamp, isRequired: true)
        let (dateFrom, dateTo) = (time(.dateFrom), time(.dateTo))
        guard faults.count == faultsBefore, let id, let kpi, let value, let timestamp else { return nil }
        let element = KPIElement(
            id: id, kpi: kpi, objectType: options.objectType, value: value, units: text(.units), timestamp: timestamp,
            dateFrom: dateFrom, dateTo: dateTo)
        return KPIRecord(
            frame: frame(userID, locationID), element: element.encoded(), position: start)
    }

    /// The column's name in the user's file.
    func name(_ column: KPIColumn) -> String { options.columns[column] ?? column.name }

    private func identifier(
        _ row: Row, ordinal: Int, _ fault: (KPIColumn, String) -> Void
    ) -> KPIIdentifier? {
        guard let text = row[KPIColumn.id.rawValue], !Self.isBlank(text) else {
            if options.assignsIDs { return KPIIdentifier(UInt(ordinal)) }
            fault(.id, "\(name(.id)) is empty; every row needs one, or --assign-ids takes the row's number")
            return nil
        }
        if let id = KPIIdentifier(text) { return id }
        let isDigits = text.utf8.allSatisfy(JSONByte.isDigit)
        fault(
            .id,
            "\(name(.id)) \(quoted(text)) "
                + (isDigits ? "begins with 0, which a number cannot keep" : "is not a whole number (digits alone)"))
        return nil
    }

    /// Rows of the same user and location often follow one another.
    private mutating func frame(_ userID: String?, _ locationID: String?) -> KPIEntryFrame {
        if let lastFrame, lastFrame.userID == userID, lastFrame.locationID == locationID { return lastFrame.frame }
        let frame = KPIEntryFrame(userID: userID, locationID: locationID)
        lastFrame = (userID, locationID, frame)
        return frame
    }

    private static func isBlank(_ text: String) -> Bool { text.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } }

    /// What to change, where that is plain.
    static func decimalHint(_ value: String) -> String {
        if value.contains(where: \.isWhitespace) { return ": it holds white space" }
        if value.contains(",") { return ": write it without grouping, with a point for the fraction" }
        if value.hasPrefix(".") || value.hasSuffix(".") { return ": a point needs digits on both sides" }
        if value.contains(where: { "eE".contains($0) }), value.first?.isNumber == true || value.first == "-" {
            return ": write it without an exponent"
        }
        return ""
    }
}
