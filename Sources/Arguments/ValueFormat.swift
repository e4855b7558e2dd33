/// Why a text is no value of an option or argument, as the end of a message: `must be from 1 to 64`.
package struct ValueError: Error, Equatable {
    /// A phrase that follows `invalid value 'x' for '--name': `.
    package let reason: String

    package init(_ reason: String) {
        self.reason = reason
    }
}

/// What a shell offers while a value is being typed.
package enum ValueCompletion: Sendable, Equatable {
    /// Nothing is known about the value.
    case nothing
    /// Names of files and folders.
    case files
    /// These words; other values may be allowed all the same.
    case words([String])
}

/// How the text of a value is read, and what help and completions say about it.
package struct ValueFormat<Value: Sendable>: Sendable {
    /// The name that stands for a value in help, such as `SECONDS`, unless the option has its own.
    package let placeholder: String
    /// The only texts allowed; empty if the values cannot be enumerated.
    package let choices: [String]
    /// What a shell offers.
    package let completion: ValueCompletion
    /// Reads a value, or says why it cannot be one.
    package let convert: @Sendable (String) throws(ValueError) -> Value

    /// A format of one's own.
    package init(
        placeholder: String, completion: ValueCompletion = .nothing,
        convert: @escaping @Sendable (String) throws(ValueError) -> Value
    ) {
        self.placeholder = placeholder
        self.choices = []
        self.completion = completion
        self.convert = convert
    }

    private init(choices: [String], convert: @escaping @Sendable (String) throws(ValueError) -> Value) {
        self.placeholder = choices.joined(separator: "|")
        self.choices = choices
        self.completion = .words(choices)
        self.convert = convert
    }
}

extension ValueFormat where Value == String {
    /// Any text, the empty one included.
    package static var string: Self { string(suggesting: []) }

    /// Any text, of which some are offered by completions.
    package static func string(suggesting words: [String]) -> Self {
        Self(placeholder: "TEXT", completion: words.isEmpty ? .nothing : .words(words)) { text in text }
    }

    /// One of some texts.
    package static func choice(of choices: [String]) -> Self {
        Self(choices: choices) { text throws(ValueError) in
            guard choices.contains(text) else { throw .notAmong(choices, text) }
            return text
        }
    }

    /// The path of a file or folder; the empty text, which is what an unset shell variable leaves, is refused.
    package static var path: Self {
        Self(placeholder: "FILE", completion: .files) { text throws(ValueError) in
            guard !text.isEmpty else { throw ValueError("a path cannot be empty") }
            return text
        }
    }
}

extension ValueFormat where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of an enumeration's raw values.
    package static func choice(of type: Value.Type) -> Self {
        let choices = type.allCases.map(\.rawValue)
        return Self(choices: choices) { text throws(ValueError) in
            guard let value = type.init(rawValue: text) else { throw .notAmong(choices, text) }
            return value
        }
    }
}

extension ValueFormat where Value == Int {
    /// A whole number in a range.
    package static func integer(in range: ClosedRange<Int>) -> Self {
        Self(placeholder: "N") { text throws(ValueError) in
            guard let value = Int(text) else {
                let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
                let isNumber = !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
                throw isNumber ? .outside(range) : ValueError("not a whole number")
            }
            guard range.contains(value) else { throw .outside(range) }
            return value
        }
    }
}

extension ValueFormat where Value == Double {
    /// A decimal number, fractions included, in a range.
    package static func number(in range: ClosedRange<Double>) -> Self {
        Self(placeholder: "NUMBER") { text throws(ValueError) in
            try decimal(text, in: range, what: "a number")
        }
    }
}

extension ValueFormat where Value == Duration {
    /// Seconds, fractions included, in a range; more than a billion of them (31 years) is refused in any case.
    package static func seconds(in range: ClosedRange<Double>) -> Self {
        let upper = min(range.upperBound, 1e9)
        let bounded = min(max(range.lowerBound, -1e9), upper)...upper
        return Self(placeholder: "SECONDS") { text throws(ValueError) in
            .seconds(try decimal(text, in: bounded, what: "a number of seconds"))
        }
    }
}

/// `Double(_:)` alone would also read `nan`, `inf` and hexadecimal.
private func decimal(_ text: String, in range: ClosedRange<Double>, what: String) throws(ValueError) -> Double {
    let allowed = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D || $0 == 0x2B }
    guard allowed, let value = Double(text), value.isFinite else { throw ValueError("not \(what)") }
    guard range.contains(value) else { throw .outside(range) }
    return value
}

extension ValueError {
    static func notAmong(_ choices: [String], _ text: String) -> ValueError {
        let near = Suggestions.nearest(to: text, among: choices)
        let question = near.isEmpty ? "" : "; did you mean \(Suggestions.quotedList(near))?"
        return ValueError("must be one of \(choices.joined(separator: ", "))\(question)")
    }

    static func outside(_ range: ClosedRange<Int>) -> ValueError {
        if range.upperBound == .max { return ValueError("must be at least \(range.lowerBound)") }
        if range.lowerBound == .min { return ValueError("must be at most \(range.upperBound)") }
        return ValueError("must be from \(range.lowerBound) to \(range.upperBound)")
    }

    static func outside(_ range: ClosedRange<Double>) -> ValueError {
        let (lower, upper) = (plain(range.lowerBound), plain(range.upperBound))
        if range.upperBound >= 1e9 { return ValueError("must be at least \(lower)") }
        return ValueError("must be from \(lower) to \(upper)")
    }

    private static func plain(_ number: Double) -> String {
        let text = "\(number)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
