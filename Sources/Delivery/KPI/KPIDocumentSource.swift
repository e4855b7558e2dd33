import VendorAPIs

/// The elements of a document as the vendor prints it, each kept byte for byte.
struct KPIDocumentSource: KPISource {
    /// The entry at hand.
    private struct Entry {
        var frame: KPIEntryFrame
        /// Its own faults are told; none of its elements can be sent.
        var isInvalid: Bool
    }

    /// The document, without a byte order mark.
    let text: UnsafeRawBufferPointer
    let unusedColumns: [String] = []
    /// Owns what `text` points to.
    private let file: MappedFile
    private let checker: KPIElementChecker
    private let head: Range<Int>
    private let tail: Range<Int>
    /// Where to go on in the list of entries, and in the elements of the entry at hand.
    private var nextEntry: Int
    private var nextElement = 0
    private var entry: Entry?
    private var entries = 0
    private var walked: (index: Int, position: TextPosition) = (0, TextPosition(line: 1, column: 1))

    var document: UnsafeRawBufferPointer? { text }

    private var reader: KPIObjectReader { KPIObjectReader(text: text) }

    /// - Throws: what makes the document or its envelope unusable.
    init(descriptor: Int32, named name: String) throws(KPIInputError) {
        let file = try MappedFile(descriptor: descriptor)
        let hasMark = file.bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let text = UnsafeRawBufferPointer(rebasing: file.bytes[(hasMark ? 3 : 0)...])
        func malformed(_ index: Int, _ message: String) -> KPIInputError {
            .malformed(textPosition(of: index, in: text, startingOn: 1), message: message)
        }
        do throws(JSONTextError) {
            try JSONScanner().validate(text)
        } catch {
            throw malformed(error.offset, error.message)
        }
        let reader = KPIObjectReader(text: text)
        let start = text.firstIndex { !JSONByte.isWhitespace($0) } ?? 0
        guard text[start] == JSONByte.openObject else {
            throw malformed(
                start, "the document must be an object with type, version, context and data; rows go one a line")
        }
        let members = KPIMembers(reader, start..<text.count)
        if let twice = members.repeated { throw malformed(twice.nameStart, "\(quoted(twice.name)) is given twice") }
        for field in [KPIField.type, .version, .context] {
            if let fault = members.stringFault(field, isRequired: true) { throw malformed(fault.index, fault.message) }
        }
        guard let data = members[.data] else { throw malformed(start, "\(KPIField.data.rawValue) is missing") }
        guard text[data.lowerBound] == JSONByte.openArray, reader.element(from: data.lowerBound + 1) != nil else {
            throw malformed(data.lowerBound, "\(KPIField.data.rawValue) must be a list of at least one entry")
        }
        (self.file, self.text) = (file, text)
        checker = KPIElementChecker(file: name, text: text)
        head = start..<data.lowerBound + 1
        tail = data.upperBound - 1..<Self.end(of: text)
        nextEntry = data.lowerBound + 1
    }

    func writer() -> KPIDocumentWriter {
        KPIDocumentWriter(head: reader.bytes(head), tail: reader.bytes(tail))
    }

    mutating func next(_ faults: inout DiagnosticCollector) throws(KPIInputError) -> KPIItem? {
        while true {
            if let entry {
                if let element = reader.element(from: nextElement) {
                    nextElement = element.upperBound
                    return item(element, in: entry, &faults)
                }
                self.entry = nil
            }
            guard let range = reader.element(from: nextEntry) else { return nil }
            nextEntry = range.upperBound
            guard open(range, &faults) else {
                // An entry without elements is still something that is not sent.
                return .invalid
            }
        }
    }

    private mutating func item(
        _ element: Range<Int>, in entry: Entry, _ faults: inout DiagnosticCollector
    ) -> KPIItem {
        guard checker.check(element, &faults), !entry.isInvalid else { return .invalid }
        return .record(
            KPIRecord(
                frame: entry.frame, element: reader.bytes(element),
                position: position(of: element.lowerBound)))
    }

    /// Begins an entry; false if it has no elements to go through.
    private mutating func open(_ range: Range<Int>, _ faults: inout DiagnosticCollector) -> Bool {
        let faultsBefore = faults.count
        guard let elements = checker.checkEntry(range, &faults) else { return false }
        let frame = KPIEntryFrame(
            head: reader.bytes(range.lowerBound..<elements.lowerBound + 1),
            tail: reader.bytes(elements.upperBound - 1..<range.upperBound), number: entries)
        entries += 1
        entry = Entry(frame: frame, isInvalid: faults.count > faultsBefore)
        nextElement = elements.lowerBound + 1
        return true
    }

    /// The position of a place behind the last one asked for, without looking at the text twice.
    private mutating func position(of index: Int) -> TextPosition {
        let between = UnsafeRawBufferPointer(rebasing: text[walked.index..<index])
        var position = textPosition(of: between.count, in: between, startingOn: walked.position.line)
        if position.line == walked.position.line { position.column += walked.position.column - 1 }
        walked = (index, position)
        return position
    }

    /// The end of the document without white space behind it.
    private static func end(of text: UnsafeRawBufferPointer) -> Int {
        (text.lastIndex { !JSONByte.isWhitespace($0) } ?? 0) + 1
    }
}
