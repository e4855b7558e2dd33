import HTTPCore

/// The documented fields of a form that the connector service takes, so that a wrong form is found before it is sent.
public struct ConnectorForm: Sendable {
    /// What a field's value must be.
    enum Kind: Sendable {
        case text
        /// A list of texts with at least one.
        case texts
        case flag
        case object
        /// A number or a string.
        case identifier
        /// Whatever the vendor takes.
        case any
    }

    struct Field: Sendable {
        var name: String
        var kind: Kind
        var isRequired: Bool
        /// What a form to fill in holds; nil leaves the field out.
        var sample: JSONValue?
    }

    /// What is wrong with a form.
    public struct Problems: Sendable, Equatable {
        /// Required fields without a value.
        public var missing: [String] = []
        /// Such as `hour must be a string, not a number`.
        public var mistyped: [String] = []

        /// Whether nothing is wrong.
        public var isEmpty: Bool { missing.isEmpty && mistyped.isEmpty }

        /// Both, as one phrase: `organizationId and accountId are missing; hour must be ...`.
        public var summary: String {
            let absence =
                missing.isEmpty
                ? [] : [missing.joined(separator: ", ") + (missing.count == 1 ? " is missing" : " are missing")]
            return (absence + mistyped).joined(separator: "; ")
        }
    }

    let fields: [Field]

    /// A form to fill in: the vendor's sample values, and nothing where each user has a value of his own.
    public var template: JSONValue {
        .object(fields.compactMap { field in field.sample.map { JSONValue.Member(field.name, $0) } })
    }

    /// What is wrong with `document`. Fields that are not documented pass: the vendor may have added them.
    public func problems(of document: JSONValue) -> Problems {
        var problems = Problems()
        for field in fields {
            guard let value = document[field.name], !(field.isRequired && value.isBlank) else {
                if field.isRequired { problems.missing.append(field.name) }
                continue
            }
            if let fault = field.kind.fault(of: value) { problems.mistyped.append("\(field.name) \(fault)") }
        }
        return problems
    }
}

extension ConnectorForm {
    /// The fields of `service`'s credentials, where they are documented.
    public static func credentials(of service: String) -> ConnectorForm? {
        service == "snapchat_static" ? snapchatCredentials : nil
    }

    /// The fields of a source of `connector`, where they are documented.
    public static func source(of connector: String) -> ConnectorForm? {
        connector == "snapchat" ? snapchatSource : nil
    }

    private static let snapchatCredentials = ConnectorForm(fields: [
        Field(name: "staticKey", kind: .text, isRequired: true, sample: ""),
        Field(name: "clientId", kind: .text, isRequired: true, sample: ""),
        Field(name: "clientSecret", kind: .text, isRequired: true, sample: ""),
        Field(name: "label", kind: .text, isRequired: false),
        Field(name: "redirectUri", kind: .text, isRequired: false),
    ])

    /// The document's sample, in its order; what is required comes from the vendor's OpenAPI file (vendor-apis.md,
    /// section 3). `hour` and its like are numbers in strings.
    private static let snapchatSource: ConnectorForm = {
        func text(_ name: String, _ sample: JSONValue?, isRequired: Bool = false) -> Field {
            Field(name: name, kind: .text, isRequired: isRequired, sample: sample)
        }
        return ConnectorForm(fields: [
            text("connectorId", "snapchat", isRequired: true),
            text("templateId", "index", isRequired: true),
            Field(name: "oAuthId", kind: .identifier, isRequired: true, sample: .null),
            text("organizationId", "", isRequired: true),
            text("accountId", "", isRequired: true),
            text("label", "Snapchat Insights", isRequired: true),
            text("breakdown", "campaign", isRequired: true),
            Field(name: "metrics", kind: .texts, isRequired: true, sample: ["spend", "impressions"]),
            Field(
                name: "labels", kind: .texts, isRequired: true,
                sample: ["stats_id", "stats_type", "stats_start_time", "stats_end_time"]),
            text("action_report_time", "conversion", isRequired: true),
            text("swipe_up_attribution_window", "28_DAY", isRequired: true),
            text("view_attribution_window", "1_DAY", isRequired: true),
            text("sync_frequency", "day"),
            text("day_of_week", "2"),
            text("day_of_month", "1"),
            text("hour", "3"),
            text("minute", "25"),
            text("timezone", "UTC"),
            text("dateRange", "{{30d1}}", isRequired: true),
            text("dateRangePreview", "{{30d1}}"),
            text("search", ""),
            Field(name: "request", kind: .any, isRequired: false, sample: .null),
            text("type", "snapchat"),
            text("strategy", "incremental"),
            text("storageStrategy", nil, isRequired: true),
            Field(name: "allowEmpty", kind: .flag, isRequired: false),
            Field(name: "nullableFields", kind: .flag, isRequired: false),
            Field(name: "ensureDataTypes", kind: .object, isRequired: false),
        ])
    }()
}

extension ConnectorForm.Kind {
    /// Completes `FIELD ...`; nil when the value fits.
    fileprivate func fault(of value: JSONValue) -> String? {
        switch (self, value) {
        case (.any, _), (.text, .string), (.flag, .bool), (.object, .object): return nil
        case (.identifier, .number), (.identifier, .string): return nil
        case (.texts, .array(let elements)):
            return elements.first { $0.string == nil }.map { "must hold strings only, not \($0.kind)" }
        case (.text, _): return "must be a string, not \(value.kind)"
        case (.texts, _): return "must be an array of strings, not \(value.kind)"
        case (.flag, _): return "must be a boolean, not \(value.kind)"
        case (.object, _): return "must be an object, not \(value.kind)"
        case (.identifier, _): return "must be an id, not \(value.kind)"
        }
    }
}

extension JSONValue {
    /// Whether a form's field with this value was not filled in.
    fileprivate var isBlank: Bool {
        switch self {
        case .null, .array([]): true
        case .string(let text): text.allSatisfy(\.isWhitespace)
        default: false
        }
    }
}

extension JSONValue {
    /// A source's form with the connector's id, and with `strategy` under its newer name `storageStrategy` too where only
    /// the older is there (vendor-apis.md, section 3 e 4).
    public func completedSource(of connector: String) -> JSONValue {
        var form = self
        if form["connectorId"] == nil {
            form = .object([Member("connectorId", .string(connector))] + (form.members ?? []))
        }
        if form["storageStrategy"] == nil, let strategy = form["strategy"] { form["storageStrategy"] = strategy }
        return form
    }

    /// An authorizer's id as the document writes it in a source: bare where it consists of digits.
    public static func authorizerID(_ text: String) -> JSONValue {
        let digits = text.utf8
        let isNumber =
            !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
            && (digits.first != UInt8(ascii: "0") || digits.count == 1)
        return isNumber ? .number(text) : .string(text)
    }
}
