import Foundation
import Synchronization
import Testing

@testable import VendorSandbox

/// The server itself, with a handler that shows what it got.
@Suite(.serialized) struct ServerTests {
    /// Echoes the body, and method and target in headers.
    private static func withServer(_ body: (UInt16) throws -> Void) throws {
        let server = LoopbackServer(now: TestClock().now, stopSignal: try StopSignal()) { request in
            let headers = [
                SandboxHeader("X-Method", request.method), SandboxHeader("X-Target", request.target),
                SandboxHeader("X-Fields", request.headers.map { "\($0.name)=\($0.value)" }.joined(separator: ";")),
            ]
            return SandboxResponse(status: request.path == "/empty" ? 204 : 200, headers: headers, body: request.body)
        }
        let port = try server.start(port: 0)
        defer { server.stop() }
        try body(port)
    }

    @Test("a connection serves one request after the other")
    func keepAlive() throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            for index in 0..<50 {
                let reply = try client.request("POST", "/\(index)", body: Array("body \(index)".utf8))
                #expect(reply.text == "body \(index)")
                #expect(reply.headers["x-target"] == "/\(index)")
                #expect(reply.headers["connection"] == nil)
                #expect(reply.headers["date"] == "Mon, 21 Sep 2026 14:13:20 GMT")
            }
        }
    }

    @Test(
        "the connection closes when asked, and after HTTP/1.0",
        arguments: [
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
        ])
    func closes(_ request: String) throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            client.send(request)
            let reply = try client.reply()
            #expect(reply.status == 200)
            #expect(reply.headers["connection"] == "close")
            #expect(client.isClosed)
        }
    }

    @Test("requests sent together are answered in order")
    func pipelined() throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            let post = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            let chunked = "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
            client.send(post + chunked + "\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n" + post)
            let replies = try (0..<4).map { _ in try client.reply() }
            #expect(replies.map { $0.headers["x-target"] } == ["/1", "/2", "/3", "/1"])
            #expect(replies.map(\.text) == ["abc", "de", "", "abc"])
        }
    }

    @Test("a request may arrive byte by byte")
    func slowly() throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            for byte
                in "POST /s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n"
                .utf8
            {
                client.send([byte])
            }
            #expect(try client.reply().text == "abc")
        }
    }

    @Test("a client that expects 100 gets it before the body is read")
    func expectContinue() throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try client.reply().status == 100)
            client.send("ok")
            #expect(try client.reply().text == "ok")
        }
    }

    @Test("HEAD and 204 have no body")
    func bodyless() throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            let head = try client.request("HEAD", "/", body: Array("12345".utf8))
            #expect(head.headers["content-length"] == "5")
            let empty = try client.request("POST", "/empty", body: Array("12345".utf8))
            #expect(empty.status == 204)
            #expect(empty.headers["content-length"] == nil)
            #expect(try client.request("GET", "/").status == 200)
        }
    }

    @Test("header fields keep their order and spelling, values lose the white space around them")
    func fields() throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            client.send("GET /a%2Fb?x=1?&y HTTP/1.1\r\nhOst:a\r\nX-B: \t one  two \r\nx-b:\r\nX-Å: no\r\n\r\n")
            #expect(try client.reply().status == 400)
            let other = try SocketClient(port: port)
            other.send("GET /a%2Fb?x=1?&y HTTP/1.1\r\nhOst:a\r\nX-B: \t one  two \r\nx-b:\r\n\r\n")
            let reply = try other.reply()
            #expect(reply.headers["x-fields"] == "hOst=a;X-B=one  two;x-b=")
            #expect(reply.headers["x-target"] == "/a%2Fb?x=1?&y")
        }
    }

    @Test(
        "a malformed request is refused and the connection closed",
        arguments: [
            ("GET\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("GET / FTP/1.1\r\nHost: a\r\n\r\n", 400), ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: a\n\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nName : v\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\n v\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nA: \u{1}\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff0\r\n", 413),
        ])
    func malformed(_ request: String, _ status: Int) throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            client.send(request)
            let reply = try client.reply()
            #expect(reply.status == status)
            #expect(reply.headers["connection"] == "close")
            #expect(client.isClosed)
        }
    }

    @Test("a header may be large, but not without bound")
    func headerLimit() throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            #expect(try client.request("GET", "/" + String(repeating: "a", count: 60_000)).status == 200)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nA: " + String(repeating: "a", count: 70_000))
            #expect(try client.reply().status == 431)
            #expect(client.isClosed)
        }
    }

    @Test("a large body arrives whole, by length and in chunks", arguments: [false, true])
    func largeBody(chunked: Bool) throws {
        try Self.withServer { port in
            let client = try SocketClient(port: port)
            let piece = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            client.send(
                "POST / HTTP/1.1\r\nHost: a\r\n"
                    + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: \(16 << 20)\r\n\r\n"))
            for _ in 0..<16 {
                if chunked { client.send("100000\r\n") }
                client.send(piece)
                if chunked { client.send("\r\n") }
            }
            if chunked { client.send("0\r\n\r\n") }
            let reply = try client.reply()
            #expect(reply.body.count == 16 << 20)
            #expect(
                stride(from: 0, to: 16, by: 5).allSatisfy {
                    reply.body[($0 << 20)..<($0 + 1) << 20].elementsEqual(piece)
                })
        }
    }

    @Test("clients that go away at any moment harm nobody")
    func goneClients() throws {
        try Self.withServer { port in
            let body = [UInt8](repeating: 65, count: 4 << 20)
            for request in ["", "GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"] {
                try SocketClient(port: port).send(request)
            }
            // Large enough that the server is still writing when the client leaves.
            try SocketClient(port: port).send(
                Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            #expect(try SocketClient(port: port).request("GET", "/").status == 200)
        }
    }

    @Test("a thousand connections are served side by side")
    func manyConnections() throws {
        try Self.withServer { port in
            let clients = try (0..<1000).map { _ in try SocketClient(port: port) }
            for (index, client) in clients.enumerated() {
                client.send("GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            for (index, client) in clients.enumerated().reversed() {
                #expect(try client.reply().headers["x-target"] == "/\(index)")
            }
        }
    }

    @Test("stopping closes connections, also those in the middle of a request")
    func stops() throws {
        var clients: [SocketClient] = []
        try Self.withServer { port in
            for request in ["", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"] {
                let client = try SocketClient(port: port)
                client.send(request)
                clients.append(client)
            }
            _ = try SocketClient(port: port).request("GET", "/")
        }
        #expect(clients.map(\.isClosed) == [true, true])
    }

    @Test("a port that is taken is named")
    func portTaken() throws {
        try Self.withServer { port in
            let second = LoopbackServer(now: TestClock().now, stopSignal: try StopSignal()) { _ in
                SandboxResponse(status: 200)
            }
            #expect(throws: SandboxError.portInUse(port)) { _ = try second.start(port: port) }
        }
    }

    // Python's http.client is a client that shares nothing with this project.
    @Test("Python's client understands the server", .enabled(if: isInstalled("python3")))
    func python() throws {
        try Self.withServer { port in
            let script = """
                import http.client
                c = http.client.HTTPConnection('127.0.0.1', \(port))
                for i in range(3):
                    c.request('POST', '/p?q=%d' % i, body=b'x' * 100000)
                    r = c.getresponse()
                    print(r.status, r.getheader('X-Target'), len(r.read()))
                c.request('PUT', '/it', body=iter([b'ab', b'cde']), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
                print(c.getresponse().read().decode())
                """
            let output = try run("python3", ["-c", script])
            #expect(
                output.map { String(decoding: $0, as: UTF8.self) }
                    == "200 /p?q=0 100000\n200 /p?q=1 100000\n200 /p?q=2 100000\nabcde\n")
        }
    }

    // curl asks for 100-continue above a megabyte, and sends chunks from standard input.
    @Test(
        "curl understands the server", .enabled(if: isInstalled("curl")),
        arguments: [["--data-binary", "@-"], ["-T", "-"], ["--data-binary", "@-", "-H", "Expect: 100-continue"]])
    func curl(_ options: [String]) throws {
        try Self.withServer { port in
            let input = [UInt8](repeating: 66, count: 3 << 20)
            let output = try run("curl", ["-sS"] + options + ["http://127.0.0.1:\(port)/"], input: input)
            #expect(output == input)
        }
    }
}
