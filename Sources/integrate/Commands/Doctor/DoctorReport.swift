import Foundation
import HTTPCore

/// One thing that `doctor` looked at.
struct Check: Encodable, Sendable {
    enum Status: String, Encodable, Sendable {
        case ok, skipped, warning, error
    }

    /// Times of one connection, in milliseconds.
    struct Times: Encodable, Sendable {
        /// Name resolution, by the system's resolver.
        var dns: Double?
        /// From SYN to the established connection.
        var tcp: Double?
        /// What the first request took beyond name resolution, connection and an answer: an estimate.
        var tlsEstimate: Double?
        /// A request on the connection that is there.
        var http: Double?
        /// The first request as a whole.
        var total: Double?
    }

    /// What it is about: `program`, `files`, `network`, or a vendor's name.
    var area: String
    /// What was looked at there: `settings`, `clock`.
    var name: String
    var status: Status
    /// What was found, without secrets.
    var message: String
    /// What to do about it.
    var hint: String?
    /// What a script should do: the exit code that this error leads to.
    var exit: Int32?
    var url: String?
    var milliseconds: Times?
    /// How far the vendor's clock is ahead of this machine's.
    var clockSkewSeconds: Int?
    /// Settings and where they come from.
    var settings: [String: String]?

    init(_ area: String, _ name: String, _ status: Status, _ message: String, hint: String? = nil) {
        self.area = area
        self.name = name
        self.status = status
        self.message = message
        self.hint = hint
    }

    /// An error whose category decides the exit code.
    static func failed(
        _ area: String, _ name: String, _ category: FailureCategory, _ message: String, hint: String? = nil
    ) -> Check {
        var check = Check(area, name, .error, message, hint: hint)
        check.exit = category.exitCode
        return check
    }

    /// A failure that another part of the program reported.
    static func failed(_ area: String, _ name: String, _ failure: Failure) -> Check {
        // Whatever is wrong, it is either the network's or the vendor's doing, or the settings'.
        let isElsewhere = [.unavailable, .tryAgain, .unreadableAnswer].contains(failure.category)
        return failed(
            area, name, isElsewhere ? .unavailable : .configuration, failure.message, hint: failure.hint)
    }
}

/// What `doctor` found, for people and for scripts.
struct DoctorReport: Encodable {
    var status: Check.Status
    var checks: [Check]

    init(_ checks: [Check]) {
        self.checks = checks
        status =
            checks.contains { $0.status == .error }
            ? .error : checks.contains { $0.status == .warning } ? .warning : .ok
    }

    /// A line a check, and one below it that says what to do.
    var lines: [String] {
        let indent = String(repeating: " ", count: 9)
        return checks.flatMap { check in
            let status = check.status.rawValue.padding(toLength: indent.count, withPad: " ", startingAt: 0)
            let place = check.area == "program" ? "" : "\(check.area): "
            let line = "\(status)\(place)\(check.message)"
            return [line] + (check.hint.map { [indent + "-> " + $0] } ?? [])
        }
    }

    /// What the exit code is to say: settings first, for nothing works without them.
    var failure: Failure? {
        let errors = checks.filter { $0.status == .error }
        guard !errors.isEmpty else { return nil }
        let isConfiguration = errors.contains { $0.exit == FailureCategory.configuration.exitCode }
        var places: [String] = []
        for check in errors where !places.contains(check.area) { places.append(check.area) }
        return Failure(
            isConfiguration ? .configuration : .unavailable,
            "\(errors.count == 1 ? "1 check" : "\(errors.count) checks") failed: \(places.joined(separator: ", "))",
            hint: "the report says what to do about each")
    }
}
