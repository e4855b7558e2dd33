import Synchronization

/// How often each record was taken in, so that a test can tell lost, delivered and delivered twice apart. Needs some
/// twenty bytes a distinct record, whatever its size.
package final class DeliveryCounter: Sendable {
    private struct State {
        var counts: [UInt64: UInt32] = [:]
        var received = 0
        var mostOften: UInt32 = 0
    }

    private let state = Mutex(State())

    /// Counts a record, which is known by its id, or else by the digest of its text.
    func add(id: String?, orDigest digest: @autoclosure () -> [UInt8]) {
        let key = id.map(Self.key) ?? digest().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        state.withLock { state in
            state.received += 1
            let count = state.counts[key, default: 0] + 1
            state.counts[key] = count
            state.mostOften = max(state.mostOften, count)
        }
    }

    private static func key(_ id: String) -> UInt64 {
        UInt64(bitPattern: Int64(id.hashValue))
    }

    /// Records taken in, repetitions included.
    package var received: Int { state.withLock { $0.received } }

    /// Different records taken in.
    package var distinct: Int { state.withLock { $0.counts.count } }

    /// How often the record taken in most often came.
    package var mostOften: Int { state.withLock { Int($0.mostOften) } }

    /// How often the record with this id was taken in.
    package func count(ofID id: String) -> Int {
        state.withLock { Int($0.counts[Self.key(id)] ?? 0) }
    }

    var summary: JSONValue {
        let (received, distinct, most) = state.withLock { ($0.received, $0.counts.count, Int($0.mostOften)) }
        return [
            "received": .number(String(received)), "distinct": .number(String(distinct)),
            "repeated": .number(String(received - distinct)), "mostOften": .number(String(most)),
        ]
    }
}
