import Arguments
import HTTPCore
import VendorAPIs

/// What the workflow commands have in common.
enum WorkflowArguments {
    static let entity = Positional("ENTITY", segment("ENTITY"), help: "The kind of entity, such as publishers")
    static let id = Positional("ID", segment("ID"), help: "The entity's id")
    static let filter = RepeatableOption(
        "filter",
        ValueFormat<QueryItem>(placeholder: "KEY=VALUE") { text throws(ValueError) in
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                throw ValueError("must be KEY=VALUE")
            }
            return QueryItem(String(text[..<equals]), String(text[text.index(after: equals)...]))
        },
        help: "Only entities that BidCore finds by this query parameter; may be repeated")
    static let yes = Flag("yes", short: "y", help: "Do not ask before deleting")

    /// The codes that every workflow command can end with, after its own.
    static let exitCodes: [(Int, String)] = [
        (1, "BidCore refused: not valid (400), not there (404), not allowed (405), in use (406), conflict (409)"),
        (69, "BidCore cannot be reached, or answers 500 or 504 after retries"), (75, "still throttled (429)"),
        (77, "the credentials are wrong (401), or do not permit this (403)"),
    ]

    /// A text that is one segment of a path, whatever stands in it.
    static func segment(_ name: String) -> ValueFormat<String> {
        ValueFormat(placeholder: name) { text throws(ValueError) in
            guard WorkflowDocument.isPathSegment(text) else {
                throw ValueError("must not be empty, dots only, or hold control characters")
            }
            return text
        }
    }
}

extension Environment {
    /// Prints an entity: indented for people, on a line with `--json`.
    func print(_ entity: JSONValue) throws(Failure) {
        try output.line(globals.isJSON ? entity.text : entity.prettyText)
    }

    /// The same environment in which `--dry-run` does not reach the transports: for a command that reads in any case.
    var reading: Environment {
        var environment = self
        environment.globals.isDryRun = false
        return environment
    }
}
