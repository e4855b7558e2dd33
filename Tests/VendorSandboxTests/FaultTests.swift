import Foundation
import Testing

@testable import VendorSandbox

struct FaultTests {
    @Test(
        "a fault is read",
        arguments: [
            ("atobi:429=0.1", "atobi", nil, .status(429, retryAfter: "1"), .share(0.1)),
            ("atobi:503;retry-after=5=*3", "atobi", nil, .status(503, retryAfter: "5"), .first(3)),
            (
                "atobi:503;retry-after=Sat, 21 Nov 2026 07:41:00 GMT", "atobi", nil,
                .status(503, retryAfter: "Sat, 21 Nov 2026 07:41:00 GMT"), .share(1)
            ),
            ("atobi:429;retry-after=none=1", "atobi", nil, .status(429, retryAfter: nil), .share(1)),
            ("upload.results:500=*2", "upload", "results", .status(500, retryAfter: nil), .first(2)),
            ("upload:delay:250=0.5", "upload", nil, .delay(milliseconds: 250), .share(0.5)),
            ("forwarder:drop-before", "forwarder", nil, .dropBefore, .share(1)),
            ("forwarder:drop-after=0", "forwarder", nil, .dropAfter, .share(0)),
            ("forwarder:truncate=1", "forwarder", nil, .truncate, .share(1)),
            ("forwarder:drip", "forwarder", nil, .drip(milliseconds: 10), .share(1)),
            ("forwarder:drip:1=1", "forwarder", nil, .drip(milliseconds: 1), .share(1)),
            ("upload:expired-token=*1", "upload", nil, .expiredToken, .first(1)),
            ("upload:broken-json=.25", "upload", nil, .brokenJSON, .share(0.25)),
        ] as [(String, String, String?, FaultRule.Kind, FaultRule.Rate)])
    func parsed(_ text: String, _ vendor: String, _ operation: String?, _ kind: FaultRule.Kind, _ rate: FaultRule.Rate)
        throws
    {
        let rule = try FaultRule(parsing: text)
        #expect(rule.vendor == vendor)
        #expect(rule.operation == operation)
        #expect(rule.kind == kind)
        #expect(rule.rate == rate)
    }

    @Test(
        "a fault that cannot be read is refused with what is wrong",
        arguments: [
            "", "atobi", "atobi:", "atobi:200", "atobi:999", "atobi:42", "atobi:slow", "atobi:delay", "atobi:delay:x",
            "atobi:delay:-1", "atobi:429=2", "atobi:429=-0.1", "atobi:429=", "atobi:429=*x", "atobi:429=nan",
            "atobi:429;x=1=1",
            "atobi:429;retry-after=", "atobi:drip:", "nobody:429", "atobi.nothing:429", "upload.:429",
        ])
    func refused(_ text: String) {
        #expect {
            var configuration = SandboxConfiguration()
            configuration.faults = [try FaultRule(parsing: text)]
            _ = try VendorSandbox(configuration: configuration)
        } throws: { error in
            guard case .faultSyntax(text, _)? = error as? SandboxError else { return false }
            return true
        }
    }

    private static func box(_ faults: String..., seed: UInt64 = 1) throws -> Box {
        let rules = try faults.map { try FaultRule(parsing: $0) }
        return try Box.upload(faults: rules, seed: seed)
    }

    @Test("a status comes for the first requests, with Retry-After where it belongs")
    func status() throws {
        let box = try Self.box("upload.token:503=*1", "upload.token:429;retry-after=7=*2", "upload.token:500=*3")
        let replies = try (0..<4).map { _ in try box.token() }
        #expect(replies.map(\.status) == [503, 429, 500, 200])
        #expect(replies.map { $0.headers["retry-after"] } == ["1", "7", nil, nil])
        #expect(box.sandbox.requests.first?.notes.first == "fault upload.token:503=*1")
    }

    @Test("a share of requests is hit, the same ones with the same seed")
    func share() throws {
        func pattern(seed: UInt64) throws -> [Int] {
            let box = try Self.box("upload:500=0.3", seed: seed)
            return try (0..<200).map { _ in try box.client.request("GET", "/upload/api/GetResults").status }
        }
        let first = try pattern(seed: 1)
        #expect((40...80).contains(first.count { $0 == 500 }))
        #expect(try pattern(seed: 1) == first)
        #expect(try pattern(seed: 2) != first)
    }

    @Test("a connection dropped before processing leaves nothing behind, after it everything")
    func dropped() throws {
        for (kind, received) in [("drop-before", 0), ("drop-after", 1)] {
            let rule = try FaultRule(parsing: "forwarder:\(kind)=*1")
            let box = try Box { $0.faults = [rule] }
            box.client.send(SignedEvent().wire())
            #expect(box.client.isClosed)
            #expect(box.sandbox.deliveries(of: "forwarder")?.received == received)
            #expect(box.sandbox.requests.last?.delivery == .dropped)
            let next = try SocketClient(port: box.port)
            next.send(SignedEvent().wire())
            #expect(try next.reply().status == 200)
        }
    }

    @Test("a truncated answer announces more than it holds")
    func truncated() throws {
        let box = try Self.box("upload.token:truncate=*1")
        #expect(throws: SocketClient.Closed.self) { try box.token() }
        let wire = String(decoding: box.client.rest(), as: UTF8.self)
        #expect(wire.hasPrefix(#"{"access_token":""#) && !wire.hasSuffix("}"))
    }

    @Test("a dripping answer arrives whole")
    func dripping() throws {
        let box = try Self.box("upload.token:drip:0=*1")
        #expect(try JSONScanner.parse(try box.token().body)["token_type"] == "Bearer")
        #expect(box.sandbox.requests.last?.delivery == .dripping(milliseconds: 0))
    }

    @Test("a delay holds the answer back, but not the server's end")
    func delay() throws {
        let box = try Self.box("upload.results:delay:3600000=1", "upload.token:delay:30=1")
        let start = ContinuousClock.now
        #expect(try box.token().status == 200)
        #expect(ContinuousClock.now - start >= .milliseconds(30))
        box.client.send("GET /upload/api/GetResults HTTP/1.1\r\nHost: a\r\n\r\n")
        box.sandbox.stop()
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test("an expired token is refused, and a new one is good")
    func expiredToken() throws {
        let box = try Self.box("upload:expired-token=*1")
        let old = try box.bearer()
        #expect(try box.upload(bearer: old).status == 401)
        #expect(try box.upload(bearer: old).status == 401)
        #expect(try box.upload(bearer: try box.bearer()).status == 200)
        let rule = try FaultRule(parsing: "forwarder:expired-token=1")
        let reply = try Box { $0.faults = [rule] }.send(SignedEvent().wire())
        #expect(reply.status == 403)
        #expect(reply.text.contains("expired"))
    }

    @Test("broken JSON is announced as JSON")
    func brokenJSON() throws {
        let reply = try Self.box("upload.token:broken-json=1").token()
        #expect(reply.status == 200)
        #expect(reply.headers["content-type"] == "application/json")
        #expect(throws: JSONFault.self) { try JSONScanner.parse(reply.body) }
    }
}
