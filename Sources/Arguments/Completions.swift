/// Scripts that let a shell complete the program's command line.
///
/// Each walks over the words before the cursor as the parser does: it descends into subcommands, steps over the values
/// of options and counts positionals; then it offers what can stand there.
package enum Completions {
    package enum Shell: String, CaseIterable, Sendable {
        case bash, zsh, fish
    }

    /// The completion script for a shell.
    package static func script(for shell: Shell, tree: CommandTree) -> String {
        let model = CompletionModel(tree)
        switch shell {
        case .bash: return BashCompletion(model: model).script
        case .zsh: return ZshCompletion(model: model).script
        case .fish: return FishCompletion(model: model).script
        }
    }
}

/// What all three shells need to know, in the order of the tree.
struct CompletionModel {
    struct Candidate {
        let text: String
        let summary: String
    }

    /// What can stand at a place.
    enum Offer {
        case nothing
        case files
        /// A command of the system, and then files.
        case commandLine
        case words([Candidate])

        init(_ completion: ValueCompletion) {
            switch completion {
            case .nothing: self = .nothing
            case .files: self = .files
            case .words(let words): self = .words(words.map { Candidate(text: $0, summary: "") })
            }
        }
    }

    struct OptionEntry {
        let specification: OptionSpecification
        /// With dashes; long forms first.
        let spellings: [String]
        /// Nil for an option without a value.
        let offer: Offer?
    }

    struct PositionalEntry {
        let offer: Offer
        let takesAll: Bool
        let isRest: Bool
        let needsTerminator: Bool
    }

    struct Entry {
        /// The names that lead to the command, divided by spaces; empty for the root.
        let path: String
        let subcommands: [Candidate]
        /// The words that lead to the entry whose path is longer by them.
        var descents: [String]
        let options: [OptionEntry]
        let positionals: [PositionalEntry]
    }

    let program: String
    let entries: [Entry]

    /// The program's name as a part of a shell function's name.
    var function: String {
        String(program.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }

    init(_ tree: CommandTree) {
        program = tree.programName
        var entries = tree.visibleCommands().map { path, command in
            let builtIn = path.isEmpty ? CommandTree.builtInOptions.options : []
            let options = (command.visibleOptions + builtIn).map { option in
                OptionEntry(
                    specification: option,
                    spellings: option.longForms + (option.short.map { ["-\($0)"] } ?? []),
                    offer: option.value.map { Offer($0.completion) })
            }
            var positionals = command.positionals.map { positional in
                PositionalEntry(
                    offer: positional.isRest ? .commandLine : Offer(positional.value.completion),
                    takesAll: positional.arity != .one, isRest: positional.isRest,
                    needsTerminator: positional.arity == .rest(needsTerminator: true))
            }
            if path == ["help"] {
                let subjects =
                    tree.root.visibleSubcommands.map { Candidate(text: $0.name, summary: $0.summary) }
                    + tree.topics.map { Candidate(text: $0.name, summary: $0.summary) }
                positionals = [
                    PositionalEntry(offer: .words(subjects), takesAll: false, isRest: false, needsTerminator: false)
                ]
            }
            return Entry(
                path: path.joined(separator: " "),
                subcommands: command.visibleSubcommands.map { Candidate(text: $0.name, summary: $0.summary) },
                descents: command.visibleSubcommands.map(\.name), options: options, positionals: positionals)
        }
        // `help GROUP` goes on with the group's own subcommands.
        let groups = tree.root.visibleSubcommands.filter { !$0.visibleSubcommands.isEmpty }
        if let help = entries.firstIndex(where: { $0.path == "help" }) {
            entries[help].descents = groups.map(\.name)
        }
        entries += groups.map { group in
            let names = group.visibleSubcommands.map { Candidate(text: $0.name, summary: $0.summary) }
            let subject = PositionalEntry(offer: .words(names), takesAll: false, isRest: false, needsTerminator: false)
            return Entry(
                path: "help \(group.name)", subcommands: [], descents: [], options: [], positionals: [subject])
        }
        self.entries = entries
    }

    /// A shell pattern for `PATH|WORD`, any path for the root's options.
    func pattern(_ entry: Entry, _ word: String) -> String {
        entry.path.isEmpty ? "*" + Self.quoted("|\(word)") : Self.quoted("\(entry.path)|\(word)")
    }

    /// A word in single quotes, for bash and zsh.
    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    // MARK: What bash and zsh share

    /// The body of `case "$place|$word"`: `kind` and `values` for each option that takes a value, failure for the others.
    func optionCases() -> [String] {
        var lines: [String] = []
        for entry in entries {
            for option in entry.options {
                guard let offer = option.offer else { continue }
                let patterns = option.spellings.map { pattern(entry, $0) }.joined(separator: " | ")
                lines.append("    \(patterns)) \(assignment(offer)) ;;")
            }
        }
        return lines + ["    *) return 1 ;;"]
    }

    /// The body of `case "$place|$count"`: the same for each positional.
    func positionalCases() -> [String] {
        var lines: [String] = []
        for entry in entries {
            for (place, positional) in entry.positionals.enumerated() {
                let pattern =
                    if positional.takesAll {
                        Self.quoted("\(entry.path)|") + "*"
                    } else {
                        Self.quoted("\(entry.path)|\(place)")
                    }
                if positional.needsTerminator {
                    lines.append("    \(pattern)) [[ -n $3 ]] || return 1; \(assignment(positional.offer)) ;;")
                } else {
                    lines.append("    \(pattern)) \(assignment(positional.offer)) ;;")
                }
            }
        }
        return lines + ["    *) return 1 ;;"]
    }

    private func assignment(_ offer: Offer) -> String {
        switch offer {
        case .nothing: "kind=nothing"
        case .files: "kind=files"
        case .commandLine: "kind=commandline"
        case .words(let words): "kind=words values=(\(words.map { Self.quoted($0.text) }.joined(separator: " ")))"
        }
    }

    /// The body of `case "$place|$word"` that succeeds where the word is a subcommand.
    func descentCases() -> [String] {
        let lines = entries.filter { !$0.descents.isEmpty }.map { entry in
            let patterns = entry.descents.map { Self.quoted("\(entry.path)|\($0)") }
            return "    \(patterns.joined(separator: " | "))) return 0 ;;"
        }
        return lines + ["    *) return 1 ;;"]
    }

    /// The paths whose first argument ends their options, as a shell pattern; nil if there are none.
    var restPattern: String? {
        let paths = entries.filter { $0.positionals.contains { $0.isRest && !$0.needsTerminator } }.map(\.path)
        return paths.isEmpty ? nil : paths.map(Self.quoted).joined(separator: " | ")
    }

    /// The loop that both shells run over the words before the cursor; it sets `place` (the subcommand; zsh ties
    /// `path` to PATH), `count`, `ended` and `pending`.
    func walk(first: Int, end: String, element: (String) -> String, splitsAtEquals: Bool) -> [String] {
        var lines = [
            "    for ((i = \(first); i < \(end); i++)); do",
            "        word=\(element("i"))",
            "        if [[ -n $pending ]]; then",
        ]
        if splitsAtEquals {
            lines.append("            # '=' divides words here, so --name=value arrives as three of them.")
            lines.append("            [[ $word == = ]] || pending=''")
        } else {
            lines.append("            pending=''")
        }
        lines += [
            "        elif [[ -n $ended ]]; then",
            "            ((count += 1))",
            "        elif [[ $word == -- ]]; then",
            "            ended=1",
            "        elif [[ $word == -?* ]]; then",
            "            if [[ $word != *=* ]] && _\(function)_option \"$place\" \"$word\"; then pending=$word; fi",
            "        elif _\(function)_descends \"$place\" \"$word\"; then",
            "            place=\"${place:+$place }$word\"",
            "        else",
            "            ((count += 1))",
        ]
        if let restPattern {
            lines.append("            case \"$place\" in \(restPattern)) ended=1 ;; esac")
        }
        return lines + ["        fi", "    done"]
    }
}
