import Foundation
import HTTPCore
import Testing

@testable import Authorization

@Suite("A secret and a Basic credential")
struct SecretTests {
    private struct Holder: Sendable {
        var name = "holder"
        var secret: Secret
        var list: [Secret]
    }

    private static let text = "s+c/r=t %&"

    @Test(
        "a secret shows in no way of printing it",
        arguments: [
            "\(Secret(text))", String(describing: Secret(text)), String(reflecting: Secret(text)),
            "\([Secret(text)])", "\(["k": Secret(text)])", "\(Optional(Secret(text)) as Any)",
            "\(Holder(secret: Secret(text), list: [Secret(text)]))",
            String(reflecting: Holder(secret: Secret(text), list: [Secret(text)])),
            dumped(Secret(text)), dumped(Holder(secret: Secret(text), list: [Secret(text)])),
            dumped(AccessToken(Secret(text), expiresAt: nil, issuedAt: .distantPast, refreshToken: Secret(text))),
            dumped(OAuthGrant.clientCredentialsInHeader(clientID: "c", clientSecret: Secret(text))),
            dumped(OAuthGrant.password(username: "u", password: Secret(text))),
            dumped(BasicCredential(clientID: "c", clientSecret: Secret(text))),
            Mirror(reflecting: Secret(text)).children.map { "\($0.value)" }.joined(),
        ])
    func hidden(printed: String) {
        #expect(!printed.contains("s+c"))
        #expect(Secret(Self.text).reveal() == Self.text)
    }

    private static func dumped(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text
    }

    @Test("equal texts are equal secrets, and only no text is empty")
    func values() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
        #expect(Secret("").isEmpty)
        #expect(!Secret(" ").isEmpty)
    }

    // vendor-apis.md, section 6.
    private static let rfc3986 = "Basic Y2xpZW50LTE6cyUyQmMlMkZyJTNEdCUyMCUyNSUyNg=="
    private static let form = "Basic Y2xpZW50LTE6cyUyQmMlMkZyJTNEdCslMjUlMjY="

    @Test("a Basic credential has the secret percent-encoded as RFC 3986, not as a form")
    func basic() {
        let field = BasicCredential(clientID: "client-1", clientSecret: Secret(Self.text)).field
        #expect(field.name == "Authorization")
        #expect(field.value == Self.rfc3986)
        #expect(field.value != Self.form)
        #expect(field.isCredential)
    }

    @Test(
        "only the secret is encoded, by its UTF-8 bytes",
        arguments: [
            ("a:b", "a:b", "a:b:a%3Ab"), ("c", "é€", "c:%C3%A9%E2%82%AC"), ("c", "AZaz09-._~", "c:AZaz09-._~"),
            ("c", "", "c:"), ("ü", "x", "ü:x"),
        ])
    func encoded(client: String, secret: String, pair: String) throws {
        let value = BasicCredential(clientID: client, clientSecret: Secret(secret)).field.value
        let data = try #require(Data(base64Encoded: String(value.dropFirst("Basic ".count))))
        #expect(String(decoding: data, as: UTF8.self) == pair)
    }
}
