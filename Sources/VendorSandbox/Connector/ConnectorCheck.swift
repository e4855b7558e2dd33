/// What a request to the connector service must hold, and everything that is wrong with it.
struct ConnectorCheck {
    /// Whatever is wrong, in order.
    private(set) var faults: [String] = []
    /// Which of several spellings came.
    private(set) var notes: [String] = []

    /// Organizations and their accounts.
    static let accounts = ["org-1": ["acc-1", "acc-2"], "org-2": ["acc-3"]]
    /// What can be chosen without naming an authorizer.
    static let choices: [String: [(value: String, label: String)]] = [
        "metric": [("spend", "Spend"), ("impressions", "Impressions"), ("swipes", "Swipes")],
        "labels": [
            ("stats_id", "Stats ID"), ("stats_type", "Stats type"), ("stats_start_time", "Start time"),
            ("stats_end_time", "End time"),
        ],
        "breakdown": [("campaign", "Campaign"), ("ad", "Ad")],
        "dateRange": [("{{30d1}}", "Last 30 days"), ("{{1d1}}", "Yesterday")],
    ]

    private static let requiredTexts = [
        "templateId", "organizationId", "accountId", "label", "breakdown", "action_report_time",
        "swipe_up_attribution_window", "view_attribution_window", "dateRange",
    ]
    private static let optionalTexts = [
        "sync_frequency", "timezone", "dateRangePreview", "search", "type", "strategy", "storageStrategy",
    ]
    private static let numbersInTexts = ["day_of_week", "day_of_month", "hour", "minute"]

    mutating func fault(_ text: String) { faults.append(text) }

    mutating func note(_ text: String) { notes.append(text) }

    /// The text of a required member.
    @discardableResult
    mutating func text(_ name: String, in value: JSONValue, at path: String = "") -> String? {
        guard let member = value[name] else {
            fault("\(path)\(name) is required")
            return nil
        }
        guard let text = member.stringValue else {
            fault("\(path)\(name) must be a string, not \(member.kind)")
            return nil
        }
        if text.allSatisfy(\.isWhitespace) { fault("\(path)\(name) is blank") }
        return text
    }

    private mutating func optionalText(_ name: String, in value: JSONValue, at path: String = "") -> String? {
        guard let member = value[name] else { return nil }
        if member.stringValue == nil { fault("\(path)\(name) must be a string, not \(member.kind)") }
        return member.stringValue
    }

    /// `POST /services`; answers the service and its data.
    mutating func service(_ body: JSONValue) -> (name: String, data: JSONValue)? {
        let isCurrent = body["serviceName"] != nil || body["config"] != nil
        let (nameKey, dataKey) = isCurrent ? ("serviceName", "config") : ("service", "data")
        note("spelling \(nameKey), \(dataKey)")
        guard let name = text(nameKey, in: body) else { return nil }
        guard let data = body[dataKey], case .object = data else {
            fault("\(dataKey) must be an object")
            return nil
        }
        if name == "snapchat_static" {
            for member in ["staticKey", "clientId", "clientSecret"] { text(member, in: data, at: dataKey + ".") }
            for member in ["label", "redirectUri"] { _ = optionalText(member, in: data, at: dataKey + ".") }
        }
        return (name, data)
    }

    /// The number of an authorizer, which comes as a number or as a string.
    mutating func authorizer(in body: JSONValue) -> Int? {
        let text: String
        switch body["oAuthId"] {
        case .number(let digits)?:
            note("oAuthId as a number")
            text = digits
        case .string(let string)?:
            note("oAuthId as a string")
            text = string
        case let other?:
            fault("oAuthId must be a number or a string, not \(other.kind)")
            return nil
        case nil:
            fault("oAuthId is required")
            return nil
        }
        guard let id = Int(text) else {
            fault("oAuthId is no id")
            return nil
        }
        return id
    }

    /// `POST /connectors/{connector}/create-source`.
    mutating func source(_ form: JSONValue, connector: String) {
        if text("connectorId", in: form).map({ $0 != connector }) == true { fault("connectorId must be \(connector)") }
        guard connector == "snapchat" else {
            text("label", in: form)
            return
        }
        for name in Self.requiredTexts { text(name, in: form) }
        for name in Self.optionalTexts { _ = optionalText(name, in: form) }
        for name in Self.numbersInTexts {
            if let text = optionalText(name, in: form), Int(text).map({ (0...59).contains($0) }) != true {
                fault("\(name) must be a number in a string")
            }
        }
        for name in ["metrics", "labels"] { texts(name, in: form) }
        for name in ["allowEmpty", "nullableFields"] {
            switch form[name] {
            case nil, .bool?: break
            case let other?: fault("\(name) must be a boolean, not \(other.kind)")
            }
        }
        for name in ["dateRange", "dateRangePreview"] {
            if let text = form[name]?.stringValue, !Self.isDateRange(text) {
                fault("\(name) must be a range such as {{30d1}}")
            }
        }
        let strategies = ["strategy", "storageStrategy"].filter { form[$0] != nil }
        if strategies.isEmpty { fault("storageStrategy is required") }
        note("spelling \(strategies.joined(separator: " and "))")
        if form["request"] == .null { note("request is null") }
        guard let organization = form["organizationId"]?.stringValue, let account = form["accountId"]?.stringValue
        else {
            return
        }
        if Self.accounts[organization] == nil {
            fault("organizationId is unknown")
        } else if Self.accounts[organization]?.contains(account) == false {
            fault("accountId is not one of \(organization)")
        }
    }

    private mutating func texts(_ name: String, in form: JSONValue) {
        guard case .array(let elements)? = form[name], !elements.isEmpty else {
            fault("\(name) must be an array with content")
            return
        }
        if elements.contains(where: { $0.stringValue == nil }) { fault("\(name) must hold strings only") }
    }

    /// `{{FROM UNIT TO}}`, with a format after a bar where one is wanted.
    private static func isDateRange(_ text: String) -> Bool {
        text.wholeMatch(of: /\{\{\d+[dwmy]\d+(\|[^{}]+)?\}\}/) != nil
    }

    /// `POST /flows`; answers the sources.
    mutating func flow(_ body: JSONValue) -> [String] {
        text("label", in: body)
        text("app", in: body)
        guard case .array(let elements)? = body["sources"], !elements.isEmpty else {
            fault("sources must be an array with content")
            return []
        }
        let sources = elements.compactMap(\.stringValue)
        if sources.count < elements.count { fault("sources must hold strings only") }
        return sources
    }
}
