import Delivery
import Foundation
import HTTPCore

/// Sends the records of a checked input that a journal says are to be sent, and sums up.
struct DeliveryRun: Sendable {
    let job: DeliveryJob
    let route: DeliveryRoute
    let check: InputCheck
    let journal: Journal
    let options: DeliveryOptions
    let environment: Environment

    /// - Parameters:
    ///   - states: What the journal says.
    ///   - wanted: The states from which records are sent. Invalid ones are not; they are journaled as skipped unless they
    ///     are so already.
    func run(_ states: RecordStates, wanted: Set<RecordState>) async throws {
        let stop = StopSignal()
        let (summary, failure) = try await Delivery.shielded(stop) {
            try await send(states, wanted: wanted, stop)
        }
        try DeliveryReport(environment: environment, journal: journal.path, unit: job.unit).finish(summary, failure)
    }

    private func send(
        _ initial: RecordStates, wanted: Set<RecordState>, _ stop: StopSignal
    ) async throws -> (DeliverySummary, Failure?) {
        var states = initial
        var newlySkipped = RecordRanges()
        let invalid = Set(check.invalid.ordinals)
        for ordinal in check.invalid.ordinals where states[ordinal] == .remaining { newlySkipped.append(ordinal) }
        if !newlySkipped.ranges.isEmpty {
            try journal.note(.skipped(newlySkipped, message: "invalid"))
            states.set(newlySkipped, to: .skipped)
        }
        let before = states
        let source = try job.input.batches(after: check) { wanted.contains(before[$0]) }
        // What is sent again counts as remaining until it is.
        let again = wanted.subtracting([.remaining]).map { state in (state, before.records(in: state)) }
        for (_, records) in again {
            for ordinal in records.ordinals where !invalid.contains(ordinal) { states[ordinal] = .remaining }
        }
        if states.count(of: .remaining) > 0 { try await route.prepare() }
        let notes = DeliveryNotes(job, environment, total: states.count(of: .remaining))
        let heat = ConnectionHeat(timing: environment.timing)
        var run = Delivery(
            width: options.concurrency ?? route.concurrency, journal: journal, timing: environment.timing,
            send: { [route, masker = environment.masker] batch in
                do {
                    let receipt = try await route.send(batch, heat.isHot)
                    heat.touch()
                    return .sent(
                        requestID: receipt.requestID.map(masker.mask), status: receipt.status.map(masker.mask))
                } catch var failure as Failure {
                    if failure.status != nil { heat.touch() }
                    // It goes into the journal too.
                    failure.message = masker.mask(failure.message)
                    failure.requestID = failure.requestID.map(masker.mask)
                    return DeliveryOutcome(failure)
                } catch {
                    return .unknown(
                        Failure(.unknownOutcome, vendor: route.vendor, "cancelled while it was under way"))
                }
            },
            noteOutcome: { batch, outcome in try notes.note(batch, outcome) })
        run.stop = stop
        let failure = await run.run(&states, from: source)
        notes.finish(route.vendor)
        // What was to be sent again and was not is what it was, as the journal says.
        for (state, records) in again {
            for ordinal in records.ordinals where states[ordinal] == .remaining { states[ordinal] = state }
        }
        return (DeliverySummary(states), failure)
    }

    /// Prints each request that a run would send, and sends none.
    ///
    /// - Parameter isWanted: Asked with each valid record's ordinal.
    static func preview(
        _ input: any DeliveryInput, _ check: InputCheck, _ route: DeliveryRoute,
        where isWanted: @escaping (Int) -> Bool = { _ in true }
    ) async throws {
        let next = try input.batches(after: check, where: isWanted)
        while let batch = try next() {
            do {
                _ = try await route.send(batch, false)
            } catch let error as TransportError where error.reason == .previewed {
                continue
            }
        }
    }
}
