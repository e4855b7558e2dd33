import Synchronization

/// What a field of an entity may hold.
private enum BidCoreField {
    case text
    case boolean
    case number
    /// The id of an entity of that kind.
    case reference(String)
    /// Anything.
    case any

    /// Why `value` cannot stand in the field, in Django REST framework's words; nil when it can.
    func fault(of value: JSONValue) -> String? {
        switch (self, value) {
        case (.any, _), (.boolean, .bool), (.number, .number): return nil
        case (_, .null): return "This field may not be null."
        case (.text, .string(let text)):
            if text.allSatisfy(\.isWhitespace) { return "This field may not be blank." }
            return text.count > 100 ? "Ensure this field has no more than 100 characters." : nil
        case (.text, _): return "Not a valid string."
        case (.boolean, _): return "Must be a valid boolean."
        case (.number, _): return "A valid number is required."
        case (.reference, .number): return nil
        case (.reference, _): return "Incorrect type. Expected pk value."
        }
    }
}

/// The entities of the workflow API. The vendor documents only publishers with `id` and `name`; placements that belong to
/// them and deals that belong to placements stand for its dependencies.
final class BidCoreEntities: Sendable {
    private struct Table {
        var rows: [Int: [JSONMember]] = [:]
        var nextID = 1
    }

    struct Unsupported: Error {
        let response: SandboxResponse
    }

    private static let fields: [String: [String: BidCoreField]] = [
        "publishers": ["name": .text, "active": .boolean, "margin": .number, "notes": .any, "settings": .any],
        "placements": ["name": .text, "publisher": .reference("publishers"), "floor": .number, "settings": .any],
        "deals": ["name": .text, "placement": .reference("placements"), "price": .number, "active": .boolean],
    ]
    private static let required: [String: [String]] = [
        "publishers": ["name"], "placements": ["name", "publisher"], "deals": ["name", "placement"],
    ]

    private let replacesOnPut: Bool
    private let tables: Mutex<[String: Table]>

    init(replacesOnPut: Bool) {
        self.replacesOnPut = replacesOnPut
        tables = Mutex(Self.initial)
    }

    /// A few of each, among them numbers whose digits a Double would change.
    private static var initial: [String: Table] {
        var tables: [String: Table] = ["publishers": Table(), "placements": Table(), "deals": Table()]
        func add(_ entity: String, _ members: [JSONMember]) {
            let id = tables[entity]?.nextID ?? 1
            tables[entity]?.rows[id] = [JSONMember(name: "id", value: .number(String(id)))] + members
            tables[entity]?.nextID = id + 1
        }
        for (index, name) in ["Daily Herald", "Evening Post", "Zürcher Bote", "El Faro", "Nordlys"].enumerated() {
            add(
                "publishers",
                [
                    JSONMember(name: "name", value: .string(name)), JSONMember(name: "active", value: true),
                    JSONMember(name: "margin", value: .number("0.1\(index)0")),
                    JSONMember(
                        name: "settings", value: ["timezone": "Europe/Zurich", "quota": .number("9007199254740993")]),
                ])
        }
        for (index, name) in ["Front page", "Sports", "Weather"].enumerated() {
            add(
                "placements",
                [
                    JSONMember(name: "name", value: .string(name)),
                    JSONMember(name: "publisher", value: .number(String(index + 1))),
                    JSONMember(name: "floor", value: .number("1.50")),
                ])
        }
        add(
            "deals",
            [
                JSONMember(name: "name", value: "Spring campaign"), JSONMember(name: "placement", value: 1),
                JSONMember(name: "price", value: .number("12.340")), JSONMember(name: "active", value: true),
            ])
        return tables
    }

    func knows(_ entity: String) -> Bool { Self.fields[entity] != nil }

    /// The entities in the order of their ids that equal every filter.
    func list(_ entity: String, filters: [SandboxPair]) -> Result<[JSONValue], Unsupported> {
        for filter in filters where filter.name != "id" {
            switch Self.fields[entity]?[filter.name] {
            case .any, nil:
                return .failure(
                    Unsupported(response: .detail(400, "Unsupported query parameter: \(filter.name).")))
            default: break
            }
        }
        return tables.withLock { tables in
            let rows = (tables[entity]?.rows ?? [:]).sorted { $0.key < $1.key }.map { JSONValue.object($0.value) }
            return .success(
                rows.filter { row in
                    filters.allSatisfy { filter in
                        let value = row[filter.name]
                        return (value?.stringValue ?? value?.text ?? "") == filter.value
                    }
                })
        }
    }

    func get(_ entity: String, _ id: String) -> SandboxResponse {
        tables.withLock { tables in
            guard let row = Int(id).flatMap({ tables[entity]?.rows[$0] }) else { return .detail(404, "Not found.") }
            return .json(200, .object(row))
        }
    }

    func create(_ entity: String, _ members: [JSONMember]) -> SandboxResponse {
        tables.withLock { tables in
            if let refusal = Self.refusal(of: members, entity, id: nil, isWhole: true, tables) { return refusal }
            let id = tables[entity]?.nextID ?? 1
            let row = [JSONMember(name: "id", value: .number(String(id)))] + members
            tables[entity]?.rows[id] = row
            tables[entity]?.nextID = id + 1
            return .json(201, .object(row))
        }
    }

    func update(_ entity: String, _ id: String, _ members: [JSONMember]) -> SandboxResponse {
        tables.withLock { tables in
            guard let number = Int(id), var row = tables[entity]?.rows[number] else {
                return .detail(404, "Not found.")
            }
            if let refusal = Self.refusal(of: members, entity, id: number, isWhole: replacesOnPut, tables) {
                return refusal
            }
            if replacesOnPut { row.removeAll { $0.name != "id" } }
            for member in members where member.name != "id" {
                if let index = row.firstIndex(where: { $0.name == member.name }) {
                    row[index] = member
                } else {
                    row.append(member)
                }
            }
            tables[entity]?.rows[number] = row
            return SandboxResponse(status: 204)
        }
    }

    func delete(_ entity: String, _ id: String) -> SandboxResponse {
        tables.withLock { tables in
            guard let number = Int(id), tables[entity]?.rows[number] != nil else { return .detail(404, "Not found.") }
            for (dependent, fields) in Self.fields.sorted(by: { $0.key < $1.key }) {
                for case (let field, .reference(entity)) in fields {
                    let count =
                        tables[dependent]?.rows.values
                        .count { JSONValue.object($0)[field] == .number(String(number)) } ?? 0
                    guard count == 0 else {
                        return .detail(406, "Cannot delete: \(count) of \(dependent) depend on it.")
                    }
                }
            }
            tables[entity]?.rows[number] = nil
            return SandboxResponse(status: 204)
        }
    }

    /// Why these members cannot be written: 400 with the faults of each field, 409 for a name that is taken.
    private static func refusal(
        of members: [JSONMember], _ entity: String, id: Int?, isWhole: Bool, _ tables: [String: Table]
    ) -> SandboxResponse? {
        let known = fields[entity] ?? [:]
        var faults: [(field: String, fault: String)] = []
        var seen: Set<String> = []
        for member in members {
            if !seen.insert(member.name).inserted {
                faults.append((member.name, "This field came twice."))
            } else if member.name == "id" {
                if member.value != id.map({ .number(String($0)) }) { faults.append(("id", "This field is read-only.")) }
            } else if let field = known[member.name] {
                if let fault = field.fault(of: member.value) {
                    faults.append((member.name, fault))
                } else if case .reference(let target) = field, case .number(let digits) = member.value,
                    Int(digits).flatMap({ tables[target]?.rows[$0] }) == nil
                {
                    faults.append((member.name, "Invalid pk \"\(digits)\" - object does not exist."))
                }
            } else {
                faults.append((member.name, "Unknown field."))
            }
        }
        for name in isWhole ? required[entity] ?? [] : [] where !seen.contains(name) {
            faults.append((name, "This field is required."))
        }
        guard faults.isEmpty else {
            return .json(
                400, .object(faults.map { JSONMember(name: $0.field, value: .array([.string($0.fault)])) }))
        }
        guard let name = members.first(where: { $0.name == "name" })?.value,
            tables[entity]?.rows.contains(where: { $0.key != id && JSONValue.object($0.value)["name"] == name }) == true
        else { return nil }
        return .detail(409, "Database error: duplicate key value violates unique constraint \"\(entity)_name_key\".")
    }
}
