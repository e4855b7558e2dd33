/// A text that must not be seen. It prints as `***` wherever a value is printed, also as part of another value, and has
/// no `Codable`: only the stores that exist to keep secrets write one, and they say `reveal()`.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps `value`.
    public init(_ value: String) {
        self.value = value
    }

    /// The text itself, for the request or store that needs it.
    public func reveal() -> String { value }

    /// Whether there is no text.
    public var isEmpty: Bool { value.isEmpty }

    /// A mask.
    public var description: String { "***" }
    /// A mask.
    public var debugDescription: String { "***" }
    /// Nothing to look into: `dump` and test failures print what a mirror shows.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
