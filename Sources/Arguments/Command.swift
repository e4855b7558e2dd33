/// Options that belong together in help.
package struct OptionGroup: Sendable {
    /// The heading, without a colon.
    package let title: String
    /// The options, in the order of help.
    package let options: [OptionSpecification]

    package init(_ title: String, _ options: [any OptionDescriptor]) {
        self.title = title
        self.options = options.map(\.specification)
    }
}

/// A command line that runs as it stands, and what it shows.
package struct Example: Sendable {
    /// What the command does, as a phrase.
    package let text: String
    /// The command line, perhaps of several lines; help never wraps it, so that it can be copied.
    package let command: String

    package init(_ text: String, command: String) {
        self.text = text
        self.command = command
    }
}

/// A subcommand, a group of subcommands, or the root of the tree.
package struct Command: Sendable {
    /// The word that selects it; the program's name for the root.
    package let name: String
    /// One line, without a period.
    package let summary: String
    /// Paragraphs divided by empty lines; `- ` starts a list item, four spaces a line that stays as it is.
    package let discussion: String
    /// What goes to standard output, as a phrase; nil where nothing need be said.
    package let standardOutput: String?
    /// The arguments told by their place.
    package let positionals: [PositionalSpecification]
    /// The options by heading. Those of the root are accepted everywhere.
    package let optionGroups: [OptionGroup]
    /// The variables that matter to this command.
    package let environment: [(name: String, meaning: String)]
    /// The exit codes that matter to this command.
    package let exitCodes: [(code: Int, meaning: String)]
    package let examples: [Example]
    /// A command with subcommands does nothing by itself and takes no positionals.
    package let subcommands: [Command]
    /// Whether help, suggestions, completions and the manual leave it out.
    package let isHidden: Bool

    package init(
        name: String, summary: String, discussion: String = "", standardOutput: String? = nil,
        positionals: [any PositionalDescriptor] = [], optionGroups: [OptionGroup] = [],
        environment: [(name: String, meaning: String)] = [], exitCodes: [(code: Int, meaning: String)] = [],
        examples: [Example] = [], subcommands: [Command] = [], isHidden: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.standardOutput = standardOutput
        self.positionals = positionals.map(\.specification)
        self.optionGroups = optionGroups
        self.environment = environment
        self.exitCodes = exitCodes
        self.examples = examples
        self.subcommands = subcommands
        self.isHidden = isHidden
    }

    init(_ root: Command, appending command: Command) {
        name = root.name
        summary = root.summary
        discussion = root.discussion
        standardOutput = root.standardOutput
        positionals = root.positionals
        optionGroups = root.optionGroups
        environment = root.environment
        exitCodes = root.exitCodes
        examples = root.examples
        subcommands = root.subcommands + [command]
        isHidden = root.isHidden
    }

    func subcommand(_ name: some StringProtocol) -> Command? {
        subcommands.first { $0.name == name }
    }

    func option(named name: some StringProtocol) -> OptionSpecification? {
        for group in optionGroups {
            if let option = group.options.first(where: { $0.name == name }) { return option }
        }
        return nil
    }

    func option(short: Character) -> OptionSpecification? {
        for group in optionGroups {
            if let option = group.options.first(where: { $0.short == short }) { return option }
        }
        return nil
    }

    var visibleOptions: [OptionSpecification] {
        optionGroups.flatMap(\.options).filter { !$0.isHidden }
    }

    var visibleSubcommands: [Command] {
        subcommands.filter { !$0.isHidden }
    }
}
