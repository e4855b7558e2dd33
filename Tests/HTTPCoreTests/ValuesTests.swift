import Foundation
import HTTPCore
import TestSupport
import Testing

@Suite("Values")
struct ValuesTests {
    static let texts = [
        "", "plain", "a b", "a+b/c=", "%", "%41", "é", "日本語", "👩‍👩‍👧", "~-._", "!*'();:@&=+$,/?#[]", "\"\\", "\r\n\t\0",
        String(decoding: 0...127, as: UTF8.self),
    ]

    @Test(
        "percent-encoding is that of Python's urllib", .enabled(if: Oracle.python != nil, "needs python3"))
    func percentEncodingOracle() async throws {
        let quoted: [String] = try await Oracle.python(
            "import urllib.parse\nprint(json.dumps([urllib.parse.quote(x, safe='~') for x in data]))", Self.texts)
        #expect(Self.texts.map { PercentEncoding.encode($0) } == quoted)
    }

    @Test("what is percent-encoded decodes to itself", arguments: texts)
    func percentDecoding(_ text: String) {
        #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
    }

    @Test("a malformed escape does not decode", arguments: ["%", "%4", "%4g", "%%41", "a%", "%ff", "%C3", "%+1"])
    func malformedEscapes(_ text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test("lower-case escapes decode, a plus stays a plus")
    func lenientDecoding() {
        #expect(PercentEncoding.decode("a+%c3%a9%2b") == "a+é+")
    }

    @Test("a form is pairs of encoded names and values")
    func form() {
        #expect(PercentEncoding.form([("a b", "1&2"), ("c", "")]) == "a%20b=1%262&c=")
    }

    @Test(
        "a base URL is taken apart",
        arguments: [
            ("https://api.example.com", "https://api.example.com", 443),
            ("https://api.example.com/", "https://api.example.com", 443),
            ("https://api.example.com//", "https://api.example.com", 443),
            ("HTTPS://API.Example.COM:443/V1/", "https://api.example.com/V1", 443),
            ("https://h:8443/a%20b/c", "https://h:8443/a%20b/c", 8443),
            ("http://localhost:8080/x", "http://localhost:8080/x", 8080),
            ("http://127.0.0.1", "http://127.0.0.1", 80), ("http://127.255.0.9:1", "http://127.255.0.9:1", 1),
            ("http://[::1]:80/a", "http://[::1]/a", 80), ("https://[2001:DB8::1]", "https://[2001:db8::1]", 443),
            ("https://h/a;b=c:@/~", "https://h/a;b=c:@/~", 443),
        ])
    func baseURL(_ text: String, _ description: String, _ port: Int) throws {
        let url = try BaseURL(text)
        #expect(url.description == description)
        #expect(url.origin.port == port)
        #expect(url.origin.authority == String(description.split(separator: "/")[1]))
    }

    @Test(
        "what is no base URL, or not a safe one, is refused",
        arguments: [
            "", "api.example.com", "/path", "ftp://h", "https://", "https:///p", "http://example.com",
            "http://10.0.0.1", "http://127.0.0.1.example.com", "http://127.0.0.256", "http://127.1",
            "http://localhost.example.com", "http://0.0.0.0", "http://[::2]", "https://user@h", "https://user:pass@h/",
            "http://127.0.0.1@example.com", "https://h:0", "https://h:65536", "https://h:", "https://h:x",
            "https://h:+80",
            "https://h:-1", "https://[::1", "https://[::1]x:80", "https://[]", "https://a]b", "https://a:b:80",
            "https://[fe80::1%25eth0]", "https://h/p?q=1", "https://h?", "https://h#f", "https://h/a b", "https://h/é",
            "https://hé", "https://h/%", "https://h/%zz", "https://h/../x", "https://h/./x", "https://h/%2e%2E/x",
            "https://h/a/%2E", "https://h\\@evil", "https://h\r\nX: y", " https://h", "https://h/\u{0}",
        ])
    func notBaseURL(_ text: String) {
        #expect(throws: BaseURL.ParseError.self) { try BaseURL(text) }
        #expect(throws: BaseURL.ParseError.self) { try BaseURL(endpoint: text) }
    }

    @Test("an endpoint keeps its trailing slash")
    func endpointURL() throws {
        #expect(try BaseURL(endpoint: "https://h/token/").path == "/token/")
        #expect(try BaseURL(endpoint: "https://h/token").path == "/token")
    }

    private func endpoint(_ path: [String]) -> Endpoint<Void> {
        Endpoint("Test", .get, path: path, repeatClass: .safe, decode: { _ in })
    }

    @Test(
        "a path segment is encoded as one and cannot leave it",
        arguments: [
            (["a", "b"], "/base/a/b"), (["a/b"], "/base/a%2Fb"), (["a?b#c"], "/base/a%3Fb%23c"),
            (["é %2F+"], "/base/%C3%A9%20%252F%2B"), (["..."], "/base/..."), (["%2e%2e"], "/base/%252e%252e"),
            ([], "/base"),
        ])
    func endpointPath(_ path: [String], _ encoded: String) throws {
        #expect(try endpoint(path).request(to: BaseURL("https://h/base/")).target == encoded)
    }

    @Test("a segment that is empty or dots is refused", arguments: ["", ".", ".."])
    func dotSegments(_ segment: String) throws {
        let base = try BaseURL("https://h")
        let error = #expect(throws: TransportError.self) { try endpoint(["a", segment, "b"]).request(to: base) }
        #expect(error?.reason == .invalidRequest && error?.verdict == .notSent)
    }

    @Test("an endpoint at the root has the path of the root")
    func rootPath() throws {
        #expect(try endpoint([]).request(to: BaseURL("https://h")).target == "/")
    }

    @Test("header fields are looked up and replaced without regard to case, and keep their order")
    func fields() {
        var fields: HTTPFields = ["Content-Type": "a", "X": "1"]
        fields.append(HTTPField("x", "2"))
        #expect(fields["CONTENT-type"] == "a" && fields["x"] == "1" && fields["y"] == nil)
        fields.set(HTTPField("x", "3", isCredential: true))
        #expect(fields.all == [HTTPField("Content-Type", "a"), HTTPField("x", "3", isCredential: true)])
        fields["content-TYPE"] = nil
        #expect(fields.all.map(\.name) == ["x"])
        // Only ASCII letters have two cases here: K and the Kelvin sign are two names.
        fields["k"] = "1"
        #expect(fields["\u{212A}"] == nil)
    }

    @Test(
        "what is known after a status",
        arguments: [
            (200, nil, nil), (204, nil, nil), (299, "5", nil), (301, nil, .rejected), (400, nil, .rejected),
            (401, nil, .rejected), (404, "5", .rejected), (408, nil, .ambiguous), (409, nil, .rejected),
            (429, nil, .throttled(retryAfter: nil)), (429, "5", .throttled(retryAfter: .seconds(5))),
            (429, "soon", .throttled(retryAfter: nil)), (500, "5", .ambiguous), (502, nil, .ambiguous),
            (503, nil, .ambiguous), (503, "5", .throttled(retryAfter: .seconds(5))), (503, "soon", .ambiguous),
            (504, nil, .ambiguous), (599, nil, .ambiguous), (600, nil, .rejected),
        ] as [(Int, String?, Verdict?)])
    func verdict(_ status: Int, _ retryAfter: String?, _ verdict: Verdict?) {
        var response = HTTPResponse(status: status)
        response.fields["Retry-After"] = retryAfter
        #expect(response.verdict == verdict)
    }

    @Test(
        "only what was not processed is repeated for everyone, what may have been only where that is harmless",
        arguments: [
            (RepeatClass.safe, [true, true, true, false]), (.idempotent, [true, true, true, false]),
            (.unsafe, [true, true, false, false]),
        ])
    func repeatClass(_ repeatClass: RepeatClass, _ allowed: [Bool]) {
        let verdicts: [Verdict] = [.notSent, .throttled(retryAfter: nil), .ambiguous, .rejected]
        #expect(verdicts.map { repeatClass.allowsRepeat(after: $0) } == allowed)
    }

    @Test(
        "durations read well",
        arguments: [
            (Duration.milliseconds(300), "0.3 s"), (.milliseconds(2000), "2 s"), (.milliseconds(9960), "10 s"),
            (.seconds(45), "45 s"), (.seconds(125), "2 min 5 s"), (.seconds(600), "10 min"),
            (.seconds(7260), "2 h 1 min"),
        ])
    func forPeople(_ duration: Duration, _ text: String) {
        #expect(duration.forPeople == text)
    }
}
