import HTTPCore

/// What has to be done so that the vendor's entities are those of a document. It depends only on the document and on what
/// is there, so that a run that stopped in the middle is continued by running it again.
public struct WorkflowPlan: Sendable, Equatable {
    /// One request.
    public struct Change: Sendable, Equatable {
        /// What becomes of an entity.
        public enum Action: Sendable, Equatable {
            case create(JSONValue)
            case update(id: String, [Field])
            case delete(id: String)
        }

        /// The kind, such as `publishers`.
        public var entity: String
        /// What becomes of it.
        public var action: Action
        /// The entity as it is now; null where it is to be created.
        public var present: JSONValue
    }

    /// A field that is to change.
    public struct Field: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Nil where the entity has no such field.
        public var old: JSONValue?
        /// What the document has.
        public var new: JSONValue
    }

    /// The changes in the order in which they are to be made: what is created and changed in the order of the document,
    /// then what is deleted, the last kind first, for what depends on others usually stands after them.
    public private(set) var changes: [Change] = []
    /// How many entities are as the document has them.
    public private(set) var unchanged = 0
    /// How many entities are not in the document and stay.
    public private(set) var left = 0

    /// Compares `document` with what is there.
    ///
    /// An entity with an id is the one of that id, one without is the first that has all its fields with the same values.
    /// Only the fields that the document gives are looked at.
    ///
    /// - Parameters:
    ///   - document: What should be.
    ///   - present: What is, by kind; every kind of the document.
    ///   - prunes: Whether what is not in the document is to be deleted.
    /// - Throws: ``WorkflowDocument/Invalid`` with the ids that are not there: an id cannot be chosen.
    public init(
        _ document: WorkflowDocument, present: [String: [JSONValue]], prunes: Bool
    ) throws(WorkflowDocument.Invalid) {
        var faults: [String] = []
        var deletions: [Change] = []
        for section in document.sections {
            let there = present[section.entity] ?? []
            let matches = Self.matches(of: section.entities, in: there)
            for (index, entity) in section.entities.enumerated() {
                if let match = matches[index] {
                    let fields = Self.changedFields(from: there[match], to: entity)
                    guard !fields.isEmpty, let id = there[match]["id"]?.identifier else {
                        unchanged += 1
                        continue
                    }
                    changes.append(
                        Change(entity: section.entity, action: .update(id: id, fields), present: there[match]))
                } else if let id = entity["id"]?.identifier {
                    faults.append(
                        "\(section.entity)[\(index)]: BidCore has no \(id); leave the id out to create the entity")
                } else {
                    changes.append(Change(entity: section.entity, action: .create(entity), present: .null))
                }
            }
            let matched = Set(matches.values)
            let others = there.indices.filter { !matched.contains($0) }
            guard prunes else {
                left += others.count
                continue
            }
            let section = others.reversed().compactMap { index in
                there[index]["id"]?.identifier.map {
                    Change(entity: section.entity, action: .delete(id: $0), present: there[index])
                }
            }
            deletions = section + deletions
        }
        guard faults.isEmpty else { throw WorkflowDocument.Invalid(faults: faults) }
        changes += deletions
    }

    /// For each entity of the document the one that is there, by their indices.
    private static func matches(of entities: [JSONValue], in present: [JSONValue]) -> [Int: Int] {
        var byID: [String: Int] = [:]
        for (index, entity) in present.enumerated() {
            if let id = entity["id"]?.identifier { byID[id] = index }
        }
        var matches: [Int: Int] = [:]
        for (index, entity) in entities.enumerated() {
            if let id = entity["id"]?.identifier { matches[index] = byID[id] }
        }
        let claimed = Set(matches.values)
        var free = present.indices.filter { !claimed.contains($0) }
        for (index, entity) in entities.enumerated() where entity["id"] == nil {
            guard let place = free.firstIndex(where: { has(present[$0], allOf: entity) }) else { continue }
            matches[index] = free.remove(at: place)
        }
        return matches
    }

    private static func has(_ present: JSONValue, allOf entity: JSONValue) -> Bool {
        (entity.members ?? []).allSatisfy { member in
            present[member.name]?.isEquivalent(to: member.value) ?? false
        }
    }

    private static func changedFields(from old: JSONValue, to new: JSONValue) -> [Field] {
        (new.members ?? []).compactMap { member in
            guard member.name != "id" else { return nil }
            let current = old[member.name]
            if let current, current.isEquivalent(to: member.value) { return nil }
            return Field(name: member.name, old: current, new: member.value)
        }
    }
}

extension JSONValue {
    /// Whether both mean the same: members in any order, numbers by their value to the last digit.
    func isEquivalent(to other: JSONValue) -> Bool {
        switch (self, other) {
        case (.number(let left), .number(let right)):
            guard left != right else { return true }
            guard let left = DecimalValue(left), let right = DecimalValue(right) else { return false }
            return left == right
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isEquivalent(to: $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.allSatisfy { member in other[member.name].map(member.value.isEquivalent) ?? false }
        default: return self == other
        }
    }
}

/// A number as the digits that matter and a power of ten: `1.50`, `15e-1` and `1.5` are equal, without a Double between.
private struct DecimalValue: Equatable {
    private var isNegative: Bool
    private var digits: [UInt8]
    private var exponent: Int

    /// Nil when the exponent is beyond any use.
    init?(_ text: String) {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        var power = 0
        if parts.count > 1 {
            guard let written = Int(parts[1]), abs(written) < 1 << 32 else { return nil }
            power = written
        }
        isNegative = parts[0].hasPrefix("-")
        let mantissa = parts[0].utf8.drop { $0 == UInt8(ascii: "-") }
        if let point = mantissa.firstIndex(of: UInt8(ascii: ".")) { power -= mantissa[point...].count - 1 }
        digits = Array(mantissa.filter { $0 != UInt8(ascii: ".") }.drop { $0 == UInt8(ascii: "0") })
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            power += 1
        }
        // Zero has neither sign nor size.
        exponent = digits.isEmpty ? 0 : power
        if digits.isEmpty { isNegative = false }
    }
}
