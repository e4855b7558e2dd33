/// One header field of a request or response.
public struct HTTPField: Sendable, Equatable {
    /// The name as it was spelled; looked up without regard to case.
    public var name: String
    /// The value as it goes on the wire.
    public var value: String
    /// Set by the code that puts a credential here; every printer masks the value of such a field.
    public var isCredential: Bool

    /// Creates a field.
    public init(_ name: String, _ value: String, isCredential: Bool = false) {
        self.name = name
        self.value = value
        self.isCredential = isCredential
    }
}

/// Header fields in order, looked up without regard to case.
public struct HTTPFields: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// Every field, in order.
    public private(set) var all: [HTTPField] = []

    /// Creates an empty list.
    public init() {}

    /// Creates a list from names and values.
    public init(dictionaryLiteral elements: (String, String)...) {
        all = elements.map { HTTPField($0.0, $0.1) }
    }

    /// Creates a list of `fields`.
    public init(_ fields: [HTTPField]) {
        all = fields
    }

    /// The first value of `name`; setting replaces every field of that name.
    public subscript(name: String) -> String? {
        get { all.first { Self.isSame($0.name, name) }?.value }
        set {
            remove(name)
            if let newValue { all.append(HTTPField(name, newValue)) }
        }
    }

    /// Replaces every field of the same name.
    public mutating func set(_ field: HTTPField) {
        remove(field.name)
        all.append(field)
    }

    /// Adds a field beside others of the same name.
    public mutating func append(_ field: HTTPField) {
        all.append(field)
    }

    /// Removes every field called `name`.
    public mutating func remove(_ name: String) {
        all.removeAll { Self.isSame($0.name, name) }
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    /// The first field that HTTP does not allow, if any. URLSession on Linux drops such a field without a word
    /// (urlsession-linux.md, C2.12), and a missing credential is worse than an error.
    package var firstInvalid: HTTPField? {
        all.first { field in
            field.name.isEmpty || !field.name.utf8.allSatisfy(Self.isTokenByte)
                || field.value.utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 }
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
