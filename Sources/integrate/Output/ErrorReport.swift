import Arguments
import Delivery
import Foundation
import HTTPCore

/// The one place where an error becomes text or JSON, and an exit code.
struct ErrorReport {
    let output: Output
    let isJSON: Bool
    /// Whether a GitHub workflow reads along and wants annotations.
    let isWorkflow: Bool
    /// Where the settings of a vendor come from, to be told when its credentials were refused.
    var settingSources: (@Sendable (Vendor) -> [(key: String, source: SettingSource)])?

    private struct Document: Encodable {
        struct Body: Encodable {
            var code: String
            var exit: Int32
            var vendor: String?
            var message: String
            var hint: String?
            var requestID: String?
            var diagnostics: [String]?
            /// On a failure of credentials: each setting in use and where it comes from.
            var settings: [String: String]?
        }

        var error: Body
    }

    /// Prints `failure` with the faults in a file that led to it.
    func report(_ failure: Failure, diagnostics: DiagnosticCollector? = nil) {
        guard isJSON else {
            for line in diagnostics?.rendered ?? [] { output.standardError(line) }
            annotate(diagnostics)
            let requestID = failure.requestID.map { " (request \($0))" } ?? ""
            output.standardError("integrate: error: \(failure.message)\(requestID)")
            if let hint = failure.hint { output.standardError("hint: \(hint)") }
            let sources = sources(after: failure)
            if !sources.isEmpty { output.standardError("settings come from: \(Self.grouped(sources))") }
            return
        }
        annotate(diagnostics)
        // Masked before it becomes JSON: a secret that is also a word of ours must not change the members.
        let mask = output.masker.mask(_:) as (String) -> String
        let sources = sources(after: failure).map { ($0.key, mask($0.source.description)) }
        let document = Document(
            error: Document.Body(
                code: failure.category.rawValue, exit: failure.category.exitCode, vendor: failure.vendor?.rawValue,
                message: mask(failure.message), hint: failure.hint.map(mask), requestID: failure.requestID.map(mask),
                diagnostics: diagnostics?.rendered.map(mask),
                settings: sources.isEmpty ? nil : Dictionary(sources) { first, _ in first }))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if let data = try? encoder.encode(document) { output.standardError(line: data) }
    }

    /// What is set, and where, at the vendor that refused the credentials; defaults go without saying.
    private func sources(after failure: Failure) -> [(key: String, source: SettingSource)] {
        guard failure.category == .credentials, let vendor = failure.vendor else { return [] }
        return (settingSources?(vendor) ?? []).filter { $0.source != .fallback }
    }

    /// `clientID environment NAME; clientSecret, apiKey stored in PATH`.
    private static func grouped(_ sources: [(key: String, source: SettingSource)]) -> String {
        var groups: [(description: String, keys: [String])] = []
        for (key, source) in sources {
            if let index = groups.firstIndex(where: { $0.description == source.description }) {
                groups[index].keys.append(key)
            } else {
                groups.append((source.description, [key]))
            }
        }
        return groups.map { "\($0.keys.joined(separator: ", ")) \($0.description)" }.joined(separator: "; ")
    }

    /// Prints a usage error with where to read on.
    func report(_ error: UsageError) {
        guard !isJSON else {
            return report(Failure(.usage, error.messageWithSuggestions, hint: error.hint ?? error.helpLine))
        }
        output.standardError("integrate: error: \(error.messageWithSuggestions)")
        output.standardError(error.hint.map { "hint: \($0)" } ?? error.helpLine)
    }

    /// A workflow command a fault (https://docs.github.com/actions: `::error file=...`), with its own escapes.
    private func annotate(_ diagnostics: DiagnosticCollector?) {
        guard isWorkflow else { return }
        for diagnostic in diagnostics?.diagnostics ?? [] {
            var place = "file=\(Self.escaped(diagnostic.file, inProperty: true))"
            if let position = diagnostic.position { place += ",line=\(position.line),col=\(position.column)" }
            output.standardError("::error \(place)::\(Self.escaped(diagnostic.message, inProperty: false))")
        }
    }

    private static func escaped(_ text: String, inProperty: Bool) -> String {
        var text = text.replacingOccurrences(of: "%", with: "%25")
            .replacingOccurrences(of: "\r", with: "%0D").replacingOccurrences(of: "\n", with: "%0A")
        if inProperty {
            text = text.replacingOccurrences(of: ":", with: "%3A").replacingOccurrences(of: ",", with: "%2C")
        }
        return text
    }
}

/// Faults in a user's file: printed each with its place, then the failure they amount to.
struct InvalidFile: Error {
    var failure: Failure
    var diagnostics: DiagnosticCollector
}
