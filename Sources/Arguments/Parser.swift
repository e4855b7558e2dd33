/// Walks over the arguments once, from left to right.
struct Parser {
    let tree: CommandTree
    let arguments: [String]
    var index = 0
    /// The command reached so far.
    var command: Command
    var path: [String] = []
    var parsed: ParsedArguments
    /// How many positionals the command has had.
    private var positionalCount = 0
    private var optionsEnded = false

    init(tree: CommandTree, arguments: [String]) {
        self.tree = tree
        self.arguments = arguments
        command = tree.root
        parsed = ParsedArguments(programName: tree.programName)
    }

    mutating func parse() throws(UsageError) -> Invocation {
        guard !arguments.isEmpty else { return .help(.command([])) }
        do {
            return try walk()
        } catch {
            // Whoever asks for help gets it, whatever else is wrong.
            guard let target = helpRequest(from: index) else { throw error }
            return .help(target)
        }
    }

    private mutating func walk() throws(UsageError) -> Invocation {
        while index < arguments.count {
            let word = arguments[index]
            if optionsEnded || !word.hasPrefix("-") || word == "-" {
                try takePositional(word)
            } else if word == "--" {
                optionsEnded = true
            } else if let invocation = try word.hasPrefix("--") ? takeLong(word) : takeShort(word) {
                return invocation
            }
            index += 1
        }
        return try finish()
    }

    // MARK: Positionals and subcommands

    private mutating func takePositional(_ word: String) throws(UsageError) {
        if !command.subcommands.isEmpty {
            guard let next = command.subcommand(word) else { throw unknownSubcommand(word) }
            command = next
            path.append(next.name)
            return
        }
        let declared = command.positionals
        if optionsEnded, let last = declared.last, last.isRest {
            // After `--` everything is the rest's, also where an argument before it is missing.
            positionalCount = max(positionalCount, declared.count - 1)
            return try store(word, for: last)
        }
        guard let positional = positionalCount < declared.count ? declared[positionalCount] : declared.last,
            positionalCount < declared.count || positional.arity != .one
        else { throw superfluous(word) }
        switch positional.arity {
        case .one, .repeated: break
        case .rest(needsTerminator: false): optionsEnded = true
        case .rest(needsTerminator: true):
            throw error(
                "superfluous argument '\(Self.shortened(word))'",
                hint: "'--' stands before \(positional.name): \(tree.usage(of: path))")
        }
        try store(word, for: positional)
        positionalCount += 1
    }

    private mutating func store(_ word: String, for positional: PositionalSpecification) throws(UsageError) {
        do {
            let value = try positional.value.convert(word)
            parsed.occurrences[positional.key, default: []].append(
                .init(spelling: positional.name, text: word, value: value))
        } catch {
            throw self.error("invalid value '\(Self.shortened(word))' for \(positional.name): \(error.reason)")
        }
    }

    private func finish() throws(UsageError) -> Invocation {
        if !command.subcommands.isEmpty {
            let names = command.visibleSubcommands.map(\.name).joined(separator: ", ")
            throw error(
                path.isEmpty ? "a subcommand is missing" : "'\(path.joined(separator: " "))' needs a subcommand",
                hint: "one of \(names)")
        }
        if path == ["help"] { return .help(try helpSubject(parsed[CommandTree.helpSubject])) }
        let missing = command.positionals.filter { $0.isRequired && parsed.occurrences[$0.key] == nil }
        guard missing.isEmpty else {
            let names = missing.map(\.name).joined(separator: " and ")
            throw error(
                "missing argument\(missing.count > 1 ? "s" : "") \(names) for '\(path.joined(separator: " "))'",
                hint: "usage: \(tree.usage(of: path))")
        }
        var result = parsed
        result.commandPath = path
        return .run(result)
    }

    // MARK: Options

    /// The options that are valid here, with the built-in ones.
    private func option(_ matches: (Command) -> OptionSpecification?) -> OptionSpecification? {
        matches(tree.root) ?? (path.isEmpty ? nil : matches(command))
    }

    private static func builtIn(long name: some StringProtocol) -> OptionSpecification? {
        CommandTree.builtInOptions.options.first { $0.name == name }
    }

    private mutating func takeLong(_ word: String) throws(UsageError) -> Invocation? {
        // By bytes: as a character, '=' may have merged with a combining mark that begins the value.
        let equals = word.utf8.firstIndex(of: UInt8(ascii: "="))
        let spelling = String(word[..<(equals ?? word.endIndex)])
        let attached = equals.map { String(word[word.utf8.index(after: $0)...]) }
        let name = spelling.dropFirst(2)
        if let builtIn = Self.builtIn(long: name) {
            guard attached == nil else { throw takesNoValue(spelling, builtIn) }
            return invocation(of: builtIn)
        }
        if let option = option({ $0.option(named: name) }) {
            if option.value != nil {
                try takeValue(of: option, spelling: spelling, attached: attached)
            } else {
                guard attached == nil else { throw takesNoValue(spelling, option) }
                try turn(option, on: true, spelling: spelling)
            }
            return nil
        }
        if name.hasPrefix("no-"), let option = option({ $0.option(named: name.dropFirst(3)) }) {
            guard option.isNegatable else {
                throw error("unknown option '\(spelling)': '--\(option.name)' has no form that turns it off")
            }
            guard attached == nil else { throw takesNoValue(spelling, option) }
            try turn(option, on: false, spelling: spelling)
            return nil
        }
        throw unknownOption(spelling)
    }

    /// A cluster of short flags; the last may take a value, which stands in the next word.
    private mutating func takeShort(_ word: String) throws(UsageError) -> Invocation? {
        let letters = Array(word.dropFirst())
        // `-dry-run` is no cluster but a long option with a dash too few.
        let long = word.dropFirst().prefix { $0 != "=" }
        if long.count > 1, option({ $0.option(named: long) }) ?? Self.builtIn(long: long) != nil {
            throw error("unknown option '-\(long)'", suggestions: ["--\(long)"])
        }
        for (place, letter) in letters.enumerated() {
            let spelling = "-\(letter)"
            if let builtIn = CommandTree.builtInOptions.options.first(where: { $0.short == letter }) {
                return invocation(of: builtIn)
            }
            guard let option = option({ $0.option(short: letter) }) else {
                if letter == "=", place > 0 {
                    throw error("option '-\(letters[place - 1])' takes no value")
                }
                throw unknownOption(spelling, within: word)
            }
            guard let value = option.value else {
                try turn(option, on: true, spelling: spelling)
                continue
            }
            guard place == letters.count - 1 else {
                throw error(
                    "the value of '\(spelling)' must be a word of its own",
                    hint: "write '\(spelling) \(value.placeholder)' or '--\(option.name)=\(value.placeholder)'")
            }
            try takeValue(of: option, spelling: spelling, attached: nil)
        }
        return nil
    }

    private func invocation(of builtIn: OptionSpecification) -> Invocation {
        if let target = helpRequest(from: index) { return .help(target) }
        return builtIn.name == "help" ? .help(.command(path)) : .version
    }

    private mutating func turn(_ option: OptionSpecification, on: Bool, spelling: String) throws(UsageError) {
        if case .counted = option.kind {
            return record(option, .init(spelling: spelling, text: "", value: 1))
        }
        if let earlier = parsed.occurrences[option.key]?.first, (earlier.value as? Bool) != on {
            throw error("options '\(earlier.spelling)' and '\(spelling)' contradict each other")
        }
        record(option, .init(spelling: spelling, text: "", value: on))
    }

    private mutating func takeValue(
        of option: OptionSpecification, spelling: String, attached: String?
    ) throws(UsageError) {
        guard let specification = option.value else { return }
        var text = attached
        if text == nil, index + 1 < arguments.count, !Self.looksLikeOption(arguments[index + 1]) {
            index += 1
            text = arguments[index]
        }
        guard let text else {
            let next = index + 1 < arguments.count ? arguments[index + 1] : nil
            throw error(
                "option '\(spelling)' needs a value: '\(spelling) \(specification.placeholder)'",
                hint: next.map { "a value that begins with '-' is written '--\(option.name)=\(Self.shortened($0))'" })
        }
        if !option.isRepeatable, let earlier = parsed.occurrences[option.key]?.first {
            let (first, second) = (Self.shortened(earlier.text), Self.shortened(text))
            throw error(
                "option '--\(option.name)' is given twice: '\(earlier.spelling) \(first)' and '\(spelling) \(second)'")
        }
        do {
            record(option, .init(spelling: spelling, text: text, value: try specification.convert(text)))
        } catch {
            throw self.error("invalid value '\(Self.shortened(text))' for '\(spelling)': \(error.reason)")
        }
    }

    private mutating func record(_ option: OptionSpecification, _ occurrence: ParsedArguments.Occurrence) {
        parsed.occurrences[option.key, default: []].append(occurrence)
    }

    /// Told by its form alone, so that a script does not change its meaning when an option is added: `--…`, or a dash
    /// and a letter. `-1` and `-` are values.
    private static func looksLikeOption(_ word: String) -> Bool {
        guard word.hasPrefix("-") else { return false }
        let rest = word.dropFirst()
        return rest.hasPrefix("-") || rest.first?.isLetter == true
    }

    static func shortened(_ text: String) -> String {
        text.count <= 40 ? text : text.prefix(39) + "…"
    }

    // MARK: Help

    /// The help that a `--help` or `-h` at or after a place asks for.
    private func helpRequest(from start: Int) -> HelpTarget? {
        var (command, path, words) = (command, path, ArraySlice<String>())
        var isAsked = false
        guard start < arguments.count, !optionsEnded else { return nil }
        for word in arguments[start...] {
            if word == "--" { break }
            if word == "--help" || word == "-h" {
                isAsked = true
            } else if !word.hasPrefix("-") {
                if let next = command.subcommand(word) {
                    command = next
                    path.append(next.name)
                } else if command.positionals.first?.arity == .rest(needsTerminator: false) {
                    break
                } else {
                    words.append(word)
                }
            }
        }
        guard isAsked else { return nil }
        if path == ["help"], let target = try? helpSubject(parsed[CommandTree.helpSubject] + words) { return target }
        return .command(path)
    }
}
