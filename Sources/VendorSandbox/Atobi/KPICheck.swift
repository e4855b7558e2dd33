/// Checks a KPI document as the vendor's article describes it, and collects what is wrong by field.
struct KPICheck {
    /// More faults than this are not listed.
    private static let errorLimit = 100
    private static let timestampMask: StaticString = "YYYY-mm-dd HH:ii:ss"

    private(set) var errors: [(field: String, message: String)] = []
    /// Which of the contradictory spellings came, and members that the document does not know.
    private(set) var notes: Set<String> = []
    /// One text a KPI value, the same only for the same context, user, location and element.
    private(set) var records: [String] = []
    private let type: String

    init(type: String) {
        self.type = type
    }

    /// Messages by field, as the vendor's framework answers them.
    var errorsByField: JSONValue {
        .object(errors.map { JSONMember(name: $0.field, value: [.string($0.message)]) })
    }

    mutating func document(_ document: JSONValue) {
        guard case .object(let members) = document else {
            return fault("document", "must be an object")
        }
        unknownMembers(members, known: ["type", "version", "context", "data"], of: "the document")
        if let text = text(document, "type", at: "type"), text != type { fault("type", "is invalid") }
        _ = text(document, "version", at: "version")
        let context = text(document, "context", at: "context") ?? ""
        guard let entries = list(document, "data", at: "data") else { return }
        for (index, value) in entries.enumerated() { entry(value, at: "data.\(index)", context: context) }
    }

    private mutating func entry(_ entry: JSONValue, at path: String, context: String) {
        guard case .object(let members) = entry else { return fault(path, "must be an object") }
        unknownMembers(members, known: ["user_id", "location_id", "elements"], of: "an entry")
        let user = text(entry, "user_id", at: path + ".user_id", required: false)
        let location = text(entry, "location_id", at: path + ".location_id", required: false)
        if entry["user_id"] == nil, entry["location_id"] == nil {
            fault(path + ".user_id", "is required when location_id is not present")
        }
        guard let elements = list(entry, "elements", at: path + ".elements") else { return }
        for (index, value) in elements.enumerated() {
            element(value, at: "\(path).elements.\(index)")
            records.append(JSONValue.array([.string(context), text(user), text(location), value]).text)
        }
    }

    private mutating func element(_ element: JSONValue, at path: String) {
        guard case .object(let members) = element else { return fault(path, "must be an object") }
        let optional = ["units", "date_from", "date_to", "data_from", "data_to"]
        unknownMembers(
            members, known: ["id", "kpi", "object_type", "value", "timestamp"] + optional, of: "an element")
        switch element["id"] {
        case .number(let digits):
            if Int(digits) == nil { fault(path + ".id", "must be an integer") }
        case nil, .null: fault(path + ".id", "is required")
        default: fault(path + ".id", "must be a number")
        }
        _ = text(element, "kpi", at: path + ".kpi")
        if let kind = text(element, "object_type", at: path + ".object_type"), kind != "number" {
            fault(path + ".object_type", "is invalid")
        }
        if let value = text(element, "value", at: path + ".value"), !Self.isDecimal(value) {
            fault(path + ".value", "must be a number")
        }
        _ = text(element, "units", at: path + ".units", required: false)
        if element["timestamp"] == nil { fault(path + ".timestamp", "is required") }
        for name in ["timestamp", "date_from", "date_to", "data_from", "data_to"] {
            guard let value = element[name] else { continue }
            time(value, at: path + "." + name)
            if name.hasPrefix("date_") { notes.insert("spelling date_from, date_to") }
            if name.hasPrefix("data_") { notes.insert("spelling data_from, data_to") }
        }
    }

    private mutating func time(_ value: JSONValue, at path: String) {
        switch value {
        case .string(let text) where CivilTime(text.utf8, mask: Self.timestampMask) != nil:
            notes.insert("times as Y-m-d H:i:s")
        case .number(let digits) where Int(digits).map({ $0 >= 0 }) == true:
            notes.insert("times as epoch seconds")
        default: fault(path, "does not match the format Y-m-d H:i:s")
        }
    }

    private mutating func text(
        _ parent: JSONValue, _ name: String, at path: String, required: Bool = true
    ) -> String? {
        switch parent[name] {
        case .string(let text):
            if !text.isEmpty { return text }
            fault(path, "is required")
        case nil: if required { fault(path, "is required") }
        case .null: if required { fault(path, "is required") } else { fault(path, "must be a string") }
        default: fault(path, "must be a string")
        }
        return nil
    }

    private func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    private mutating func list(_ parent: JSONValue, _ name: String, at path: String) -> [JSONValue]? {
        switch parent[name] {
        case .array(let values):
            if !values.isEmpty { return values }
            fault(path, "is required")
        case nil, .null: fault(path, "is required")
        default: fault(path, "must be an array")
        }
        return nil
    }

    private mutating func unknownMembers(_ members: [JSONMember], known: [String], of owner: String) {
        var seen: Set<String> = []
        for member in members {
            if !known.contains(member.name) { notes.insert("\(owner) has an unknown member \(member.name)") }
            if !seen.insert(member.name).inserted { notes.insert("\(owner) has \(member.name) twice") }
        }
    }

    private mutating func fault(_ field: String, _ message: String) {
        if errors.count < Self.errorLimit { errors.append((field, "The \(field) \(message).")) }
    }

    /// A plain decimal: an optional sign, digits, and digits behind a point.
    static func isDecimal(_ text: String) -> Bool {
        let unsigned =
            text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
            ? text.utf8.dropFirst() : text.utf8[...]
        let parts = unsigned.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { (0x30...0x39).contains($0) } }
    }
}
