import Arguments
import Authorization
import Foundation
import HTTPCore

/// `auth status`: which settings are there and from where, and whether a cached token is valid.
enum AuthStatusCommand: Subcommand {
    struct Options: Sendable {
        var vendors: [AuthVendor]
        /// Whether a vendor without any setting is one that is not used.
        var skipsUnused: Bool
    }

    static let path = ["auth", "status"]
    static let command = Command(
        name: "status", summary: "Show which settings are there, from where, and whether a cached token is valid",
        standardOutput: "a table; with --json an object a vendor", positionals: [AuthVendor.optionalArgument],
        exitCodes: [
            (0, "everything is set that the vendor needs, or each vendor that has any setting"),
            (78, "a setting is missing"),
        ],
        examples: [
            Example("All vendors", command: "integrate auth status"),
            Example("One vendor, for a script", command: "integrate auth status upload --json"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        let vendor = arguments[AuthVendor.optionalArgument]
        return Options(vendors: vendor.map { [$0] } ?? AuthVendor.allCases, skipsUnused: vendor == nil)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let settings = try environment.settings()
        var incomplete: Failure?
        var isAnyUsed = false
        for vendor in options.vendors {
            let resolved = try settings.resolve(vendor.vendor)
            let report = try Report(vendor, resolved, environment)
            if environment.globals.isJSON {
                try environment.output.json(report)
            } else {
                for line in report.lines { try environment.output.line(environment.masker.mask(line)) }
            }
            let isUsed = resolved.values.values.contains { $0.source != .fallback }
            isAnyUsed = isAnyUsed || isUsed
            guard isUsed || !options.skipsUnused else { continue }
            do throws(Failure) {
                try resolved.require(vendor.requiredKeys(in: resolved), oneOf: vendor.alternativeKeys)
            } catch {
                incomplete = incomplete ?? error
            }
        }
        if let incomplete { throw incomplete }
        guard isAnyUsed || !options.skipsUnused else {
            throw Failure(
                .configuration, "no vendor has a setting",
                hint: "see integrate help environment; to try without an account: integrate sandbox -- COMMAND")
        }
    }

    private struct Report: Encodable {
        struct Entry: Encodable {
            var setting: String
            /// A secret is only said to be there.
            var value: String?
            var source: String?
            var isRequired: Bool
        }

        var vendor: String
        var settings: [Entry]
        /// `valid`, `expired`, `permanent` or `none`.
        var token: String
        var expiresAt: String?

        init(_ vendor: AuthVendor, _ resolved: VendorSettings, _ environment: Environment) throws(Failure) {
            self.vendor = vendor.vendor.rawValue
            let required = vendor.requiredKeys(in: resolved)
            settings = SettingCatalog.settings(of: vendor.vendor).map { specification in
                let setting = resolved.values[specification.key]
                return Entry(
                    setting: specification.key,
                    value: specification.isSecret ? setting.map { _ in Masker.mask } : setting?.value,
                    source: setting?.source.description, isRequired: required.contains(specification.key))
            }
            token = "none"
            // Without its settings a token cannot be told from others'.
            guard let source = try? vendor.tokenSource(resolved, environment) else { return }
            guard source.isCacheable else {
                token = "permanent"
                return
            }
            let cache = TokenCache(directory: try environment.paths().tokens, timing: environment.timing)
            guard let cached = try cache.read(source.identity) else { return }
            token = cached.isUsable(at: environment.timing.now()) ? "valid" : "expired"
            expiresAt = cached.expiresAt?.formatted(.iso8601)
        }

        var lines: [String] {
            let width = settings.map(\.setting.count).max() ?? 0
            var lines = [vendor]
            for entry in settings {
                let name = entry.setting.padding(toLength: width, withPad: " ", startingAt: 0)
                if let value = entry.value, let source = entry.source {
                    lines.append("  \(name)  \(value)  (\(source))")
                } else {
                    lines.append("  \(name)  \(entry.isRequired ? "missing" : "not set")")
                }
            }
            let until = expiresAt.map { token == "valid" ? " until \($0)" : " since \($0)" } ?? ""
            lines.append("  \("token".padding(toLength: width, withPad: " ", startingAt: 0))  \(token)\(until)")
            return lines
        }
    }
}
