/// What can stand in an option group: `Option`, `RepeatableOption`, `Flag` and `CountedFlag`.
package protocol OptionDescriptor: Sendable {
    /// The option without its value's type, as the parser and the generators see it.
    var specification: OptionSpecification { get }
}

/// What can stand among a command's positionals: `Positional` and `RepeatedPositional`.
package protocol PositionalDescriptor: Sendable {
    /// The argument without its value's type, as the parser and the generators see it.
    var specification: PositionalSpecification { get }
}

/// A descriptor's identity. The value's type is part of it, so what is stored under a key always has that type.
struct DescriptorKey: Hashable, Sendable {
    let name: String
    let type: ObjectIdentifier

    init(name: String, type: (some Sendable).Type) {
        self.name = name
        self.type = ObjectIdentifier(type)
    }
}

/// A value of an option or argument, without its type.
package struct ValueSpecification: Sendable {
    /// What stands for the value in help.
    package let placeholder: String
    /// The only texts allowed; empty if they cannot be enumerated.
    package let choices: [String]
    /// What a shell offers.
    package let completion: ValueCompletion
    /// What holds without the option, for help.
    package let defaultText: String?
    /// The variable that also sets this, for help.
    package let environment: String?
    let convert: @Sendable (String) throws(ValueError) -> any Sendable

    init<Value: Sendable>(
        _ format: ValueFormat<Value>, placeholder: String?, defaultText: String? = nil, environment: String? = nil
    ) {
        self.placeholder = placeholder ?? format.placeholder
        self.choices = format.choices
        self.completion = format.completion
        self.defaultText = defaultText
        self.environment = environment
        let convert = format.convert
        self.convert = { text throws(ValueError) in try convert(text) }
    }
}

/// An option, without its value's type.
package struct OptionSpecification: Sendable {
    package enum Kind: Sendable {
        case value(ValueSpecification, isRepeatable: Bool)
        case flag(isNegatable: Bool)
        case counted
    }

    /// The long name without its dashes.
    package let name: String
    package let short: Character?
    package let help: String
    package let kind: Kind
    let key: DescriptorKey
    /// Whether help, completions and the manual leave it out.
    package let isHidden: Bool

    /// The value it takes, if it takes one.
    var value: ValueSpecification? {
        if case .value(let value, _) = kind { value } else { nil }
    }

    var isNegatable: Bool {
        if case .flag(true) = kind { true } else { false }
    }

    var isRepeatable: Bool {
        switch kind {
        case .value(_, let isRepeatable): isRepeatable
        case .flag: false
        case .counted: true
        }
    }

    /// The long forms a user may type, with dashes: `--wait` and `--no-wait`.
    var longForms: [String] {
        isNegatable ? ["--\(name)", "--no-\(name)"] : ["--\(name)"]
    }

    /// The long form with its value, as help shows it: `--name NAME`, `--[no-]wait`.
    var label: String {
        if let value { return "--\(name) \(value.placeholder)" }
        return isNegatable ? "--[no-]\(name)" : "--\(name)"
    }

    /// The help text with what else is known: choices that the label does not show, default, variable, repetition.
    var fullHelp: String {
        var notes: [String] = []
        if let value {
            let choices = value.choices.joined(separator: "|")
            if !choices.isEmpty, value.placeholder != choices {
                notes.append("one of " + value.choices.joined(separator: ", "))
            }
            if let text = value.defaultText { notes.append("default: \(text)") }
            if let name = value.environment { notes.append("environment: \(name)") }
        }
        if case .value(_, isRepeatable: true) = kind { notes.append("may be given more than once") }
        return notes.isEmpty ? help : "\(help) (\(notes.joined(separator: "; ")))"
    }
}

/// An argument told by its place, without its value's type.
package struct PositionalSpecification: Sendable {
    package enum Arity: Sendable, Equatable {
        case one
        case repeated
        /// Everything from here on, also what looks like an option.
        case rest(needsTerminator: Bool)
    }

    /// What stands for it in help.
    package let name: String
    package let help: String
    package let isRequired: Bool
    package let arity: Arity
    package let value: ValueSpecification
    let key: DescriptorKey

    /// As it stands in a usage line: `FILE`, `[FILE]`, `[FILE ...]`, `[-- COMMAND ...]`.
    var usage: String {
        let text =
            switch arity {
            case .one: name
            case .repeated: "\(name) ..."
            case .rest: "-- \(name) ..."
            }
        return isRequired ? text : "[\(text)]"
    }

    /// The help text with the values allowed, if they can be enumerated.
    var fullHelp: String {
        value.choices.isEmpty ? help : "\(help) (one of \(value.choices.joined(separator: ", ")))"
    }
}
