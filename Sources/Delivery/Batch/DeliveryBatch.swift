import HTTPCore

/// Records that travel in one request.
package struct DeliveryBatch: Sendable {
    package var records: RecordRanges
    /// The records' checksums, in their order.
    package var checks: [UInt32]
    /// What is sent for them; how it becomes a request is the vendor's affair.
    package var payload: [UInt8]
    /// Where each record stands, in their order, if one payload holds several: vendors name places in what they got.
    package var places: [RecordPlace] = []

    package init(records: RecordRanges, checks: [UInt32], payload: [UInt8]) {
        self.records = records
        self.checks = checks
        self.payload = payload
    }
}

/// Where a record stands in a payload of entries with elements, and in the input.
package struct RecordPlace: Sendable, Equatable {
    /// The entry's index in the payload, from 0.
    package var entry: Int
    /// The element's index in its entry, from 0.
    package var element: Int
    /// The line of the input, from 1.
    package var line: Int

    package init(entry: Int, element: Int, line: Int) {
        self.entry = entry
        self.element = element
        self.line = line
    }
}

/// How one request ended.
package enum DeliveryOutcome: Sendable {
    /// - Parameter status: What the vendor's acknowledgement says, if it says something.
    case sent(requestID: String?, status: String? = nil)
    /// The vendor refused these records; others may be taken.
    case rejected(Failure)
    /// The answer was lost: they may have arrived.
    case unknown(Failure)
    /// They did not arrive, and the vendor takes more later.
    case throttled(Failure)
    /// They did not arrive, and nothing else would: the run stops.
    case stopped(Failure)

    /// What a failure of a request means for its records.
    package init(_ failure: Failure) {
        switch failure.category {
        case .refused: self = .rejected(failure)
        // An answer that makes no sense says no more than none at all.
        case .unknownOutcome, .unreadableAnswer: self = .unknown(failure)
        // Without an answer it is the time allowed that has no room for another try.
        case .tryAgain: self = failure.status == nil ? .stopped(failure) : .throttled(failure)
        default: self = .stopped(failure)
        }
    }
}

/// What a run came to, over all records of the input; those of earlier runs of the journal included.
package struct DeliverySummary: Sendable, Equatable {
    package var sent = 0
    package var rejected = 0
    package var unknown = 0
    package var skipped = 0
    /// Not begun, because the run stopped early.
    package var remaining = 0

    package init() {}

    package init(_ states: RecordStates) {
        sent = states.count(of: .sent)
        rejected = states.count(of: .rejected)
        unknown = states.count(of: .unknown)
        skipped = states.count(of: .skipped)
        remaining = states.count(of: .remaining)
    }

    package var total: Int { sent + rejected + unknown + skipped + remaining }

    package static func + (left: DeliverySummary, right: DeliverySummary) -> DeliverySummary {
        var sum = left
        sum.sent += right.sent
        sum.rejected += right.rejected
        sum.unknown += right.unknown
        sum.skipped += right.skipped
        sum.remaining += right.remaining
        return sum
    }

    /// `sent 12, rejected 1, unknown 0, skipped 0`, and what remains where something does.
    package var description: String {
        let text = "sent \(sent), rejected \(rejected), unknown \(unknown), skipped \(skipped)"
        return remaining > 0 ? text + ", remaining \(remaining)" : text
    }

    /// What the exit code says: 0 where nothing is left to do.
    package var category: FailureCategory? {
        if unknown > 0 { return .unknownOutcome }
        if rejected + skipped == 0 { return nil }
        return sent > 0 ? .partlyRefused : .refused
    }
}
