import Arguments
import Foundation
import HTTPCore
import VendorAPIs

/// `create-source`: a source at the connector service, and what can be chosen for it.
enum CreateSourceCommand: Subcommand {
    enum Work: Sendable, Equatable {
        case create
        case list(String)
        case printTemplate
    }

    struct Options: Sendable {
        var connector: String
        var work: Work
        var authorizer: String?
        var input: JSONDocumentInput
    }

    private static let actions = [
        "authorization", "organization", "account", "campaign", "metric", "labels", "breakdown", "dateRange",
    ]
    private static let nonEmpty = ValueFormat<String>(placeholder: "ID") { text throws(ValueError) in
        guard !text.isEmpty else { throw ValueError("an id cannot be empty") }
        return text
    }

    private static let connector = Positional(
        "CONNECTOR", .string(suggesting: ["snapchat"]), help: "The connector, as the service names it")
    private static let authorizer = Option(
        "oauth-id", nonEmpty, help: "The authorizer: what auth authorize-service printed")
    private static let list = Option(
        "list", .string(suggesting: actions), placeholder: "ACTION",
        help: "List what can be chosen instead: \(actions.joined(separator: ", ")), or any other that the connector has"
    )
    private static let printTemplate = Flag("print-template", help: "Print a form to fill in instead; nothing is sent")

    static let path = ["create-source"]
    static let command = Command(
        name: "create-source", summary: "Create a source at the connector service",
        discussion: """
            The form comes from --from, --set and --oauth-id; connectorId is filled in, and a strategy is given as \
            storageStrategy too, its newer name. The form of snapchat is checked before it is sent; other connectors' \
            forms are passed on as they are. --list account wants --oauth-id and --set organizationId=ID, \
            --list campaign wants --oauth-id and --set accountId=ID.
            """,
        standardOutput:
            "the source's id, with --json the whole answer; with --list a line a choice: its id, a tab, its label",
        positionals: [connector],
        optionGroups: [
            OptionGroup("The form", JSONDocumentInput.options + [authorizer]),
            OptionGroup("Instead of creating", [list, printTemplate]),
        ],
        exitCodes: [
            (0, "created"), (1, "the connector service refused the form"),
            (3, "unknown whether it was created: look before sending it again"),
            (65, "the file is no JSON object, or fields are missing or wrong; nothing was sent"),
        ],
        examples: [
            Example(
                "A form to fill in", command: "integrate create-source snapchat --print-template >source.json"),
            Example(
                "Which organizations an authorizer sees",
                command: """
                    printf '{"staticKey":"t","clientId":"a","clientSecret":"s"}' >data.json
                    integrate create-source snapchat --list organization \\
                        --oauth-id "$(integrate auth authorize-service snapchat_static --from data.json)"
                    """),
            Example(
                "Create it, the values of your own on the command line",
                command: """
                    integrate create-source snapchat --print-template >source.json
                    printf '{"staticKey":"t","clientId":"a","clientSecret":"s"}' >data.json
                    integrate create-source snapchat --from source.json \\
                        --oauth-id "$(integrate auth authorize-service snapchat_static --from data.json)" \\
                        --set organizationId=org-1 --set accountId=acc-1
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        try arguments.checkExclusive(list, printTemplate)
        let input = JSONDocumentInput(arguments)
        try input.checkSecrets(arguments)
        let connector = try arguments.require(connector)
        let work: Work =
            if arguments[printTemplate] == true { .printTemplate } else { arguments[list].map(Work.list) ?? .create }
        let options = Options(connector: connector, work: work, authorizer: arguments[authorizer], input: input)
        if case .list(let action) = work {
            let missing = SourceChoices.missing(for: action, of: options)
            guard missing.isEmpty else {
                throw arguments.usageError(
                    "--list \(action) needs \(missing.joined(separator: " and "))",
                    hint: "an authorizer's id is what integrate auth authorize-service prints")
            }
        } else if work == .create, input.isEmpty {
            throw arguments.usageError(
                "the source's form is missing",
                hint: "integrate create-source \(connector) --print-template >source.json, then --from source.json")
        }
        return options
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        switch options.work {
        case .printTemplate:
            var form = ConnectorForm.source(of: options.connector)?.template ?? unknownTemplate(options.connector)
            if let path = options.input.path {
                for member in try JSONDocumentInput.object(in: path).members ?? [] { form[member.name] = member.value }
            }
            try options.fill(&form)
            if environment.globals.isJSON {
                try environment.output.json(form)
            } else {
                try environment.output.line(form.prettyText)
            }
        case .list(let action): try await SourceChoices.list(action, options, environment)
        case .create:
            let form = try completeForm(options)
            SecretNames.register(form, with: environment.masker)
            let answer = try await ConnectorConnection(environment).client.createSource(
                connector: options.connector, form: form)
            SecretNames.register(answer.document, with: environment.masker)
            try environment.printCreated(answer)
        }
    }

    /// What connectors have in common.
    private static func unknownTemplate(_ connector: String) -> JSONValue {
        ["connectorId": .string(connector), "templateId": "", "oAuthId": .null, "label": ""]
    }

    private static func completeForm(_ options: Options) throws -> JSONValue {
        var form = try options.input.path.map(JSONDocumentInput.object(in:)) ?? .object([])
        try options.fill(&form)
        form = form.completedSource(of: options.connector)
        guard form["connectorId"]?.string == options.connector else {
            throw Failure(
                .invalidInput, vendor: .connector,
                "connectorId is \(form["connectorId"]?.text ?? "missing"), but the command says '\(options.connector)'",
                hint: "leave connectorId out: it is filled in")
        }
        guard let problems = ConnectorForm.source(of: options.connector)?.problems(of: form), !problems.isEmpty else {
            return form
        }
        throw Failure(
            .invalidInput, vendor: .connector,
            "the form of a \(options.connector) source: \(problems.summary); nothing was sent",
            hint: "a form to fill in: integrate create-source \(options.connector) --print-template")
    }
}

extension CreateSourceCommand.Options {
    /// Puts `--set` and `--oauth-id` on top of `form`.
    func fill(_ form: inout JSONValue) throws(Failure) {
        try input.apply(to: &form)
        if let authorizer { form["oAuthId"] = .authorizerID(authorizer) }
    }
}
