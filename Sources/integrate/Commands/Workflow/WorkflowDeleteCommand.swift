import Arguments
import HTTPCore
import VendorAPIs

/// `workflow delete`: an entity goes.
enum WorkflowDeleteCommand: Subcommand {
    struct Options: Sendable {
        var entity: String
        var id: String
        var isConfirmed: Bool
    }

    private struct Deleted: Encodable {
        var deleted = true
        var entity: String
        var id: String
    }

    static let path = ["workflow", "delete"]
    static let command = Command(
        name: "delete", summary: "Delete an entity",
        discussion: "Asks first on a terminal; elsewhere it needs --yes.",
        standardOutput: "nothing; with --json an object that says what was deleted",
        positionals: [WorkflowArguments.entity, WorkflowArguments.id],
        optionGroups: [OptionGroup("The question", [WorkflowArguments.yes])],
        exitCodes: [(0, "deleted")] + WorkflowArguments.exitCodes + [(64, "--yes is missing, or the answer was no")],
        examples: [
            Example(
                "One that nothing depends on", command: "integrate workflow delete publishers 5 --yes"),
            Example(
                "See the request", command: "integrate workflow delete publishers 5 --dry-run"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(
            entity: try arguments.require(WorkflowArguments.entity), id: try arguments.require(WorkflowArguments.id),
            isConfirmed: arguments[WorkflowArguments.yes] ?? false)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let thing = "\(options.entity) \(options.id)"
        try Confirmation.check(isGiven: options.isConfirmed, for: "deleting \(thing)", environment)
        let client = try BidCoreConnection(environment).client
        if !options.isConfirmed, !environment.globals.isDryRun {
            try Confirmation.ask("delete \(thing) at BidCore?", environment)
        }
        try await client.delete(options.entity, id: options.id)
        environment.output.note("deleted \(thing)")
        if environment.globals.isJSON {
            try environment.output.json(Deleted(entity: options.entity, id: options.id))
        }
    }
}
