import Arguments
import HTTPCore
import VendorAPIs

/// `workflow get`: one entity.
enum WorkflowGetCommand: Subcommand {
    struct Options: Sendable {
        var entity: String
        var id: String
    }

    static let path = ["workflow", "get"]
    static let command = Command(
        name: "get", summary: "Show an entity", standardOutput: "the entity as JSON",
        positionals: [WorkflowArguments.entity, WorkflowArguments.id],
        exitCodes: [(0, "shown")] + WorkflowArguments.exitCodes,
        examples: [
            Example("One publisher", command: "integrate workflow get publishers 1"),
            Example(
                "Keep a copy before a change",
                command: """
                    integrate workflow get publishers 1 >before.json
                    integrate workflow update publishers 1 --set name='Daily Herald and Mail' --merge
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(
            entity: try arguments.require(WorkflowArguments.entity), id: try arguments.require(WorkflowArguments.id))
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        try environment.print(
            try await BidCoreConnection(environment).client.get(options.entity, id: options.id))
    }
}
