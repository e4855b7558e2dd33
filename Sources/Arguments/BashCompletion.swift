/// A script for bash 3.2 and later that needs no bash-completion package.
struct BashCompletion {
    let model: CompletionModel

    var script: String {
        let name = "_\(model.function)"
        var lines = [
            "# bash completion for \(model.program); load it with: source <(\(model.program) completions bash)",
            "",
            "# Offers those of the words after the first that begin with the first.",
            "\(name)_offer() {",
            "    local prefix=$1 word",
            "    shift",
            "    for word in \"$@\"; do",
            "        if [[ $word == \"$prefix\"* ]]; then COMPREPLY+=(\"$word\"); fi",
            "    done",
            "}",
            "",
            "# Offers what compgen lists for an action ($1) and a prefix ($2).",
            "\(name)_generate() {",
            "    local word",
            "    compopt -o filenames 2>/dev/null",
            "    while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen \"$1\" -- \"$2\")",
            "}",
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
            "    words) \(name)_offer \"$1\" \"${values[@]}\" ;;",
            "    files) \(name)_generate -f \"$1\" ;;",
            "    commandline) if ((count == 0)); then \(name)_generate -c \"$1\"; else \(name)_generate -f \"$1\"; fi ;;",
            "    esac",
            "}",
            "",
            "\(name)() {",
            "    local cur=${COMP_WORDS[COMP_CWORD]} place='' pending='' ended='' kind='' values=() word i count=0",
            "    COMPREPLY=()",
        ]
        lines += model.walk(first: 1, end: "COMP_CWORD", element: { "${COMP_WORDS[\($0)]}" }, splitsAtEquals: true)
        lines += [
            "    if [[ -n $pending ]]; then",
            "        if [[ $cur == = ]]; then cur=''; fi",
            "        \(name)_option \"$place\" \"$pending\" && \(name)_value \"$cur\"",
            "        return",
            "    fi",
            "    if [[ -z $ended && $cur == --*=* ]]; then",
            "        if \(name)_option \"$place\" \"${cur%%=*}\" && [[ $kind == words ]]; then",
            "            \(name)_offer \"$cur\" \"${values[@]/#/${cur%%=*}=}\"",
            "        fi",
            "        return",
            "    fi",
            "    if [[ -z $ended && $cur == -* ]]; then",
            "        case \"$place\" in",
        ]
        for entry in model.entries where !entry.path.isEmpty && !entry.options.isEmpty {
            lines.append("        \(CompletionModel.quoted(entry.path))) \(name)_offer \"$cur\" \(words(entry)) ;;")
        }
        lines.append("        esac")
        if let root = model.entries.first(where: { $0.path.isEmpty }) {
            lines.append("        \(name)_offer \"$cur\" \(words(root))")
        }
        lines += ["        return", "    fi", "    case \"$place\" in"]
        for entry in model.entries where !entry.subcommands.isEmpty {
            let names = entry.subcommands.map { CompletionModel.quoted($0.text) }.joined(separator: " ")
            lines.append("    \(CompletionModel.quoted(entry.path))) \(name)_offer \"$cur\" \(names) ;;")
        }
        lines += [
            "    *) \(name)_positional \"$place\" \"$count\" \"$ended\" && \(name)_value \"$cur\" ;;",
            "    esac",
            "}",
            "",
            "complete -F \(name) \(model.program)",
        ]
        return lines.map { $0 + "\n" }.joined()
    }

    private func words(_ entry: CompletionModel.Entry) -> String {
        entry.options.flatMap(\.spellings).map(CompletionModel.quoted).joined(separator: " ")
    }
}
