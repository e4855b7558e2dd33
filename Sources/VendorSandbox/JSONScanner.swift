#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A fault in a JSON text and where it is.
struct JSONFault: Error {
    let message: String
    /// Bytes before the fault.
    let offset: Int
}

/// A strict JSON (RFC 8259) reader on bytes in place. It can skip through a string of hundreds of megabytes without copying
/// it, and builds values where the text is small.
struct JSONScanner {
    /// A string of the text: what stands between its quotes, checked but still escaped.
    struct Text {
        let raw: Range<Int>
        let hasEscapes: Bool
    }

    private static let depthLimit = 128
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The one value of the whole text.
    static func parse(_ bytes: [UInt8]) throws(JSONFault) -> JSONValue {
        let result: Result<JSONValue, JSONFault> = bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer)
            do throws(JSONFault) {
                let value = try scanner.value()
                try scanner.end()
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    func fault(_ message: String) -> JSONFault {
        JSONFault(message: message, offset: position)
    }

    /// The next byte that is not white space, not consumed; nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(JSONFault) {
        guard take(character) else { throw fault("expected '\(character)'") }
    }

    mutating func end() throws(JSONFault) {
        if peek() != nil { throw fault("text after the JSON value") }
    }

    mutating func value(depth: Int = 0) throws(JSONFault) -> JSONValue {
        guard depth < Self.depthLimit else { throw fault("nested too deep") }
        switch peek() {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(string(try text()))
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case nil: throw fault("the text ends where a value should be")
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONFault) -> [JSONMember] {
        try expect("{")
        var members: [JSONMember] = []
        if take("}") { return members }
        repeat {
            let name = string(try text())
            try expect(":")
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
        } while take(",")
        try expect("}")
        return members
    }

    private mutating func array(depth: Int) throws(JSONFault) -> [JSONValue] {
        try expect("[")
        var values: [JSONValue] = []
        if take("]") { return values }
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        try expect("]")
        return values
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONFault) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[index] else {
                throw fault("not a JSON value")
            }
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSONFault) -> JSONValue {
        let start = position
        if next() == UInt8(ascii: "-") { position += 1 }
        let leadingZero = next() == UInt8(ascii: "0")
        let integerDigits = digits()
        guard integerDigits > 0, !leadingZero || integerDigits == 1 else { throw fault("not a JSON value") }
        if next() == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw fault("a number without digits after its point") }
        }
        if next() == UInt8(ascii: "e") || next() == UInt8(ascii: "E") {
            position += 1
            if next() == UInt8(ascii: "+") || next() == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw fault("a number without digits in its exponent") }
        }
        return .number(String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self))
    }

    private func next() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        return position - start
    }

    /// Checks the next string and steps over it.
    mutating func text() throws(JSONFault) -> Text {
        guard take("\"") else { throw fault("expected a string") }
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let raw = start..<position
                position += 1
                return Text(raw: raw, hasEscapes: hasEscapes)
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                try escape()
            } else if byte < 0x20 {
                throw fault("a control character in a string")
            } else if byte < 0x80 {
                position += 1
            } else {
                try multibyte()
            }
        }
        throw fault("a string without an end")
    }

    private mutating func escape() throws(JSONFault) {
        guard position + 1 < bytes.count else { throw fault("an escape without an end") }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            guard let unit = Self.codeUnit(bytes, at: position + 2) else {
                throw fault("a \\u without four hex digits")
            }
            if UTF16.isTrailSurrogate(unit) { throw fault("half of a surrogate pair") }
            if UTF16.isLeadSurrogate(unit) {
                guard position + 7 < bytes.count, bytes[position + 6] == UInt8(ascii: "\\"),
                    bytes[position + 7] == UInt8(ascii: "u"), let trail = Self.codeUnit(bytes, at: position + 8),
                    UTF16.isTrailSurrogate(trail)
                else { throw fault("half of a surrogate pair") }
                position += 12
            } else {
                position += 6
            }
        default: throw fault("an unknown escape")
        }
    }

    private static func codeUnit(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt16? {
        guard index + 4 <= bytes.count else { return nil }
        var unit: UInt16 = 0
        for offset in index..<index + 4 {
            guard let digit = FormCoding.hexValue(bytes[offset]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    private mutating func multibyte() throws(JSONFault) {
        let lead = bytes[position]
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (0, 0x80...0xBF)
            }
        guard length > 0, position + length <= bytes.count, second.contains(bytes[position + 1]),
            (2..<max(2, length)).allSatisfy({ bytes[position + $0] & 0xC0 == 0x80 })
        else { throw fault("not UTF-8") }
        position += length
    }

    /// The string's value.
    func string(_ text: Text) -> String {
        if !text.hasEscapes {
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[text.raw]), as: UTF8.self)
        }
        var result: [UInt8] = []
        unescape(text) { result.append(contentsOf: $0) }
        return String(decoding: result, as: UTF8.self)
    }

    /// Passes the string's value on in pieces, so that a huge one is never in memory twice.
    func unescape(_ text: Text, _ consume: (UnsafeBufferPointer<UInt8>) -> Void) {
        let chunkSize = 1 << 16
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: chunkSize) { chunk in
            var count = 0
            func flush() {
                consume(UnsafeBufferPointer(rebasing: chunk[..<count]))
                count = 0
            }
            var index = text.raw.lowerBound
            while index < text.raw.upperBound {
                // An escape becomes at most four bytes.
                if count + 4 > chunkSize { flush() }
                if bytes[index] != UInt8(ascii: "\\") {
                    let limit = min(text.raw.upperBound, index + chunkSize - count)
                    let end = Self.firstBackslash(bytes, index..<limit)
                    _ = UnsafeMutableBufferPointer(rebasing: chunk[count...])
                        .update(fromContentsOf: bytes[index..<end])
                    count += end - index
                    index = end
                } else if bytes[index + 1] == UInt8(ascii: "u") {
                    var scalar = UInt32(Self.codeUnit(bytes, at: index + 2) ?? 0xFFFD)
                    index += 6
                    if scalar & 0xFC00 == 0xD800 {
                        let trail = UInt32(Self.codeUnit(bytes, at: index + 2) ?? 0xDC00)
                        scalar = 0x10000 + (scalar & 0x3FF) << 10 + trail & 0x3FF
                        index += 6
                    }
                    for unit in UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter {
                        chunk[count] = unit
                        count += 1
                    }
                } else {
                    chunk[count] = Self.unescaped(bytes[index + 1])
                    count += 1
                    index += 2
                }
            }
            flush()
        }
    }

    /// The end of `range` when it holds none.
    private static func firstBackslash(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int {
        guard let base = bytes.baseAddress, let found = memchr(base + range.lowerBound, 0x5C, range.count) else {
            return range.upperBound
        }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    private static func unescaped(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: letter
        }
    }
}
