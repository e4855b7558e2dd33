import Arguments
import HTTPCore
import VendorAPIs

/// `workflow update`: fields of an entity.
enum WorkflowUpdateCommand: Subcommand {
    struct Options: Sendable {
        var entity: String
        var id: String
        var input: JSONDocumentInput
        var merges: Bool
    }

    private static let merge = Flag(
        "merge", help: "Read the entity first and send the whole of it with the changes, for entities that PUT replaces"
    )

    static let path = ["workflow", "update"]
    static let command = Command(
        name: "update", summary: "Change fields of an entity",
        discussion: """
            Only the fields that are given are sent. With --merge --dry-run the request that would read the entity is \
            shown: what would be sent depends on its answer.
            """,
        standardOutput: "the entity as it is then, as JSON",
        positionals: [WorkflowArguments.entity, WorkflowArguments.id],
        optionGroups: [OptionGroup("The change", JSONDocumentInput.options + [merge])],
        exitCodes: [(0, "changed")] + WorkflowArguments.exitCodes,
        examples: [
            Example("A number, with its digits", command: "integrate workflow update publishers 1 --set margin:=0.250"),
            Example(
                "The whole entity, with a change",
                command: "integrate workflow update publishers 1 --set name='Daily Herald and Mail' --merge"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        let input = JSONDocumentInput(arguments)
        guard !input.isEmpty else {
            throw arguments.usageError("there is nothing to change", hint: "give fields with --set or --from")
        }
        return Options(
            entity: try arguments.require(WorkflowArguments.entity), id: try arguments.require(WorkflowArguments.id),
            input: input, merges: arguments[merge] ?? false)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        var fields = try options.input.object()
        if let id = fields["id"] {
            guard id.identifier == options.id else {
                throw Failure(
                    .invalidInput, vendor: .bidcore, "the fields are those of \(id.text), not of \(options.id)",
                    hint: "an id cannot be changed: leave it out")
            }
            fields["id"] = nil
        }
        let client = try BidCoreConnection(environment).client
        if options.merges {
            let present = try await client.get(options.entity, id: options.id)
            guard present.members != nil else {
                throw Failure(
                    .unreadableAnswer, vendor: .bidcore,
                    "get \(options.entity) \(options.id) at BidCore: the answer is \(present.kind), and no object")
            }
            fields = present.merged(with: fields)
        }
        try await client.update(options.entity, id: options.id, fields)
        do {
            try environment.print(try await client.get(options.entity, id: options.id))
        } catch var failure as Failure where failure.vendor != nil {
            failure.message = "the change is made, but cannot be shown: \(failure.message)"
            throw failure
        }
    }
}

extension JSONValue {
    /// The whole object with `fields` in their place, as a PUT takes it: without its id, which is in the path.
    func merged(with fields: JSONValue) -> JSONValue {
        var whole = self
        for member in fields.members ?? [] { whole[member.name] = member.value }
        whole["id"] = nil
        return whole
    }
}
