import VendorAPIs

/// The members of an object that have names of the vendor's document.
struct KPIMembers {
    private let reader: KPIObjectReader
    private let start: Int
    private let members: [KPIObjectReader.Member]

    init(_ reader: KPIObjectReader, _ range: Range<Int>) {
        self.reader = reader
        start = range.lowerBound
        members = reader.members(of: range)
    }

    subscript(_ field: KPIField) -> Range<Int>? { self[field.rawValue] }

    subscript(_ name: String) -> Range<Int>? { members.first { $0.name == name }?.value }

    /// The first member whose name was there before.
    var repeated: KPIObjectReader.Member? {
        members.indices.first { index in members[..<index].contains { $0.name == members[index].name } }
            .map { members[$0] }
    }

    /// A string's text; nil when the member is missing or something else.
    func text(_ field: KPIField) -> String? {
        self[field].flatMap { reader.text[$0.lowerBound] == JSONByte.quote ? reader.string($0) : nil }
    }

    /// What is wrong with a member that must be a string with something in it.
    func stringFault(_ field: KPIField, isRequired: Bool) -> (index: Int, message: String)? {
        let name = field.rawValue
        guard let range = self[field] else { return isRequired ? (start, "\(name) is missing") : nil }
        let first = reader.text[range.lowerBound]
        guard first == JSONByte.quote else {
            let isNumber = first == UInt8(ascii: "-") || JSONByte.isDigit(first)
            return (range.lowerBound, "\(name) must be a string" + (isNumber ? "; put the number in quotes" : ""))
        }
        return reader.string(range).allSatisfy(\.isWhitespace) ? (range.lowerBound, "\(name) is empty") : nil
    }
}

/// Checks the entries and elements of a document as the vendor describes them.
struct KPIElementChecker {
    let file: String
    private let reader: KPIObjectReader

    init(file: String, text: UnsafeRawBufferPointer) {
        self.file = file
        reader = KPIObjectReader(text: text)
    }

    /// Checks an entry but for its elements, and gives the list of these; nil if there is none.
    func checkEntry(_ range: Range<Int>, _ faults: inout DiagnosticCollector) -> Range<Int>? {
        guard reader.text[range.lowerBound] == JSONByte.openObject else {
            add(range.lowerBound, "an entry of \(KPIField.data.rawValue) must be an object", &faults)
            return nil
        }
        let members = KPIMembers(reader, range)
        addRepeated(members, &faults)
        for field in [KPIField.userID, .locationID] { add(members.stringFault(field, isRequired: false), &faults) }
        if members[.userID] == nil, members[.locationID] == nil {
            let names = "\(KPIField.userID.rawValue) nor \(KPIField.locationID.rawValue)"
            add(range.lowerBound, "the entry has neither \(names); it needs one of them", &faults)
        }
        let name = KPIField.elements.rawValue
        guard let elements = members[.elements] else {
            add(range.lowerBound, "\(name) is missing", &faults)
            return nil
        }
        guard reader.text[elements.lowerBound] == JSONByte.openArray,
            reader.element(from: elements.lowerBound + 1) != nil
        else {
            add(elements.lowerBound, "\(name) must be a list of at least one element", &faults)
            return nil
        }
        return elements
    }

    /// Whether the element at `range` may be sent.
    func check(_ range: Range<Int>, _ faults: inout DiagnosticCollector) -> Bool {
        guard reader.text[range.lowerBound] == JSONByte.openObject else {
            add(range.lowerBound, "an element must be an object", &faults)
            return false
        }
        let faultsBefore = faults.count
        let members = KPIMembers(reader, range)
        addRepeated(members, &faults)
        checkIdentifier(members, range.lowerBound, &faults)
        for field in [KPIField.kpi, .objectType, .value] {
            add(members.stringFault(field, isRequired: true), &faults)
        }
        if let units = members[.units], reader.text[units.lowerBound] != JSONByte.quote {
            add(units.lowerBound, "\(KPIField.units.rawValue) must be a string", &faults)
        }
        if members.text(.objectType) == KPIElement.numberType, let value = members.text(.value), !value.isEmpty,
            !KPIElement.isDecimal(value)
        {
            add(
                members[.value]?.lowerBound ?? range.lowerBound,
                "\(KPIField.value.rawValue) \(quoted(value)) is not a plain decimal"
                    + KPIRowChecker.decimalHint(value), &faults)
        }
        checkTimes(members, range.lowerBound, &faults)
        return faults.count == faultsBefore
    }

    private func checkIdentifier(_ members: KPIMembers, _ start: Int, _ faults: inout DiagnosticCollector) {
        let name = KPIField.id.rawValue
        guard let range = members[.id] else { return add(start, "\(name) is missing", &faults) }
        if KPIIdentifier(String(decoding: reader.text[range], as: UTF8.self)) != nil { return }
        let isQuotedNumber = members.text(.id).flatMap(KPIIdentifier.init) != nil
        add(
            range.lowerBound,
            "\(name) must be a whole number" + (isQuotedNumber ? ", without the quotes" : ""), &faults)
    }

    private func checkTimes(_ members: KPIMembers, _ start: Int, _ faults: inout DiagnosticCollector) {
        if members[.timestamp] == nil { add(start, "\(KPIField.timestamp.rawValue) is missing", &faults) }
        for field in [KPIField.timestamp, .dateFrom, .dateTo] {
            for name in [field.rawValue, field.otherSpelling].compactMap(\.self) {
                guard let range = members[name], !isTime(range) else { continue }
                add(
                    range.lowerBound,
                    "\(name) must be \"Y-m-d H:i:s\" in UTC (2019-09-10 13:09:23) or whole epoch seconds", &faults)
            }
        }
    }

    private func isTime(_ range: Range<Int>) -> Bool {
        let value = UnsafeRawBufferPointer(rebasing: reader.text[range])
        if value.first == JSONByte.quote {
            return KPITime.isDateTime(UnsafeRawBufferPointer(rebasing: value.dropFirst().dropLast()))
        }
        return KPIIdentifier(String(decoding: value, as: UTF8.self)) != nil
    }

    private func addRepeated(_ members: KPIMembers, _ faults: inout DiagnosticCollector) {
        if let twice = members.repeated { add(twice.nameStart, "\(quoted(twice.name)) is given twice", &faults) }
    }

    private func add(_ fault: (index: Int, message: String)?, _ faults: inout DiagnosticCollector) {
        if let fault { add(fault.index, fault.message, &faults) }
    }

    private func add(_ index: Int, _ message: String, _ faults: inout DiagnosticCollector) {
        faults.add(
            Diagnostic(
                file: file, position: textPosition(of: index, in: reader.text, startingOn: 1), message: message))
    }
}
