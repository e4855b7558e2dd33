import Arguments
import Authorization
import Foundation
import HTTPCore
import VendorAPIs

/// `auth authorize-service`: gives the connector service what it needs to read a third party's data.
enum AuthorizeServiceCommand: Subcommand {
    struct Options: Sendable {
        var service: String
        var input: JSONDocumentInput
    }

    private static let service = Positional(
        "SERVICE", .string(suggesting: ["snapchat_static"]), help: "The third party, as the connector service names it")

    static let path = ["auth", "authorize-service"]
    static let command = Command(
        name: "authorize-service", summary: "Authorize a third party's service at the connector service",
        discussion: """
            The members given are the service's data: for snapchat_static staticKey (the refresh token of your user), \
            clientId and clientSecret. Secrets come from a file (--set staticKey=@FILE, --from FILE, --from -) or from a \
            prompt, never from the command line. The whole request, with service and data, can stand in a file too.
            """,
        standardOutput: "the authorizer's id; with --json the whole answer, secrets masked", positionals: [service],
        optionGroups: [OptionGroup("The service's data", JSONDocumentInput.options)],
        exitCodes: [
            (0, "authorized"), (1, "the connector service refused the data"),
            (3, "unknown whether it was authorized: look before sending it again"),
            (64, "a secret stands on the command line, or a value is missing"),
            (65, "the file is no JSON object, or lacks what the service needs"),
        ],
        examples: [
            Example(
                "From files, as a secret manager writes them",
                command: """
                    printf token >static-key && printf secret >client-secret
                    integrate auth authorize-service snapchat_static --set clientId=my-app \\
                        --set staticKey=@static-key --set clientSecret=@client-secret
                    """),
            Example(
                "From standard input",
                command: """
                    printf '{"staticKey":"%s","clientId":"my-app","clientSecret":"%s"}' token secret \\
                        | integrate auth authorize-service snapchat_static --from -
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        let input = JSONDocumentInput(arguments)
        try input.checkSecrets(arguments)
        return Options(service: try arguments.require(service), input: input)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let data = try data(options, environment)
        SecretNames.register(data, with: environment.masker)
        let connection = try ConnectorConnection(environment)
        let answer = try await connection.client.authorize(service: options.service, data: data)
        SecretNames.register(answer.document, with: environment.masker)
        try environment.printCreated(answer)
    }

    /// The service's data, whole as far as it can be checked here.
    private static func data(_ options: Options, _ environment: Environment) throws -> JSONValue {
        var data = try options.input.path.map(JSONDocumentInput.object(in:)) ?? .object([])
        // The body as the vendor's document prints it.
        if let service = data["service"]?.string, let inner = data["data"], inner.members != nil {
            guard service == options.service else {
                throw Failure(
                    .invalidInput, vendor: .connector,
                    "the file is for the service '\(service)', the command for '\(options.service)'")
            }
            data = inner
        }
        try options.input.apply(to: &data)
        guard let form = ConnectorForm.credentials(of: options.service) else {
            guard data.members?.isEmpty == false else {
                throw Failure(
                    .usage, vendor: .connector, "the data of \(options.service) is missing",
                    hint: "give it with --set KEY=VALUE, --set KEY=@FILE or --from FILE")
            }
            return data
        }
        if environment.canPrompt, options.input.path != "-" {
            for name in form.problems(of: data).missing where SecretNames.contains(name) {
                data[name] = .string(try Prompt.secret("\(options.service): \(name)"))
            }
        }
        let problems = form.problems(of: data)
        guard problems.isEmpty else {
            let isForCommand = options.input.path == nil && problems.mistyped.isEmpty
            throw Failure(
                isForCommand ? .usage : .invalidInput, vendor: .connector,
                "the data of \(options.service): \(problems.summary)",
                hint: "give secrets with --set KEY=@FILE or --from FILE, the rest with --set KEY=VALUE")
        }
        return data
    }
}

extension Environment {
    /// Prints the id of what was created; with `--json` the whole answer, its secrets masked.
    func printCreated(_ answer: ConnectorAnswer) throws(Failure) {
        guard globals.isJSON else { return try output.line(answer.id) }
        try output.json(SecretNames.masked(answer.document, by: masker))
    }
}
