import Foundation
import Synchronization

/// One vendor in the box. It answers requests one at a time from each of many threads.
package protocol StandIn: Sendable {
    /// The vendor as settings and messages name it.
    var name: String { get }
    /// The first path segments that belong to this vendor, such as `identity` and `upload`.
    var prefixes: [String] { get }
    /// The words that `operation(of:)` answers, but for `unknown`.
    var operations: [String] { get }
    /// Counts the records taken in, where the vendor takes records.
    var deliveries: DeliveryCounter? { get }
    /// What the stand-in was set up with, for people to read: names and values without secrets.
    var settings: [SandboxPair] { get }
    /// Everything that must not be shown in the log.
    var secrets: [String] { get }

    /// The settings that lead a client here, by environment name. `base` is `http://127.0.0.1:PORT`.
    func environment(base: String) -> [String: String]
    /// What the request asks for, in one word that faults and the log use.
    func operation(of request: SandboxRequest) -> String
    func respond(to request: SandboxRequest) -> SandboxResponse
    /// Makes every access token issued so far worthless.
    func expireTokens()
    /// Makes the credential of the request worthless, where that can be, and answers that it has expired.
    func refuseAsExpired(_ request: SandboxRequest) -> SandboxResponse
}

/// Clock and random numbers, shared by the stand-ins.
package final class SandboxContext: Sendable {
    package let now: @Sendable () -> Date
    private let generator: Mutex<SplitMix64>

    /// The same seed gives the same tokens and ids, in the order in which requests arrive.
    package init(seed: UInt64?, now: @escaping @Sendable () -> Date) {
        self.now = now
        generator = Mutex(SplitMix64(state: seed ?? UInt64.random(in: 0 ... .max)))
    }

    /// A random number from 0 up to, and without, 1.
    package func unitRandom() -> Double {
        generator.withLock { Double.random(in: 0..<1, using: &$0) }
    }

    /// A random (version 4) UUID in lower case.
    package func uuid() -> String {
        let (high, low) = generator.withLock { ($0.next(), $0.next()) }
        let digits = Self.hex(high & ~0xF000 | 0x4000) + Self.hex(low & ~(3 << 62) | 2 << 62)
        let characters = Array(digits.utf8)
        let cuts = [0, 8, 12, 16, 20, 32]
        return zip(cuts, cuts.dropFirst()).map { String(decoding: characters[$0..<$1], as: UTF8.self) }
            .joined(separator: "-")
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A small generator with a seed (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
