import Foundation
import Testing

@testable import Authorization

@Suite("SigV4: rules")
struct SigV4SignerTests {
    private let date = Date(timeIntervalSince1970: 1_440_938_160)

    private func canonicalLines(
        path: String = "/", query: String = "", headers: [(name: String, value: String)] = [],
        credentials: SigV4Credentials = .example, options: SigV4Signer.Options = .init()
    ) -> [String] {
        let signer = SigV4Signer(credentials: credentials, region: "r", service: "s", options: options)
        let request = SigV4Request(
            method: "GET", path: path, query: query, headers: [("Host", "h:8080")] + headers, body: [UInt8]())
        return String(decoding: signer.canonicalRequest(request, at: date), as: UTF8.self).components(separatedBy: "\n")
    }

    @Test(
        "what is encoded on the wire is encoded once more, and the path is normalised",
        arguments: [
            ("", "/"), ("/", "/"), ("/a%20b", "/a%2520b"), ("/a+b~c", "/a%2Bb~c"), ("/a;b@c:d=e", "/a%3Bb%40c%3Ad%3De"),
            ("/%C3%A9/%2F", "/%25C3%25A9/%252F"), ("/a//b///", "/a/b/"), ("/a/./b/../c", "/a/c"), ("/../..", "/"),
            ("/a/b/..", "/a"), ("/.a/..b/...", "/.a/..b/..."), ("/a/", "/a/"),
        ])
    func paths(wire: String, canonical: String) {
        #expect(canonicalLines(path: wire)[1] == canonical)
    }

    @Test("a path that is not to be normalised is encoded only")
    func pathsAsTheyAre() {
        var options = SigV4Signer.Options()
        options.normalizePath = false
        #expect(canonicalLines(path: "/a//./b%20/..", options: options)[1] == "/a//./b%2520/..")
    }

    @Test(
        "the query is sorted by encoded name, then value, and encoded strictly",
        arguments: [
            ("", ""), ("b=2&a=1", "a=1&b=2"), ("a=2&a=10&a=1", "a=1&a=10&a=2"), ("a", "a="), ("a=", "a="), ("=v", "=v"),
            ("a=b=c", "a=b%3Dc"), ("a%20b=c%2Bd", "a%20b=c%2Bd"), ("a@b=c+d", "a%40b=c%2Bd"),
            ("n=%e2%82%ac", "n=%E2%82%AC"), ("n=%41%7e", "n=A~"), ("n=100%", "n=100%25"), ("a&&b=1&", "a=&b=1"),
            // Encoded, "a%40" stands before "aA" although "@" and "A" are the other way round to "a".
            ("aA=1&a@=2&a=3", "a=3&a%40=2&aA=1"), ("é=1&z=2", "%C3%A9=1&z=2"),
        ])
    func queries(wire: String, canonical: String) {
        #expect(canonicalLines(query: wire)[2] == canonical)
    }

    @Test("header names are lower-cased and sorted, values trimmed and folded, repeated ones joined in order")
    func headers() {
        let lines = canonicalLines(headers: [
            ("X-B", "  two \t words\r\n  and a line "), ("x-a", "2"), ("X-A", "1"), ("X-a", ""), ("X-Ab", "é  ü"),
        ])
        #expect(
            Array(lines[3...]) == [
                "host:h:8080", "x-a:2,1,", "x-ab:é ü", "x-amz-date:20150830T123600Z", "x-b:two words and a line", "",
                "host;x-a;x-ab;x-amz-date;x-b", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ])
    }

    @Test("headers that change on the way, and those that the signer writes, are not taken over")
    func unsignedHeaders() {
        let lines = canonicalLines(headers: [
            ("User-Agent", "x"), ("Connection", "close"), ("Expect", "x"), ("Transfer-Encoding", "x"),
            ("Authorization", "stale"), ("X-Amz-Date", "stale"), ("X-Amzn-Trace-Id", "x"),
        ])
        #expect(Array(lines[3...6]) == ["host:h:8080", "x-amz-date:20150830T123600Z", "", "host;x-amz-date"])
    }

    @Test("signing a signed request again gives the same signature")
    func signingTwice() {
        var options = SigV4Signer.Options()
        options.addContentSHA256Header = true
        let signer = SigV4Signer(
            credentials: SigV4Credentials(accessKeyID: "A", secretAccessKey: "B", sessionToken: "C"), region: "r",
            service: "s", options: options)
        var request = SigV4Request(method: "PUT", path: "/", headers: [("host", "h")], body: Data("x".utf8))
        let first = signer.sign(request, at: date)
        #expect(
            Set(first.all.map(\.name)) == [
                "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
            ])
        request.headers += first.all
        #expect(signer.sign(request, at: date) == first)
    }

    @Test("a session token can travel unsigned")
    func unsignedToken() {
        let credentials = SigV4Credentials(accessKeyID: "A", secretAccessKey: "B", sessionToken: "TOKEN")
        #expect(canonicalLines(credentials: credentials).contains("x-amz-security-token:TOKEN"))
        var options = SigV4Signer.Options()
        options.omitSessionTokenFromSignature = true
        #expect(canonicalLines(credentials: credentials, options: options) == canonicalLines())
        let signer = SigV4Signer(credentials: credentials, region: "r", service: "s", options: options)
        let request = SigV4Request(method: "GET", path: "/", headers: [("host", "h")], body: Data())
        #expect(signer.sign(request, at: date).securityToken == "TOKEN")
    }

    @Test("one signer signs for several days in any order, from many tasks")
    func manyDays() async {
        let shared = SigV4Signer(credentials: .example, region: "r", service: "s")
        let request = SigV4Request(method: "GET", path: "/", headers: [("host", "h")], body: Data())
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let date = Date(timeIntervalSince1970: Double(index % 3) * 86400)
                    let fresh = SigV4Signer(credentials: .example, region: "r", service: "s")
                    return shared.sign(request, at: date) == fresh.sign(request, at: date)
                }
            }
            for await same in group { #expect(same) }
        }
    }

    @Test("nothing that describes credentials shows the secret or the token")
    func descriptions() {
        let credentials = SigV4Credentials(accessKeyID: "ID", secretAccessKey: "CANARY", sessionToken: "CANARY")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(text.contains("ID"))
            #expect(!text.contains("CANARY"))
        }
    }

    @Test("a signer holds no description of its secret either")
    func signerDescription() {
        let signer = SigV4Signer(
            credentials: SigV4Credentials(accessKeyID: "ID", secretAccessKey: "CANARY"), region: "r", service: "s")
        var dumped = ""
        dump(signer, to: &dumped)
        for text in ["\(signer)", String(reflecting: signer), dumped] {
            #expect(!text.contains("CANARY"))
            // Nor as the numbers of an array of bytes.
            let numbers = text.split { !$0.isNumber }.joined(separator: " ")
            #expect(!numbers.contains("67 65 78 65 82 89"))
        }
    }

    @Test(
        "dates are written in UTC to the whole second, within the years 1970 to 9999",
        arguments: [
            (0.0, "19700101T000000Z"), (951_782_399.999, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"), (4_107_542_399, "21000228T235959Z"), (4_107_542_400, "21000301T000000Z"),
            (1_735_689_599, "20241231T235959Z"), (-1, "19700101T000000Z"), (1e300, "99991231T235959Z"),
            (-Double.infinity, "19700101T000000Z"), (.nan, "19700101T000000Z"),
        ])
    func timestamps(seconds: Double, text: String) {
        #expect(String(decoding: SigV4Timestamp(Date(timeIntervalSince1970: seconds)).text, as: UTF8.self) == text)
    }

    @Test("the C library's calendar agrees on a moment of every ninth day until 2200")
    func calendar() throws {
        for day in stride(from: 0, to: 84_000, by: 9) {
            var seconds = time_t(day * 86400 + day * 7919 % 86400)
            var fields = tm()
            try #require(gmtime_r(&seconds, &fields) != nil)
            var buffer = [CChar](repeating: 0, count: 32)
            let length = strftime(&buffer, buffer.count, "%Y%m%dT%H%M%SZ", &fields)
            let expected = buffer[..<length].map { UInt8(bitPattern: $0) }
            #expect(SigV4Timestamp(Date(timeIntervalSince1970: Double(seconds))).text == expected)
        }
    }
}
