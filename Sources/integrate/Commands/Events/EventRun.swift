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
    func run(
        _ states: RecordStates, skipping skipped: RecordRanges, wanted: (RecordStates) -> [RecordState]
    ) async throws {
        let wanted = Set(wanted(states))
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
        for ordinal in skipped.ordinals where states[ordinal] == .remaining { newlySkipped.append(ordinal) }
        if !newlySkipped.ranges.isEmpty {
            try journal.note(.skipped(newlySkipped, message: "invalid"))
            states.set(newlySkipped, to: .skipped)
        }
        let before = states
        let source = try input.batches { ordinal in wanted.contains(before[ordinal]) }
        // What is sent again counts as remaining until it is.
        for state in wanted where state != .remaining { states.set(before.records(in: state), to: .remaining) }
        let progress = ProgressLine(
            environment.statusLine, timing: environment.timing, total: states.count(of: .remaining))
        let heat = ConnectionHeat(timing: environment.timing)
        var run = Delivery(
            width: delivery.concurrency, journal: journal, timing: environment.timing,
            send: { [client = connection.client, masker = environment.masker] batch in
                do {
                    let receipt = try await client.send(data: batch.payload, keepsConnection: heat.isHot)
                    heat.touch()
                    return .sent(requestID: receipt.requestID)
                } catch var failure as Failure {
                    if failure.status != nil { heat.touch() }
                    // It goes into the journal too.
                    failure.message = masker.mask(failure.message)
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
        return (DeliverySummary(states), failure)
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
