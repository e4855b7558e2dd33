import HTTPCore

/// Entities as a file under version control: `{"publishers": [{"id": 1, "name": "..."}, ...], ...}`.
public struct WorkflowDocument: Sendable, Equatable {
    /// The entities of one kind.
    public struct Section: Sendable, Equatable {
        /// The kind, such as `publishers`.
        public var entity: String
        /// The entities, each an object.
        public var entities: [JSONValue]

        /// Creates a section.
        public init(_ entity: String, _ entities: [JSONValue]) {
            self.entity = entity
            self.entities = entities
        }
    }

    /// What is wrong with a document, a line for each fault.
    public struct Invalid: Error, Sendable, Equatable {
        /// Without a period, each with the place: `publishers[2]: ...`.
        public var faults: [String]
    }

    /// In the order of the file: entities are created and changed in it, and deleted in the opposite one.
    public var sections: [Section]

    /// Creates a document.
    public init(_ sections: [Section]) {
        self.sections = sections
    }

    /// Reads a document.
    ///
    /// - Throws: ``Invalid`` with every fault.
    public init(_ value: JSONValue) throws(Invalid) {
        guard let members = value.members else {
            throw Invalid(faults: ["must be an object of entities, {\"publishers\": [...]}, and is \(value.kind)"])
        }
        var faults: [String] = []
        for member in members {
            guard Self.isPathSegment(member.name) else {
                faults.append("\(member.name.debugDescription) is no name of an entity")
                continue
            }
            guard let entities = member.value.elements else {
                faults.append("\(member.name): must be an array, and is \(member.value.kind)")
                continue
            }
            faults += Self.faults(in: entities, of: member.name)
        }
        guard faults.isEmpty else { throw Invalid(faults: faults) }
        sections = members.map { Section($0.name, $0.value.elements ?? []) }
    }

    /// Whether `text` can stand in the path as an entity's name or id.
    public static func isPathSegment(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && !text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }

    private static func faults(in entities: [JSONValue], of name: String) -> [String] {
        var faults: [String] = []
        var seen: [String: Int] = [:]
        for (index, entity) in entities.enumerated() {
            let place = "\(name)[\(index)]"
            guard let members = entity.members else {
                faults.append("\(place): must be an object, and is \(entity.kind)")
                continue
            }
            guard !members.isEmpty else {
                faults.append("\(place): has no fields")
                continue
            }
            guard let id = entity["id"] else { continue }
            guard let identifier = id.identifier, isPathSegment(identifier) else {
                faults.append("\(place).id: must be a number or a text, or be left out for an entity to create")
                continue
            }
            if let first = seen.updateValue(index, forKey: identifier) {
                faults.append("\(place).id: \(identifier) is \(name)[\(first)] already")
            }
        }
        return faults
    }

    /// The document as text that differs only where the entities differ: entities in the order of their ids, members in
    /// the order of their names after `id`, digits as they came.
    public var text: String {
        let value = JSONValue.object(
            sections.map { section in
                let entities = section.entities.map(Self.ordered)
                return JSONValue.Member(section.entity, .array(entities.sorted(by: Self.isBefore)))
            })
        return value.prettyText + "\n"
    }

    private static func ordered(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map(ordered))
        case .object(let members):
            let sorted = members.sorted { left, right in
                guard (left.name == "id") == (right.name == "id") else { return left.name == "id" }
                return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
            }
            return .object(sorted.map { JSONValue.Member($0.name, ordered($0.value)) })
        default: return value
        }
    }

    /// Whole numbers by their size, before any other id.
    private static func isBefore(_ left: JSONValue, _ right: JSONValue) -> Bool {
        let ids = [left, right].map { $0["id"]?.identifier ?? "" }
        let areNumbers = ids.map { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        guard areNumbers[0] == areNumbers[1] else { return areNumbers[0] }
        if areNumbers[0], ids[0].utf8.count != ids[1].utf8.count { return ids[0].utf8.count < ids[1].utf8.count }
        return ids[0].utf8.lexicographicallyPrecedes(ids[1].utf8)
    }
}
