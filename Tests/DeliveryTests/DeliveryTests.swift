import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

@testable import Delivery

/// A journal in a folder of its own, and deliveries of records that are their ordinals.
final class DeliveryLab: Sendable {
    private struct Traffic {
        var underWay = 0
        var mostUnderWay = 0
        var sends: [Int] = []
    }

    let directory: TemporaryDirectory
    let path: String
    let count: Int
    let time = FakeTiming()
    private let traffic = Mutex(Traffic())

    init(count: Int) throws {
        self.count = count
        directory = try TemporaryDirectory()
        path = directory("x.journal")
    }

    /// The records that were sent, in order; one sent twice is there twice.
    var sends: [Int] { traffic.withLock { $0.sends } }
    var mostUnderWay: Int { traffic.withLock { $0.mostUnderWay } }

    static func batch(_ ordinal: Int) -> DeliveryBatch {
        DeliveryBatch(records: RecordRanges(ordinal), checks: [UInt32(ordinal)], payload: Array("\(ordinal)".utf8))
    }

    /// The state of each record as the journal has it.
    func journaled() throws -> RecordStates { try #require(try JournalContent.read(path)).states }

    /// Runs over what the journal leaves to do. `answer` decides for each record; `source` may break.
    func run(
        width: Int, stop: StopSignal = StopSignal(), breakingAt broken: Int = .max,
        noteOutcome: (DeliveryBatch, DeliveryOutcome) throws -> Void = { _, _ in },
        answer: @escaping @Sendable (Int) async -> DeliveryOutcome
    ) async throws -> (states: RecordStates, failure: Failure?) {
        let (journal, content) = try Journal.open(path)
        if content == nil { try journal.begin(.example(records: count)) }
        var states = content?.states ?? RecordStates(count: count)
        var left = Array(states.records(in: .remaining).ordinals)[...]
        return await withoutActuallyEscaping(noteOutcome) { noteOutcome in
            var delivery = Delivery(width: width, journal: journal, timing: time.timing) { [self] batch in
                let ordinal = batch.records.ranges[0].lowerBound
                begin(ordinal)
                defer { end() }
                return await answer(ordinal)
            } noteOutcome: {
                try noteOutcome($0, $1)
            }
            delivery.stop = stop
            let failure = await delivery.run(&states) {
                guard let next = left.popFirst() else { return nil }
                if next >= broken { throw Failure(.inputOutput, "the disk broke") }
                return Self.batch(next)
            }
            return (states, failure)
        }
    }

    private func begin(_ ordinal: Int) {
        traffic.withLock { traffic in
            traffic.underWay += 1
            traffic.mostUnderWay = max(traffic.mostUnderWay, traffic.underWay)
            traffic.sends.append(ordinal)
        }
    }

    private func end() {
        traffic.withLock { $0.underWay -= 1 }
    }
}

private func failure(_ category: FailureCategory, status: Int? = nil) -> Failure {
    Failure(category, vendor: .forwarder, "as told", status: status)
}

@Suite("Delivery")
struct DeliveryTests {
    @Test(
        "each record is sent once, never more than the width at a time, and the journal agrees with the result",
        arguments: [1, 2, 3, 16, 64])
    func all(_ width: Int) async throws {
        let lab = try DeliveryLab(count: 200)
        let (states, failure) = try await lab.run(width: width) { ordinal in
            for _ in 0..<(ordinal % 5) { await Task.yield() }
            return .sent(requestID: "r\(ordinal)")
        }
        #expect(failure == nil)
        #expect(states.count(of: .sent) == 200)
        #expect(lab.sends.sorted() == Array(1...200))
        #expect(lab.mostUnderWay <= width)
        #expect(try lab.journaled().count(of: .sent) == 200)
    }

    @Test(
        "a record is announced on disk before it leaves, and no more than one round beyond what is under way is",
        arguments: [1, 2, 3, 8, 16])
    func announced(_ width: Int) async throws {
        let lab = try DeliveryLab(count: 50)
        let mostAnnounced = Mutex(0)
        let unannounced = Mutex<[Int]>([])
        let (_, failure) = try await lab.run(width: width) { ordinal in
            guard let states = try? lab.journaled() else { return .stopped(Failure(.internalFault, "no journal")) }
            if states[ordinal] != .unknown { unannounced.withLock { $0.append(ordinal) } }
            mostAnnounced.withLock { $0 = max($0, states.count(of: .unknown)) }
            await Task.yield()
            return .sent(requestID: nil)
        }
        #expect(failure == nil)
        #expect(unannounced.withLock { $0 } == [])
        #expect(mostAnnounced.withLock { $0 } <= width + 2 * max(1, width / 2) - 1)
    }

    @Test("whatever the answers, the outcomes add up and the journal says the same", arguments: 0..<8)
    func mixed(_ seed: Int) async throws {
        let lab = try DeliveryLab(count: 120)
        let dice = Mutex(Dice(state: UInt64(seed)))
        let (states, stopped) = try await lab.run(width: 8) { _ in
            let (number, pauses) = dice.withLock {
                (Int.random(in: 0..<(seed % 2 == 0 ? 100 : 97), using: &$0), Int.random(in: 0..<4, using: &$0))
            }
            for _ in 0..<pauses { await Task.yield() }
            return switch number {
            case 0..<50: .sent(requestID: nil)
            case 50..<70: .rejected(failure(.refused, status: 400))
            case 70..<85: .unknown(failure(.unknownOutcome))
            case 85..<97: .throttled(failure(.tryAgain, status: 429))
            default: .stopped(failure(.credentials, status: 403))
            }
        }
        #expect(DeliverySummary(states).total == 120)
        if stopped == nil { #expect(states.count(of: .remaining) == 0) }
        let journaled = try lab.journaled()
        for ordinal in 1...120 { #expect(journaled[ordinal] == states[ordinal], "record \(ordinal)") }
    }

    @Test("a throttled record comes back and is delivered once, after a rest")
    func throttled() async throws {
        let lab = try DeliveryLab(count: 40)
        let throttles = Mutex<[Int: Int]>([:])
        let (states, stopped) = try await lab.run(width: 4) { ordinal in
            let count = throttles.withLock { throttles in
                throttles[ordinal, default: 0] += 1
                return throttles[ordinal] ?? 0
            }
            return ordinal % 3 == 0 && count < 3 ? .throttled(failure(.tryAgain, status: 429)) : .sent(requestID: nil)
        }
        #expect(stopped == nil)
        #expect(states.count(of: .sent) == 40)
        let tries = lab.sends.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        for ordinal in 1...40 { #expect(tries[ordinal] == (ordinal % 3 == 0 ? 3 : 1)) }
        #expect(!lab.time.sleeps.isEmpty)
    }

    @Test("a vendor that only throttles is asked ever more rarely, given up within minutes, and nothing is lost")
    func throttledForEver() async throws {
        let lab = try DeliveryLab(count: 40)
        let (states, stopped) = try await lab.run(width: 4) { _ in .throttled(failure(.tryAgain, status: 429)) }
        #expect(stopped?.category == .tryAgain)
        #expect(states.count(of: .remaining) == 40)
        #expect(try lab.journaled().count(of: .remaining) == 40)
        #expect(Array(lab.time.sleeps[..<6]) == [1, 2, 4, 8, 16, 30].map { Duration.seconds($0) })
        #expect(lab.sends.count < 100)
    }

    @Test("when the time allowed has no room for another try, the run stops at once")
    func budget() async throws {
        let lab = try DeliveryLab(count: 40)
        let (states, stopped) = try await lab.run(width: 4) { _ in DeliveryOutcome(failure(.tryAgain)) }
        #expect(stopped?.category == .tryAgain)
        #expect(lab.sends.count <= 4)
        #expect(states.count(of: .remaining) == 40)
        #expect(lab.time.sleeps.isEmpty)
    }

    @Test("a stop lets what is under way finish and takes back what was only announced; the next run sends the rest")
    func stop() async throws {
        let lab = try DeliveryLab(count: 100)
        let stop = StopSignal()
        let (states, failure) = try await lab.run(width: 6, stop: stop) { ordinal in
            if ordinal == 30 { stop.stop(Failure(.interrupted, "interrupted")) }
            for _ in 0..<10 { await Task.yield() }
            return .sent(requestID: nil)
        }
        #expect(failure?.category == .interrupted)
        let sent = states.count(of: .sent)
        #expect(sent >= 30 && sent < 30 + 2 * 6)
        #expect(states.count(of: .remaining) == 100 - sent)
        #expect(try lab.journaled().count(of: .unknown) == 0)
        let (rest, second) = try await lab.run(width: 6) { _ in .sent(requestID: nil) }
        #expect(second == nil)
        #expect(rest.count(of: .sent) == 100)
        #expect(lab.sends.sorted() == Array(1...100))
    }

    @Test("a stop before the beginning sends nothing")
    func stopAtOnce() async throws {
        let lab = try DeliveryLab(count: 5)
        let stop = StopSignal()
        stop.stop(Failure(.interrupted, "first"))
        stop.stop(Failure(.terminated, "second"))
        let (states, failure) = try await lab.run(width: 2, stop: stop) { _ in .sent(requestID: nil) }
        #expect(failure?.message == "first")
        #expect(lab.sends.isEmpty)
        #expect(states.count(of: .remaining) == 5)
    }

    @Test("a refusal of everything stops the run, and what was announced for it remains")
    func stopped() async throws {
        let lab = try DeliveryLab(count: 100)
        let (states, stopped) = try await lab.run(width: 4) { ordinal in
            ordinal < 10 ? .sent(requestID: nil) : .stopped(failure(.credentials, status: 403))
        }
        #expect(stopped?.category == .credentials)
        #expect(states.count(of: .sent) == 9)
        #expect(lab.sends.count <= 9 + 4)
        #expect(try lab.journaled().count(of: .remaining) == 91)
    }

    @Test("a hundred answers lost in a row stop the run; one that comes starts the count again")
    func breaker() async throws {
        let lab = try DeliveryLab(count: 1000)
        let (states, stopped) = try await lab.run(width: 8) { ordinal in
            ordinal == 90 ? .sent(requestID: nil) : .unknown(failure(.unknownOutcome))
        }
        #expect(stopped?.category == .unknownOutcome)
        let unknown = states.count(of: .unknown)
        #expect(unknown >= 100 && unknown <= 89 + 100 + 16)
        #expect(states.count(of: .remaining) == 1000 - unknown - states.count(of: .sent))
    }

    @Test("an input that breaks in the middle stops the run; what was read before is delivered or remains")
    func brokenSource() async throws {
        let lab = try DeliveryLab(count: 100)
        let (states, failure) = try await lab.run(width: 4, breakingAt: 51) { _ in .sent(requestID: nil) }
        #expect(failure?.message == "the disk broke")
        #expect(states.count(of: .sent) + states.count(of: .remaining) == 100)
        #expect(states.count(of: .sent) <= 50)
        let (rest, second) = try await lab.run(width: 4) { _ in .sent(requestID: nil) }
        #expect(second == nil)
        #expect(rest.count(of: .sent) == 100)
        #expect(lab.sends.sorted() == Array(1...100))
    }

    @Test("an outcome that cannot be told stops the run, and is journaled all the same")
    func unheard() async throws {
        let lab = try DeliveryLab(count: 100)
        let (_, stopped) = try await lab.run(width: 4) { batch, _ in
            if batch.records == RecordRanges(20) { throw Failure(.inputOutput, "standard output is full") }
        } answer: { _ in
            .sent(requestID: nil)
        }
        #expect(stopped?.message == "standard output is full")
        let journaled = try lab.journaled()
        #expect(journaled[20] == .sent)
        #expect(journaled.count(of: .sent) == lab.sends.count)
        #expect(journaled.count(of: .unknown) == 0)
    }

    @Test("a cancellation cancels what is under way only after a grace, and leaves no record in between")
    func cancelled() async throws {
        let lab = try DeliveryLab(count: 20)
        let (stop, begun) = (StopSignal(), AsyncStream<Void>.makeStream())
        let task = Task {
            try await Delivery.shielded(stop) {
                try await lab.run(width: 4, stop: stop) { _ in
                    begun.continuation.yield()
                    // As the transport does when it is cancelled: the answer can no longer be had.
                    try? await Task.sleep(for: .seconds(600))
                    return .unknown(failure(.unknownOutcome))
                }
            }
        }
        for await _ in begun.stream.prefix(4) {}
        let start = ContinuousClock.now
        task.cancel()
        let (states, stopped) = try await task.value
        let time = start.duration(to: .now)
        #expect(stopped?.category == .interrupted)
        #expect(time > .seconds(4), "what is under way gets its grace")
        #expect(states.count(of: .unknown) == 4)
        #expect(try lab.journaled().count(of: .unknown) == 4)
        #expect(states.count(of: .remaining) == 16)
    }

    @Test("what a failure means for a record", arguments: FailureCategory.allCases)
    func outcomes(_ category: FailureCategory) {
        switch DeliveryOutcome(failure(category, status: 400)) {
        case .rejected: #expect(category == .refused)
        case .unknown: #expect([.unknownOutcome, .unreadableAnswer].contains(category))
        case .throttled: #expect(category == .tryAgain)
        case .stopped: #expect(![.refused, .unknownOutcome, .unreadableAnswer, .tryAgain].contains(category))
        case .sent: Issue.record("a failure is never a success")
        }
    }
}

@Suite("Delivery on a full disk")
struct DeliveryFullDiskTests {
    /// `/dev/full` is there on Linux only. What happens in the middle of a run is shown over the real binary.
    @Test(
        "a journal that cannot be written refuses every announcement",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func devFull() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createSymbolicLink(atPath: directory("j"), withDestinationPath: "/dev/full")
        // A device is no place for a journal: opening it or beginning in it fails, before anything could be sent.
        let failure = await #expect(throws: Failure.self) {
            let (journal, _) = try Journal.open(directory("j"))
            try journal.begin(.example(records: 1))
            try await journal.announce([.sending(RecordRanges(1), checks: [1])])
        }
        #expect(failure?.category == .inputOutput || failure?.category == .invalidInput)
    }
}
