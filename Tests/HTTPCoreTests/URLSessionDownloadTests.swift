import Foundation
import HTTPCore
import TestSupport
import Testing

extension RealTransport {
    @Suite("answers that go to a file")
    struct URLSessionDownloadTests {
        private let directory: TemporaryDirectory

        init() throws {
            directory = try TemporaryDirectory()
        }

        private func request(_ server: MisbehavingServer) throws -> HTTPRequest {
            var request = try server.get()
            request.destination = .file(path: directory("out"))
            return request
        }

        @Test("a success goes to the file, and replaces what was there", arguments: [0, 1, 3_000_000])
        func success(size: Int) async throws {
            let server = try MisbehavingServer(script: { _ in .big(bytes: size) })
            try directory.write("older and longer", to: "out")
            let response = try await sharedTransport.send(request(server))
            #expect(response.status == 200 && response.body.isEmpty)
            #expect(directory.read("out") == Data(repeating: UInt8(ascii: "b"), count: size))
            #expect(directory.names == ["out"])
        }

        @Test("a file made beside its final place keeps its mode and can be committed")
        func atomic() async throws {
            let server = try MisbehavingServer(script: { _ in .answer(200, body: Data("result".utf8)) })
            let file = try AtomicFile(directory("final"), mode: 0o600)
            var request = try server.get()
            request.destination = .file(path: file.temporaryPath)
            _ = try await sharedTransport.send(request)
            try file.commit()
            #expect(directory.names == ["final"])
            #expect(directory.read("final") == Data("result".utf8))
            let mode = try FileManager.default.attributesOfItem(atPath: directory("final"))[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }

        @Test("an answer that is no success stays in memory and writes no file", arguments: [302, 401, 404, 429, 500])
        func refusal(status: Int) async throws {
            let server = try MisbehavingServer(script: { _ in
                .answer(
                    status, fields: [("Location", "/elsewhere"), ("Retry-After", "3"), ("WWW-Authenticate", "Bearer")],
                    body: Data("why".utf8))
            })
            let response = try await sharedTransport.send(request(server))
            #expect(response.status == status)
            // A refused redirect comes without its body.
            if status != 302 { #expect(response.body == Data("why".utf8)) }
            #expect(response.retryAfter == .seconds(3))
            #expect(directory.names.isEmpty)
            #expect(server.requests.count == 1)
        }

        @Test("a 401 that asks for Basic comes back and does not hang")
        func basic() async throws {
            let server = try MisbehavingServer(script: { _ in
                .answer(401, fields: [("WWW-Authenticate", "Basic realm=\"x\"")], body: Data("who".utf8))
            })
            let response = try await sharedTransport.send(request(server))
            #expect(response.status == 401)
            #expect(directory.names.isEmpty)
        }

        @Test("an answer without contents makes an empty file")
        func noContent() async throws {
            let server = try MisbehavingServer(script: { _ in .answer(204) })
            let response = try await sharedTransport.send(request(server))
            #expect(response.status == 204)
            #expect(directory.read("out") == Data())
        }

        @Test(
            "a body that ends early leaves no file",
            arguments: [
                MisbehavingServer.Behaviour.cutInsideBody(sent: 100, announced: 1000), .reset, .close,
                .answer(200, fields: [("Content-Encoding", "gzip")], body: Data("no gzip".utf8)),
            ])
        func truncated(_ behaviour: MisbehavingServer.Behaviour) async throws {
            let server = try MisbehavingServer(script: { _ in behaviour })
            let error = await sharedTransport.error(for: try request(server))
            #expect(error?.verdict == .ambiguous)
            #expect(directory.names.isEmpty)
        }

        @Test("a refused connection is not sent")
        func refused() async throws {
            let server = try MisbehavingServer()
            var request = try request(server)
            request.origin = try BaseURL("http://127.0.0.1:\(MisbehavingServer.closedPort())").origin
            let error = await sharedTransport.error(for: request)
            #expect(error?.verdict == .notSent)
        }

        @Test("a folder that is not there is a failure that names the file")
        func noFolder() async throws {
            let server = try MisbehavingServer()
            var request = try request(server)
            request.destination = .file(path: directory("missing/out"))
            let failure = await #expect(throws: Failure.self) { _ = try await sharedTransport.send(request) }
            #expect(failure?.category == .cannotCreateOutput)
            #expect(failure?.message.contains("missing/out") == true)
        }

        @Test(
            "a body from a file and an answer to a file cannot be had at once: it is refused, not sent without its body"
        )
        func uploadAndDownload() async throws {
            let server = try MisbehavingServer()
            var request = try request(server)
            request.method = .post
            request.body = .file(path: try directory.write("body", to: "in"), contentType: "text/plain")
            let error = await sharedTransport.error(for: request)
            #expect(error?.reason == .invalidRequest)
            #expect(server.connectionCount == 0)
        }
    }
}
