import Foundation

/// A fault in a JSON text, and where it stands.
public struct JSONSyntaxError: Error, Sendable, Equatable {
    /// From 1.
    public var line: Int
    /// Bytes from the start of the line, from 1, as compilers count.
    public var column: Int
    /// One line without a period: `expected ',' or '}' after a member`.
    public var message: String

    /// Creates an error.
    public init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259) strictly: no comments, no trailing commas, UTF-8 only. A byte order mark at the
    /// beginning is passed over.
    ///
    /// - Parameters:
    ///   - bytes: The whole text.
    ///   - maximumDepth: How many arrays and objects may stand inside one another.
    ///   - allowsRepeatedNames: Whether an object may have a name twice; in a user's document that is a mistake.
    /// - Throws: ``JSONSyntaxError`` at the first fault.
    public init(
        parsing bytes: some Sequence<UInt8>, maximumDepth: Int = 128, allowsRepeatedNames: Bool = false
    ) throws(JSONSyntaxError) {
        var parser = JSONParser(
            bytes: Array(bytes), maximumDepth: maximumDepth, allowsRepeatedNames: allowsRepeatedNames)
        self = try parser.parse()
    }
}

private struct JSONParser {
    private struct Fault: Error {
        var offset: Int
        var message: String
    }

    let bytes: [UInt8]
    let maximumDepth: Int
    let allowsRepeatedNames: Bool
    private var position = 0
    private var depth = 0

    init(bytes: [UInt8], maximumDepth: Int, allowsRepeatedNames: Bool) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.allowsRepeatedNames = allowsRepeatedNames
    }

    mutating func parse() throws(JSONSyntaxError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        do throws(Fault) {
            let value = try value()
            skipSpace()
            guard position == bytes.count else { throw fault("there is more after the JSON value") }
            return value
        } catch {
            let before = bytes[..<error.offset]
            let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            throw JSONSyntaxError(
                line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: error.offset - lineStart + 1,
                message: error.message)
        }
    }

    private func fault(_ message: String, at offset: Int? = nil) -> Fault {
        Fault(offset: offset ?? position, message: message)
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Passes `byte` where it comes next.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(Fault) -> JSONValue {
        skipSpace()
        guard let current else { throw fault("the text ends where a value is expected") }
        switch current {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["): return try nested { parser throws(Fault) in try parser.array() }
        case UInt8(ascii: "{"): return try nested { parser throws(Fault) in try parser.object() }
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "'"): throw fault("strings and names stand in double quotes")
        default: throw fault("expected a JSON value")
        }
    }

    private mutating func nested(
        _ content: (inout JSONParser) throws(Fault) -> JSONValue
    ) throws(Fault) -> JSONValue {
        guard depth < maximumDepth else { throw fault("nested more than \(maximumDepth) deep") }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try content(&self)
    }

    private mutating func array() throws(Fault) -> JSONValue {
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value())
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw fault("expected ',' or ']' after an element") }
            skipSpace()
            if current == UInt8(ascii: "]") { throw fault("a comma before ']' is not JSON") }
        }
    }

    private mutating func object() throws(Fault) -> JSONValue {
        var members: [JSONValue.Member] = []
        // Bytes, because String takes different code points for equal.
        var names: Set<[UInt8]> = []
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            let start = position
            guard current == UInt8(ascii: "\"") else { throw fault("expected a name in double quotes") }
            let name = try string()
            if !names.insert(Array(name.utf8)).inserted, !allowsRepeatedNames {
                throw fault("\(name.debugDescription) is there twice", at: start)
            }
            skipSpace()
            guard take(":") else { throw fault("expected ':' after the name \(name.debugDescription)") }
            members.append(JSONValue.Member(name, try value()))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw fault("expected ',' or '}' after a member") }
            skipSpace()
            if current == UInt8(ascii: "}") { throw fault("a comma before '}' is not JSON") }
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        let matches = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard matches else { throw fault("expected a JSON value; words are only true, false and null") }
        position += word.utf8CodeUnitCount
        return value
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func number() throws(Fault) -> String {
        let start = position
        _ = take("-")
        let leading = current
        let count = digits()
        guard count > 0 else { throw fault("expected a digit after '-'") }
        if leading == UInt8(ascii: "0"), count > 1 { throw fault("a number has no leading zeros", at: start) }
        if take("."), digits() == 0 { throw fault("expected a digit after '.'") }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard digits() > 0 else { throw fault("expected a digit in the exponent") }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func string() throws(Fault) -> String {
        let start = position
        position += 1
        var content: [UInt8] = []
        while true {
            guard let byte = current else { throw fault("the string that begins here has no end", at: start) }
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw fault("the string that begins here is not valid UTF-8", at: start)
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw fault("a control character in a string must be escaped")
            default:
                content.append(byte)
                position += 1
            }
        }
    }

    private mutating func escape(into content: inout [UInt8]) throws(Fault) {
        let start = position
        position += 1
        let letter = current
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter ?? 0)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "u"):
            var value = UInt32(try hexadecimal(start))
            if (0xD800...0xDBFF).contains(value), take("\\") {
                guard take("u") else { throw fault("half of a surrogate pair", at: start) }
                let low = UInt32(try hexadecimal(start))
                guard (0xDC00...0xDFFF).contains(low) else { throw fault("half of a surrogate pair", at: start) }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw fault("half of a surrogate pair", at: start) }
            content += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        default: throw fault("this escape is not JSON", at: start)
        }
    }

    /// Four hexadecimal digits.
    private mutating func hexadecimal(_ start: Int) throws(Fault) -> UInt16 {
        guard position + 4 <= bytes.count else { throw fault("four hexadecimal digits must follow \\u", at: start) }
        var value: UInt16 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw fault("four hexadecimal digits must follow \\u", at: start)
            }
            value = value << 4 | UInt16(digit)
        }
        position += 4
        return value
    }
}
