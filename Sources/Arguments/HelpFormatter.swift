/// Renders help as text for a terminal or a pipe.
package struct HelpFormatter: Sendable {
    /// The columns to fill: those of the terminal, but no more than can be read with ease.
    package let width: Int
    /// Whether headings are bold.
    package let isStyled: Bool

    /// - Parameter width: the terminal's columns; text keeps within 100 of them, and takes at least 20.
    package init(width: Int, isStyled: Bool = false) {
        self.width = min(max(width, 20), 100)
        self.isStyled = isStyled
    }

    /// The help about a command or topic, with a line end at its end; empty for one that does not exist.
    package func text(for target: HelpTarget, in tree: CommandTree) -> String {
        let lines: [String]
        switch target {
        case .topic(let name):
            guard let topic = tree.topics.first(where: { $0.name == name }) else { return "" }
            lines = Prose.wrap(topic.summary, width: width) + [""] + Prose.layOut(topic.text, width: width, indent: 0)
        case .command(let path):
            guard let command = tree.command(at: path) else { return "" }
            lines = self.lines(for: command, at: path, in: tree)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// A row of a two-column section.
    private struct Row {
        let label: String
        let text: String
    }

    private func lines(for command: Command, at path: [String], in tree: CommandTree) -> [String] {
        var lines = Prose.wrap(command.summary, width: width)
        lines.append("")
        lines += usage(tree.usage(of: path))
        if !command.discussion.isEmpty {
            lines += [""] + Prose.layOut(command.discussion, width: width, indent: 0)
        }
        let commands = command.visibleSubcommands
        lines += section("Subcommands", commands.map { Row(label: $0.name, text: $0.summary) })
        lines += section("Arguments", command.positionals.map { Row(label: $0.name, text: $0.fullHelp) })
        for group in command.optionGroups {
            lines += section(group.title, rows(for: group.options))
        }
        if path.isEmpty {
            lines += section(CommandTree.builtInOptions.title, rows(for: CommandTree.builtInOptions.options))
        } else {
            lines += globalOptions(of: tree)
        }
        if let output = command.standardOutput {
            lines += ["", heading("Standard output")] + Prose.layOut(output, width: width, indent: 2)
        }
        lines += section("Environment", command.environment.map { Row(label: $0.name, text: $0.meaning) })
        lines += section("Exit codes", command.exitCodes.map { Row(label: "\($0.code)", text: $0.meaning) })
        if path.isEmpty {
            lines += section("Help topics", tree.topics.map { Row(label: $0.name, text: $0.summary) })
        }
        return lines + examples(command.examples)
    }

    private func heading(_ title: String) -> String {
        isStyled ? "\u{1B}[1m\(title):\u{1B}[0m" : "\(title):"
    }

    private func usage(_ usage: String) -> [String] {
        let prefix = "Usage: "
        let wrapped = Prose.wrap(usage, width: width - prefix.count - 2)
        return wrapped.enumerated().map { place, line in
            place == 0 ? "\(heading("Usage")) \(line)" : String(repeating: " ", count: prefix.count + 2) + line
        }
    }

    private func rows(for options: [OptionSpecification]) -> [Row] {
        let visible = options.filter { !$0.isHidden }
        let hasShort = visible.contains { $0.short != nil }
        return visible.map { option in
            let short = option.short.map { "-\($0), " } ?? (hasShort ? "    " : "")
            return Row(label: short + option.label, text: option.fullHelp)
        }
    }

    /// Labels on the left, texts on the right; a text starts on a line of its own where its label leaves no room.
    private func section(_ title: String, _ rows: [Row]) -> [String] {
        guard !rows.isEmpty else { return [] }
        var lines = ["", heading(title)]
        let widest = rows.map(\.label.count).max() ?? 0
        // A narrow terminal has no room for a column that only the labels use.
        let column = width < 60 ? 6 : min(widest + 4, width / 3)
        for row in rows {
            let text = Prose.wrap(row.text, width: width - column)
            let margin = String(repeating: " ", count: column)
            let label = "  " + row.label
            if let first = text.first, label.count + 2 <= column {
                lines.append(label + String(repeating: " ", count: column - label.count) + first)
                lines += text.dropFirst().map { margin + $0 }
            } else {
                lines.append(label)
                lines += text.map { margin + $0 }
            }
        }
        return lines
    }

    /// A reminder of the global options, not their description.
    private func globalOptions(of tree: CommandTree) -> [String] {
        let forms = (tree.root.visibleOptions + CommandTree.builtInOptions.options).map { option in
            (option.short.map { "-\($0)/" } ?? "") + option.longForms[0]
        }
        let text = forms.joined(separator: ", ") + " (see '\(tree.programName) --help')"
        return ["", heading("Global options")] + Prose.layOut(text, width: width, indent: 2)
    }

    private func examples(_ examples: [Example]) -> [String] {
        guard !examples.isEmpty else { return [] }
        var lines = ["", heading("Examples")]
        for (place, example) in examples.enumerated() {
            if place > 0 { lines.append("") }
            lines += Prose.wrap(example.text, width: width - 4).map { "  # " + $0 }
            lines += example.command.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
        }
        return lines
    }
}
