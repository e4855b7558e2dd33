import HTTPCore
import Testing

@testable import Delivery

/// Chance that is the same in every run.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

@Suite("Record ranges and states")
struct RecordStatesTests {
    @Test("ranges are read as they are written, in the order they were put together")
    func roundTrip() {
        var dice = Dice(state: 1)
        for _ in 0..<500 {
            var ranges = RecordRanges()
            var ordinals: [Int] = []
            for _ in 0..<Int.random(in: 1...12, using: &dice) {
                let next = Bool.random(using: &dice) ? (ordinals.last ?? 0) + 1 : Int.random(in: 1...30, using: &dice)
                ranges.append(next)
                ordinals.append(next)
            }
            #expect(Array(ranges.ordinals) == ordinals)
            #expect(ranges.count == ordinals.count)
            #expect(RecordRanges(ranges.description) == ranges)
        }
    }

    @Test(
        "the text of ranges is short",
        arguments: [([7], "7"), ([1, 2, 3, 9], "1-3,9"), ([3, 2], "3,2"), ([5, 6], "5-6")])
    func text(_ ordinals: [Int], _ text: String) {
        var ranges = RecordRanges()
        for ordinal in ordinals { ranges.append(ordinal) }
        #expect(ranges.description == text)
    }

    @Test(
        "what is no list of ranges is refused",
        arguments: [
            "", ",", "0", "-1", "1-", "-", "1-2-3", "3-1", "a", "1,", "1;2", "0-3", "1 ", "99999999999999999999",
        ])
    func refused(_ text: String) {
        #expect(RecordRanges(text) == nil)
    }

    @Test("states and their counts agree with a plain list, whatever is set", arguments: [0, 1, 2, 3, 64, 101])
    func states(_ count: Int) {
        var dice = Dice(state: UInt64(count))
        var states = RecordStates(count: count)
        var model = [RecordState](repeating: .remaining, count: count)
        for _ in 0..<(count * 20) {
            let first = Int.random(in: 1...count, using: &dice)
            let last = Int.random(in: first...count, using: &dice)
            let state = RecordState.allCases.randomElement(using: &dice) ?? .sent
            states.set(RecordRanges([first...last]), to: state)
            for ordinal in first...last { model[ordinal - 1] = state }
        }
        for (index, state) in model.enumerated() { #expect(states[index + 1] == state) }
        for state in RecordState.allCases {
            let ordinals = model.indices.filter { model[$0] == state }.map { $0 + 1 }
            #expect(states.count(of: state) == ordinals.count)
            #expect(Array(states.records(in: state).ordinals) == ordinals)
        }
        #expect(DeliverySummary(states).total == count)
    }

    @Test(
        "a summary's exit code: nothing left is 0, some refused 2, all refused 1, any unknown 3",
        arguments: [
            (DeliverySummary(sent: 3), nil), (DeliverySummary(sent: 2, rejected: 1), .partlyRefused),
            (DeliverySummary(sent: 2, skipped: 1), .partlyRefused), (DeliverySummary(rejected: 3), .refused),
            (DeliverySummary(skipped: 1), .refused), (DeliverySummary(sent: 1, unknown: 1), .unknownOutcome),
            (DeliverySummary(rejected: 1, unknown: 1), .unknownOutcome),
        ] as [(DeliverySummary, FailureCategory?)])
    func exitCodes(_ summary: DeliverySummary, _ category: FailureCategory?) {
        #expect(summary.category == category)
    }
}

extension DeliverySummary {
    init(sent: Int = 0, rejected: Int = 0, unknown: Int = 0, skipped: Int = 0, remaining: Int = 0) {
        self.init()
        (self.sent, self.rejected, self.unknown) = (sent, rejected, unknown)
        (self.skipped, self.remaining) = (skipped, remaining)
    }
}
