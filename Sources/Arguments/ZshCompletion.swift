/// A script for zsh that works from a folder in `fpath` and when sourced after `compinit`.
struct ZshCompletion {
    let model: CompletionModel

    var script: String {
        let name = "_\(model.function)"
        var lines = [
            "#compdef \(model.program)",
            "# zsh completion for \(model.program); write it as \(name) into a folder of $fpath, or load it after compinit with:",
            "# source <(\(model.program) completions zsh)",
            "",
            "# Says what completes the value of an option ($2) of a subcommand ($1); fails if it takes none.",
            "\(name)_option() {",
            "    values=()",
            "    case \"$1|$2\" in",
        ]
        lines += model.optionCases()
        lines += [
            "    esac",
            "}",
            "",
            "# Says what completes the argument at a place ($2) of a subcommand ($1), perhaps after -- ($3).",
            "\(name)_positional() {",
            "    values=()",
            "    case \"$1|$2\" in",
        ]
        lines += model.positionalCases()
        lines += [
            "    esac",
            "}",
            "",
            "# Succeeds if a word ($2) is a subcommand of another ($1).",
            "\(name)_descends() {",
            "    case \"$1|$2\" in",
        ]
        lines += model.descentCases()
        lines += [
            "    esac",
            "}",
            "",
            "\(name)_value() {",
            "    case $kind in",
            "    words) compadd -- \"${values[@]}\" ;;",
            "    files) _files ;;",
            "    commandline) if ((count == 0)); then _command_names -e; else _files; fi ;;",
            "    *) _message 'value' ;;",
            "    esac",
            "}",
            "",
            "\(name)() {",
            "    local cur=\"${words[CURRENT]}\" place='' pending='' ended='' kind='' word",
            "    local -a values items",
            "    local -i i count=0",
        ]
        lines += model.walk(first: 2, end: "CURRENT", element: { "${words[\($0)]}" }, splitsAtEquals: false)
        lines += [
            "    if [[ -n $pending ]]; then",
            "        \(name)_option \"$place\" \"$pending\" && \(name)_value",
            "        return",
            "    fi",
            "    if [[ -z $ended && $cur == --*=* ]]; then",
            "        \(name)_option \"$place\" \"${cur%%=*}\" && compset -P '*=' && \(name)_value",
            "        return",
            "    fi",
            "    if [[ -z $ended && $cur == -* ]]; then",
        ]
        if let root = model.entries.first(where: { $0.path.isEmpty }) {
            lines.append("        items=(\(options(root)))")
        }
        lines.append("        case \"$place\" in")
        for entry in model.entries where !entry.path.isEmpty && !entry.options.isEmpty {
            lines.append("        \(CompletionModel.quoted(entry.path))) items=(\(options(entry)) \"${items[@]}\") ;;")
        }
        lines += [
            "        esac", "        _describe -o option items", "        return", "    fi", "    case \"$place\" in",
        ]
        for entry in model.entries where !entry.subcommands.isEmpty {
            let names = entry.subcommands.map { item($0.text, $0.summary) }.joined(separator: " ")
            lines.append("    \(CompletionModel.quoted(entry.path))) items=(\(names)); _describe subcommand items ;;")
        }
        lines += [
            "    *) \(name)_positional \"$place\" \"$count\" \"$ended\" && \(name)_value ;;",
            "    esac",
            "}",
            "",
            "if [[ ${funcstack[1]-} == \(name) ]]; then \(name) \"$@\"; else compdef \(name) \(model.program); fi",
        ]
        return lines.map { $0 + "\n" }.joined()
    }

    private func options(_ entry: CompletionModel.Entry) -> String {
        entry.options.flatMap { option in option.spellings.map { item($0, option.specification.help) } }
            .joined(separator: " ")
    }

    /// `name:summary`, as `_describe` wants it.
    private func item(_ name: String, _ summary: String) -> String {
        let escaped = name.map { $0 == ":" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return CompletionModel.quoted(summary.isEmpty ? escaped : "\(escaped):\(summary)")
    }
}
