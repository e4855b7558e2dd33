/// A record of a CSV file: a view of the reader's buffer, valid until the reader's next `next()` or its end of life.
package struct CSVRecord {
    /// A field's bytes, counted from the record's start, without the quotes around it.
    struct Slot {
        var start: UInt32
        var end: UInt32
        var isQuoted: Bool
        /// Holds doubled quotes.
        var isEscaped: Bool
    }

    private let bytes: UnsafeRawBufferPointer
    private let slots: UnsafePointer<Slot>
    /// How many fields the record has, at least 1.
    package let count: Int
    /// The physical line on which the record starts, from 1.
    package let line: Int
    /// From 1; a header counts, a blank line does not.
    package let ordinal: Int

    init(bytes: UnsafeRawBufferPointer, slots: UnsafePointer<Slot>, count: Int, line: Int, ordinal: Int) {
        (self.bytes, self.slots, self.count, self.line, self.ordinal) = (bytes, slots, count, line, ordinal)
    }

    private func slot(_ field: Int) -> Slot {
        precondition(field >= 0 && field < count)
        return slots[field]
    }

    /// A field's bytes without the quotes around it; in an escaped field each quote is still doubled.
    package func bytes(ofField field: Int) -> UnsafeRawBufferPointer {
        let slot = slot(field)
        return UnsafeRawBufferPointer(rebasing: bytes[Int(slot.start)..<Int(slot.end)])
    }

    /// Whether the field stands in quotes.
    package func isQuoted(field: Int) -> Bool { slot(field).isQuoted }

    /// Whether the field holds doubled quotes, each of which stands for one.
    package func isEscaped(field: Int) -> Bool { slot(field).isEscaped }

    /// The field's value.
    package func string(ofField field: Int) -> String {
        let raw = bytes(ofField: field)
        guard isEscaped(field: field) else { return String(decoding: raw, as: UTF8.self) }
        var value: [UInt8] = []
        value.reserveCapacity(raw.count)
        var at = 0
        while at < raw.count {
            value.append(raw[at])
            at += raw[at] == UInt8(ascii: "\"") ? 2 : 1
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// The values of all fields.
    package var strings: [String] { (0..<count).map(string(ofField:)) }

    /// Where the field starts; for a quoted field that is its opening quote.
    package func position(ofField field: Int) -> TextPosition {
        let slot = slot(field)
        return textPosition(of: Int(slot.start) - (slot.isQuoted ? 1 : 0), in: bytes, startingOn: line)
    }

    /// Where the record ends: one past its last field.
    package var endPosition: TextPosition { textPosition(of: bytes.count, in: bytes, startingOn: line) }
}

/// The position of the byte at `index` of a text whose first byte is the first of `line`.
func textPosition(of index: Int, in bytes: UnsafeRawBufferPointer, startingOn line: Int) -> TextPosition {
    var place = TextPosition(line: line, column: 1)
    var lineStart = 0
    var at = 0
    while at < index {
        let byte = bytes[at]
        at += 1
        guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { continue }
        if byte == UInt8(ascii: "\r"), at < index, bytes[at] == UInt8(ascii: "\n") { at += 1 }
        place.line += 1
        lineStart = at
    }
    place.column += scalarCount(of: UnsafeRawBufferPointer(rebasing: bytes[lineStart..<max(index, lineStart)]))
    return place
}
