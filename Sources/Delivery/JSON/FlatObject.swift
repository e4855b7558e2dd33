import Foundation

/// An object whose values are strings, numbers, booleans, null, or lists of those: what the data forwarder takes.
///
/// It is kept as its compact JSON text. Members keep their order, numbers every digit, strings their escapes as they were
/// written; only white space between tokens is dropped.
package struct FlatObject: Sendable, Equatable {
    /// The compact text, braces included.
    package let json: [UInt8]

    /// Takes over `text` if it is one flat object without repeated names.
    ///
    /// - Parameter root: what the object is called in errors, as in `data.address is an object; only flat values are allowed`.
    package init(json text: some ContiguousBytes, root: String = "data") throws(JSONTextError) {
        json = try borrowing(text) { (cursor) throws(JSONTextError) in
            try cursor.takeText { (cursor) throws(JSONTextError) in
                guard cursor.next == JSONByte.openObject else {
                    if let kind = cursor.kindOfNext { throw cursor.fault("\(root) must be an object, not \(kind)") }
                    throw cursor.missing("an object")
                }
                try cursor.scanFlatObject(root: root)
            }
        }
    }

    /// Takes over a record of a file; errors say where in the file.
    package init(_ record: JSONRecord, root: String = "data") throws(JSONTextError) {
        do throws(JSONTextError) {
            try self.init(json: record.bytes, root: root)
        } catch {
            throw error.located(after: record)
        }
    }

    /// An object of these members in this order; nil if two have the same name.
    package init?(members: [(name: String, value: FlatValue)]) {
        guard Set(members.map { Array($0.name.utf8) }).count == members.count else { return nil }
        var text = [JSONByte.openObject]
        for member in members {
            if text.count > 1 { text.append(JSONByte.comma) }
            text += FlatValue.string(member.name).json
            text.append(JSONByte.colon)
            text += member.value.json
        }
        text.append(JSONByte.closeObject)
        json = text
    }

    /// The members in their order, names without escapes.
    package var members: [(name: String, value: FlatValue)] {
        FlatValue.pieces(of: json).map { piece in
            // A member's name is a string of its own before the first colon outside quotes.
            let name = piece.prefix(FlatValue.lengthOfString(piece))
            return (JSONString.decoded(name), FlatValue(compact: Array(piece.dropFirst(name.count + 1))))
        }
    }
}

/// A value that may stand in a flat object, kept as its compact JSON text.
package struct FlatValue: Sendable, Equatable {
    /// The kinds of value there are.
    package enum Kind: Sendable {
        case string
        case number
        case bool
        case null
        case list
    }

    /// The compact text.
    package let json: [UInt8]

    fileprivate init(compact json: [UInt8]) {
        self.json = json
    }

    /// Takes over `text` if it is one string, number, boolean, null, or list of those; `path` is what errors call it.
    package init(json text: some ContiguousBytes, path: String) throws(JSONTextError) {
        json = try borrowing(text) { (cursor) throws(JSONTextError) in
            try cursor.takeText { (cursor) throws(JSONTextError) in
                try cursor.scanFlatValue { path }
            }
        }
    }

    /// The string `text`.
    package static func string(_ text: String) -> FlatValue {
        FlatValue(compact: JSONString.encoded(text))
    }

    /// `true` or `false`.
    package static func bool(_ value: Bool) -> FlatValue {
        FlatValue(compact: Array((value ? "true" : "false").utf8))
    }

    /// `null`.
    package static let null = FlatValue(compact: Array("null".utf8))

    package var kind: Kind {
        switch json.first {
        case JSONByte.quote: .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        case JSONByte.openArray: .list
        default: .number
        }
    }

    /// A string's text without quotes and escapes; nil for other kinds.
    package var string: String? { kind == .string ? JSONString.decoded(json[...]) : nil }

    /// A list's elements; nil for other kinds.
    package var elements: [FlatValue]? {
        kind == .list ? Self.pieces(of: json).map { FlatValue(compact: Array($0)) } : nil
    }

    /// What stands between the commas of a compact object's or list's outermost level.
    fileprivate static func pieces(of json: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 1
        var index = 1
        var depth = 0
        while index < json.count - 1 {
            switch json[index] {
            case JSONByte.quote:
                index += lengthOfString(json[index...])
                continue
            case JSONByte.openArray: depth += 1
            case JSONByte.closeArray: depth -= 1
            case JSONByte.comma where depth == 0:
                pieces.append(json[start..<index])
                start = index + 1
            default: break
            }
            index += 1
        }
        if start < json.count - 1 { pieces.append(json[start..<json.count - 1]) }
        return pieces
    }

    /// The length of the string with which valid JSON begins, quotes included.
    fileprivate static func lengthOfString(_ json: ArraySlice<UInt8>) -> Int {
        var index = json.startIndex + 1
        while json[index] != JSONByte.quote { index += json[index] == JSONByte.backslash ? 2 : 1 }
        return index + 1 - json.startIndex
    }
}

extension JSONCursor {
    /// Runs `scan` on what must be all of the text but for white space around, and gives that without white space.
    fileprivate mutating func takeText(
        _ scan: (inout JSONCursor) throws(JSONTextError) -> Void
    ) throws(JSONTextError) -> [UInt8] {
        skipWhitespace()
        let start = position
        let paddingBefore = whitespace
        try scan(&self)
        let text = bytes(start..<position)
        let padding = whitespace - paddingBefore
        skipWhitespace()
        guard isAtEnd else { throw fault("unexpected text after the value") }
        return padding == 0 ? Array(text) : JSONString.compacted(text, count: text.count - padding)
    }

    /// What kind of value begins at the cursor, judged by its first byte.
    fileprivate var kindOfNext: String? {
        guard let next else { return nil }
        return switch next {
        case JSONByte.quote: "a string"
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): "a number"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "a boolean"
        case UInt8(ascii: "n"): "null"
        case JSONByte.openArray: "an array"
        case JSONByte.openObject: "an object"
        default: nil
        }
    }

    /// Moves past a flat object, of which the brace is at the cursor.
    fileprivate mutating func scanFlatObject(root: String) throws(JSONTextError) {
        _ = take(JSONByte.openObject)
        skipWhitespace()
        if take(JSONByte.closeObject) { return }
        var names = MemberNames()
        while true {
            let start = position
            let (name, hasEscapes) = try scanName(orClosing: names.isEmpty)
            guard names.insert(bytes(name.dropFirst().dropLast()), hasEscapes: hasEscapes) else {
                throw fault("\(Self.path(root, bytes(name))) is given twice", at: start)
            }
            try scanFlatValue { [self] in Self.path(root, bytes(name)) }
            skipWhitespace()
            if take(JSONByte.comma) {
                skipWhitespace()
            } else if take(JSONByte.closeObject) {
                return
            } else {
                throw missing("',' or '}' after a member")
            }
        }
    }

    /// Moves past a value that is no object and no list but of plain values.
    @inline(__always)
    fileprivate mutating func scanFlatValue(path: () -> String) throws(JSONTextError) {
        if try scanScalar() { return }
        if next == JSONByte.openObject {
            throw fault("\(path()) is an object; only flat values are allowed")
        }
        guard take(JSONByte.openArray) else { throw missing("a value") }
        skipWhitespace()
        if take(JSONByte.closeArray) { return }
        var index = 0
        while true {
            if !(try scanScalar()) {
                if next == JSONByte.openArray || next == JSONByte.openObject {
                    let kind = next == JSONByte.openArray ? "an array" : "an object"
                    throw fault("\(path())[\(index)] is \(kind); only flat values are allowed")
                }
                if index > 0, next == JSONByte.closeArray {
                    throw fault("expected another element; a comma must not stand before ']'")
                }
                throw missing("a value")
            }
            index += 1
            skipWhitespace()
            if take(JSONByte.comma) {
                skipWhitespace()
            } else if take(JSONByte.closeArray) {
                return
            } else {
                throw missing("',' or ']' after an element")
            }
        }
    }

    /// `root.name`, or `root["some name"]` where the name is no word; long names are cut.
    private static func path(_ root: String, _ quotedName: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        let name = quotedName.dropFirst().dropLast()
        let isWord =
            !name.isEmpty
            && name.allSatisfy { byte in
                JSONByte.isDigit(byte) || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "-") || byte >= 0x80
            }
        let text = String(decoding: name, as: UTF8.self)
        let shown = text.count > 60 ? text.prefix(60) + "…" : text[...]
        return isWord ? "\(root).\(shown)" : "\(root)[\"\(shown)\"]"
    }
}
