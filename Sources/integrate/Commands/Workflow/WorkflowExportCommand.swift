import Arguments
import Foundation
import HTTPCore
import VendorAPIs

/// `workflow export`: entities as a file under version control.
enum WorkflowExportCommand: Subcommand {
    struct Options: Sendable {
        var entities: [String]
        var outputPath: String?
    }

    private static let entities = RepeatedPositional(
        "ENTITY", WorkflowArguments.segment("ENTITY"),
        help: "The kinds of entities, those that others depend on first", isRequired: true)
    private static let outputOption = Option(
        "output", short: "o", .path, help: "Write to this file, whole or not at all")

    static let path = ["workflow", "export"]
    static let command = Command(
        name: "export", summary: "Write all entities of a kind as a file for workflow apply",
        discussion: """
            The text changes only where the entities do: they stand in the order of their ids, their fields in the \
            order of their names, and no digit of a number is changed.
            """,
        standardOutput: #"a JSON object: {"publishers": [...], ...}"#, positionals: [entities],
        optionGroups: [OptionGroup("The file", [outputOption])],
        exitCodes: [(0, "written")] + WorkflowArguments.exitCodes,
        examples: [
            Example(
                "Under version control",
                command: """
                    integrate workflow export publishers placements --output workflow.json
                    git diff --no-index /dev/null workflow.json || true
                    """),
            Example("One kind, for another program", command: "integrate workflow export publishers | wc -c"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        let names = arguments[entities]
        guard Set(names).count == names.count else { throw arguments.usageError("an ENTITY is named twice") }
        return Options(entities: names, outputPath: arguments[outputOption])
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let client = try BidCoreConnection(environment).client
        var sections: [WorkflowDocument.Section] = []
        for entity in options.entities {
            sections.append(WorkflowDocument.Section(entity, try await client.all(entity)))
        }
        let data = Data(WorkflowDocument(sections).text.utf8)
        guard let path = options.outputPath else { return try environment.output.write(data) }
        do throws(FileError) {
            try AtomicFile.write(data, to: path, mode: 0o666)
        } catch {
            throw Failure(.cannotCreateOutput, error.message)
        }
        let counts = sections.map { "\($0.entities.count) \($0.entity)" }.joined(separator: ", ")
        environment.output.note("\(counts) are in \(path)")
    }
}

extension BidCoreClient {
    /// Every entity of a kind.
    func all(_ entity: String) async throws -> [JSONValue] {
        var entities: [JSONValue] = []
        var pages = list(entity)
        while let page = try await pages.next() { entities += page.entities }
        return entities
    }
}
