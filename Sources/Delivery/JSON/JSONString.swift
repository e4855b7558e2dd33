/// JSON strings as text: with quotes and escapes, and without.
enum JSONString {
    /// `text` in quotes; only what must be escaped is, so that it stays readable UTF-8.
    static func encoded(_ text: String) -> [UInt8] {
        var json = [JSONByte.quote]
        json.reserveCapacity(text.utf8.count + 2)
        for byte in text.utf8 {
            switch byte {
            case JSONByte.quote, JSONByte.backslash: json += [JSONByte.backslash, byte]
            case JSONByte.lineFeed: json += "\\n".utf8
            case JSONByte.carriageReturn: json += "\\r".utf8
            case 0x09: json += "\\t".utf8
            case 0..<0x20:
                json += "\\u00".utf8
                json.append(byte >> 4 | 0x30)
                json.append(byte & 0xf < 10 ? byte & 0xf | 0x30 : byte & 0xf + 0x57)
            default: json.append(byte)
            }
        }
        json.append(JSONByte.quote)
        return json
    }

    /// The text of a valid string with its quotes; half a surrogate pair becomes U+FFFD.
    static func decoded(_ json: ArraySlice<UInt8>) -> String {
        let content = json.dropFirst().dropLast()
        guard content.contains(JSONByte.backslash) else { return String(decoding: content, as: UTF8.self) }
        var text: [UInt8] = []
        appendUnescaped(content, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text of a valid string's content. Half a surrogate pair is written as if it were a character, which UTF-8
    /// does not allow but which keeps different strings different.
    static func appendUnescaped(_ content: some RandomAccessCollection<UInt8>, to text: inout [UInt8]) {
        var rest = content[...]
        while let byte = rest.popFirst() {
            guard byte == JSONByte.backslash, let letter = rest.popFirst() else {
                text.append(byte)
                continue
            }
            switch letter {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0c)
            case UInt8(ascii: "n"): text.append(JSONByte.lineFeed)
            case UInt8(ascii: "r"): text.append(JSONByte.carriageReturn)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = UInt32(codeUnit(rest.prefix(4)))
                rest = rest.dropFirst(4)
                if scalar & 0xfc00 == 0xd800, rest.starts(with: "\\u".utf8) {
                    let low = UInt32(codeUnit(rest.dropFirst(2).prefix(4)))
                    if low & 0xfc00 == 0xdc00 {
                        scalar = 0x10000 + (scalar & 0x3ff) << 10 + low & 0x3ff
                        rest = rest.dropFirst(6)
                    }
                }
                append(scalar, to: &text)
            default: text.append(letter)
            }
        }
    }

    private static func codeUnit(_ digits: some Sequence<UInt8>) -> UInt16 {
        digits.reduce(0) { $0 << 4 | (JSONByte.hexValue($1) ?? 0) }
    }

    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        func trail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3f) }
        switch scalar {
        case ..<0x80: text.append(UInt8(scalar))
        case ..<0x800: text += [UInt8(0xc0 | scalar >> 6), trail(0)]
        case ..<0x10000: text += [UInt8(0xe0 | scalar >> 12), trail(6), trail(0)]
        default: text += [UInt8(0xf0 | scalar >> 18), trail(12), trail(6), trail(0)]
        }
    }

    /// Valid JSON without the white space between its tokens; `count` is the length that leaves.
    static func compacted(_ text: some Collection<UInt8>, count: Int) -> [UInt8] {
        var compact: [UInt8] = []
        compact.reserveCapacity(count)
        var isInString = false
        var isEscaped = false
        for byte in text {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == JSONByte.backslash {
                    isEscaped = true
                } else if byte == JSONByte.quote {
                    isInString = false
                }
            } else if byte == JSONByte.quote {
                isInString = true
            } else if JSONByte.isWhitespace(byte) {
                continue
            }
            compact.append(byte)
        }
        return compact
    }
}

/// The names an object has had so far, compared without their escapes.
struct MemberNames {
    /// Up to this many names are compared one by one, which for a few is faster than hashing them.
    private static let listed = 24

    private var text: [UInt8] = []
    private var ranges: [Range<Int>] = []
    private var set: Set<[UInt8]> = []

    var isEmpty: Bool { ranges.isEmpty && set.isEmpty }

    /// Adds a name, given as a string's content; false if it is there already.
    mutating func insert(_ content: Slice<UnsafeBufferPointer<UInt8>>, hasEscapes: Bool) -> Bool {
        let start = text.count
        if hasEscapes {
            JSONString.appendUnescaped(content, to: &text)
        } else {
            text.append(contentsOf: UnsafeBufferPointer(rebasing: content))
        }
        let name = start..<text.count
        if set.isEmpty {
            for range in ranges where range.count == name.count && text[range] == text[name] { return false }
            ranges.append(name)
            if ranges.count > Self.listed {
                for range in ranges { set.insert(Array(text[range])) }
            }
            return true
        }
        defer { text.removeSubrange(name) }
        return set.insert(Array(text[name])).inserted
    }
}
