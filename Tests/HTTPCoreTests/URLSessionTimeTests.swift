import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

extension RealTransport {
    @Suite("deadlines, cancellation, numbers")
    struct URLSessionTimeTests {
        enum Slow: String, CaseIterable, Sendable {
            case drip, late, slowConnection

            func server() throws -> MisbehavingServer {
                switch self {
                case .drip: try MisbehavingServer(script: { _ in .drip(count: 20, interval: .seconds(1)) })
                case .late: try MisbehavingServer(script: { _ in .late(.seconds(10), .echo) })
                case .slowConnection:
                    try MisbehavingServer(script: { _ in .late(.seconds(10), .cutInsideBody(sent: 1, announced: 2)) })
                }
            }
        }

        @Test(
            "an attempt ends at its own time-out, fractions of a second included", arguments: Slow.allCases,
            [Duration.milliseconds(300), .milliseconds(1500)])
        func timeout(_ slow: Slow, _ timeout: Duration) async throws {
            let server = try slow.server()
            let time = try await elapsed {
                let error = await sharedTransport.error(for: try server.get(timeout: timeout))
                #expect(error?.reason == .timedOut)
                #expect(error?.verdict == .ambiguous)
            }
            #expect(time >= timeout && time < timeout + .seconds(5))
        }

        @Test("a deadline nearer than the time-out ends the attempt as the budget", arguments: [false, true])
        func budget(toFile: Bool) async throws {
            let server = try Slow.drip.server()
            let directory = try TemporaryDirectory()
            var request = try server.get()
            if toFile { request.destination = .file(path: directory("out")) }
            request.deadline = .now + .milliseconds(400)
            let time = await elapsed {
                let error = await sharedTransport.error(for: request)
                #expect(error?.reason == .budgetSpent)
                #expect(error?.verdict == .ambiguous)
            }
            #expect(time < .seconds(5))
            #expect(directory.names.isEmpty)
        }

        @Test("a deadline that is over or about to be ends at once", arguments: [-1000, 0, 1, 30, 1000])
        func pastDeadline(microseconds: Int) async throws {
            let server = try MisbehavingServer(script: { _ in .late(.seconds(10), .echo) })
            var request = try server.post()
            request.deadline = .now + .microseconds(microseconds)
            let time = await elapsed {
                #expect(await sharedTransport.error(for: request)?.reason == .budgetSpent)
            }
            #expect(time < .seconds(5))
            if microseconds <= 0 { #expect(server.connectionCount == 0) }
        }

        @Test("a cancelled task sends nothing")
        func cancelledBefore() async throws {
            let server = try MisbehavingServer()
            let request = try server.post()
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await sharedTransport.error(for: request)
            }
            let error = await task.value
            #expect(error?.reason == .cancelled)
            #expect(error?.verdict == .notSent)
            #expect(server.connectionCount == 0)
        }

        @Test("a cancellation on the way ends at once and is ambiguous", arguments: [false, true])
        func cancelledOnTheWay(toFile: Bool) async throws {
            let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
            let server = try MisbehavingServer(script: { _ in
                arrival.yield()
                return .late(.seconds(10), .echo)
            })
            let directory = try TemporaryDirectory()
            var request = try server.get()
            if toFile { request.destination = .file(path: directory("out")) }
            let task = Task { [request] in await sharedTransport.error(for: request) }
            for await _ in arrivals { break }
            let time = await elapsed {
                task.cancel()
                let error = await task.value
                #expect(error?.reason == .cancelled)
                #expect(error?.verdict == .ambiguous)
            }
            #expect(time < .seconds(5))
            #expect(directory.names.isEmpty)
        }

        /// Each arrival at the server cancels two tasks picked at random: some have not begun, some wait for a connection,
        /// some for their answer, some are over.
        @Test(
            "six hundred cancellations at random moments all end, and the transport still works",
            arguments: [false, true])
        func cancelStorm(toFile: Bool) async throws {
            let transport = URLSessionTransport(userAgent: "storm", connections: 16)
            let tasks = Mutex<[Task<HTTPResponse, any Error>]>([])
            let server = try MisbehavingServer(script: { request in
                if request["User-Agent"] == "storm" {
                    for task in tasks.withLock({ tasks in (0..<2).compactMap { _ in tasks.randomElement() } }) {
                        task.cancel()
                    }
                }
                return .late(.milliseconds(Int.random(in: 0...4)), .echo)
            })
            let directory = try TemporaryDirectory()
            for number in 0..<600 {
                var request = try number % 3 == 0 ? server.post() : server.get()
                if toFile { request.destination = .file(path: directory("\(number)")) }
                let task = Task { [request] in try await transport.send(request) }
                tasks.withLock { $0.append(task) }
            }
            var answered = 0
            for task in tasks.withLock({ $0 }) {
                switch await task.result {
                case .success: answered += 1
                case .failure(let error): #expect((error as? TransportError)?.reason == .cancelled)
                }
            }
            tasks.withLock { $0 = [] }
            #expect((1..<600).contains(answered))
            for _ in 0..<20 { #expect(try await transport.send(server.get()).status == 200) }
        }

        @Test("a thousand requests at once are all answered, each its own")
        func thousand() async throws {
            let server = try MisbehavingServer()
            let answers = try await withThrowingTaskGroup(of: (Int, HTTPResponse).self) { group in
                for number in 0..<1000 {
                    let request =
                        try number % 2 == 0 ? server.get("/\(number)") : server.post("/\(number)", "\(number)")
                    group.addTask { (number, try await sharedTransport.send(request)) }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(answers.count == 1000)
            for (number, answer) in answers {
                #expect(try JSONDecoder().decode(Echo.self, from: answer.body).target == "/\(number)")
            }
            #expect(server.requests.count == 1000)
        }
    }
}
