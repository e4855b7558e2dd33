import Foundation

/// A JSON value as it was written: members keep their order, numbers their digits, and an explicit null is no absence.
///
/// For documents whose fields the vendor decides. Comparison is exact: members in order, numbers by their digits, strings
/// by their code points (`String`'s own comparison takes composed and decomposed accents for the same).
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The number's text, byte for byte; it must follow the grammar of RFC 8259.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A name and a value of an object.
    public struct Member: Sendable, Equatable {
        /// The name, decoded.
        public var name: String
        /// The value.
        public var value: JSONValue

        /// Creates a member.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }

        /// Compares names by code points.
        public static func == (left: Member, right: Member) -> Bool {
            left.name.utf8.elementsEqual(right.name.utf8) && left.value == right.value
        }
    }

    /// The member's value where this is an object that has it; the last one where the name is there twice.
    ///
    /// Setting replaces the value in its place or adds a member at the end; setting nil removes the member. A value that
    /// is no object stays as it is.
    public subscript(name: String) -> JSONValue? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
        }
        set {
            guard case .object(var members) = self else { return }
            let index = members.lastIndex { $0.name.utf8.elementsEqual(name.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name, value))
            case (nil, nil): return
            }
            self = .object(members)
        }
    }

    /// The text of a string.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements of an array.
    public var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object.
    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// An identifier, which vendors write as a number or as a string; nil for anything else and for an empty string.
    public var identifier: String? {
        switch self {
        case .number(let digits): digits
        case .string(let text) where !text.isEmpty: text
        default: nil
        }
    }

    /// What a message calls a value of this kind: `a number`.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: Equatable {
    /// Compares exactly, see ``JSONValue``.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

// Not by nil: where an optional value is meant, the literal must go on meaning that there is none.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A number.
    public init(integerLiteral value: Int) { self = .number(String(value)) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object with its members in this order.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}

extension JSONValue {
    /// The value as JSON on one line without spaces: UTF-8 as it is, `/` not escaped, members in their order.
    public var text: String {
        var result = ""
        write(to: &result)
        return result
    }

    /// ``text`` as bytes, for a request's body.
    public var data: Data { Data(text.utf8) }

    /// The value as JSON for people: a member or element a line, indented by two spaces, without a final line end.
    /// Characters that a terminal would obey are escaped.
    public var prettyText: String {
        var result = ""
        writePretty(to: &result, indent: "")
        return result
    }

    private func write(to result: inout String) {
        switch self {
        case .array(let elements):
            result += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { result += "," }
                element.write(to: &result)
            }
            result += "]"
        case .object(let members):
            result += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { result += "," }
                Self.quote(member.name, to: &result)
                result += ":"
                member.value.write(to: &result)
            }
            result += "}"
        default: writeScalar(to: &result, forTerminal: false)
        }
    }

    private func writePretty(to result: inout String, indent: String) {
        let inner = indent + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                result += (index == 0 ? "[\n" : ",\n") + inner
                element.writePretty(to: &result, indent: inner)
            }
            result += "\n\(indent)]"
        case .object(let members) where !members.isEmpty:
            for (index, member) in members.enumerated() {
                result += (index == 0 ? "{\n" : ",\n") + inner
                Self.quote(member.name, to: &result, forTerminal: true)
                result += ": "
                member.value.writePretty(to: &result, indent: inner)
            }
            result += "\n\(indent)}"
        default: writeScalar(to: &result, forTerminal: true)
        }
    }

    /// Scalars, and arrays and objects without content.
    private func writeScalar(to result: inout String, forTerminal: Bool) {
        switch self {
        case .null: result += "null"
        case .bool(let value): result += value ? "true" : "false"
        case .number(let digits): result += digits
        case .string(let text): Self.quote(text, to: &result, forTerminal: forTerminal)
        case .array: result += "[]"
        case .object: result += "{}"
        }
    }

    private static func quote(_ text: String, to result: inout String, forTerminal: Bool = false) {
        result += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\0"..<" ": escape(scalar, to: &result)
            case "\u{7F}"..."\u{9F}" where forTerminal: escape(scalar, to: &result)
            default: result.unicodeScalars.append(scalar)
            }
        }
        result += "\""
    }

    private static func escape(_ scalar: Unicode.Scalar, to result: inout String) {
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }
}
