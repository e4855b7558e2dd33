import Foundation
import HTTPCore
import Synchronization

/// Delivers the records of one input: concurrently within a bound, each announced in the journal before it leaves.
///
/// Whatever happens, every record ends in exactly one state, and the states add up to the input (checked at the end).
package struct Delivery {
    /// With so many lost answers in a row nobody is there to answer: stop, rather than make every record unknown.
    private static let mostUnknownInARow = 100
    /// How long nothing is begun when the vendor still throttles after all tries; twice as long each time, up to the last.
    private static let rests = (first: Duration.seconds(1), last: Duration.seconds(30))

    /// Takes the next batch that is to be sent; nil at the end.
    package typealias Source = () throws -> DeliveryBatch?

    /// Requests under way at once.
    package var width: Int
    /// Nil for what needs none: a single event.
    package var journal: Journal?
    package var timing: Timing
    /// How long a vendor may take nothing at all before the run gives up.
    package var patience = Duration.seconds(300)
    package var stop = StopSignal()
    package var send: @Sendable (DeliveryBatch) async -> DeliveryOutcome
    /// Told of each outcome that is final for its records.
    package var noteOutcome: (DeliveryBatch, DeliveryOutcome) throws -> Void

    package init(
        width: Int, journal: Journal?, timing: Timing,
        send: @escaping @Sendable (DeliveryBatch) async -> DeliveryOutcome,
        noteOutcome: @escaping (DeliveryBatch, DeliveryOutcome) throws -> Void
    ) {
        self.width = width
        self.journal = journal
        self.timing = timing
        self.send = send
        self.noteOutcome = noteOutcome
    }

    /// Sends what `source` yields.
    ///
    /// - Parameters:
    ///   - states: What has become of each record so far; brought up to date.
    ///   - source: Yields the records that remain.
    /// - Returns: Why the run stopped before its end; nil when everything was attempted.
    package func run(_ states: inout RecordStates, from source: Source) async -> Failure? {
        var run = Run(states: states, startedAt: timing.instant())
        await withTaskGroup(of: Event.self) { group in
            while true {
                if run.failure == nil, let reason = stop.reason { run.failure = reason }
                while run.failure == nil {
                    // Each time: what was just begun may take long, and the next group is to be announced meanwhile.
                    announceMore(&run, source, &group)
                    guard !run.isResting, run.inFlight < width, let batch = run.ready.popLast() else { break }
                    run.inFlight += 1
                    group.addTask { [send] in .outcome(batch, await send(batch)) }
                }
                if run.failure != nil, run.inFlight == 0, !run.isAnnouncing { group.cancelAll() }
                guard let event = await group.next() else { break }
                switch event {
                case .announced(let batches, let failure):
                    run.isAnnouncing = false
                    run.ready = batches.reversed() + run.ready
                    if let failure { run.failure = run.failure ?? failure }
                case .outcome(let batch, let outcome):
                    run.inFlight -= 1
                    settle(batch, outcome, &run)
                    if case .throttled = outcome, run.failure == nil { rest(&run, &group) }
                case .rested:
                    run.isResting = false
                }
            }
        }
        do {
            for batch in run.ready { try journal?.note(.unsent(batch.records)) }
            try await journal?.sync()
        } catch {
            run.failure = run.failure ?? (error as? Failure) ?? Failure(.inputOutput, "the journal cannot be written")
        }
        states = run.states
        guard DeliverySummary(states).total == states.count else {
            return Failure(.internalFault, "the records' outcomes do not add up", hint: "report it")
        }
        return run.failure
    }

    private enum Event: Sendable {
        case announced([DeliveryBatch], Failure?)
        case outcome(DeliveryBatch, DeliveryOutcome)
        case rested
    }

    private struct Run {
        var states: RecordStates
        /// Announced and waiting for their turn, the next one last.
        var ready: [DeliveryBatch] = []
        var inFlight = 0
        var isAnnouncing = false
        var isExhausted = false
        var failure: Failure?
        var unknownInARow = 0
        var isResting = false
        var nextRest = Delivery.rests.first
        /// When the vendor last took or refused something.
        var lastAnswer: ContinuousClock.Instant

        init(states: RecordStates, startedAt: ContinuousClock.Instant) {
            self.states = states
            lastAnswer = startedAt
        }
    }

    /// Announces the next group while requests are under way, so that nobody waits for the disk; but no more than one
    /// round ahead, because after a crash what was announced is unknown.
    private func announceMore(_ run: inout Run, _ source: Source, _ group: inout TaskGroup<Event>) {
        let size = max(1, width / 2)
        guard run.failure == nil, !run.isAnnouncing, !run.isExhausted, run.ready.count < size else { return }
        var batches: [DeliveryBatch] = []
        do {
            while batches.count < size {
                guard let batch = try source() else {
                    run.isExhausted = true
                    break
                }
                batches.append(batch)
            }
        } catch {
            run.failure = (error as? Failure) ?? Failure(.inputOutput, "the input cannot be read on")
            return
        }
        guard !batches.isEmpty else { return }
        guard let journal else {
            run.ready = batches.reversed() + run.ready
            return
        }
        run.isAnnouncing = true
        group.addTask { [batches] in
            do {
                try await journal.announce(batches.map { .sending($0.records, checks: $0.checks) })
                return .announced(batches, nil)
            } catch {
                return .announced(
                    batches, (error as? Failure) ?? Failure(.inputOutput, "the journal cannot be written"))
            }
        }
    }

    /// Begins nothing for a while: a vendor that throttles must not be asked the faster for it.
    private func rest(_ run: inout Run, _ group: inout TaskGroup<Event>) {
        guard !run.isResting else { return }
        run.isResting = true
        group.addTask { [timing, duration = run.nextRest] in
            try? await timing.sleep(duration)
            return .rested
        }
        run.nextRest = min(run.nextRest * 2, Self.rests.last)
    }

    private func settle(_ batch: DeliveryBatch, _ outcome: DeliveryOutcome, _ run: inout Run) {
        let entry: JournalEntry
        switch outcome {
        case .sent(let requestID, _):
            entry = .sent(batch.records, requestID: requestID)
        case .rejected(let failure):
            entry = .rejected(
                batch.records, status: failure.status, message: failure.message, requestID: failure.requestID)
        case .unknown(let failure):
            entry = .unknown(batch.records, message: failure.message)
        case .throttled(let failure):
            // The transport has waited as it was asked to, and tried again; now everything waits.
            run.ready.append(batch)
            if run.lastAnswer.duration(to: timing.instant()) > patience { run.failure = run.failure ?? failure }
            return
        case .stopped(let failure):
            run.ready.append(batch)
            run.failure = run.failure ?? failure
            return
        }
        run.states.set(batch.records, to: entry.state)
        if case .unknown(let failure) = outcome {
            run.unknownInARow += 1
            if run.unknownInARow >= Self.mostUnknownInARow {
                run.failure =
                    run.failure
                    ?? Failure(
                        .unknownOutcome, vendor: failure.vendor,
                        "\(run.unknownInARow) answers in a row were lost; the rest is not sent. The last: \(failure.message)",
                        hint: failure.hint)
            }
        } else {
            run.unknownInARow = 0
            run.lastAnswer = timing.instant()
            run.nextRest = Self.rests.first
        }
        do {
            try journal?.note(entry)
            try noteOutcome(batch, outcome)
        } catch {
            run.failure = run.failure ?? (error as? Failure) ?? Failure(.inputOutput, "an outcome cannot be noted")
        }
    }
}

/// Asks a delivery to take no more records, and lets what is under way finish.
package final class StopSignal: Sendable {
    private let state = Mutex<Failure?>(nil)

    package init() {}

    /// Why to stop; nil as long as nobody asked.
    package var reason: Failure? { state.withLock { $0 } }

    /// Asks; the first reason stays.
    package func stop(_ reason: Failure) {
        state.withLock { $0 = $0 ?? reason }
    }
}

extension Delivery {
    /// What a stop lets the requests under way finish in: a little less than the process has left, so that what becomes of
    /// them is still written down.
    private static let grace = DispatchTimeInterval.milliseconds(4500)

    /// Runs `body` so that a cancellation of this task asks `stop` first, and cancels what is under way only seconds later.
    package static func shielded<Result: Sendable>(
        _ stop: StopSignal, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task { try await body() }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            stop.stop(
                Failure(.interrupted, "interrupted", hint: "run the same command again: it goes on where this stopped"))
            DispatchQueue.global().asyncAfter(deadline: .now() + grace) { task.cancel() }
        }
    }
}
