/// The manual page, in the `man` macros that groff and mandoc both read.
package enum ManualPage {
    /// The page for section 1.
    ///
    /// - Parameter date: the day of the release, `2025-01-31`.
    package static func roff(tree: CommandTree, date: String) -> String {
        var page = Roff()
        let name = tree.programName
        page.title(name: name, date: date, version: tree.version)
        page.macro("SH", ["NAME"])
        page.text("\(name) - \(tree.root.summary)")
        page.macro("SH", ["SYNOPSIS"])
        page.text(tree.usage(of: []))
        if !tree.root.discussion.isEmpty {
            page.macro("SH", ["DESCRIPTION"])
            page.prose(tree.root.discussion, startsSection: true)
        }
        let groups = tree.root.optionGroups + [CommandTree.builtInOptions]
        page.macro("SH", ["GLOBAL OPTIONS"])
        for group in groups {
            page.macro("SS", [group.title])
            page.options(group.options)
        }
        page.macro("SH", ["SUBCOMMANDS"])
        for (path, command) in tree.visibleCommands() where !path.isEmpty {
            page.subcommand(command, usage: tree.usage(of: path))
        }
        if !tree.root.environment.isEmpty {
            page.macro("SH", ["ENVIRONMENT"])
            for (name, meaning) in tree.root.environment { page.entry(name, meaning) }
        }
        if !tree.root.exitCodes.isEmpty {
            page.macro("SH", ["EXIT STATUS"])
            for (code, meaning) in tree.root.exitCodes { page.entry("\(code)", meaning) }
        }
        for topic in tree.topics {
            page.macro("SH", [topic.name.uppercased()])
            page.text(topic.summary)
            page.prose(topic.text, startsSection: false)
        }
        if !tree.root.examples.isEmpty {
            page.macro("SH", ["EXAMPLES"])
            page.examples(tree.root.examples, startsSection: true)
        }
        return page.source
    }
}

/// Writes roff; knows what must be escaped.
private struct Roff {
    private(set) var source = ""

    mutating func title(name: String, date: String, version: String) {
        // An escaped hyphen would keep mandoc from reading the date.
        let day = date.filter { $0.isNumber || $0 == "-" }
        let source = Self.escaped("\(name) \(version)")
        self.source += ".TH \"\(Self.escaped(name.uppercased()))\" 1 \(day) \"\(source)\" \"User Commands\"\n"
    }

    mutating func macro(_ name: String, _ arguments: [String]) {
        source += "." + name
        for argument in arguments { source += " \"\(Self.escaped(argument))\"" }
        source += "\n"
    }

    /// Filled text in short source lines.
    mutating func text(_ text: String) {
        for line in Prose.wrap(Self.escaped(text), width: 76) { self.line(line) }
    }

    /// - Parameter startsSection: whether a heading stands before it, so that a paragraph needs no macro.
    mutating func prose(_ text: String, startsSection: Bool) {
        for (place, block) in Prose.blocks(of: text).enumerated() {
            switch block {
            case .paragraph(let text):
                if place > 0 || !startsSection { macro("PP", []) }
                self.text(text)
            case .item(let text):
                source += ".IP \\(bu 2\n"
                self.text(text)
            case .verbatim(let lines):
                if place > 0 || !startsSection { macro("PP", []) }
                verbatim(lines)
            }
        }
    }

    mutating func entry(_ label: String, _ text: String) {
        source += ".TP\n"
        source += "\\fB\(Self.escaped(label))\\fP\n"
        self.text(text)
    }

    mutating func options(_ options: [OptionSpecification]) {
        for option in options where !option.isHidden {
            entry(option.short.map { "-\($0), \(option.label)" } ?? option.label, option.fullHelp)
        }
    }

    mutating func subcommand(_ command: Command, usage: String) {
        macro("SS", [usage])
        text(command.summary + ".")
        if let output = command.standardOutput {
            text("Standard output: \(output).")
        }
        if !command.discussion.isEmpty {
            prose(command.discussion, startsSection: false)
        }
        for positional in command.positionals { entry(positional.name, positional.fullHelp) }
        for group in command.optionGroups { options(group.options) }
        for (name, meaning) in command.environment { entry(name, meaning) }
        for (code, meaning) in command.exitCodes { entry("Exit code \(code)", meaning) }
        examples(command.examples, startsSection: false)
    }

    mutating func examples(_ examples: [Example], startsSection: Bool) {
        for (place, example) in examples.enumerated() {
            if place > 0 || !startsSection { macro("PP", []) }
            text(example.text + ":")
            macro("PP", [])
            verbatim(example.command.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }

    private mutating func verbatim(_ lines: [String]) {
        source += ".RS 4\n.EX\n"
        for line in lines { self.line(Self.escaped(line)) }
        source += ".EE\n.RE\n"
    }

    private mutating func line(_ escaped: String) {
        // A dot at the start of a line would make it a request; quotes have been replaced.
        source += (escaped.hasPrefix(".") ? "\\&" : "") + escaped + "\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case "\"": result += "\\(dq"
            case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
            }
        }
        return result
    }
}
