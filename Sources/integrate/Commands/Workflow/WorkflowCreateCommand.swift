import Arguments
import HTTPCore
import VendorAPIs

/// `workflow create`: a new entity.
enum WorkflowCreateCommand: Subcommand {
    struct Options: Sendable {
        var entity: String
        var input: JSONDocumentInput
    }

    static let path = ["workflow", "create"]
    static let command = Command(
        name: "create", summary: "Create an entity",
        discussion: """
            It is never sent twice: where it is not known whether it arrived, the exit code is 3, and workflow list \
            shows whether it is there.
            """,
        standardOutput: "the new entity as JSON, with its id", positionals: [WorkflowArguments.entity],
        optionGroups: [OptionGroup("The entity", JSONDocumentInput.options)],
        exitCodes: [(0, "created")] + WorkflowArguments.exitCodes + [(3, "it may have been created: look first")],
        examples: [
            Example(
                "A publisher", command: "integrate workflow create publishers --set name='Le Phare' --set margin:=0.15"),
            Example(
                "From a document on standard input",
                command: #"echo '{"name":"Le Phare"}' | integrate workflow create publishers --from -"#),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        let input = JSONDocumentInput(arguments)
        guard !input.isEmpty else {
            throw arguments.usageError("there is nothing to create", hint: "give fields with --set or --from")
        }
        return Options(entity: try arguments.require(WorkflowArguments.entity), input: input)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let fields = try options.input.object()
        let created = try await BidCoreConnection(environment).client.create(options.entity, fields)
        guard let created else {
            return environment.output.warn("created, but BidCore did not show it: see workflow list \(options.entity)")
        }
        try environment.print(created)
    }
}
