/// What a command line asks for.
package enum Invocation: Sendable {
    /// Run the command at `ParsedArguments.commandPath`.
    case run(ParsedArguments)
    /// Show help.
    case help(HelpTarget)
    /// Show the version.
    case version
}

/// What help is about.
package enum HelpTarget: Sendable, Equatable {
    /// The command at a path; the program for an empty one.
    case command([String])
    /// A topic, by its name.
    case topic(String)
}

/// The options and arguments of one invocation, read through their descriptors.
///
/// A descriptor that the command does not declare reads as not given.
package struct ParsedArguments: Sendable {
    /// The names that lead to the command: `["auth", "login"]`.
    package internal(set) var commandPath: [String] = []
    let programName: String

    struct Occurrence: Sendable {
        let spelling: String
        let text: String
        let value: any Sendable
    }
    var occurrences: [DescriptorKey: [Occurrence]] = [:]

    init(programName: String) {
        self.programName = programName
    }

    /// The option's value, if it was given.
    package subscript<Value>(_ option: Option<Value>) -> Value? {
        values(option.specification.key, Value.self).last
    }

    /// The option's values in the order they were given.
    package subscript<Value>(_ option: RepeatableOption<Value>) -> [Value] {
        values(option.specification.key, Value.self)
    }

    /// True or false as the flag says, nil if it was not given.
    package subscript(_ flag: Flag) -> Bool? {
        values(flag.specification.key, Bool.self).last
    }

    /// How often the flag was given.
    package subscript(_ flag: CountedFlag) -> Int {
        occurrences[flag.specification.key]?.count ?? 0
    }

    /// The argument, if it was given; one that is not optional always is.
    package subscript<Value>(_ positional: Positional<Value>) -> Value? {
        values(positional.specification.key, Value.self).last
    }

    /// The arguments in their order.
    package subscript<Value>(_ positional: RepeatedPositional<Value>) -> [Value] {
        values(positional.specification.key, Value.self)
    }

    /// The argument, or the usage error that says it is missing.
    package func require<Value>(_ positional: Positional<Value>, hint: String? = nil) throws(UsageError) -> Value {
        guard let value = self[positional] else {
            throw usageError("missing argument \(positional.specification.name) for '\(commandName)'", hint: hint)
        }
        return value
    }

    /// The option's value, or the usage error that says it is missing.
    package func require<Value>(_ option: Option<Value>, hint: String? = nil) throws(UsageError) -> Value {
        guard let value = self[option] else {
            throw usageError("missing option '\(option.specification.label)' for '\(commandName)'", hint: hint)
        }
        return value
    }

    /// Whether the option stands on the command line.
    package func isGiven(_ option: any OptionDescriptor) -> Bool {
        occurrences[option.specification.key] != nil
    }

    /// Refuses a command line that holds more than one of these options.
    package func checkExclusive(_ options: any OptionDescriptor...) throws(UsageError) {
        let given = options.compactMap { occurrences[$0.specification.key]?.first?.spelling }
        guard given.count > 1 else { return }
        throw usageError("options \(Suggestions.quotedList(given, conjunction: "and")) exclude one another")
    }

    /// A usage error of this command, for rules that the grammar cannot express.
    package func usageError(_ message: String, hint: String? = nil) -> UsageError {
        UsageError(message, hint: hint, programName: programName, commandPath: commandPath)
    }

    private var commandName: String { commandPath.joined(separator: " ") }

    private func values<Value>(_ key: DescriptorKey, _ type: Value.Type) -> [Value] {
        occurrences[key]?.compactMap { $0.value as? Value } ?? []
    }
}
