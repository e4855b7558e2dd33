import Foundation
import Testing

@testable import VendorSandbox

struct StatusPageTests {
    @Test("the page lists stand-ins, settings, faults and requests, escaped and masked")
    func page() throws {
        let rule = try FaultRule(parsing: "atobi:429=0.5")
        let box = try Box.upload(faults: [rule])
        _ = try box.token()
        _ = try box.client.request("GET", "/upload/api/GetResults?key=canary&token=<script>alert(1)</script>")
        let reply = try box.client.request("GET", "/")
        #expect(reply.headers["content-type"] == "text/html; charset=utf-8")
        for text in [
            "atobi:429=0.5", "client-1", "requests a minute: 180", "connect/token", "&lt;script&gt;",
            "percent-encoded as RFC 3986", "token 1, upload 0, results 1", "http-equiv=\"refresh\"",
        ] {
            #expect(reply.text.contains(text), "\(text)")
        }
        for text in ["canary", "<script>", "s+c/r"] { #expect(!reply.text.contains(text), "\(text)") }
        #expect(try box.client.request("POST", "/").status == 405)
        #expect(try box.client.request("GET", "/_sandbox/nothing").status == 404)
        // Looking at the log leaves no trace in it.
        #expect(box.sandbox.requests.count == 2)
    }

    // Python's parser knows nothing of how the page was written.
    @Test("the page is well-formed", .enabled(if: isInstalled("python3")))
    func wellFormed() throws {
        let box = try Box()
        _ = try box.client.request("GET", "/upload/x?a=%22%3C&b='")
        let script = """
            import sys
            from html.parser import HTMLParser
            stack = []
            class P(HTMLParser):
                def handle_starttag(self, tag, attrs):
                    if tag not in ('meta', 'br', 'hr'): stack.append(tag)
                def handle_endtag(self, tag):
                    assert stack.pop() == tag, tag
            P().feed(sys.stdin.read())
            assert not stack, stack
            print('well-formed')
            """
        let output = try run("python3", ["-c", script], input: try box.client.request("GET", "/").body)
        #expect(output.map { String(decoding: $0, as: UTF8.self) } == "well-formed\n")
    }
}

struct RequestLogTests {
    private static func request(_ target: String, body: [UInt8] = []) -> SandboxRequest {
        SandboxRequest(method: "POST", target: target, headers: [], body: body, receivedAt: Date())
    }

    @Test("the log keeps the latest requests in order, and exact counts of all")
    func ring() {
        let log = RequestLog(secrets: [])
        for index in 0..<10_000 {
            log.record(Self.request("/\(index)"), vendor: "v", operation: "o", response: SandboxResponse(status: 200))
        }
        #expect(log.recent.map(\.request.target) == (10_000 - 4096..<10_000).map { "/\($0)" })
        #expect(log.counts == ["v.o": 10_000])
    }

    @Test("large bodies do not pile up")
    func memory() {
        let log = RequestLog(secrets: [])
        let body = [UInt8](repeating: 65, count: 3 << 20)
        for index in 0..<300 {
            log.record(
                Self.request("/\(index)", body: body), vendor: "v", operation: "o",
                response: SandboxResponse(status: 200))
            #expect(log.recent.reduce(0) { $0 + $1.request.body.count } <= 64 << 20)
        }
        #expect(log.recent.last?.request.target == "/299")
        #expect(log.recent.last?.request.bodyLength == 3 << 20)
        #expect(log.counts == ["v.o": 300])
    }
}
