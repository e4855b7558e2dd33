import Arguments
import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// `workflow apply`: makes the entities those of a file.
enum WorkflowApplyCommand: Subcommand {
    struct Options: Sendable {
        var path: String
        var prunes = false
        var isConfirmed = false
        var keepsGoing = false
        var merges = false
    }

    private static let file = Positional("FILE", .path, help: "What workflow export wrote; - is standard input")
    private static let prune = Flag("prune", help: "Delete what is not in the file, of the kinds that are")
    private static let keepGoing = Flag("keep-going", help: "Go on with the next change when BidCore refuses one")
    private static let merge = Flag(
        "merge", help: "Send whole entities with their changes, for entities that PUT replaces")

    static let path = ["workflow", "apply"]
    static let command = Command(
        name: "apply", summary: "Create and change entities until they are those of a file",
        discussion: """
            Reads what is there, shows what will be created (+), changed (~, field by field) and deleted (-), and does \
            it. Only the fields in the file are compared and sent; the others stay.

            - An entity with an id is the one of that id. An id that is not there is an error: BidCore chooses ids.
            - An entity without an id is the first one that has all the given fields with the same values; if there \
            is none, it is created. So a second run does not create it again, as long as BidCore keeps the fields \
            as they were given. Put its id into the file (or export anew) before changing it.

            What is to be done depends only on the file and on what is there: after an interruption or a refusal run \
            the same command again, and it does what is left. With --dry-run BidCore is read, and nothing is sent.
            """,
        standardOutput: "the changes; with --json an object a change with its outcome", positionals: [file],
        optionGroups: [OptionGroup("Applying", [prune, WorkflowArguments.yes, keepGoing, merge])],
        exitCodes: [
            (0, "everything is as in the file (with --dry-run: shown)"),
            (1, "BidCore refused, and nothing was changed"),
            (2, "some changes were made and some refused"), (3, "it is unknown whether an entity was created"),
            (64, "--prune needs --yes where nobody can be asked"), (65, "the file is not valid; nothing was sent"),
        ] + WorkflowArguments.exitCodes.dropFirst(),
        examples: [
            Example(
                "Edit, look, apply",
                command: """
                    integrate workflow export publishers --output publishers.json
                    sed -i 's/Nordlys/Nordlys Tromsø/' publishers.json
                    integrate workflow apply publishers.json --dry-run
                    integrate workflow apply publishers.json
                    """),
            Example(
                "From standard input",
                command: "integrate workflow export publishers | integrate workflow apply - --dry-run"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(
            path: try arguments.require(file), prunes: arguments[prune] ?? false,
            isConfirmed: arguments[WorkflowArguments.yes] ?? false, keepsGoing: arguments[keepGoing] ?? false,
            merges: arguments[merge] ?? false)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let document: WorkflowDocument
        let value = try JSONDocumentInput.value(in: options.path)
        do throws(WorkflowDocument.Invalid) {
            document = try WorkflowDocument(value)
        } catch {
            throw invalid(error, in: options.path)
        }
        if options.prunes {
            try Confirmation.check(
                isGiven: options.isConfirmed, for: "deleting what is not in the file", environment)
        }
        // A dry run reads: without what is there it could not say what would change.
        let client = try BidCoreConnection(environment.reading).client
        var present: [String: [JSONValue]] = [:]
        for section in document.sections {
            let entities = try await client.all(section.entity)
            guard entities.allSatisfy({ $0["id"]?.identifier != nil }) else {
                throw Failure(
                    .unreadableAnswer, vendor: .bidcore, "list \(section.entity) at BidCore: an entity has no id")
            }
            present[section.entity] = entities
        }
        let plan: WorkflowPlan
        do throws(WorkflowDocument.Invalid) {
            plan = try WorkflowPlan(document, present: present, prunes: options.prunes)
        } catch {
            throw invalid(error, in: options.path)
        }
        try await WorkflowRun(plan: plan, options: options, client: client, environment: environment).run()
    }

    private static func invalid(_ problem: WorkflowDocument.Invalid, in path: String) -> InvalidFile {
        let name = path == "-" ? "<stdin>" : path
        var diagnostics = DiagnosticCollector()
        for fault in problem.faults { diagnostics.add(Diagnostic(file: name, position: nil, message: fault)) }
        return InvalidFile(
            failure: Failure(
                .invalidInput, vendor: .bidcore, "\(name) cannot be applied; nothing was sent",
                hint: "workflow export shows the form"),
            diagnostics: diagnostics)
    }
}
