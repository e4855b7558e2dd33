import Foundation
import HTTPCore
import TestSupport
import Testing

@Suite("Shared rate limiter")
struct SharedRateLimiterTests {
    private let directory: TemporaryDirectory
    private let fake = FakeTiming()

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func limiter(_ requestsPerMinute: Int) -> SharedRateLimiter {
        SharedRateLimiter(
            path: directory("limit"), requestsPerMinute: requestsPerMinute, timing: fake.timing)
    }

    @Test(
        "no window of a minute holds more than the limit, whoever of several asks",
        arguments: [1, 2, 7, 180, 10_000], [1, 3])
    func windows(limit: Int, instances: Int) throws {
        let limiters = (0..<instances).map { _ in limiter(limit) }
        var generator = SystemRandomNumberGenerator()
        let start = fake.now
        // When each request leaves: callers ask in bursts and with pauses, and leave at their slots.
        var moments: [Double] = []
        for number in 0..<min(3 * limit + 5, 2000) {
            let wait = try limiters[number % instances].reserve()
            moments.append(fake.now.timeIntervalSince(start) + wait.inSeconds)
            if Int.random(in: 0..<4, using: &generator) == 0 {
                fake.advance(by: .milliseconds(Int.random(in: 0...900)))
            }
        }
        moments.sort()
        for (index, moment) in moments.enumerated() where index >= limit {
            #expect(moment - moments[index - limit] >= 60 - 1e-5)
        }
    }

    @Test("the first request does not wait, the limit is used up but for one a minute")
    func rate() throws {
        let limiter = limiter(180)
        #expect(try limiter.reserve() == .zero)
        var last = Duration.zero
        for _ in 1..<180 { last = try limiter.reserve() }
        #expect(last > .seconds(59.9) && last < .seconds(60.1))
    }

    @Test("slots that nobody used are not saved up")
    func noBurst() throws {
        let limiter = limiter(61)
        _ = try limiter.reserve()
        fake.advance(by: .seconds(3600))
        #expect(try limiter.reserve() == .zero)
        #expect(try limiter.reserve() == .seconds(1))
    }

    @Test(
        "what one holds off holds for all, and never shortens a wait",
        arguments: [
            (Duration.seconds(90), Duration.seconds(90)), (.zero, .seconds(60)),
            (.milliseconds(1500), .milliseconds(1500)),
            (.seconds(1 << 40), .seconds(24 * 3600)),
        ])
    func holdOff(_ asked: Duration, _ wait: Duration) throws {
        try limiter(181).holdOff(for: asked)
        #expect(try limiter(181).reserve() == wait)
        try limiter(181).holdOff(for: .milliseconds(1))
        #expect(try limiter(181).reserve() > wait)
    }

    @Test("a clock that was set back neither stops the queue nor empties it", arguments: [1, 3600, 30 * 24 * 3600])
    func setBack(seconds: Int) throws {
        let limiter = limiter(61)
        for _ in 0..<10 { _ = try limiter.reserve() }
        fake.set(date: fake.now - Double(seconds))
        #expect(try limiter.reserve() == .seconds(10))
        #expect(try limiter.reserve() == .seconds(11))
    }

    @Test("a clock that was set forward does not stop the queue")
    func setForward() throws {
        let limiter = limiter(61)
        for _ in 0..<10 { _ = try limiter.reserve() }
        fake.set(date: fake.now + 3600)
        #expect(try limiter.reserve() == .zero)
    }

    @Test(
        "a file that holds something else counts as none",
        arguments: [
            "", "1234", "12345678", "garbage garbage garbage", String(repeating: "\u{7F}", count: 16),
        ])
    func garbage(_ contents: String) throws {
        try directory.write(contents, to: "limit")
        #expect(try limiter(61).reserve() <= .seconds(24 * 3600))
        #expect(try limiter(61).reserve() <= .seconds(24 * 3600 + 1))
    }

    @Test("a hundred tasks at once get a hundred slots")
    func concurrent() async throws {
        let limiter = limiter(61)
        let waits = try await withThrowingTaskGroup(of: Duration.self) { group in
            for _ in 0..<100 { group.addTask { try limiter.reserve() } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(waits == Set((0..<100).map { .seconds($0) }))
    }
}
