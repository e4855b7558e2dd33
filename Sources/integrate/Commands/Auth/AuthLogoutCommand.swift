import Arguments
import Authorization
import Foundation
import HTTPCore

/// `auth logout`: removes what `auth login` stored, and cached tokens.
enum AuthLogoutCommand: Subcommand {
    struct Options: Sendable {
        var vendors: [AuthVendor]
    }

    static let path = ["auth", "logout"]
    static let command = Command(
        name: "logout", summary: "Remove stored secrets and cached tokens of this profile",
        positionals: [AuthVendor.optionalArgument],
        exitCodes: [(0, "nothing is stored any more")],
        examples: [
            Example("One vendor", command: "integrate auth logout upload"),
            Example("All vendors", command: "integrate auth logout"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(vendors: arguments[AuthVendor.optionalArgument].map { [$0] } ?? AuthVendor.allCases)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let settings = try environment.settings()
        let cache = TokenCache(directory: try environment.paths().tokens, timing: environment.timing)
        for vendor in options.vendors {
            // The token is named after the settings, so it goes first.
            let resolved = try? settings.resolve(vendor.vendor)
            let source = resolved.flatMap { try? vendor.tokenSource($0, environment) }
            guard !environment.globals.isDryRun else {
                try preview(vendor, settings, try source.flatMap { try cache.read($0.identity) }, environment)
                continue
            }
            let hadToken = source.map { cache.remove($0.identity) } ?? false
            let hadSecrets = try settings.credentials.replace(
                profile: settings.profile, vendor: vendor.vendor, with: [:])
            let removed = [hadSecrets ? "the stored secrets" : nil, hadToken ? "the cached token" : nil].compactMap(
                \.self)
            environment.output.note(
                removed.isEmpty
                    ? "nothing is stored for \(vendor.rawValue)"
                    : "removed \(removed.joined(separator: " and ")) of \(vendor.rawValue)")
        }
    }

    /// Says what would be removed, and removes nothing.
    private static func preview(
        _ vendor: AuthVendor, _ settings: Settings, _ token: AccessToken?, _ environment: Environment
    ) throws {
        let secrets = try settings.credentials.read(profile: settings.profile, vendor: vendor.vendor)
        let there = [secrets.isEmpty ? nil : "the stored secrets", token.map { _ in "the cached token" }].compactMap(
            \.self)
        environment.output.note(
            there.isEmpty
                ? "nothing is stored for \(vendor.rawValue)"
                : "would remove \(there.joined(separator: " and ")) of \(vendor.rawValue)")
    }
}
