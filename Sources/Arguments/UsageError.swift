/// A command line that means nothing: exit code 64.
package struct UsageError: Error, Equatable {
    /// What is wrong, without a period.
    package var message: String
    /// The nearest valid spellings, as they would be typed.
    package var suggestions: [String]
    /// What to do instead, where that is known and is no mere spelling.
    package var hint: String?
    /// The program's name.
    package var programName: String
    /// The command whose help would help; empty for the program's.
    package var commandPath: [String]

    package init(
        _ message: String, suggestions: [String] = [], hint: String? = nil, programName: String,
        commandPath: [String]
    ) {
        self.message = Self.printable(message)
        self.suggestions = suggestions
        self.hint = hint.map(Self.printable)
        self.programName = programName
        self.commandPath = commandPath
    }

    /// The message with the suggestions: `unknown option '--wiat'; did you mean '--wait'?`.
    package var messageWithSuggestions: String {
        suggestions.isEmpty ? message : "\(message); did you mean \(Suggestions.quotedList(suggestions))?"
    }

    /// Where to read on: `See 'integrate poll --help'`.
    package var helpLine: String {
        "See '\(([programName] + commandPath + ["--help"]).joined(separator: " "))'"
    }

    /// Words of the command line are quoted in messages; what would move a terminal's cursor is shown, not obeyed.
    private static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
