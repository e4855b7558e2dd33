import Foundation
import HTTPCore
import TestSupport
import Testing

@testable import Authorization

private let issued = Date(timeIntervalSince1970: 1_700_000_000)

private func client(
    _ transport: FakeTransport,
    grant: OAuthGrant = .clientCredentialsInHeader(clientID: "c", clientSecret: Secret("s")),
    base: String = "https://id.example/base", path: [String] = ["connect", "token"], scope: String = "the scope"
) throws -> OAuthClient {
    OAuthClient(
        api: APIClient(vendor: .upload, base: try BaseURL(base), transport: transport), path: path, grant: grant,
        scope: scope, now: { issued })
}

@Suite("Token requests and their answers")
struct OAuthClientTests {
    private static let secret = Secret("s+c/r=t %&")
    private static let good = #"{"access_token":"abc","expires_in":3600}"#

    struct Case: CustomTestStringConvertible {
        var name: String
        var grant: OAuthGrant
        var scope: String
        var body: String
        var authorization: String?
        var testDescription: String { name }
    }

    @Test(
        "each grant is sent byte for byte as its document says, with no secret in the URL",
        arguments: [
            Case(
                name: "in the header", grant: .clientCredentialsInHeader(clientID: "client-1", clientSecret: secret),
                scope: "platform_upload_api", body: "grant_type=client_credentials&scope=platform_upload_api",
                authorization: "Basic Y2xpZW50LTE6cyUyQmMlMkZyJTNEdCUyMCUyNSUyNg=="),
            Case(
                name: "in the body",
                grant: .clientCredentialsInBody(clientID: "c&1", clientSecret: secret, grantField: "grant_type"),
                scope: "", body: "grant_type=client_credentials&client_id=c%261&client_secret=s%2Bc%2Fr%3Dt%20%25%26"),
            Case(
                name: "in the body, the field as Atobi's document prints it",
                grant: .clientCredentialsInBody(clientID: "c", clientSecret: secret, grantField: "grant-type"),
                scope: "a b",
                body: "grant-type=client_credentials&client_id=c&client_secret=s%2Bc%2Fr%3Dt%20%25%26&scope=a%20b"),
            Case(
                name: "password", grant: .password(username: "jo@x.example", password: secret),
                scope: "service_id=my.bidcore.iponweb.com",
                body: "grant_type=password&username=jo%40x.example&password=s%2Bc%2Fr%3Dt%20%25%26"
                    + "&scope=service_id%3Dmy.bidcore.iponweb.com"),
        ])
    func requests(_ expected: Case) async throws {
        let transport = FakeTransport()
        transport.stub(.post, path: "/base/connect/token", status: 200, body: Self.good)
        _ = try await client(transport, grant: expected.grant, scope: expected.scope).fetch(replacing: nil)
        transport.verify()
        let request = try #require(transport.requests.first)
        #expect(
            request.body == .data(Data(expected.body.utf8), contentType: "application/x-www-form-urlencoded"))
        #expect(request.fields["Authorization"] == expected.authorization)
        #expect(request.fields.all.allSatisfy { $0.name != "Authorization" || $0.isCredential })
        #expect(request.fields["Accept"] == "application/json")
        #expect(request.target == "/base/connect/token")
        #expect(request.repeatClass == .idempotent)
    }

    @Test("an endpoint that is the base itself is asked there, trailing slash included")
    func wholeEndpoint() async throws {
        let transport = FakeTransport()
        transport.stub(.post, path: "/oauth2/token/", status: 200, body: Self.good)
        let api = APIClient(
            vendor: .bidcore, base: try BaseURL(endpoint: "https://id.example/oauth2/token/"), transport: transport)
        let client = OAuthClient(
            api: api, path: [], grant: .password(username: "u", password: Self.secret), scope: "", now: { issued })
        _ = try await client.fetch(replacing: nil)
        transport.verify()
    }

    @Test(
        "an answer's life is read from a number or a text, and anything else means that nothing is known",
        arguments: [
            (#","expires_in":3600"#, 3600.0), (#","expires_in":"3600""#, 3600), (#","expires_in":59.5"#, 59.5),
            ("", nil), (#","expires_in":null"#, nil), (#","expires_in":"soon""#, nil), (#","expires_in":-5"#, nil),
            (#","expires_in":0"#, nil), (#","expires_in":[]"#, nil), (#","expires_in":"nan""#, nil),
            (#","expires_in":1e300"#, 1e9),
        ] as [(String, Double?)])
    func lives(member: String, seconds: Double?) throws {
        let answer = HTTPResponse(status: 200, body: Data(#"{"access_token":"abc"\#(member)}"#.utf8))
        let token = try TokenAnswer.read(answer, now: issued)
        #expect(token.value.reveal() == "abc")
        #expect(token.issuedAt == issued)
        #expect(token.expiresAt == seconds.map(issued.addingTimeInterval))
    }

    @Test("a refresh token comes along")
    func refreshToken() throws {
        let body = #"{"access_token":"abc","refresh_token":"r","token_type":"bearer"}"#
        let token = try TokenAnswer.read(HTTPResponse(status: 200, body: Data(body.utf8)), now: issued)
        #expect(token.refreshToken == Secret("r"))
    }

    @Test(
        "an answer that is none ends as exit 76",
        arguments: [
            ("{}", "has no access_token"), (#"{"access_token":""}"#, "has no access_token"),
            (#"{"access_token":17}"#, "has no access_token"), ("<html>", "is no JSON object"),
            ("", "is no JSON object"),
            (#"["abc"]"#, "is no JSON object"), (#""abc""#, "is no JSON object"),
            (#"{"access_token":"a\r\nX: y"}"#, "cannot stand in a header"),
        ])
    func unreadable(body: String, words: String) async throws {
        let transport = FakeTransport()
        transport.stub(status: 200, body: body)
        let failure = await #expect(throws: Failure.self) {
            try await client(transport).fetch(replacing: nil)
        }
        #expect(failure?.category == .unreadableAnswer)
        #expect(failure?.message.contains(words) == true)
        #expect(failure?.message.contains("X: y") == false)
    }

    @Test(
        "a refusal is a matter of credentials and has the vendor's words, but a wrong place is a matter of settings",
        arguments: [
            (400, FailureCategory.credentials), (401, .credentials), (403, .credentials), (404, .configuration),
            (405, .configuration), (429, .tryAgain), (500, .unavailable), (503, .unavailable),
        ])
    func refusals(status: Int, category: FailureCategory) async throws {
        let transport = FakeTransport()
        transport.stub(status: status, body: #"{"error":"invalid_client","error_description":"who are you"}"#)
        let failure = await #expect(throws: Failure.self) {
            try await client(transport).fetch(replacing: nil)
        }
        #expect(failure?.category == category)
        #expect(failure?.vendor == .upload)
        #expect(failure?.message.contains("invalid_client: who are you") == true)
        #expect(failure?.hint != nil)
    }

    @Test("tokens of another endpoint, client or scope are other tokens, however the parts are cut")
    func identities() throws {
        let identities = [("e", "c", "s"), ("e", "cs", ""), ("ec", "", "s"), ("e", "c", ""), ("e:1", "c", "s")].map {
            TokenIdentity(endpoint: $0.0, client: $0.1, scope: $0.2).fileName
        }
        #expect(Set(identities).count == identities.count)
        #expect(identities.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
        let own = try client(FakeTransport()).identity
        #expect(own.endpoint == "https://id.example/base/connect/token")
        #expect(own.client == "c")
        #expect(own.scope == "the scope")
    }
}
