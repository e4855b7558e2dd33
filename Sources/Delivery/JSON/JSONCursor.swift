/// A place in a JSON text, moved on token by token. It borrows the text: use it only inside the closure that lends it.
struct JSONCursor {
    private let base: UnsafeBufferPointer<UInt8>
    private let end: Int
    private(set) var position = 0
    /// Bytes of white space passed so far.
    private(set) var whitespace = 0

    init(_ text: UnsafeRawBufferPointer) {
        base = text.assumingMemoryBound(to: UInt8.self)
        end = text.count
    }

    var isAtEnd: Bool { position == end }

    /// The byte at the cursor, nil at the end.
    @inline(__always)
    var next: UInt8? { position < end ? base[position] : nil }

    func bytes(_ range: Range<Int>) -> Slice<UnsafeBufferPointer<UInt8>> { base[range] }

    /// Moves past `byte` if it is next.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard position < end, base[position] == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    mutating func skipWhitespace() {
        // Nearly always there is none, or a single space.
        while position < end {
            let byte = base[position]
            guard byte <= 0x20, JSONByte.isWhitespace(byte) else { return }
            whitespace += 1
            position += 1
        }
    }

    /// The fault with its line and column.
    @inline(never)
    func fault(_ message: String, at offset: Int? = nil) -> JSONTextError {
        let offset = offset ?? position
        var line = 1
        var lineStart = 0
        for index in 0..<offset where base[index] == JSONByte.lineFeed {
            line += 1
            lineStart = index + 1
        }
        return JSONTextError(offset: offset, line: line, column: offset - lineStart + 1, message: message)
    }

    /// The fault that `what` does not stand at the cursor.
    @inline(never)
    func missing(_ what: String) -> JSONTextError {
        fault(isAtEnd ? "expected \(what), but the text ends" : "expected \(what)")
    }

    // MARK: Tokens

    /// Moves past the string that begins at the cursor and says whether it holds escapes.
    mutating func scanString() throws(JSONTextError) -> Bool {
        let start = position
        position += 1
        var hasEscapes = false
        while true {
            skipPlainCharacters()
            guard position < end else { throw fault("the string that begins here is not closed", at: start) }
            let byte = base[position]
            switch byte {
            case JSONByte.quote:
                position += 1
                return hasEscapes
            case JSONByte.backslash:
                hasEscapes = true
                try scanEscape(ofStringAt: start)
            case 0..<0x20:
                throw fault(
                    byte == JSONByte.lineFeed || byte == JSONByte.carriageReturn
                        ? "a line end inside a string must be written as an escape"
                        : "a control character inside a string must be written as an escape")
            default:
                let length = lengthOfCharacter()
                guard length > 0 else { throw fault("invalid UTF-8") }
                position += length
            }
        }
    }

    /// Moves past ASCII that stands for itself, eight bytes at a time.
    @inline(__always)
    private mutating func skipPlainCharacters() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while position + 8 <= end {
            let word = UInt64(
                littleEndian: UnsafeRawBufferPointer(base).loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let backslashes = word ^ (ones &* 0x5c)
            // A byte's highest bit is set where it is a control character, a quote, a backslash or beyond ASCII. A borrow
            // can only set bits above the first true one.
            let special =
                (((word &- ones &* 0x20) & ~word) | ((quotes &- ones) & ~quotes)
                    | ((backslashes &- ones) & ~backslashes)
                    | word) & (ones &* 0x80)
            guard special == 0 else {
                position += special.trailingZeroBitCount / 8
                return
            }
            position += 8
        }
        while position < end {
            let byte = base[position]
            guard byte >= 0x20, byte < 0x80, byte != JSONByte.quote, byte != JSONByte.backslash else { return }
            position += 1
        }
    }

    private mutating func scanEscape(ofStringAt start: Int) throws(JSONTextError) {
        guard position + 1 < end else { throw fault("the string that begins here is not closed", at: start) }
        switch base[position + 1] {
        case JSONByte.quote, JSONByte.backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            for index in position + 2..<position + 6 {
                guard index < end, JSONByte.hexValue(base[index]) != nil else {
                    throw fault("\\u must be followed by four hexadecimal digits")
                }
            }
            position += 6
        default:
            throw fault("no such escape in JSON; a backslash itself is written \\\\")
        }
    }

    /// The length of the well-formed character beyond ASCII at the cursor, 0 if there is none (RFC 3629).
    private func lengthOfCharacter() -> Int {
        let lead = base[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xbf
        switch lead {
        case 0xc2...0xdf: length = 2
        case 0xe0: (length, second) = (3, 0xa0...0xbf)
        case 0xed: (length, second) = (3, 0x80...0x9f)
        case 0xe1...0xef: length = 3
        case 0xf0: (length, second) = (4, 0x90...0xbf)
        case 0xf4: (length, second) = (4, 0x80...0x8f)
        case 0xf1...0xf3: length = 4
        default: return 0
        }
        guard position + length <= end, second.contains(base[position + 1]) else { return 0 }
        for index in position + 2..<position + length where base[index] & 0xc0 != 0x80 { return 0 }
        return length
    }

    /// Moves past the number that begins at the cursor, with `-` or a digit.
    mutating func scanNumber() throws(JSONTextError) {
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            if let next, JSONByte.isDigit(next) { throw fault("a number must not begin with a superfluous 0") }
        } else {
            try scanDigits()
        }
        if take(UInt8(ascii: ".")) { try scanDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try scanDigits()
        }
    }

    private mutating func scanDigits() throws(JSONTextError) {
        let start = position
        while position < end, JSONByte.isDigit(base[position]) { position += 1 }
        if position == start { throw missing("a digit") }
    }

    /// Moves past `true`, `false` or `null`, of which the first letter is at the cursor.
    private mutating func scanWord(_ word: StaticString) throws(JSONTextError) {
        let length = word.utf8CodeUnitCount
        guard position + length <= end else { throw fault("expected \(word), but the text ends", at: end) }
        for index in 0..<length where base[position + index] != word.utf8Start[index] {
            throw fault("expected a value; this is none of JSON's words true, false and null")
        }
        position += length
    }

    /// Moves past a string, number, boolean or null; false if none begins here.
    @inline(__always)
    mutating func scanScalar() throws(JSONTextError) -> Bool {
        guard position < end else { return false }
        switch base[position] {
        case JSONByte.quote: _ = try scanString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber()
        case UInt8(ascii: "t"): try scanWord("true")
        case UInt8(ascii: "f"): try scanWord("false")
        case UInt8(ascii: "n"): try scanWord("null")
        default: return false
        }
        return true
    }

    // MARK: Values

    /// Moves past a value of any kind. Open containers are kept in an array, so that deep nesting takes no stack.
    mutating func scanValue(maximumDepth: Int) throws(JSONTextError) {
        var open: [UInt8] = []
        while true {
            // A value begins here.
            if !(try scanScalar()) {
                guard let opening = next, opening == JSONByte.openObject || opening == JSONByte.openArray else {
                    throw missing("a value")
                }
                guard open.count < maximumDepth else {
                    throw fault("nested deeper than \(maximumDepth) levels")
                }
                position += 1
                skipWhitespace()
                if opening == JSONByte.openObject {
                    if !take(JSONByte.closeObject) {
                        open.append(opening)
                        try scanName(orClosing: true)
                        continue
                    }
                } else if !take(JSONByte.closeArray) {
                    open.append(opening)
                    continue
                }
            }
            // A value has ended here; so may the containers it is in.
            while true {
                guard let container = open.last else { return }
                skipWhitespace()
                if take(JSONByte.comma) {
                    skipWhitespace()
                    if container == JSONByte.openObject {
                        try scanName(orClosing: false)
                    } else if next == JSONByte.closeArray {
                        throw fault("expected another element; a comma must not stand before ']'")
                    }
                    break
                }
                guard take(container == JSONByte.openObject ? JSONByte.closeObject : JSONByte.closeArray) else {
                    throw missing(
                        container == JSONByte.openObject ? "',' or '}' after a member" : "',' or ']' after an element")
                }
                open.removeLast()
            }
        }
    }

    /// Moves past a member's name and colon, up to its value; gives the name with its quotes and whether it has escapes.
    @discardableResult
    mutating func scanName(orClosing: Bool) throws(JSONTextError) -> (name: Range<Int>, hasEscapes: Bool) {
        let start = position
        guard next == JSONByte.quote else {
            if !orClosing, next == JSONByte.closeObject {
                throw fault("expected another member; a comma must not stand before '}'")
            }
            throw missing(orClosing ? "a name in double quotes or '}'" : "a name in double quotes")
        }
        let hasEscapes = try scanString()
        let name = start..<position
        skipWhitespace()
        guard take(JSONByte.colon) else { throw missing("':' after the name of a member") }
        skipWhitespace()
        return (name, hasEscapes)
    }
}

/// The bytes that mean something in JSON.
enum JSONByte {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let openObject = UInt8(ascii: "{")
    static let closeObject = UInt8(ascii: "}")
    static let openArray = UInt8(ascii: "[")
    static let closeArray = UInt8(ascii: "]")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")

    @inline(__always)
    static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == lineFeed || byte == carriageReturn || byte == 0x09
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    static func hexValue(_ digit: UInt8) -> UInt16? {
        switch digit {
        case 0x30...0x39: UInt16(digit - 0x30)
        case 0x41...0x46: UInt16(digit - 0x37)
        case 0x61...0x66: UInt16(digit - 0x57)
        default: nil
        }
    }
}
