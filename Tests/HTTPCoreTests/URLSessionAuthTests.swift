import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

extension RealTransport {
    @Suite("401 and redirects")
    struct AuthTests {
        private static let challenges = [
            "Basic realm=\"x\"", "Basic", "Bearer", "Bearer realm=\"x\", Basic realm=\"y\"",
            "Digest realm=\"x\", nonce=\"y\"",
            "Negotiate", "AWS4-HMAC-SHA256",
        ]

        @Test(
            "a 401 comes back with its body whatever it asks for, to reads and writes", arguments: challenges,
            [HTTPMethod.get, .post])
        func challenge(_ challenge: String, _ method: HTTPMethod) async throws {
            let body = Data(repeating: UInt8(ascii: "e"), count: 200_000)
            let server = try MisbehavingServer(script: { _ in
                .answer(401, fields: [("WWW-Authenticate", challenge)], body: body)
            })
            let response = try await sharedTransport.send(method == .get ? server.get() : server.post())
            #expect(response.status == 401)
            #expect(response.fields["WWW-Authenticate"] == challenge)
            #expect(response.body == body)
            #expect(server.requests.count == 1)
        }

        /// One token at a time, as the authorizers of vendors have.
        private final class CountingAuthorizer: RequestAuthorizer {
            private let state = Mutex((token: 0, renewals: 0))
            var renewals: Int { state.withLock { $0.renewals } }

            func authorize(_ request: inout HTTPRequest) {
                let token = state.withLock { $0.token }
                request.fields.set(HTTPField("Authorization", "Bearer \(token)", isCredential: true))
            }

            func renew(after response: HTTPResponse, rejected: HTTPRequest) -> Bool {
                state.withLock { state in
                    if rejected.fields["Authorization"] == "Bearer \(state.token)" {
                        state.token += 1
                        state.renewals += 1
                    }
                    return true
                }
            }
        }

        @Test("two hundred 401s at once lead to one renewal and a replay each")
        func manyChallenges() async throws {
            let server = try MisbehavingServer(script: { request in
                request["Authorization"] == "Bearer 1"
                    ? .echo : .answer(401, fields: [("WWW-Authenticate", "Basic realm=\"x\"")], body: Data("no".utf8))
            })
            let authorizer = CountingAuthorizer()
            let transport = TransportStack(network: sharedTransport).transport(authorizer: authorizer)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    let request = try server.get("/\(number)")
                    group.addTask { try await transport.send(request).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 200))
            #expect(authorizer.renewals == 1)
            let accepted = server.requests.filter { $0["Authorization"] == "Bearer 1" }
            #expect(Set(accepted.map(\.target)).count == 200 && accepted.count == 200)
        }

        private func stack() -> any HTTPTransport {
            TransportStack(network: sharedTransport).transport(authorizer: CountingAuthorizer())
        }

        private static let redirects = [301, 302, 303, 307, 308]

        @Test("a read follows a redirect on its own origin, with its credentials", arguments: redirects)
        func sameOrigin(_ status: Int) async throws {
            let server = try MisbehavingServer(script: { request in
                request.path == "/from" ? .answer(status, fields: [("Location", "/to?page=2")]) : .echo
            })
            var request = try server.get("/from")
            request.query = [QueryItem("key", "SECRET", isCredential: true)]
            let response = try await stack().send(request)
            #expect(response.status == 200)
            #expect(server.requests.map(\.target) == ["/from?key=SECRET", "/to?page=2"])
            #expect(server.requests.allSatisfy { $0["Authorization"] == "Bearer 0" })
        }

        @Test(
            "another host or port receives nothing, neither of a read nor of a write", arguments: redirects,
            [HTTPMethod.get, .post, .put, .delete])
        func otherOrigin(_ status: Int, _ method: HTTPMethod) async throws {
            let elsewhere = try MisbehavingServer()
            for place in ["http://127.0.0.1:\(elsewhere.port)", "http://localhost:\(elsewhere.port)"] {
                let server = try MisbehavingServer(script: { _ in
                    .answer(status, fields: [("Location", place + "/to?key=SECRET")])
                })
                var request = HTTPRequest(method, try server.origin(), path: "/from", repeatClass: .idempotent)
                if method != .get { request.body = .data(Data("the body".utf8), contentType: "text/plain") }
                let error = await stack().error(for: request)
                #expect(error?.reason == .redirected(to: place + "/to"))
                #expect(error?.verdict == .rejected)
                #expect(error?.message.contains(place) == true)
                #expect(error?.message.contains("SECRET") == false)
                #expect(server.requests.count == 1)
            }
            #expect(elsewhere.connectionCount == 0)
        }

        @Test(
            "a write is not repeated elsewhere on its own origin either", arguments: redirects,
            [HTTPMethod.post, .put, .delete])
        func writeOnSameOrigin(_ status: Int, _ method: HTTPMethod) async throws {
            let server = try MisbehavingServer(script: { _ in .answer(status, fields: [("Location", "/to")]) })
            var request = HTTPRequest(method, try server.origin(), path: "/from", repeatClass: .idempotent)
            request.body = .data(Data("the body".utf8), contentType: "text/plain")
            let error = await stack().error(for: request)
            #expect(error?.reason == .redirected(to: server.url + "/to"))
            #expect(error?.verdict == .rejected)
            #expect(server.requests.map(\.path) == ["/from"])
        }

        @Test("an answer to a file follows a redirect on its own origin")
        func download() async throws {
            let directory = try TemporaryDirectory()
            let server = try MisbehavingServer(script: { request in
                request.path == "/from"
                    ? .answer(302, fields: [("Location", "to")], body: Data("moved".utf8))
                    : .answer(200, body: Data("here".utf8))
            })
            var request = try server.get("/from")
            request.destination = .file(path: directory("out"))
            #expect(try await stack().send(request).status == 200)
            #expect(directory.read("out") == Data("here".utf8))
        }
    }
}
