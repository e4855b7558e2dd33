import Arguments
import Authorization
import Foundation
import HTTPCore

/// `auth token`: prints a valid token.
enum AuthTokenCommand: Subcommand {
    struct Options: Sendable {
        var vendor: AuthVendor
        var refresh: Bool
    }

    private static let refresh = Flag("refresh", help: "Ask for a new token even if the cached one is valid")

    static let path = ["auth", "token"]
    static let command = Command(
        name: "token", summary: "Print a valid token, cached or new", standardOutput: "the token",
        positionals: [AuthVendor.argument], optionGroups: [OptionGroup("The token", [refresh])],
        exitCodes: [(0, "the token is on standard output"), (77, "the vendor refused the credentials")],
        examples: [
            Example(
                "Use the platform with curl",
                command: """
                    curl -sS -H "Authorization: Bearer $(integrate auth token upload)" -G \\
                        --data-urlencode "key=$INTEGRATE_UPLOAD_API_KEY" \\
                        -d token=$(integrate upload-csv Examples/shifts.csv) -d dataKey=status \\
                        "$INTEGRATE_UPLOAD_API_URL/api/GetResults"
                    """),
            Example("Force a new token", command: "integrate auth token upload --refresh"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(vendor: try arguments.require(AuthVendor.argument), refresh: arguments[refresh] ?? false)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let settings = try environment.settings().resolve(options.vendor.vendor)
        let source = try options.vendor.tokenSource(settings, environment)
        guard !environment.globals.isDryRun else {
            _ = try await source.fetch(replacing: nil)
            return
        }
        let cache = TokenCache(directory: try environment.paths().tokens, timing: environment.timing)
        let rejected = options.refresh ? try cache.read(source.identity)?.value : nil
        let token = try await environment.tokens(from: source).token(rejecting: rejected)
        guard environment.globals.isJSON else { return try environment.output.line(token.value.reveal()) }
        try environment.output.json(
            TokenResult(token: token.value.reveal(), expiresAt: token.expiresAt?.formatted(.iso8601)))
    }

    private struct TokenResult: Encodable {
        var token: String
        var expiresAt: String?
    }
}
