import Authorization
import Foundation
import HTTPCore
import TestSupport
import Testing
import VendorAPIs

@Suite("The connector service's login")
struct ConnectorLoginTests {
    private static let now = Date(timeIntervalSince1970: 1_700_000_000)
    private static let answer =
        #"{"access_token":"new","refresh_token":"r2","expires_in":3600,"realm_id":0,"provider":"google"}"#

    private let transport = FakeTransport()

    private func login(code: @escaping ConnectorLogin.CodePrompt = { "123456" }) throws -> ConnectorLogin {
        ConnectorLogin(
            api: APIClient(
                vendor: .connector, base: try BaseURL("https://connector.example/v1"), transport: transport),
            email: "a@b.example", password: Secret(#"p"ä\"#), now: { Self.now }, code: code)
    }

    private func previous(realm: Bool = true, refresh: String? = "r1") -> AccessToken {
        AccessToken(
            Secret("old"), expiresAt: Self.now, issuedAt: Self.now, refreshToken: refresh.map(Secret.init),
            attributes: realm ? ["X-Realm-Id": "0", "X-Provider": "google"] : [:])
    }

    private func body(_ request: HTTPRequest) throws -> JSONValue {
        guard case .data(let data, "application/json") = request.body else { return .null }
        return try JSONValue(parsing: data)
    }

    @Test("e-mail and password go as JSON; realm and provider are kept for every request")
    func logIn() async throws {
        transport.stub(.post, path: "/v1/auth", status: 200, body: Self.answer)
        let token = try await login().fetch(replacing: nil)
        #expect(token.value == Secret("new"))
        #expect(token.refreshToken == Secret("r2"))
        #expect(token.expiresAt == Self.now + 3600)
        #expect(token.attributes == ["X-Realm-Id": "0", "X-Provider": "google"])
        let request = try #require(transport.requests.first)
        #expect(try body(request) == ["email": "a@b.example", "password": #"p"ä\"#])
        #expect(request.fields["Authorization"] == nil)
        transport.verify()
    }

    @Test(
        "expires_in is a number or a string, and an hour where it is missing",
        arguments: [
            (#""3600""#, 3600.0), ("60", 60), ("null", 3600), ("-1", 3600), (#""soon""#, 3600),
        ])
    func life(_ text: String, _ seconds: TimeInterval) async throws {
        transport.stub(.post, status: 200, body: #"{"access_token":"a","expires_in":\#(text)}"#)
        let token = try await login().fetch(replacing: nil)
        #expect(token.expiresAt == Self.now + seconds)
        #expect(token.attributes.isEmpty)
    }

    @Test("a session in place of a token wants a code")
    func secondFactor() async throws {
        transport.stub(.post, path: "/v1/auth", status: 200, body: #"{"session":"s-1"}"#)
        transport.stub(.post, path: "/v1/auth-mfa", status: 200, body: Self.answer)
        #expect(try await login(code: { " 123456 " }).fetch(replacing: nil).value == Secret("new"))
        let request = try #require(transport.requests.last)
        #expect(try body(request) == ["session": "s-1", "email": "a@b.example", "code": "123456"])
        transport.verify()
    }

    @Test("wrong credentials are exit 77 whatever the status", arguments: [400, 401, 403, 422])
    func refused(_ status: Int) async throws {
        transport.stub(.post, status: status, body: #"{"message":"Invalid credentials"}"#)
        do {
            _ = try await login().fetch(replacing: nil)
            Issue.record("it was accepted")
        } catch let failure as Failure {
            #expect(failure.category == .credentials)
            #expect(failure.message.contains("Invalid credentials"))
        }
    }

    @Test(
        "a token that cannot stand in a header makes no sense",
        arguments: [
            #"{"access_token":"a\r\nX: y"}"#, #"{"access_token":""}"#, "{}", #"{"access_token":"a","provider":"g\n"}"#,
        ])
    func unreadable(_ text: String) async throws {
        transport.stub(.post, status: 200, body: text)
        do {
            _ = try await login().fetch(replacing: nil)
            Issue.record("it was read")
        } catch let failure as Failure {
            #expect(failure.category == .unreadableAnswer)
        }
    }

    @Test("a token is renewed with the old one and its refresh token; what the answer leaves out is kept")
    func refresh() async throws {
        transport.stub(.post, path: "/v1/refresh", status: 200, body: #"{"access_token":"new","expires_in":3600}"#)
        let token = try await login().fetch(replacing: previous())
        #expect(token.value == Secret("new"))
        #expect(token.attributes == ["X-Realm-Id": "0", "X-Provider": "google"])
        let request = try #require(transport.requests.first)
        #expect(try body(request) == ["refresh_token": "r1"])
        #expect(request.fields["Authorization"] == "Bearer old")
        #expect(request.fields.all.filter(\.isCredential).map(\.name) == ["Authorization"])
        #expect(request.fields["X-Realm-Id"] == "0")
        transport.verify()
    }

    @Test("where POST /refresh is not there, the older form is tried", arguments: [404, 405])
    func olderRefresh(_ status: Int) async throws {
        transport.stub(.post, path: "/v1/refresh", status: status)
        transport.stub(.get, path: "/v1/refresh", status: 200, body: Self.answer)
        #expect(try await login().fetch(replacing: previous()).refreshToken == Secret("r2"))
        let request = try #require(transport.requests.last)
        #expect(request.fields["X-Refresh-Token"] == "r1")
        #expect(request.fields["X-Realm-Id"] == "0" && request.fields["X-Provider"] == "google")
        #expect(request.fields.all.filter(\.isCredential).map(\.name) == ["Authorization", "X-Refresh-Token"])
        #expect(request.query.isEmpty && request.body == .none)
        transport.verify()
    }

    @Test("a renewal that fails ends in a login", arguments: [[400], [401], [500], [404, 401], [405, 404]])
    func refusedRefresh(_ statuses: [Int]) async throws {
        transport.stub(.post, path: "/v1/refresh", status: statuses[0])
        if statuses.count > 1 { transport.stub(.get, path: "/v1/refresh", status: statuses[1]) }
        transport.stub(.post, path: "/v1/auth", status: 200, body: Self.answer)
        #expect(try await login().fetch(replacing: previous()).value == Secret("new"))
        transport.verify()
    }

    @Test("without a realm the older form is not there, without a refresh token neither is")
    func noRealm() async throws {
        transport.stub(.post, path: "/v1/refresh", status: 404)
        transport.stub(.post, path: "/v1/auth", status: 200, body: Self.answer)
        _ = try await login().fetch(replacing: previous(realm: false))
        transport.stub(.post, path: "/v1/auth", status: 200, body: Self.answer)
        _ = try await login().fetch(replacing: previous(refresh: nil))
        transport.verify()
    }

    @Test("a renewal that is throttled or reaches nobody is not answered with the password")
    func unavailable() async throws {
        transport.stub(.post, path: "/v1/refresh", status: 429)
        await #expect(throws: Failure.self) { try await login().fetch(replacing: previous()) }
        transport.stub(.post, path: "/v1/refresh", error: TransportError(.connectionRefused, .notSent, "refused"))
        await #expect(throws: Failure.self) { try await login().fetch(replacing: previous()) }
        transport.verify()
        #expect(transport.requests.map(\.path) == ["/v1/refresh", "/v1/refresh"])
    }

    @Test("realm and provider go with each request, and one 401 leads to one renewal")
    func authorizer() async throws {
        let directory = try TemporaryDirectory()
        let provider = TokenProvider(
            source: try login(), cache: TokenCache(directory: directory.path), masker: Masker(),
            timing: FakeTiming(date: Self.now).timing)
        transport.stub(.post, path: "/v1/auth", status: 200, body: Self.answer)
        transport.stub(.get, path: "/x", status: 401)
        transport.stub(
            .post, path: "/v1/refresh", status: 200, body: #"{"access_token":"newer","expires_in":3600}"#)
        transport.stub(.get, path: "/x", status: 200)
        let stack = TransportStack(network: transport).transport(authorizer: BearerAuthorizer(provider))
        let origin = try BaseURL("https://connector.example").origin
        let response = try await stack.send(HTTPRequest(.get, origin, path: "/x", repeatClass: .safe))
        #expect(response.status == 200)
        transport.verify()
        let calls = transport.requests.filter { $0.path == "/x" }
        #expect(calls.map { $0.fields["Authorization"] } == ["Bearer new", "Bearer newer"])
        #expect(calls.allSatisfy { $0.fields["X-Realm-Id"] == "0" && $0.fields["X-Provider"] == "google" })
    }

    @Test("a permanent token is used as it is, and a 401 is final")
    func permanent() async throws {
        let directory = try TemporaryDirectory()
        let source = PermanentToken(Secret("forever"), vendor: .connector, endpoint: "https://connector.example")
        let provider = TokenProvider(
            source: source, cache: TokenCache(directory: directory("tokens")), masker: Masker())
        transport.stub(.get, path: "/x", status: 401)
        let stack = TransportStack(network: transport).transport(authorizer: BearerAuthorizer(provider))
        let origin = try BaseURL("https://connector.example").origin
        let response = try await stack.send(HTTPRequest(.get, origin, path: "/x", repeatClass: .safe))
        #expect(response.status == 401)
        #expect(transport.requests.map { $0.fields["Authorization"] } == ["Bearer forever"])
        #expect(directory.names.isEmpty, "nothing is cached")
        let broken = PermanentToken(Secret("a\n"), vendor: .connector, endpoint: "x")
        await #expect(throws: Failure.self) { try await broken.fetch(replacing: nil) }
    }
}
