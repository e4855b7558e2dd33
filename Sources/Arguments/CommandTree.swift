/// A page of help that is not about one command.
package struct HelpTopic: Sendable {
    /// The word after `help`.
    package let name: String
    /// One line, without a period.
    package let summary: String
    /// Written as `Command.discussion` is.
    package let text: String

    package init(name: String, summary: String, text: String) {
        self.name = name
        self.summary = summary
        self.text = text
    }
}

/// The whole grammar of a program, from which parsing, help, completions and manual come.
package struct CommandTree: Sendable {
    /// The program; its option groups are the global options. `help` has been added to its subcommands.
    package let root: Command
    /// Pages of help beside those of the commands.
    package let topics: [HelpTopic]
    /// What `--version` prints.
    package let version: String

    /// The options every program has: `--help` and `--version`.
    package static let builtInOptions = OptionGroup(
        "Help",
        [
            Flag("help", short: "h", help: "Show help for the program or a subcommand"),
            Flag("version", help: "Show the version"),
        ])

    /// What `help` is asked about, one word a level.
    static let helpSubject = RepeatedPositional(
        "SUBJECT", .string, help: "A subcommand (with its own subcommand, if any) or a topic")

    package init(root: Command, topics: [HelpTopic] = [], version: String) {
        let help = Command(
            name: "help", summary: "Show help for a subcommand or a topic", positionals: [Self.helpSubject])
        self.root = Command(root, appending: help)
        self.topics = topics
        self.version = version
    }

    /// The program's name, as messages and usage lines show it.
    package var programName: String { root.name }

    /// Reads the arguments that follow the program's name.
    ///
    /// Without any argument the result is the program's help. `--help` wins over every mistake beside it.
    /// - Throws: `UsageError`, for exit code 64.
    package func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
        var parser = Parser(tree: self, arguments: arguments)
        return try parser.parse()
    }

    /// The command at a path of names; the root for an empty one.
    package func command(at path: [String]) -> Command? {
        var command = root
        for name in path {
            guard let next = command.subcommand(name) else { return nil }
            command = next
        }
        return command
    }

    /// The usage line of the command at a path, without `Usage:`.
    package func usage(of path: [String]) -> String {
        guard let command = command(at: path) else { return programName }
        if path.isEmpty { return "\(programName) [global options] SUBCOMMAND [arguments] [options]" }
        var words = [programName] + path
        if !command.subcommands.isEmpty { words.append("SUBCOMMAND") }
        let (rest, others) = (command.positionals.filter(\.isRest), command.positionals.filter { !$0.isRest })
        words += others.map(\.usage)
        words.append("[options]")
        words += rest.map(\.usage)
        return words.joined(separator: " ")
    }

    /// The commands a user can see and their paths, parents before children, the root first.
    func visibleCommands() -> [(path: [String], command: Command)] {
        var found: [(path: [String], command: Command)] = []
        func visit(_ command: Command, _ path: [String]) {
            found.append((path, command))
            for child in command.visibleSubcommands { visit(child, path + [child.name]) }
        }
        visit(root, [])
        return found
    }

    /// What is wrong with the declarations themselves, a line each; a test of the program expects none.
    package func problems() -> [String] {
        var problems: [String] = []
        func check(_ command: Command, _ path: [String]) {
            let place = path.isEmpty ? programName : path.joined(separator: " ")
            func require(_ condition: Bool, _ problem: String) {
                if !condition { problems.append("\(place): \(problem)") }
            }
            require(!command.summary.isEmpty && !command.summary.contains("\n"), "the summary is not one line")
            require(command.subcommands.isEmpty || command.positionals.isEmpty, "has subcommands and positionals")
            let options =
                Self.builtInOptions.options + root.optionGroups.flatMap(\.options)
                + (path.isEmpty ? [] : command.optionGroups.flatMap(\.options))
            for repeated in duplicates(options.flatMap(\.longForms)) { require(false, "\(repeated) is declared twice") }
            for repeated in duplicates(options.compactMap { $0.short.map { "-\($0)" } }) {
                require(false, "\(repeated) is declared twice")
            }
            for repeated in duplicates(command.subcommands.map(\.name)) {
                require(false, "subcommand \(repeated) is declared twice")
            }
            for (earlier, later) in zip(command.positionals, command.positionals.dropFirst()) {
                require(earlier.arity == .one, "\(earlier.name) takes what \(later.name) should")
                require(earlier.isRequired || !later.isRequired, "\(later.name) is required after \(earlier.name)")
            }
            for child in command.subcommands { check(child, path + [child.name]) }
        }
        check(root, [])
        for repeated in duplicates(root.subcommands.map(\.name) + topics.map(\.name)) {
            problems.append("help \(repeated) has two meanings")
        }
        return problems
    }

    private func duplicates(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { !seen.insert($0).inserted }
    }
}

extension PositionalSpecification {
    var isRest: Bool {
        if case .rest = arity { true } else { false }
    }
}
