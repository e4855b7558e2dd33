import Foundation
import Synchronization

/// A request, where it went and what it was answered.
package struct RecordedRequest: Sendable {
    package let vendor: String
    package let operation: String
    /// With no more than the beginning of a large body, see ``SandboxRequest/bodyLength``.
    package let request: SandboxRequest
    package let status: Int
    /// Remarks of the stand-in, such as which spelling of a contradictory field came, and injected faults.
    package let notes: [String]
    /// The answer was not delivered whole.
    package let delivery: SandboxResponse.Delivery
}

/// The most recent requests within a bound of memory, and exact counts of all.
final class RequestLog: Sendable {
    private static let recordLimit = 4096
    /// Bytes of bodies kept altogether, and of one body.
    private static let totalBodyLimit = 64 << 20
    private static let bodyLimit = 1 << 20

    private struct State {
        var records: [RecordedRequest] = []
        /// The oldest record is at this index once the log is full.
        var oldest = 0
        var bodyBytes = 0
        var counts: [String: Int] = [:]
        var statuses: [String: Int] = [:]
    }

    private let state = Mutex(State())
    let mask: SecretMask

    init(secrets: [String]) {
        mask = SecretMask(secrets: secrets)
    }

    func record(_ request: SandboxRequest, vendor: String, operation: String, response: SandboxResponse) {
        var kept = request
        if kept.body.count > Self.bodyLimit { kept.body = Array(kept.body.prefix(Self.bodyLimit)) }
        let record = RecordedRequest(
            vendor: vendor, operation: operation, request: kept, status: response.status, notes: response.notes,
            delivery: response.delivery)
        let key = vendor + "." + operation
        state.withLock { state in
            state.counts[key, default: 0] += 1
            state.statuses[key + ":" + String(response.status), default: 0] += 1
            if state.records.count < Self.recordLimit {
                state.records.append(record)
            } else {
                state.bodyBytes -= state.records[state.oldest].request.body.count
                state.records[state.oldest] = record
                state.oldest = (state.oldest + 1) % Self.recordLimit
            }
            state.bodyBytes += kept.body.count
            if state.bodyBytes > Self.totalBodyLimit { Self.dropOlderHalf(&state) }
        }
    }

    private static func dropOlderHalf(_ state: inout State) {
        let ordered = state.records[state.oldest...] + state.records[..<state.oldest]
        state.records = Array(ordered.suffix(ordered.count / 2))
        state.oldest = 0
        state.bodyBytes = state.records.reduce(0) { $0 + $1.request.body.count }
    }

    /// Oldest first.
    var recent: [RecordedRequest] {
        state.withLock { Array($0.records[$0.oldest...] + $0.records[..<$0.oldest]) }
    }

    var counts: [String: Int] { state.withLock { $0.counts } }

    /// Counts by vendor and operation, and by status.
    var summary: JSONValue {
        let (counts, statuses) = state.withLock { ($0.counts, $0.statuses) }
        func object(_ table: [String: Int]) -> JSONValue {
            .object(table.sorted { $0.key < $1.key }.map { JSONMember(name: $0.key, value: .number(String($0.value))) })
        }
        return ["requests": object(counts), "statuses": object(statuses)]
    }

    /// The recent requests as NDJSON, oldest first, secrets masked.
    var lines: String {
        recent.map { describe($0).text + "\n" }.joined()
    }

    private func describe(_ record: RecordedRequest) -> JSONValue {
        let request = record.request
        return [
            "time": .string(CivilTime(request.receivedAt).iso8601),
            "vendor": .string(record.vendor),
            "operation": .string(record.operation),
            "method": .string(request.method),
            "target": .string(mask.target(request.target)),
            "headers": .object(
                request.headers.map { JSONMember(name: $0.name, value: .string(mask.header($0))) }),
            "bodyBytes": .number(String(request.bodyLength)),
            "body": .string(mask.body(request)),
            "status": .number(String(record.status)),
            "delivery": .string(Self.word(record.delivery)),
            "notes": .array(record.notes.map { .string($0) }),
        ]
    }

    private static func word(_ delivery: SandboxResponse.Delivery) -> String {
        switch delivery {
        case .whole: "whole"
        case .dropped: "dropped"
        case .truncated: "truncated"
        case .dripping: "dripping"
        }
    }
}
