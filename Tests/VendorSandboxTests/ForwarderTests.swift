import Authorization
import Foundation
import Testing

@testable import VendorSandbox

/// A request that the tests sign; each field can be spoiled after signing or before.
struct SignedEvent {
    var settings = ForwarderSettings()
    var target = "/forwarder/v1/events"
    var body = #"{"data":{"id":"1","namn":"Åsa","tags":["a","b"]},"group_key":"g"}"#
    var headers = [SandboxHeader("Host", "127.0.0.1"), SandboxHeader("Content-Type", "application/json")]
    var timestamp = "20260921T141320Z"
    var signedHeaders: [String]?
    var scope: String?
    var accessKeyID: String?

    /// The request as it goes over the wire.
    func wire(sentBody: String? = nil, sentTarget: String? = nil) -> String {
        let all = headers + [SandboxHeader("X-Amz-Date", timestamp)]
        let signed = signedHeaders ?? all.map { $0.name.lowercased() }.sorted()
        let hash = SHA256.hash(Array(body.utf8)).hexEncoded
        let request = SandboxRequest(
            method: "POST", target: target, headers: all, body: Array(body.utf8), receivedAt: Date())
        let parts = [String(timestamp.prefix(8)), settings.region, settings.service, "aws4_request"]
        let toSign = SigV4Verifier.stringToSign(
            SigV4Verifier.canonicalRequest(
                request, signedHeaders: signed, payloadHash: request.header("X-Amz-Content-Sha256") ?? hash),
            timestamp: timestamp, scope: parts.joined(separator: "/"))
        let key = parts.reduce(Array("AWS4\(settings.secretAccessKey)".utf8)) {
            HMACSHA256.authenticate(key: $0, message: Array($1.utf8))
        }
        let signature = HMACSHA256.authenticate(key: key, message: Array(toSign.utf8)).hexEncoded
        let credential = (accessKeyID ?? settings.accessKeyID) + "/" + (scope ?? parts.joined(separator: "/"))
        let sent = sentBody ?? body
        return "POST \(sentTarget ?? target) HTTP/1.1\r\n" + all.map { "\($0.name): \($0.value)\r\n" }.joined()
            + "Authorization: AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(signed.joined(separator: ";")), "
            + "Signature=\(signature)\r\nContent-Length: \(sent.utf8.count)\r\n\r\n\(sent)"
    }
}

extension Box {
    func send(_ wire: String) throws -> Reply {
        client.send(wire)
        return try client.reply()
    }
}

struct ForwarderTests {
    private static func message(_ reply: Reply) throws -> String {
        try JSONScanner.parse(reply.body)["message"]?.stringValue ?? ""
    }

    @Test("a signed event is taken in once for each time it comes")
    func accepted() throws {
        let box = try Box()
        var event = SignedEvent()
        let reply = try box.send(event.wire())
        let answer = try JSONScanner.parse(reply.body)
        #expect(reply.status == 200)
        #expect(answer["success"] == true)
        #expect(answer["messages"] == [])
        #expect(answer["key"] == "AKIDSANDBOX")
        #expect(answer["requestId"]?.stringValue == reply.headers["x-amzn-requestid"])
        #expect(UUID(uuidString: answer["datatalksId"]?.stringValue ?? "") != nil)
        _ = try box.send(event.wire())
        event.body = #"{"data":{"id":2},"group_key":"g"}"#
        _ = try box.send(event.wire())
        event.body = #"{"data":{"name":"no id"},"group_key":"g"}"#
        _ = try box.send(event.wire())
        let deliveries = try #require(box.sandbox.deliveries(of: "forwarder"))
        #expect(deliveries.received == 4 && deliveries.distinct == 3 && deliveries.mostOften == 2)
        #expect(["1", "2", "3"].map(deliveries.count) == [2, 1, 0])
        let shown = try JSONScanner.parse(try box.client.request("GET", "/_sandbox/events").body)
        #expect(shown["forwarder"] == ["received": 4, "distinct": 3, "repeated": 1, "mostOften": 2])
        let one = try JSONScanner.parse(try box.client.request("GET", "/_sandbox/events?id=1").body)
        #expect(one["forwarder"] == 2)
    }

    @Test(
        "every path, query and header on the wire can be signed",
        arguments: [
            "/forwarder/v1/events?", "/forwarder/v1/events?b=2&a=1&a=0&A=", "/forwarder/v1/events?x=%20+~%C3%A9&y",
            "/forwarder/v1/events?p=a%2Fb/c;@:",
        ])
    func targets(_ target: String) throws {
        let box = try Box()
        var event = SignedEvent(target: target)
        event.headers += [SandboxHeader("X-A", "  a   b "), SandboxHeader("x-a", "c")]
        event.signedHeaders = ["content-type", "host", "x-a", "x-amz-date"]
        #expect(try box.send(event.wire()).status == 200)
        #expect(try box.send(event.wire(sentTarget: target + "z=1")).status == 403)
    }

    private static let tampering: [(String, @Sendable (inout SignedEvent) -> Void)] = [
        ("does not match", { $0.settings.secretAccessKey += "x" }),
        ("does not match", { $0.headers.append(SandboxHeader("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")) }),
        ("security token", { $0.accessKeyID = "AKIDOTHER" }),
        ("security token", { $0.headers.append(SandboxHeader("X-Amz-Security-Token", "t")) }),
        ("valid region", { $0.settings.region = "eu-north-1" }),
        ("correct service: 'execute-api'", { $0.settings.service = "s3" }),
        ("exactly 5", { $0.scope = "20260921/eu-west-1/execute-api" }),
        ("does not match YYYYMMDD", { $0.scope = "20260920/eu-west-1/execute-api/aws4_request" }),
        (
            "Signature expired: 20260921T140819Z is now earlier than 20260921T140820Z (20260921T141320Z - 5 min.)",
            { $0.timestamp = "20260921T140819Z" }
        ),
        ("Signature not yet current: 20260921T141821Z", { $0.timestamp = "20260921T141821Z" }),
        (
            "ISO-8601",
            {
                $0.timestamp = "2026-09-21T14:13:20Z"; $0.scope = "2026-09-/eu-west-1/execute-api/aws4_request"
            }
        ),
        ("'Host' must be", { $0.signedHeaders = ["content-type", "x-amz-date"] }),
        ("'X-Amz-Date' must be", { $0.signedHeaders = ["content-type", "host"] }),
        ("SignedHeaders must be", { $0.signedHeaders = ["host", "content-type", "x-amz-date"] }),
        ("not in the request", { $0.signedHeaders = ["host", "x-amz-date", "x-nothing"] }),
    ]

    @Test("a request whose signature is not right is forbidden and told why", arguments: tampering.indices)
    func tampered(_ index: Int) throws {
        let (expected, change) = Self.tampering[index]
        let box = try Box()
        var event = SignedEvent()
        change(&event)
        let reply = try box.send(event.wire())
        #expect(reply.status == 403)
        #expect(reply.headers["x-amzn-requestid"] != nil)
        #expect(try Self.message(reply).contains(expected), "\(reply.text)")
        #expect(box.sandbox.deliveries(of: "forwarder")?.received == 0)
    }

    @Test("a signature made for another body or path does not do")
    func replaced() throws {
        let box = try Box()
        let event = SignedEvent()
        #expect(try Self.message(box.send(event.wire(sentBody: event.body + " "))).contains("does not match"))
        var other = SignedEvent()
        other.target = "/forwarder/v1/other"
        #expect(try Self.message(box.send(other.wire(sentTarget: event.target))).contains("does not match"))
    }

    @Test("a signature holds for five minutes, either way")
    func window() throws {
        let box = try Box()
        var event = SignedEvent()
        for timestamp in ["20260921T140820Z", "20260921T141820Z"] {
            event.timestamp = timestamp
            #expect(try box.send(event.wire()).status == 200)
        }
    }

    @Test("a session token must be there when the credentials have one")
    func sessionToken() throws {
        let box = try Box { $0.forwarder.sessionToken = "to/ken+" }
        var event = SignedEvent()
        #expect(try box.send(event.wire()).status == 403)
        event.headers.append(SandboxHeader("X-Amz-Security-Token", "to/ken+"))
        #expect(try box.send(event.wire()).status == 200)
        #expect(box.sandbox.environment["INTEGRATE_FORWARDER_SESSION_TOKEN"] == "to/ken+")
    }

    @Test("no credentials, a wrong path and a wrong method are answered alike")
    func missing() throws {
        let box = try Box()
        for (method, path) in [("POST", "/v1/events"), ("POST", "/v1/other"), ("GET", "/v1/events")] {
            let reply = try box.client.request(method, "/forwarder" + path)
            #expect(reply.status == 403)
            #expect(try Self.message(reply) == "Missing Authentication Token")
        }
        let reply = try box.client.request("POST", "/forwarder/v1/events", ["Authorization": "Bearer x"])
        #expect(try Self.message(reply).hasPrefix("Authorization header requires 'Credential' parameter."))
    }

    @Test(
        "an event that is not flat, or lacks its parts, is refused with reasons",
        arguments: [
            (#"{"data":{"a":{}},"group_key":"g"}"#, ["data.a is an object; only flat values are allowed"]),
            (
                #"{"data":{"a":[1,[]],"b":[{}]},"group_key":"g"}"#,
                [
                    "data.a[1] is an array; only flat values are allowed",
                    "data.b[0] is an object; only flat values are allowed",
                ]
            ),
            (#"{"data":[],"group_key":"g"}"#, ["data must be an object, not an array"]),
            (#"{"data":{"a":1}}"#, ["group_key is required"]),
            (#"{"data":{"a":1},"group_key":""}"#, ["group_key is empty"]),
            (#"{"data":{"a":1},"group_key":7}"#, ["group_key must be a string, not a number"]),
            (#"{"group_key":"g"}"#, ["data is required"]), (#"{"data":{},"group_key":"g"}"#, ["data is empty"]),
            (#"{"data":{"a":1,"a":2},"group_key":"g"}"#, ["an attribute of data came twice"]),
            (#"{"data":{"a":1},"group_key":"g","x":1}"#, ["unknown field x"]),
            ("[1]", ["the body must be a JSON object"]),
            (#"{"data":"#, ["not JSON at byte 8: the text ends where a value should be"]),
        ])
    func notFlat(_ body: String, _ messages: [String]) throws {
        let box = try Box()
        var event = SignedEvent()
        event.body = body
        let reply = try box.send(event.wire())
        let answer = try JSONScanner.parse(reply.body)
        #expect(reply.status == 400)
        #expect(answer["success"] == false)
        #expect(answer["messages"] == .array(messages.map { .string($0) }))
        #expect(answer["requestId"]?.stringValue == reply.headers["x-amzn-requestid"])
    }

    @Test("nesting as deep as a connection's stack has to bear is refused, not fatal")
    func deep() throws {
        let box = try Box()
        var event = SignedEvent()
        for depth in [120, 100_000] {
            event.body = #"{"data":"# + String(repeating: "[", count: depth)
            #expect(try box.send(event.wire()).status == 400)
        }
    }

    // botocore is AWS's own signer; python3 is there without it in some places.
    @Test("botocore's signatures are accepted", .enabled(if: isBotocoreInstalled))
    func botocore() throws {
        let box = try Box { $0.now = { Date() } }
        let script = """
            import sys, urllib.request
            from botocore.auth import SigV4Auth
            from botocore.awsrequest import AWSRequest
            from botocore.credentials import Credentials
            url, key, secret, region = sys.argv[1:5]
            for query in ('', '?a=1&b=x%20y', '?b=%C3%A9&a=~&a=0'):
                body = '{"data":{"namn":"Åsa"},"group_key":"g"}'.encode()
                request = AWSRequest('POST', url + query, data=body, headers={'Content-Type': 'application/json'})
                SigV4Auth(Credentials(key, secret), 'execute-api', region).add_auth(request)
                sent = urllib.request.Request(url + query, data=body, headers=dict(request.headers.items()))
                print(urllib.request.urlopen(sent).status)
            """
        let settings = ForwarderSettings()
        let url = box.sandbox.environment["INTEGRATE_FORWARDER_URL"] ?? ""
        let output = try run(
            "python3", ["-c", script, url, settings.accessKeyID, settings.secretAccessKey, settings.region])
        #expect(output.map { String(decoding: $0, as: UTF8.self) } == "200\n200\n200\n")
    }

    // Older builds of curl lack --aws-sigv4.
    @Test("curl's signatures are accepted", .enabled(if: canCurlSign))
    func curl() throws {
        let box = try Box { $0.now = { Date() } }
        let settings = ForwarderSettings()
        let url = box.sandbox.environment["INTEGRATE_FORWARDER_URL"] ?? ""
        let output = try run(
            "curl",
            [
                "-sS", "--aws-sigv4", "aws:amz:\(settings.region):execute-api", "-u",
                "\(settings.accessKeyID):\(settings.secretAccessKey)", "-H", "Content-Type: application/json",
                "--data-binary", #"{"data":{"a":"Å"},"group_key":"g"}"#, url,
            ])
        #expect(try JSONScanner.parse(output ?? [])["success"] == true)
    }

    private static var isBotocoreInstalled: Bool {
        isInstalled("python3") && (try? run("python3", ["-c", "import botocore"])) != nil
    }

    private static var canCurlSign: Bool {
        guard isInstalled("curl"), let help = try? run("curl", ["--help", "all"]) else { return false }
        return String(decoding: help, as: UTF8.self).contains("--aws-sigv4")
    }
}
