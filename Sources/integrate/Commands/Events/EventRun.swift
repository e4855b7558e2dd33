import Delivery
import Foundation
import HTTPCore
import Synchronization
import VendorAPIs

/// Sends the events of a checked input that a journal says are to be sent, and sums up.
struct EventRun: Sendable {
    let input: EventInput
    let connection: ForwarderConnection
    let journal: Journal
    let delivery: DeliveryOptions
    let environment: Environment

    /// - Parameters:
    ///   - states: What the journal says.
    ///   - skipped: Records that are invalid; journaled as skipped unless they are so already.
    ///   - wanted: The states from which records are sent.
    func run(_ states: RecordStates, skipping skipped: RecordRanges, wanted: Set<RecordState>) async throws {
        let stop = StopSignal()
        let (summary, failure) = try await Delivery.shielded(stop) {
            try await send(states, skipping: skipped, wanted: wanted, stop)
        }
        try DeliveryReport(environment: environment, journal: journal.path, unit: "event").finish(summary, failure)
    }

    private func send(
        _ initial: RecordStates, skipping skipped: RecordRanges, wanted: Set<RecordState>, _ stop: StopSignal
    ) async throws -> (DeliverySummary, Failure?) {
        var states = initial
        var newlySkipped = RecordRanges()
        var invalid = Set<Int>()
        for ordinal in skipped.ordinals {
            invalid.insert(ordinal)
            if states[ordinal] == .remaining { newlySkipped.append(ordinal) }
        }
        if !newlySkipped.ranges.isEmpty {
            try journal.note(.skipped(newlySkipped, message: "invalid"))
            states.set(newlySkipped, to: .skipped)
        }
        let before = states
        let source = try input.batches(count: before.count) { ordinal in
            wanted.contains(before[ordinal]) && !invalid.contains(ordinal)
        }
        // What is sent again counts as remaining until it is.
        let again = wanted.subtracting([.remaining]).map { state in (state, before.records(in: state)) }
        for (_, records) in again {
            for ordinal in records.ordinals where !invalid.contains(ordinal) { states[ordinal] = .remaining }
        }
        let progress = ProgressLine(
            environment.statusLine, timing: environment.timing, total: states.count(of: .remaining))
        let heat = ConnectionHeat(timing: environment.timing)
        var run = Delivery(
            width: delivery.concurrency, journal: journal, timing: environment.timing,
            send: { [client = connection.client, masker = environment.masker] batch in
                do {
                    let receipt = try await client.send(data: batch.payload, keepsConnection: heat.isHot)
                    heat.touch()
                    return .sent(requestID: receipt.requestID.map(masker.mask))
                } catch var failure as Failure {
                    if failure.status != nil { heat.touch() }
                    // It goes into the journal too.
                    failure.message = masker.mask(failure.message)
                    failure.requestID = failure.requestID.map(masker.mask)
                    return DeliveryOutcome(failure)
                } catch {
                    return .unknown(Failure(.unknownOutcome, vendor: .forwarder, "cancelled while it was under way"))
                }
            },
            noteOutcome: { batch, outcome in
                progress.count(outcome)
                try note(batch, outcome)
            })
        run.stop = stop
        let failure = await run.run(&states, from: source)
        progress.clear()
        // What was to be sent again and was not is what it was, as the journal says.
        for (state, records) in again {
            for ordinal in records.ordinals where states[ordinal] == .remaining { states[ordinal] = state }
        }
        return (DeliverySummary(states), failure)
    }

    /// Prints each request that a run would send, and sends none.
    ///
    /// - Parameter isWanted: Asked with each event's ordinal.
    static func preview(
        _ input: EventInput, count: Int, _ connection: ForwarderConnection, where isWanted: @escaping (Int) -> Bool
    ) async throws {
        let next = try input.batches(count: count, where: isWanted)
        while let batch = try next() {
            do {
                _ = try await connection.client.send(data: batch.payload)
            } catch let error as TransportError where error.reason == .previewed {
                continue
            }
        }
    }

    private struct EventResult: Encodable {
        var event: Int
        var outcome: String
        var requestID: String?
        var message: String?
    }

    /// An object an event under `--json`; otherwise a line for each that was not taken.
    private func note(_ batch: DeliveryBatch, _ outcome: DeliveryOutcome) throws {
        let ordinal = batch.records.ranges.first?.lowerBound ?? 0
        switch outcome {
        case .sent(let requestID):
            guard environment.globals.isJSON else { return }
            try environment.output.json(EventResult(event: ordinal, outcome: "sent", requestID: requestID))
        case .rejected(let failure), .unknown(let failure):
            let word = if case .rejected = outcome { "rejected" } else { "unknown" }
            let message = failure.message
            if environment.globals.isJSON {
                try environment.output.json(
                    EventResult(event: ordinal, outcome: word, requestID: failure.requestID, message: message))
            } else {
                environment.statusLine.clear()
                let request = failure.requestID.map { " (request \($0))" } ?? ""
                environment.output.note("event \(ordinal) \(word): \(message)\(request)")
            }
        case .throttled, .stopped: break
        }
    }
}

/// Whether connections are in use, so that a write on a kept one does not meet one that the vendor has closed.
final class ConnectionHeat: Sendable {
    private static let coolsIn = Duration.seconds(1)

    private let timing: Timing
    private let lastAnswer = Mutex<ContinuousClock.Instant?>(nil)

    init(timing: Timing) {
        self.timing = timing
    }

    /// True as long as answers come, and before the first.
    var isHot: Bool {
        lastAnswer.withLock { $0.map { $0.duration(to: timing.instant()) < Self.coolsIn } ?? true }
    }

    /// An answer came.
    func touch() {
        let now = timing.instant()
        lastAnswer.withLock { $0 = now }
    }
}
