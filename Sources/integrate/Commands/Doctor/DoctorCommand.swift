import Arguments
import Foundation
import HTTPCore

/// `doctor`: everything that can be wrong before a record is sent, looked at in one go.
enum DoctorCommand: Subcommand {
    struct Options: Sendable {
        var vendors: [Vendor]
        var asksForToken: Bool
    }

    private static let vendors = RepeatedPositional(
        "VENDOR", .choice(of: Vendor.self), help: "Which vendors to check; all that are configured if it is left out")
    private static let token = Flag(
        "token", help: "Also ask each vendor for a new token, which proves the credentials; it is not kept")

    static let path = ["doctor"]
    static let command = Command(
        name: "doctor", summary: "Check settings, files, network, clock and credentials",
        discussion: """
            Each vendor that is configured is connected to and asked for / without credentials. DNS and TCP are timed on \
            sockets of their own, HTTP on a connection that is there; the time of TLS is what remains of the first \
            request, an estimate. Without --token no credential is used.
            """,
        standardOutput: "a line a check: ok, skipped, warning or error, and what to do; with --json one object",
        positionals: [vendors], optionGroups: [OptionGroup("The checks", [token])],
        exitCodes: [
            (0, "nothing is wrong, apart from warnings"), (69, "a vendor cannot be reached"),
            (78, "settings, files, clock or credentials are wrong"),
        ],
        examples: [
            Example("Everything that is configured", command: "integrate doctor"),
            Example("One vendor, with its credentials", command: "integrate doctor upload --token"),
            Example("For a script", command: "integrate doctor forwarder --json"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(vendors: arguments[vendors], asksForToken: arguments[token] ?? false)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let machine = MachineChecks(environment: environment)
        var checks = [machine.program]
        checks += try machine.files()
        checks += [machine.proxies] + machine.certificates
        do throws(Failure) {
            checks += await vendorChecks(options, environment, try environment.settings())
        } catch {
            // A broken file is an error among the files already; a profile that is not there is not.
            if !checks.contains(where: { $0.status == .error }) { checks.append(.failed("files", "profile", error)) }
            checks.append(Check("vendors", "settings", .skipped, "not checked: their settings cannot be read"))
        }
        let report = DoctorReport(checks.map { $0.masked(by: environment.masker) })
        if environment.globals.isJSON {
            try environment.output.json(report)
        } else {
            for line in report.lines { try environment.output.line(line) }
        }
        if let failure = report.failure { throw failure }
    }

    /// All vendors at once, in the order of the report.
    private static func vendorChecks(
        _ options: Options, _ environment: Environment, _ settings: Settings
    ) async -> [Check] {
        let named = options.vendors
        let vendors = Vendor.allCases.filter { named.isEmpty || named.contains($0) }
        return await withTaskGroup(of: (Vendor, [Check]).self) { group in
            for vendor in vendors {
                group.addTask {
                    let checks = VendorChecks(
                        vendor: vendor, isNamed: named.contains(vendor), asksForToken: options.asksForToken,
                        environment: environment, settings: settings)
                    return (vendor, await checks.run())
                }
            }
            var found: [Vendor: [Check]] = [:]
            for await (vendor, checks) in group { found[vendor] = checks }
            return vendors.flatMap { found[$0] ?? [] }
        }
    }
}

extension Check {
    /// What a vendor said may hold what it was told.
    fileprivate func masked(by masker: Masker) -> Check {
        var check = self
        check.message = masker.mask(message)
        check.hint = hint.map(masker.mask(_:))
        check.url = url.map(masker.mask(_:))
        return check
    }
}
