import Foundation
import Synchronization

/// Decides which faults hit a request, and carries them out around the stand-in.
final class FaultPlan: Sendable {
    private struct State {
        var generator: SplitMix64
        /// How many requests each rule has hit.
        var hits: [Int]
    }

    private let rules: [FaultRule]
    private let state: Mutex<State>
    private let sleep: @Sendable (Int) -> Void

    /// - Parameter sleep: waits so many milliseconds, or until the server stops.
    init(_ rules: [FaultRule], seed: UInt64?, sleep: @escaping @Sendable (Int) -> Void) {
        self.rules = rules
        self.sleep = sleep
        // Numbers of its own, so that the same seed gives the same faults whatever else needs random numbers.
        let generator = SplitMix64(state: ~(seed ?? UInt64.random(in: 0 ... .max)))
        state = Mutex(State(generator: generator, hits: Array(repeating: 0, count: rules.count)))
    }

    /// - Throws: ``SandboxError/faultSyntax(_:_:)`` when a rule names a vendor or an operation that is not there.
    static func check(_ rules: [FaultRule], against standIns: [any StandIn]) throws(SandboxError) {
        for rule in rules {
            guard let standIn = standIns.first(where: { $0.name == rule.vendor }) else {
                let names = standIns.map(\.name).joined(separator: ", ")
                throw .faultSyntax(rule.text, "unknown vendor \(rule.vendor); there are \(names)")
            }
            if let operation = rule.operation, !standIn.operations.contains(operation) {
                let names = standIn.operations.joined(separator: ", ")
                throw .faultSyntax(rule.text, "\(rule.vendor) has no operation \(operation); there are \(names)")
            }
        }
    }

    /// The stand-in's answer, with the faults that hit.
    func respond(to request: SandboxRequest, operation: String, from standIn: any StandIn) -> SandboxResponse {
        guard !rules.isEmpty else { return standIn.respond(to: request) }
        let hits = choose(vendor: standIn.name, operation: operation)
        let notes = hits.map { "fault " + $0.text }
        for case .delay(let milliseconds) in hits.map(\.kind) { sleep(milliseconds) }
        for hit in hits {
            guard var refusal = Self.refusal(hit.kind, of: request, from: standIn) else { continue }
            refusal.notes = notes
            return refusal
        }
        var response = standIn.respond(to: request)
        response.notes += notes
        for hit in hits {
            switch hit.kind {
            case .dropAfter: response.delivery = .dropped
            case .truncate: response.delivery = .truncated
            case .drip(let milliseconds): response.delivery = .dripping(milliseconds: milliseconds)
            case .brokenJSON:
                response.headers.removeAll { $0.key == "content-type" }
                response.headers.append(SandboxHeader("Content-Type", "application/json"))
                response.body = Array(#"{"broken":"#.utf8)
            case .status, .delay, .dropBefore, .expiredToken: break
            }
        }
        return response
    }

    /// The answer of a fault that keeps the request from being processed.
    private static func refusal(
        _ kind: FaultRule.Kind, of request: SandboxRequest, from standIn: any StandIn
    ) -> SandboxResponse? {
        switch kind {
        case .status(let status, let retryAfter):
            return .json(
                status, ["message": "injected fault"],
                headers: retryAfter.map { [SandboxHeader("Retry-After", $0)] } ?? [])
        case .dropBefore:
            var response = SandboxResponse(status: 0)
            response.delivery = .dropped
            return response
        case .expiredToken: return standIn.refuseAsExpired(request)
        case .delay, .dropAfter, .truncate, .drip, .brokenJSON: return nil
        }
    }

    private func choose(vendor: String, operation: String) -> [FaultRule] {
        state.withLock { state in
            rules.indices.filter { index in
                let rule = rules[index]
                guard rule.vendor == vendor, rule.operation ?? operation == operation,
                    rule.kind != .expiredToken || rule.operation != nil || operation != "token"
                else { return false }
                switch rule.rate {
                case .share(let share):
                    guard Double.random(in: 0..<1, using: &state.generator) < share else { return false }
                case .first(let count): guard state.hits[index] < count else { return false }
                }
                state.hits[index] += 1
                return true
            }.map { rules[$0] }
        }
    }
}
