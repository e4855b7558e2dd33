import Foundation
import HTTPCore
import VendorAPIs

/// `create-source --list`: what can be chosen for a source.
enum SourceChoices {
    /// What snapchat's actions want (vendor-apis.md, section 3); the others want nothing.
    private static let parameters = [
        "organization": ["oAuthId"], "account": ["oAuthId", "organizationId"], "campaign": ["oAuthId", "accountId"],
    ]

    /// The options that `action` needs and that are not given, as they would be typed.
    static func missing(for action: String, of options: CreateSourceCommand.Options) -> [String] {
        guard options.connector == "snapchat", options.input.path == nil else { return [] }
        return parameters[action, default: []].filter { name in
            !options.input.assignments.contains { $0.key == name } && (name != "oAuthId" || options.authorizer == nil)
        }.map { $0 == "oAuthId" ? "--oauth-id ID" : "--set \($0)=ID" }
    }

    static func list(
        _ action: String, _ options: CreateSourceCommand.Options, _ environment: Environment
    ) async throws {
        var body = try options.input.object()
        // A string here, other than in a form: so the vendor's description of these operations has it.
        if let authorizer = options.authorizer { body["oAuthId"] = .string(authorizer) }
        SecretNames.register(body, with: environment.masker)
        let choices = try await ConnectorConnection(environment).client.choices(
            action, of: options.connector, parameters: body == .object([]) ? nil : body)
        let masked = choices.map { SecretNames.masked($0, by: environment.masker) }
        guard !environment.globals.isJSON else { return try environment.output.json(.array(masked)) }
        if masked.isEmpty { environment.output.note("there is no \(action) to choose") }
        let rows = masked.map(row)
        // Columns for people; a tab for programs, whatever the widths.
        let isTable = environment.terminal.isOutputTerminal
        let width = rows.map(\.id.count).max() ?? 0
        for row in rows {
            let id = isTable ? row.id.padding(toLength: width, withPad: " ", startingAt: 0) + "  " : row.id + "\t"
            try environment.output.line(id + row.label)
        }
    }

    /// The value to use, and what it is called. Most actions answer `value` and `label`, authorizations `id`, `service`
    /// and `email`.
    private static func row(_ choice: JSONValue) -> (id: String, label: String) {
        func first(_ names: [String]) -> String? { names.lazy.compactMap { choice[$0]?.identifier }.first }
        guard let id = first(["value", "id", "key"]) ?? choice.identifier else { return (plain(choice.text), "") }
        return (plain(id), plain(first(["label", "name", "email", "service"]) ?? ""))
    }

    /// One column's text: what would break the line or move the cursor is a space.
    private static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
