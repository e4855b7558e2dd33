/// What the parser says about words that it cannot place.
extension Parser {
    func error(_ message: String, suggestions: [String] = [], hint: String? = nil) -> UsageError {
        UsageError(
            message, suggestions: suggestions, hint: hint, programName: tree.programName, commandPath: path)
    }

    func takesNoValue(_ spelling: String, _ option: OptionSpecification) -> UsageError {
        let hint: String? =
            if option.isNegatable {
                "write '--\(option.name)' or '--no-\(option.name)'"
            } else if case .counted = option.kind {
                "give it again for more"
            } else {
                nil
            }
        return error("option '\(spelling)' takes no value", hint: hint)
    }

    /// - Parameter cluster: the word of a short option, such as `-vx`.
    func unknownOption(_ spelling: String, within cluster: String? = nil) -> UsageError {
        let place = path.isEmpty ? "" : " for '\(path.joined(separator: " "))'"
        let within = cluster.map { $0 == spelling ? "" : " in '\(Self.shortened($0))'" } ?? ""
        let candidates = validLongForms()
        let isShort = !spelling.hasPrefix("--")
        let suggestions = isShort ? [] : Suggestions.nearest(to: spelling, among: candidates)
        return error(
            "unknown option '\(Self.shortened(spelling))'\(within)\(place)", suggestions: suggestions,
            hint: ownersHint(spelling) ?? (isShort ? terminatorHint(cluster ?? spelling) : nil))
    }

    private func validLongForms() -> [String] {
        var options = tree.root.visibleOptions
        if !path.isEmpty { options += command.visibleOptions }
        return (options + CommandTree.builtInOptions.options).flatMap(\.longForms)
    }

    /// Says which other subcommands have the option.
    private func ownersHint(_ spelling: String) -> String? {
        let owners = tree.visibleCommands().filter { candidate in
            candidate.path != path && !candidate.path.isEmpty
                && candidate.command.visibleOptions.contains { option in
                    option.longForms.contains(spelling) || option.short.map { "-\($0)" } == spelling
                }
        }
        guard !owners.isEmpty, owners.count <= 4 else { return nil }
        let names = owners.map { $0.path.joined(separator: " ") }
        let owned = "'\(spelling)' is an option of \(Suggestions.quotedList(names, conjunction: "and"))"
        return path.isEmpty ? "\(owned) and stands after the subcommand" : owned
    }

    private func terminatorHint(_ word: String) -> String? {
        command.positionals.isEmpty
            ? nil : "put '--' before an argument that begins with '-': '-- \(Self.shortened(word))'"
    }

    func unknownSubcommand(_ word: String) -> UsageError {
        let names = command.visibleSubcommands.map(\.name)
        var suggestions = Suggestions.nearest(to: word, among: names)
        if suggestions.isEmpty {
            // `login` where `auth login` is meant.
            suggestions = tree.visibleCommands().filter { $0.path.last == word }
                .map { $0.path.joined(separator: " ") }
        }
        let shown = Self.shortened(word)
        let message =
            path.isEmpty
            ? "unknown subcommand '\(shown)'" : "unknown subcommand '\(shown)' for '\(path.joined(separator: " "))'"
        let hint = suggestions.isEmpty && !path.isEmpty ? "one of \(names.joined(separator: ", "))" : nil
        return error(message, suggestions: suggestions, hint: hint)
    }

    func superfluous(_ word: String) -> UsageError {
        let name = path.joined(separator: " ")
        return error(
            "superfluous argument '\(Self.shortened(word))' for '\(name)'",
            hint: "usage: \(tree.usage(of: path))")
    }

    /// Finds what `help WORD ...` is about.
    func helpSubject(_ words: [String]) throws(UsageError) -> HelpTarget {
        if words.count == 1, tree.topics.contains(where: { $0.name == words[0] }) { return .topic(words[0]) }
        var (command, path) = (tree.root, [String]())
        for word in words {
            guard let next = command.subcommand(word) else {
                let topics = path.isEmpty ? tree.topics.map(\.name) : []
                let known = command.visibleSubcommands.map(\.name) + topics
                throw UsageError(
                    "no help about '\(Self.shortened((path + [word]).joined(separator: " ")))'",
                    suggestions: Suggestions.nearest(to: word, among: known)
                        .map { (path + [$0]).joined(separator: " ") },
                    programName: tree.programName, commandPath: path)
            }
            command = next
            path.append(next.name)
        }
        return .command(path)
    }
}
