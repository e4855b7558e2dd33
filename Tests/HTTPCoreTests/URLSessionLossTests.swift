import Foundation
import TestSupport
import Testing

@testable import HTTPCore

extension RealTransport {
    /// Connections that end badly. Cut inside the headers is missing here: it ends the process on this toolchain
    /// (https://github.com/swiftlang/swift-corelibs-foundation/issues/5285), so the tests of the binary have it.
    @Suite("lost connections")
    struct URLSessionLossTests {
        /// A way to lose the answer to a request that arrived whole.
        enum Loss: String, CaseIterable, Sendable {
            case reset, close, cutInsideBody, cutInsideBodyBeforeItsFirstByte, brokenGzip

            var behaviour: MisbehavingServer.Behaviour {
                switch self {
                case .reset: .reset
                case .close: .close
                case .cutInsideBody: .cutInsideBody(sent: 100, announced: 1000)
                case .cutInsideBodyBeforeItsFirstByte: .cutInsideBody(sent: 0, announced: 1000)
                case .brokenGzip: .answer(200, fields: [("Content-Encoding", "gzip")], body: Data("no gzip".utf8))
                }
            }
        }

        @Test("a refused connection is not sent", arguments: [HTTPMethod.get, .post])
        func refused(_ method: HTTPMethod) async throws {
            let origin = try BaseURL("http://127.0.0.1:\(MisbehavingServer.closedPort())").origin
            let error = await sharedTransport.error(for: HTTPRequest(method, origin, path: "/", repeatClass: .unsafe))
            #expect(error?.reason == .connectionRefused)
            #expect(error?.verdict == .notSent)
        }

        @Test("a name that does not exist is not sent")
        func unknownName() async throws {
            let origin = try BaseURL("https://no-such-host.invalid").origin
            let error = await sharedTransport.error(for: HTTPRequest(.get, origin, path: "/", repeatClass: .unsafe))
            #expect(error?.reason == .nameNotResolved)
            #expect(error?.verdict == .notSent)
        }

        @Test("a TLS handshake that fails is not sent", arguments: [HTTPMethod.get, .post])
        func noTLS(_ method: HTTPMethod) async throws {
            let server = try MisbehavingServer(welcome: { _ in .greet(Data("HTTP/1.1 400 Plain\r\n\r\n".utf8)) })
            let origin = try BaseURL("https://127.0.0.1:\(server.port)").origin
            let error = await sharedTransport.error(for: HTTPRequest(method, origin, path: "/", repeatClass: .unsafe))
            #expect(error?.reason == .tls)
            #expect(error?.verdict == .notSent)
        }

        /// libcurl's error number survives from an address that refused before the one that took the connection; then
        /// corelibs calls every failure "cannot connect", whatever was sent.
        @Test(
            "\"cannot connect\" is not sent only when it was connecting that failed",
            arguments: [
                (NSURLErrorCannotConnectToHost, "Failed to connect to ::1 port 1 after 0 ms: Couldn't connect", true),
                (NSURLErrorUnknown, "Failed to connect to 10.1.1.1 port 1: No route to host", true),
                (NSURLErrorTimedOut, "Failed to connect to 10.1.1.1 port 1: Connection timed out", true),
                (NSURLErrorCannotConnectToHost, "Empty reply from server", false),
                (NSURLErrorCannotConnectToHost, "Recv failure: Connection reset by peer", false),
                (NSURLErrorCannotConnectToHost, "transfer closed with 900 bytes remaining to read", false),
            ])
        func connectFailures(code: Int, words: String, isNotSent: Bool) {
            let error = NSError(domain: NSURLErrorDomain, code: code, userInfo: [NSLocalizedDescriptionKey: words])
            #expect(TransportError(urlSession: error).verdict == (isNotSent ? .notSent : .ambiguous))
        }

        @Test("a connection reset before the request was read is ambiguous", arguments: [HTTPMethod.get, .post])
        func resetBefore(_ method: HTTPMethod) async throws {
            let server = try MisbehavingServer(welcome: { _ in .reset })
            let error = await sharedTransport.error(for: try method == .get ? server.get() : server.post())
            #expect(error?.reason == .connectionLost)
            #expect(error?.verdict == .ambiguous)
            #expect(server.requests.isEmpty)
        }

        @Test(
            "an answer lost after the request arrived is ambiguous", arguments: Loss.allCases, [HTTPMethod.get, .post])
        func lostAnswer(_ loss: Loss, _ method: HTTPMethod) async throws {
            let server = try MisbehavingServer(script: { _ in loss.behaviour })
            let error = await sharedTransport.error(for: try method == .get ? server.get() : server.post())
            #expect(error?.verdict == .ambiguous)
            #expect(error?.message.contains(server.url) == false)
            if method == .post { #expect(server.requests.count == 1) }
        }

        @Test("twenty lone writes after reads on connections that went stale all arrive, each once")
        func staleConnections() async throws {
            let server = try MisbehavingServer(script: { request in
                request.number % 4 < 2 ? .closeAfter(.milliseconds(5), .echo) : .resetOnNextRequest(.echo)
            })
            for number in 0..<20 {
                _ = try? await sharedTransport.send(server.get("/read/\(number)"))
                let response = try await sharedTransport.send(server.post("/write/\(number)", "body \(number)"))
                #expect(response.status == 200)
            }
            let writes = server.requests.filter { $0.method == "POST" }
            #expect(writes.map(\.path) == (0..<20).map { "/write/\($0)" })
            #expect(writes.map { String(decoding: $0.body, as: UTF8.self) } == (0..<20).map { "body \($0)" })
            #expect(writes.allSatisfy { $0["Connection"] == "close" })
        }

        /// On this toolchain some of them end at their time-out only (urlsession-linux.md, C2.7).
        @Test("a batch's write on a connection that went stale is never doubled, and never a success unless it arrived")
        func staleBatchConnections() async throws {
            let server = try MisbehavingServer(script: { request in
                request.number % 3 == 0 ? .echo : .closeAfter(.milliseconds(request.number % 3), .echo)
            })
            for number in 0..<15 {
                var request = try server.post("/\(number)", "body \(number)", timeout: .milliseconds(300))
                request.keepsConnection = true
                let outcome: Result<HTTPResponse, any Error>
                do {
                    outcome = .success(try await sharedTransport.send(request))
                } catch {
                    outcome = .failure(error)
                }
                let arrived = server.requests.filter { $0.target == "/\(number)" }
                switch outcome {
                case .success(let response):
                    #expect(response.status == 200)
                    #expect(arrived.map(\.body) == [Data("body \(number)".utf8)])
                case .failure(let error):
                    #expect((error as? TransportError)?.verdict == .ambiguous)
                    #expect(arrived.count <= 1)
                }
            }
        }
    }
}
