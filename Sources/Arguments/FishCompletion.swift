/// A script for fish 3 and later.
struct FishCompletion {
    let model: CompletionModel

    var script: String {
        let name = "__\(model.function)"
        var lines = [
            "# fish completion for \(model.program); load it with: \(model.program) completions fish | source",
            "",
            "# Prints the subcommand before the cursor, how many arguments it has had, and 'ended' after --.",
            "function \(name)_place",
            "    set -l place ''",
            "    set -l count 0",
            "    set -l ended ''",
            "    set -l skips ''",
            "    set -l words (commandline -opc)",
            "    for word in $words[2..-1]",
            "        if test -n \"$skips\"",
            "            set skips ''",
            "        else if test -n \"$ended\"",
            "            set count (math $count + 1)",
            "        else if test \"$word\" = --",
            "            set ended ended",
            "        else if string match -qr -- '^-.' $word",
            "            switch \"$place|$word\"",
        ]
        let valued = model.entries.flatMap { entry in
            entry.options.filter { $0.offer != nil }.flatMap { option in
                option.spellings.map { quoted(entry.path.isEmpty ? "*|\($0)" : "\(entry.path)|\($0)") }
            }
        }
        if !valued.isEmpty {
            lines += ["                case \(valued.joined(separator: " "))", "                    set skips 1"]
        }
        lines += ["            end", "        else", "            switch \"$place|$word\""]
        let descents = model.entries.flatMap { entry in
            entry.descents.map { quoted("\(entry.path)|\($0)") }
        }
        lines += [
            "                case \(descents.joined(separator: " "))",
            "                    set place (string trim -- \"$place $word\")",
            "                case '*'",
            "                    set count (math $count + 1)",
        ]
        let rests = model.entries.filter { $0.positionals.contains { $0.isRest && !$0.needsTerminator } }
        if !rests.isEmpty {
            let pattern = rests.map { quoted($0.path) }.joined(separator: " ")
            lines += [
                "                    if contains -- \"$place\" \(pattern)", "                        set ended ended",
                "                    end",
            ]
        }
        lines += [
            "            end",
            "        end",
            "    end",
            "    printf '%s\\n' \"$place\" $count \"$ended\"",
            "end",
            "",
            "# Succeeds at a subcommand ($argv[1]) that has had a number of arguments ($argv[2], if given).",
            "function \(name)_at",
            "    set -l place (\(name)_place)",
            "    test \"$place[1]\" = \"$argv[1]\"; or return 1",
            "    test (count $argv) -eq 1; or test \"$place[2]\" = \"$argv[2]\"",
            "end",
            "",
            "# Succeeds where options have ended.",
            "function \(name)_ended",
            "    set -l place (\(name)_place)",
            "    test -n \"$place[3]\"",
            "end",
            "",
            "complete -c \(model.program) -f",
        ]
        for entry in model.entries {
            lines += self.lines(for: entry, name: name)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func lines(for entry: CompletionModel.Entry, name: String) -> [String] {
        let start = "complete -c \(model.program)"
        let here = entry.path.isEmpty ? "not \(name)_ended" : "\(name)_at \(quoted(entry.path)); and not \(name)_ended"
        var lines: [String] = []
        for subcommand in entry.subcommands {
            lines.append(
                "\(start) -n \(quoted("\(name)_at \(quoted(entry.path))")) -a \(quoted(subcommand.text))"
                    + " -d \(quoted(subcommand.summary))")
        }
        for option in entry.options {
            for form in option.specification.longForms {
                var line = "\(start) -n \(quoted(here)) -l \(form.dropFirst(2))"
                if let short = option.specification.short, form == option.specification.longForms[0] {
                    line += " -s \(short)"
                }
                if let offer = option.offer { line += " -r" + arguments(offer) }
                lines.append(line + " -d \(quoted(option.specification.help))")
            }
        }
        for (place, positional) in entry.positionals.enumerated() {
            var condition = "\(name)_at \(quoted(entry.path))" + (positional.takesAll ? "" : " \(place)")
            if positional.needsTerminator { condition += "; and \(name)_ended" }
            switch positional.offer {
            case .nothing: break
            case .files: lines.append("\(start) -n \(quoted(condition)) -F")
            case .commandLine:
                let first =
                    "\(name)_at \(quoted(entry.path)) 0" + (positional.needsTerminator ? "; and \(name)_ended" : "")
                lines.append("\(start) -n \(quoted(first)) -a '(__fish_complete_command)'")
                lines.append("\(start) -n \(quoted(condition)) -F")
            case .words(let words):
                for word in words {
                    var line = "\(start) -n \(quoted(condition)) -a \(quoted(word.text))"
                    if !word.summary.isEmpty { line += " -d \(quoted(word.summary))" }
                    lines.append(line)
                }
            }
        }
        return lines
    }

    private func arguments(_ offer: CompletionModel.Offer) -> String {
        switch offer {
        case .nothing: " -f"
        case .files, .commandLine: " -F"
        case .words(let words): " -f -a \(quoted(words.map(\.text).joined(separator: " ")))"
        }
    }

    private func quoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
    }
}
