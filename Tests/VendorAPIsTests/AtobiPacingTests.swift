import Foundation
import HTTPCore
import TestSupport
import Testing

/// Atobi's default limit: 180 requests a minute, over any 60 seconds.
private let limit = 180

@Suite("Pacing within Atobi's limit")
struct AtobiPacingTests {
    /// The most requests in any stretch of 60 s, both its ends included.
    private func busiestMinute(_ times: [Date]) -> Int {
        var first = 0
        var most = 0
        for (index, time) in times.enumerated() {
            while time.timeIntervalSince(times[first]) > 60 { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }

    private func limiters(_ count: Int, _ directory: TemporaryDirectory, _ timing: FakeTiming) -> [SharedRateLimiter] {
        (0..<count).map { _ in
            SharedRateLimiter(path: directory("atobi"), requestsPerMinute: limit, timing: timing.timing)
        }
    }

    @Test(
        "over three minutes at least 98% of the allowed requests leave, and no window holds more", arguments: [1, 2, 5])
    func throughput(processes: Int) async throws {
        let directory = try TemporaryDirectory()
        let timing = FakeTiming()
        let limiters = limiters(processes, directory, timing)
        let begin = timing.now
        var times: [Date] = []
        while true {
            let limiter = limiters[times.count % processes]
            try await timing.timing.sleep(try limiter.reserve())
            guard timing.now.timeIntervalSince(begin) < 180 else { break }
            times.append(timing.now)
        }
        #expect(times.count >= limit * 3 * 98 / 100)
        #expect(busiestMinute(times) <= limit)
    }

    @Test("bursts after idle time never exceed what a sliding window allows")
    func bursts() async throws {
        let directory = try TemporaryDirectory()
        let timing = FakeTiming()
        let limiters = limiters(2, directory, timing)
        var times: [Date] = []
        for pause in [0, 10, 59, 60, 61, 600, 1, 30] {
            timing.advance(by: .seconds(pause))
            for index in 0..<150 {
                try await timing.timing.sleep(try limiters[index % 2].reserve())
                times.append(timing.now)
            }
        }
        #expect(busiestMinute(times) <= limit)
    }

    @Test("two processes that reserve at the same moment get slots of their own")
    func reservations() throws {
        let directory = try TemporaryDirectory()
        let timing = FakeTiming()
        let limiters = limiters(2, directory, timing)
        // Both ask again and again without waiting, as many tasks of each would.
        let times = try (0..<600).map { timing.now.addingTimeInterval(try limiters[$0 % 2].reserve().inSeconds) }
        #expect(Set(times).count == times.count)
        #expect(busiestMinute(times.sorted()) <= limit)
    }

    @Test(
        "a 429 holds every process off for Retry-After, else until the window's end",
        arguments: [(7, 7.0), (nil, 60.0)] as [(Int?, Double)])
    func heldOff(retryAfter: Int?, seconds: Double) async throws {
        let directory = try TemporaryDirectory()
        let timing = FakeTiming()
        let limiters = limiters(2, directory, timing)
        let network = FakeTransport()
        network.stub(.post, status: 429, fields: retryAfter.map { ["Retry-After": "\($0)"] } ?? [:])
        let pace = PaceTransport(next: network, limiter: limiters[0], timing: timing.timing)
        let base = try BaseURL("https://acme.erapp.dk")
        let request = HTTPRequest(.post, base.origin, path: "/kpi", repeatClass: .unsafe)
        #expect(try await pace.send(request).status == 429)
        #expect(abs(try limiters[1].reserve().inSeconds - seconds) < 0.001)
    }
}
