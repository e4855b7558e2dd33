/// Records of one input by their ordinals, from 1, in the order they were put together: `7`, `1-500` or `1-3,9`.
package struct RecordRanges: Sendable, Hashable, CustomStringConvertible {
    package private(set) var ranges: [ClosedRange<Int>]

    package init(_ ordinal: Int) {
        ranges = [ordinal...ordinal]
    }

    package init(_ ranges: [ClosedRange<Int>] = []) {
        self.ranges = ranges
    }

    /// Reads what ``description`` writes; nil for anything else.
    package init?(_ text: some StringProtocol) {
        ranges = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard let first = ends.first.flatMap({ Int($0) }), let last = ends.last.flatMap({ Int($0) }),
                ends.count <= 2, first >= 1, last >= first
            else { return nil }
            ranges.append(first...last)
        }
    }

    /// Adds `ordinal` behind the others.
    package mutating func append(_ ordinal: Int) {
        if let last = ranges.last, last.upperBound + 1 == ordinal {
            ranges[ranges.count - 1] = last.lowerBound...ordinal
        } else {
            ranges.append(ordinal...ordinal)
        }
    }

    package var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// Every ordinal, in order.
    package var ordinals: some Sequence<Int> { ranges.lazy.joined() }

    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}
