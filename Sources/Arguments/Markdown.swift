/// Tables for the README, in GitHub's Markdown.
package enum Markdown {
    /// The subcommands, one a row: usage, what it does, what it prints.
    package static func commandTable(_ tree: CommandTree) -> String {
        let rows = tree.visibleCommands().filter { !$0.path.isEmpty && $0.command.subcommands.isEmpty }
            .map { path, command in
                let usage = (path + command.positionals.map(\.usage)).joined(separator: " ")
                return [code(usage), text(command.summary), text(command.standardOutput ?? "")]
            }
        return table(["subcommand", "does", "standard output"], rows)
    }

    /// The options that every subcommand accepts.
    package static func globalOptionTable(_ tree: CommandTree) -> String {
        optionTable(tree.root.optionGroups + [CommandTree.builtInOptions])
    }

    /// The options of some groups, one a row.
    package static func optionTable(_ groups: [OptionGroup]) -> String {
        let options = groups.flatMap(\.options).filter { !$0.isHidden }
        return table(
            ["option", "meaning"],
            options.map { option in
                [code((option.short.map { "-\($0), " } ?? "") + option.label), text(option.fullHelp)]
            })
    }

    /// The exit codes of the program, one a row.
    package static func exitCodeTable(_ tree: CommandTree) -> String {
        table(["code", "meaning"], tree.root.exitCodes.map { ["\($0.code)", text($0.meaning)] })
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        ([head, head.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    /// A pipe ends a cell even in code, unless it is escaped.
    private static func code(_ text: String) -> String {
        "`" + text.map { $0 == "|" ? "\\|" : String($0) }.joined() + "`"
    }

    private static func text(_ text: String) -> String {
        text.map { "|<*_\\".contains($0) ? "\\\($0)" : $0 == "\n" ? " " : String($0) }.joined()
    }
}
