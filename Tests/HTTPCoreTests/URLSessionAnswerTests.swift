import Foundation
import HTTPCore
import TestSupport
import Testing

extension RealTransport {
    @Suite("what is sent and what comes back")
    struct URLSessionAnswerTests {
        @Test("the wire carries exactly the target, the fields and the body of the value")
        func wire() async throws {
            let server = try MisbehavingServer()
            let endpoint = Endpoint<Void>(
                "Test", .post, path: ["a/b", "é +%", "…"], hasTrailingSlash: true,
                query: [QueryItem("key", "a+b/c=&é ?#"), QueryItem("flag", "")], fields: ["X-Api-Key": "k=1; +"],
                body: .data(Data("hällo".utf8), contentType: "text/csv"), repeatClass: .unsafe, decode: { _ in })
            let request = try endpoint.request(to: BaseURL(server.url + "/base%20x/"))
            let echo = try JSONDecoder().decode(Echo.self, from: try await sharedTransport.send(request).body)
            #expect(
                echo.target
                    == "/base%20x/a%2Fb/%C3%A9%20%2B%25/%E2%80%A6/?key=a%2Bb%2Fc%3D%26%C3%A9%20%3F%23&flag=")
            #expect(echo.target == request.target)
            let received = try #require(server.requests.first)
            #expect(received.method == "POST")
            #expect(received["x-api-key"] == "k=1; +")
            #expect(received["Content-Type"] == "text/csv")
            #expect(received["Content-Length"] == "6")
            #expect(received["Transfer-Encoding"] == nil)
            #expect(received["User-Agent"] == "integrate-tests/1")
            #expect(received["Host"] == "127.0.0.1:\(server.port)")
            #expect(received.fields.filter { $0.name.lowercased() == "user-agent" }.count == 1)
            #expect(received.body == Data("hällo".utf8))
        }

        @Test("a write without a body has the length 0", arguments: [HTTPMethod.post, .put, .delete])
        func noBody(_ method: HTTPMethod) async throws {
            let server = try MisbehavingServer()
            let request = HTTPRequest(method, try server.origin(), path: "/", repeatClass: .unsafe)
            #expect(try await sharedTransport.send(request).status == 200)
            let received = try #require(server.requests.first)
            #expect(received.method == method.rawValue)
            #expect(received["Transfer-Encoding"] == nil)
            #expect(received.bodyLength == 0)
        }

        @Test(
            "a header field that would end its line is refused before anything is sent",
            arguments: [
                HTTPField("X", "a\r\nY: b"), HTTPField("X", "a\nb"), HTTPField("X", "a\0b"), HTTPField("X\r\nY", "a"),
                HTTPField("X Y", "a"), HTTPField("X:", "a"), HTTPField("", "a"), HTTPField("É", "a"),
            ])
        func injection(_ field: HTTPField) async throws {
            let server = try MisbehavingServer()
            var request = try server.get()
            request.fields.append(field)
            let error = await sharedTransport.error(for: request)
            #expect(error?.reason == .invalidRequest && error?.verdict == .notSent)
            #expect(server.connectionCount == 0)
        }

        @Test("a content type or a path that would end its line is refused before anything is sent")
        func injectionElsewhere() async throws {
            let server = try MisbehavingServer()
            var requests = [
                try server.post(), try server.get("/a\r\nX: y"), try server.get("/a b"), try server.get("/é"),
            ]
            requests[0].body = .data(Data(), contentType: "text/plain\r\nX-Injected: 1")
            for request in requests {
                let error = await sharedTransport.error(for: request)
                #expect(error?.reason == .invalidRequest && error?.verdict == .notSent)
            }
            #expect(server.connectionCount == 0)
        }

        @Test("duplicate header fields arrive joined, in any case")
        func duplicates() async throws {
            let server = try MisbehavingServer(script: { _ in
                .answer(200, fields: [("X-A", "1"), ("X-A", "2"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
            })
            let response = try await sharedTransport.send(server.get())
            #expect(response.fields["x-a"] == "1, 2")
            #expect(response.fields["set-cookie"] == "a=1, b=2")
            // No cookie is sent back.
            _ = try await sharedTransport.send(server.get())
            #expect(server.requests.allSatisfy { $0["Cookie"] == nil })
        }

        @Test("a gzipped body arrives unpacked")
        func gzip() async throws {
            // gzip.compress(b"hello", mtime=0) of Python
            let bytes = Data(base64Encoded: "H4sIAAAAAAAC/8tIzcnJBwCGphA2BQAAAA==") ?? Data()
            let server = try MisbehavingServer(script: { _ in
                .answer(200, fields: [("Content-Encoding", "gzip")], body: bytes)
            })
            #expect(try await sharedTransport.send(server.get()).body == Data("hello".utf8))
        }

        @Test("a body of exactly the limit is taken, one more byte is an error that is not repeated")
        func bodyLimit() async throws {
            let server = try MisbehavingServer(script: { _ in .big(bytes: 1_000_000) })
            var request = try server.get()
            request.destination = .memory(limit: 1_000_000)
            #expect(try await sharedTransport.send(request).body.count == 1_000_000)
            request.destination = .memory(limit: 999_999)
            let error = await sharedTransport.error(for: request)
            #expect(error?.reason == .bodyTooLarge(limit: 999_999))
            #expect(error?.verdict == .ambiguous)
        }

        @Test("a body without end stops at the limit")
        func endlessBody() async throws {
            let server = try MisbehavingServer(script: { _ in .big(bytes: 4 << 30) })
            var request = try server.get()
            request.destination = .memory(limit: 1 << 20)
            #expect(await sharedTransport.error(for: request)?.reason == .bodyTooLarge(limit: 1 << 20))
        }

        @Test("a file goes out with its length and unchanged", arguments: [0, 1, 5_000_000])
        func uploadFile(size: Int) async throws {
            let server = try MisbehavingServer()
            let directory = try TemporaryDirectory()
            let contents = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
            var request = try server.post()
            request.body = .file(path: try directory.write(contents, to: "body.csv"), contentType: "text/csv")
            #expect(try await sharedTransport.send(request).status == 200)
            let received = try #require(server.requests.first)
            #expect(received["Content-Length"] == "\(size)")
            #expect(received["Transfer-Encoding"] == nil)
            #expect(received["Content-Type"] == "text/csv")
            #expect(received.bodyLength == size)
            #expect(received.bodyChecksum == MisbehavingServer.checksum(contents))
        }

        @Test("a body that is a directory or missing is refused before anything is sent", arguments: [".", "missing"])
        func noUploadFile(name: String) async throws {
            let server = try MisbehavingServer()
            let directory = try TemporaryDirectory()
            var request = try server.post()
            request.body = .file(path: directory(name), contentType: "text/csv")
            let error = await sharedTransport.error(for: request)
            #expect(error?.reason == .invalidRequest && error?.verdict == .notSent)
            #expect(server.connectionCount == 0)
        }

        @Test(
            "statuses come back as they are, with their verdicts",
            arguments: [200, 204, 304, 400, 404, 409, 429, 500, 503])
        func statuses(_ status: Int) async throws {
            let server = try MisbehavingServer(script: { _ in
                .answer(
                    status, fields: [("Retry-After", "7")],
                    body: status == 204 || status == 304 ? Data() : Data("why".utf8)
                )
            })
            let response = try await sharedTransport.send(server.get())
            #expect(response.status == status)
            #expect(response.retryAfter == .seconds(7))
            #expect(response.verdict == HTTPResponse(status: status, fields: ["Retry-After": "7"]).verdict)
        }
    }
}
