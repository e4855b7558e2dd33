/// What has become of a record. In a finished run every record is one of the last four.
package enum RecordState: UInt8, Sendable, CaseIterable {
    /// Not begun: the next run sends it.
    case remaining = 0
    /// Acknowledged by the vendor.
    case sent
    /// Refused by the vendor.
    case rejected
    /// On its way when the run ended, or its answer was lost: it may have arrived.
    case unknown
    /// Left out, because it is invalid.
    case skipped
}

/// The state of each record of an input, four bits each.
package struct RecordStates: Sendable {
    /// How many records there are.
    package let count: Int
    private var nibbles: [UInt8]
    private var counts = [Int](repeating: 0, count: RecordState.allCases.count)

    /// All of `count` records remaining.
    package init(count: Int) {
        self.count = count
        nibbles = [UInt8](repeating: 0, count: count / 2 + 1)
        counts[Int(RecordState.remaining.rawValue)] = count
    }

    /// How many records are in `state`.
    package func count(of state: RecordState) -> Int { counts[Int(state.rawValue)] }

    /// The state of the record `ordinal`, from 1 to ``count``.
    package subscript(ordinal: Int) -> RecordState {
        get {
            let byte = nibbles[ordinal >> 1]
            return RecordState(rawValue: ordinal & 1 == 0 ? byte & 0xF : byte >> 4) ?? .unknown
        }
        set {
            counts[Int(self[ordinal].rawValue)] -= 1
            counts[Int(newValue.rawValue)] += 1
            let byte = nibbles[ordinal >> 1]
            nibbles[ordinal >> 1] =
                ordinal & 1 == 0 ? byte & 0xF0 | newValue.rawValue : byte & 0x0F | newValue.rawValue << 4
        }
    }

    /// Puts all of `records` into `state`.
    package mutating func set(_ records: RecordRanges, to state: RecordState) {
        for ordinal in records.ordinals { self[ordinal] = state }
    }

    /// The records in `state`, as ranges.
    package func records(in state: RecordState) -> RecordRanges {
        var result = RecordRanges()
        guard count(of: state) > 0 else { return result }
        for ordinal in stride(from: 1, through: count, by: 1) where self[ordinal] == state { result.append(ordinal) }
        return result
    }
}
