import Arguments
import Authorization
import Foundation
import HTTPCore

/// `auth login`: takes secrets without echo or from standard input, proves them, and stores them.
enum AuthLoginCommand: Subcommand {
    struct Options: Sendable {
        var vendor: AuthVendor
        var readsStandardInput: Bool
    }

    private static let withStdin = Flag(
        "with-stdin", help: "Read the secrets from standard input, one SETTING=VALUE a line")

    static let path = ["auth", "login"]
    static let command = Command(
        name: "login", summary: "Store a vendor's secrets after proving them with a token request",
        discussion: """
            Asks for the secrets without echo. They are stored with mode 0600 in \
            $XDG_STATE_HOME/integrate/credentials, for this profile. What is no secret (URLs, the client id) comes from \
            the environment or the settings file. The connector service may want a one-time code, for which it asks too \
            (with --with-stdin: a line code=...); a permanent token is stored by a line token=....
            """,
        positionals: [AuthVendor.argument], optionGroups: [OptionGroup("The secrets", [withStdin])],
        exitCodes: [(0, "stored"), (77, "the vendor refused them; nothing was stored"), (78, "a setting is missing")],
        examples: [
            Example(
                "From a secret manager, without a terminal",
                command: """
                    printf 'clientSecret=%s\\napiKey=%s\\n' "$INTEGRATE_UPLOAD_CLIENT_SECRET" "$INTEGRATE_UPLOAD_API_KEY" \\
                        | integrate auth login upload --with-stdin
                    """),
            Example(
                "A password from a file",
                command: """
                    printf %s "$INTEGRATE_BIDCORE_PASSWORD" >password
                    (printf 'password='; cat password; echo) | integrate auth login bidcore --with-stdin
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(
            vendor: try arguments.require(AuthVendor.argument), readsStandardInput: arguments[withStdin] ?? false)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let vendor = options.vendor
        let settings = try environment.settings()
        let resolved = try settings.resolve(vendor.vendor)
        var secrets: [String: Secret]
        if options.readsStandardInput {
            secrets = try fromStandardInput(vendor)
        } else {
            let asked = vendor.loginAlternatives[0]
            let rest = vendor.requiredKeys(in: resolved.replacing([:], amongst: vendor)).filter { !asked.contains($0) }
            try resolved.require(rest, oneOf: vendor.alternativeKeys)
            secrets = try prompted(vendor, environment)
        }
        for (key, secret) in secrets {
            let specification = SettingCatalog.settings(of: vendor.vendor).first { $0.key == key }
            environment.masker.register(secret.reveal(), as: specification?.environment[0])
        }
        let code = secrets.removeValue(forKey: AuthVendor.codeKey)
        let replaced = resolved.replacing(secrets, amongst: vendor)
        try replaced.require(vendor.requiredKeys(in: replaced), oneOf: vendor.alternativeKeys)
        let source = try vendor.tokenSource(replaced, environment, code: code)
        let token = try await vendor.prove(source, replaced, environment)
        try settings.credentials.replace(profile: settings.profile, vendor: vendor.vendor, with: secrets)
        if vendor.mayNeedCode, source.isCacheable {
            // Kept, for the next login would want another one-time code.
            do throws(Failure) {
                try await TokenCache(directory: try environment.paths().tokens, timing: environment.timing)
                    .store(token, as: source.identity)
            } catch {
                environment.output.warn("the token is not cached: \(error.message)")
            }
        }
        environment.output.note(
            "stored \(secrets.keys.sorted().joined(separator: ", ")) of \(vendor.rawValue) for profile \(settings.profile)"
        )
        // A permanent token comes before other credentials, wherever it is from.
        for key in vendor.loginAlternatives.joined() where secrets[key] != nil || key == "token" {
            if let source = resolved.values[key]?.source, source != .stored(settings.credentials.path) {
                environment.output.warn("\(key) from \(source.description) comes before what is stored")
            }
        }
    }

    private static func prompted(_ vendor: AuthVendor, _ environment: Environment) throws -> [String: Secret] {
        guard environment.canPrompt else {
            throw Failure(
                .configuration, vendor: vendor.vendor,
                "there is nobody to ask for \(vendor.loginAlternatives[0].joined(separator: ", "))",
                hint: "give them on standard input with --with-stdin")
        }
        var secrets: [String: Secret] = [:]
        for key in vendor.loginAlternatives[0] {
            let text = try Prompt.secret("\(vendor.vendor.title): \(key)")
            guard !text.isEmpty else { throw Failure(.configuration, "\(key) is empty; nothing was stored") }
            secrets[key] = Secret(text)
        }
        return secrets
    }

    private static func fromStandardInput(_ vendor: AuthVendor) throws -> [String: Secret] {
        let data = try FileHandle.standardInput.readToEnd() ?? Data()
        let known = vendor.loginAlternatives.flatMap(\.self) + (vendor.mayNeedCode ? [AuthVendor.codeKey] : [])
        var secrets: [String: Secret] = [:]
        for line in data.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, known.contains(String(parts[0])), !parts[1].isEmpty else {
                throw Failure(
                    .invalidInput, vendor: vendor.vendor,
                    "standard input must have lines of the form SETTING=VALUE, for "
                        + known.joined(separator: ", "))
            }
            secrets[String(parts[0])] = Secret(String(parts[1]))
        }
        let complete = vendor.loginAlternatives.filter { $0.allSatisfy { secrets[$0] != nil } }
        let missing = vendor.loginAlternatives[0].filter { secrets[$0] == nil }
        guard !complete.isEmpty else {
            throw Failure(
                .invalidInput, vendor: vendor.vendor,
                "standard input has no line for \(missing.joined(separator: ", ")); nothing was stored")
        }
        guard complete.count == 1 else {
            throw Failure(
                .invalidInput, vendor: vendor.vendor,
                "standard input must have one of \(complete.joined().joined(separator: ", ")), not all of them")
        }
        return secrets
    }
}

extension VendorSettings {
    /// These settings with the login's secrets in place of all that a login may store.
    fileprivate func replacing(_ secrets: [String: Secret], amongst login: AuthVendor) -> VendorSettings {
        let others = Set(login.loginAlternatives.joined())
        var values = values.filter { !others.contains($0.key) }
        for specification in SettingCatalog.settings(of: vendor) {
            guard let secret = secrets[specification.key] else { continue }
            values[specification.key] = Setting(
                specification: specification, value: secret.reveal(), source: .stored("this login"))
        }
        return VendorSettings(vendor: vendor, profile: profile, values: values)
    }
}
