import Delivery
import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

/// kill -9 at random moments over the real binary.
@Suite("send-event, killed", .serialized)
struct KillTests {
    private static let rounds = 50
    private static let count = 120
    private static let width = 6
    /// What can be under way, and what is announced beyond it.
    private static let mostUnknown = width + 2 * max(1, width / 2) - 1

    @Test("killed at any moment and run again, nothing is sent twice and nothing lost; what was in flight is unknown")
    func killed() async throws {
        let world = try EventWorld("delay:4")
        let arguments = { (name: String) in ["send-event", name, "-q", "--concurrency", "\(Self.width)"] }
        // How long a run takes on this machine, so that the moments fall into it.
        try world.events(Self.count, prefix: "calm-", to: "calm.ndjson")
        let start = ContinuousClock.now
        expectExit(try await world.runner.run(arguments("calm.ndjson"), directory: world.home.path), 0)
        let time = start.duration(to: .now)

        var cutRuns = 0
        var unknownRecords = 0
        for round in 1...Self.rounds {
            let (name, prefix) = ("r\(round).ndjson", "r\(round)-")
            try world.events(Self.count, prefix: prefix, to: name)
            let command = try world.runner.start(arguments(name), directory: world.home.path)
            try await Task.sleep(for: time * Double.random(in: 0.05...1))
            command.send(signal: SIGKILL)
            _ = await command.result()

            let rerun = try await world.runner.run(arguments(name), directory: world.home.path)
            let states = try world.journal(name + ".journal")
            let unknown = Set(states.records(in: .unknown).ordinals)
            #expect(rerun.exitCode == (unknown.isEmpty ? 0 : 3), Comment(rawValue: rerun.errors))
            #expect(unknown.count <= Self.mostUnknown, "round \(round)")
            #expect(states.count(of: .sent) == Self.count - unknown.count, "round \(round)")
            let before = try world.arrivals(Self.count, prefix: prefix)
            for ordinal in 1...Self.count {
                let arrived = before[ordinal - 1]
                #expect(unknown.contains(ordinal) ? arrived <= 1 : arrived == 1, "round \(round), event \(ordinal)")
            }
            if !unknown.isEmpty { cutRuns += 1 }
            unknownRecords += unknown.count

            let last = try await world.runner.run(arguments(name) + ["--resend-unknown"], directory: world.home.path)
            expectExit(last, 0)
            let after = try world.arrivals(Self.count, prefix: prefix)
            for ordinal in 1...Self.count {
                let more = unknown.contains(ordinal) ? 1 : 0
                #expect(after[ordinal - 1] == before[ordinal - 1] + more, "round \(round), event \(ordinal)")
            }
        }
        #expect(cutRuns > Self.rounds / 10, "the moments fell into the runs")
        #expect(unknownRecords > 0)
    }
}
