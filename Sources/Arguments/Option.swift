/// An option that takes one value and may be given once: `--name value`, `--name=value`, `-n value`.
package struct Option<Value: Sendable>: OptionDescriptor {
    package let specification: OptionSpecification
    /// Reads a value, or says why it cannot be one: the same rule for a value from the environment or a file.
    package let convert: @Sendable (String) throws(ValueError) -> Value

    /// - Parameters:
    ///   - name: the long name without its dashes.
    ///   - short: one letter, if there is a short form.
    ///   - placeholder: what stands for the value in help; the format's own if nil.
    ///   - defaultText: what holds when neither the option nor anything else says otherwise, for help only.
    ///   - environment: the variable that also sets this, for help only.
    package init(
        _ name: String, short: Character? = nil, _ format: ValueFormat<Value>, placeholder: String? = nil,
        help: String, defaultText: String? = nil, environment: String? = nil, isHidden: Bool = false
    ) {
        convert = format.convert
        specification = OptionSpecification(
            name: name, short: short, help: help,
            kind: .value(
                ValueSpecification(
                    format, placeholder: placeholder, defaultText: defaultText, environment: environment),
                isRepeatable: false),
            key: DescriptorKey(name: name, type: Value.self), isHidden: isHidden)
    }
}

/// An option that takes one value each time it is given; the values keep their order.
package struct RepeatableOption<Value: Sendable>: OptionDescriptor {
    package let specification: OptionSpecification
    /// Reads a value, or says why it cannot be one: the same rule for a value from the environment or a file.
    package let convert: @Sendable (String) throws(ValueError) -> Value

    /// Takes what `Option.init` takes.
    package init(
        _ name: String, short: Character? = nil, _ format: ValueFormat<Value>, placeholder: String? = nil,
        help: String, defaultText: String? = nil, environment: String? = nil, isHidden: Bool = false
    ) {
        convert = format.convert
        specification = OptionSpecification(
            name: name, short: short, help: help,
            kind: .value(
                ValueSpecification(
                    format, placeholder: placeholder, defaultText: defaultText, environment: environment),
                isRepeatable: true),
            key: DescriptorKey(name: name, type: Value.self), isHidden: isHidden)
    }
}

/// An option without a value that is on or off.
package struct Flag: OptionDescriptor {
    package let specification: OptionSpecification

    /// - Parameter isNegatable: whether `--no-NAME` turns it off.
    package init(
        _ name: String, short: Character? = nil, isNegatable: Bool = false, help: String, isHidden: Bool = false
    ) {
        specification = OptionSpecification(
            name: name, short: short, help: help, kind: .flag(isNegatable: isNegatable),
            key: DescriptorKey(name: name, type: Bool.self), isHidden: isHidden)
    }
}

/// An option without a value that counts how often it is given: `-v`, `-vv`.
package struct CountedFlag: OptionDescriptor {
    package let specification: OptionSpecification

    package init(_ name: String, short: Character? = nil, help: String, isHidden: Bool = false) {
        specification = OptionSpecification(
            name: name, short: short, help: help, kind: .counted, key: DescriptorKey(name: name, type: Int.self),
            isHidden: isHidden)
    }
}

/// An argument told by its place; required unless `isOptional`.
package struct Positional<Value: Sendable>: PositionalDescriptor {
    package let specification: PositionalSpecification

    /// - Parameter name: what stands for it in help, such as `FILE`.
    package init(_ name: String, _ format: ValueFormat<Value>, help: String, isOptional: Bool = false) {
        specification = PositionalSpecification(
            name: name, help: help, isRequired: !isOptional, arity: .one,
            value: ValueSpecification(format, placeholder: name),
            key: DescriptorKey(name: "<\(name)>", type: Value.self))
    }
}

/// The arguments that are left over: the last positional of its command.
package struct RepeatedPositional<Value: Sendable>: PositionalDescriptor {
    package let specification: PositionalSpecification

    /// How the arguments are told from options.
    package enum Extent: Sendable {
        /// Options may stand between the arguments, until `--`.
        case amongOptions
        /// From the first argument or `--` on, everything belongs to it, also what looks like an option.
        case fromFirstArgument
        /// Everything after `--`; before it there is none.
        case afterTerminator
    }

    /// - Parameter name: what stands for one of them in help, such as `COMMAND`.
    package init(
        _ name: String, _ format: ValueFormat<Value>, help: String, isRequired: Bool = false,
        extent: Extent = .amongOptions
    ) {
        let arity: PositionalSpecification.Arity =
            switch extent {
            case .amongOptions: .repeated
            case .fromFirstArgument: .rest(needsTerminator: false)
            case .afterTerminator: .rest(needsTerminator: true)
            }
        specification = PositionalSpecification(
            name: name, help: help, isRequired: isRequired, arity: arity,
            value: ValueSpecification(format, placeholder: name),
            key: DescriptorKey(name: "<\(name)>", type: Value.self))
    }
}
