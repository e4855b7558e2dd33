import Foundation
import HTTPCore
import TestSupport
import Testing

@Suite("Masker")
struct MaskerTests {
    static let secrets = [
        "+/=%é \"\\", "s3cr3t-canary-value", "p", "ab", "a b", "a+b", "100%25", "line\r\nend", "日本語🔑", "\\\\",
        "/slash/",
        "<&>'", "\\u0041",
    ]

    private func masker(_ secrets: String...) -> Masker {
        let masker = Masker()
        for secret in secrets { masker.register(secret) }
        return masker
    }

    private func spellings(of secret: String) throws -> [String] {
        let encoded = PercentEncoding.encode(secret)
        let bytes = Array(secret.utf8)
        let json = { (options: JSONSerialization.WritingOptions) -> String in
            let data = try JSONSerialization.data(withJSONObject: secret, options: options.union(.fragmentsAllowed))
            return String(String(decoding: data, as: UTF8.self).dropFirst().dropLast())
        }
        return [
            secret, encoded,
            encoded.replacingOccurrences(of: "%20", with: "+"),
            bytes.map { String(format: "%%%02x", $0) }.joined(), bytes.map { String(format: "%%%02X", $0) }.joined(),
            try json([]), try json(.withoutEscapingSlashes),
            secret.utf16.map { String(format: "\\u%04x", $0) }.joined(),
            secret.utf16.map { String(format: "\\u%04X", $0) }.joined(),
        ]
    }

    @Test("a secret is masked in each spelling, and what is round it stays", arguments: secrets)
    func spellings(_ secret: String) throws {
        for spelling in try spellings(of: secret) {
            #expect(masker(secret).mask("1:\(spelling):2") == "1:***:2", "\(spelling)")
        }
    }

    @Test(
        "a secret of some length is masked in base64, wherever it stands",
        arguments: secrets.filter { $0.utf8.count > 4 })
    func base64(_ secret: String) {
        let masker = masker(secret)
        for before in ["", "c:", "cl:", "client:", "client-id:"] {
            for inner in [secret, PercentEncoding.encode(secret)] {
                let encoded = Data((before + inner).utf8).base64EncodedString()
                for text in [encoded, encoded.replacing("+", with: "-").replacing("/", with: "_")] {
                    let masked = masker.mask("Basic \(text) end")
                    #expect(masked.contains("***") && masked.hasPrefix("Basic ") && masked.hasSuffix(" end"))
                    // At most one incomplete group is left on either side, beside what stands before the secret.
                    let rest = masked.dropFirst(6).dropLast(4).replacing("***", with: "").replacing("=", with: "")
                    #expect(rest.count <= before.utf8.count * 4 / 3 + 1 + 3, "\(masked)")
                }
            }
        }
    }

    @Test(
        "secrets that overlap, contain or follow one another leave nothing",
        arguments: [
            (["abcd", "cdef"], "xabcdefx", "x***x"), (["abc", "abcdef"], "xabcdefx", "x***x"),
            (["abcdef", "bcd"], "abcdef bcd", "*** ***"), (["aba"], "ababa", "***"), (["ab"], "ababx", "******x"),
            (["secret", "secret"], "secret", "***"), (["cde", "abc"], "abcde", "***"),
        ])
    func overlaps(_ secrets: [String], _ text: String, _ masked: String) {
        let masker = Masker()
        for secret in secrets { masker.register(secret) }
        #expect(masker.mask(text) == masked)
    }

    @Test(
        "a partly escaped secret is masked",
        arguments: ["a+b%2Fc%3d", "a%2bb/c=", "a\\u002Bb\\/c=", "a\\u002bb/c\\u003D"])
    func partly(_ text: String) {
        #expect(masker("a+b/c=").mask(text) == "***")
    }

    @Test(
        "a text without the secret, or with a part of it, stays as it is",
        arguments: ["", "s3cr3t-canary-valu", "é\u{301}\r\n", "***"])
    func nothing(_ text: String) {
        #expect(masker("s3cr3t-canary-value").mask(text) == text)
    }

    @Test("no secret, and an empty one, mask nothing")
    func empty() {
        #expect(masker("").mask("text") == "text")
        #expect(Masker().mask("text") == "text")
    }

    @Test("bytes that are no UTF-8 do not hide a secret")
    func invalidUTF8() {
        #expect(masker("secret").mask(Data([0xFF]) + Data("secret".utf8) + Data([0xC3])) == "\u{FFFD}***\u{FFFD}")
    }

    @Test("the marked credentials of a request are known, with and without their scheme")
    func marks() throws {
        var request = HTTPRequest(.get, try BaseURL("https://h").origin, path: "/", repeatClass: .safe)
        request.fields = HTTPFields([
            HTTPField("Authorization", "Bearer t0ken", isCredential: true), HTTPField("Accept", "visible"),
        ])
        request.query = [QueryItem("key", "k=y", isCredential: true), QueryItem("page", "visible")]
        let masker = Masker()
        masker.registerCredentials(of: request)
        #expect(masker.mask("Bearer t0ken, t0ken, k=y, k%3Dy, visible") == "***, ***, ***, ***, visible")
    }

    @Test("hostile backslashes do not take for ever")
    func backslashes() {
        let time = ContinuousClock().measure {
            _ = masker(String(repeating: "\\", count: 40)).mask(String(repeating: "\\", count: 300))
        }
        #expect(time < .seconds(20))
    }
}
