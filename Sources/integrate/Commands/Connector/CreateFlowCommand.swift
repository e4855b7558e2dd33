import Arguments
import Foundation
import HTTPCore
import VendorAPIs

/// `create-flow`: attaches sources to a flow at the connector service.
enum CreateFlowCommand: Subcommand {
    struct Options: Sendable {
        var sources: [String]
        var app: String?
        var label: String?
        var path: String?
    }

    private static let nonEmpty = ValueFormat<String>(placeholder: "ID") { text throws(ValueError) in
        guard !text.isEmpty else { throw ValueError("an id cannot be empty") }
        return text
    }

    private static let source = RepeatableOption("source", nonEmpty, help: "A source: what create-source printed")
    private static let app = Option(
        "app", .string(suggesting: ["google_data_studio"]), placeholder: "APP",
        help: "The dashboard that reads the data over HTTP")
    private static let label = Option("label", .string, help: "What the flow is called")

    static let path = ["create-flow"]
    static let command = Command(
        name: "create-flow", summary: "Attach sources to a flow at the connector service",
        discussion: """
            --from begins with a flow's JSON object, for what has no option here; the options come on top of it. The \
            answer, which --json prints, names the API endpoint from which the dashboard reads.
            """,
        standardOutput: "the flow's id; with --json the whole answer",
        optionGroups: [OptionGroup("The flow", [source, app, label, JSONDocumentInput.from])],
        exitCodes: [
            (0, "created"), (1, "the connector service refused the flow"),
            (3, "unknown whether it was created: look before sending it again"),
            (65, "the file is no JSON object, or has no sources; nothing was sent"),
        ],
        examples: [
            Example(
                "The whole way, from authorizing to the flow",
                command: "integrate sandbox -- sh Examples/snapchat-to-dashboard.sh"),
            Example(
                "See the request",
                command: """
                    integrate create-flow --source 63b872052946b21e6d063cb2 --app google_data_studio \\
                        --label 'GDS Flow' --dry-run
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        let options = Options(
            sources: arguments[source], app: arguments[app], label: arguments[label],
            path: arguments[JSONDocumentInput.from])
        if options.path == nil {
            let missing = [
                options.sources.isEmpty ? "--source ID" : nil, options.app == nil ? "--app APP" : nil,
                options.label == nil ? "--label TEXT" : nil,
            ].compactMap(\.self)
            guard missing.isEmpty else {
                throw arguments.usageError("the flow needs \(missing.joined(separator: ", "))")
            }
        }
        return options
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        var flow = try options.path.map(JSONDocumentInput.object(in:)) ?? .object([])
        if !options.sources.isEmpty { flow["sources"] = .array(options.sources.map { .string($0) }) }
        if let app = options.app { flow["app"] = .string(app) }
        if let label = options.label { flow["label"] = .string(label) }
        guard let sources = flow["sources"]?.elements, !sources.isEmpty,
            sources.allSatisfy({ $0.identifier != nil })
        else {
            throw Failure(
                .invalidInput, vendor: .connector, "the flow has no sources: it needs an array of their ids",
                hint: "give one with --source ID")
        }
        SecretNames.register(flow, with: environment.masker)
        let answer = try await ConnectorConnection(environment).client.createFlow(flow)
        SecretNames.register(answer.document, with: environment.masker)
        try environment.printCreated(answer)
    }
}
