/// What stands before and after an entry's elements.
package struct KPIEntryFrame: Sendable, Hashable {
    /// From the brace up to the bracket that opens the elements.
    package let head: [UInt8]
    /// From the bracket that closes the elements on.
    package let tail: [UInt8]
    /// Keeps entries apart that read the same.
    private let number: Int

    /// The frame of an entry in the documented order of members.
    package init(userID: String?, locationID: String?, number: Int = 0) {
        var head = [UInt8(ascii: "{")]
        head.appendMember(.userID, userID)
        head.appendMember(.locationID, locationID)
        head.appendName(.elements)
        head.append(UInt8(ascii: "["))
        self.init(head: head, tail: Array("]}".utf8), number: number)
    }

    /// The frame of an entry that is JSON already.
    package init(head: [UInt8], tail: [UInt8], number: Int) {
        self.head = head
        self.tail = tail
        self.number = number
    }
}

/// Puts elements that are JSON already together into a document, straight into bytes.
///
/// Elements with the same frame share an entry; entries stand in the order in which they came up first.
package struct KPIDocumentWriter: Sendable {
    private struct Entry {
        var frame: KPIEntryFrame
        var elements: [UInt8]
        var count = 1
    }

    private let head: [UInt8]
    private let tail: [UInt8]
    private var entries: [Entry] = []
    private var places: [KPIEntryFrame: Int] = [:]

    /// Elements added since the last document.
    package private(set) var elementCount = 0
    /// Bytes that the document would have now.
    package private(set) var byteCount: Int

    /// A writer of documents in the documented order of members.
    package init(_ envelope: KPIEnvelope) {
        var head = [UInt8(ascii: "{")]
        head.appendMember(.type, envelope.type)
        head.appendMember(.version, envelope.version)
        head.appendMember(.context, envelope.context)
        head.appendName(.data)
        head.append(UInt8(ascii: "["))
        self.init(head: head, tail: Array("]}".utf8))
    }

    /// A writer of documents whose envelope is JSON already: up to the bracket that opens the entries, and from the one that
    /// closes them.
    package init(head: [UInt8], tail: [UInt8]) {
        self.head = head
        self.tail = tail
        byteCount = head.count + tail.count
    }

    /// Bytes that the document would have with an element of `length` bytes more.
    package func byteCount(addingElementOf length: Int, to frame: KPIEntryFrame) -> Int {
        if places[frame] != nil { return byteCount + 1 + length }
        return byteCount + (entries.isEmpty ? 0 : 1) + frame.head.count + length + frame.tail.count
    }

    /// Adds an element that is a JSON object.
    ///
    /// - Returns: where it stands in the document, from 0.
    @discardableResult
    package mutating func add(
        _ element: some Collection<UInt8>, to frame: KPIEntryFrame
    ) -> (entry: Int, element: Int) {
        byteCount = byteCount(addingElementOf: element.count, to: frame)
        elementCount += 1
        if let place = places[frame] {
            entries[place].elements.append(UInt8(ascii: ","))
            entries[place].elements.append(contentsOf: element)
            entries[place].count += 1
            return (place, entries[place].count - 1)
        } else {
            places[frame] = entries.count
            entries.append(Entry(frame: frame, elements: Array(element)))
            return (entries.count - 1, 0)
        }
    }

    /// The document; the writer starts the next one.
    package mutating func finish() -> [UInt8] {
        var document: [UInt8] = []
        document.reserveCapacity(byteCount)
        document += head
        for (index, entry) in entries.enumerated() {
            if index > 0 { document.append(UInt8(ascii: ",")) }
            document += entry.frame.head
            document += entry.elements
            document += entry.frame.tail
        }
        document += tail
        self = KPIDocumentWriter(head: head, tail: tail)
        return document
    }
}
