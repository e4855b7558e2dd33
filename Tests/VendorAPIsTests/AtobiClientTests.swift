import Authorization
import Foundation
import HTTPCore
import TestSupport
import Testing

@testable import VendorAPIs

@Suite("Atobi's client")
struct AtobiClientTests {
    private let transport = FakeTransport()

    private func client() throws -> AtobiClient {
        let api = APIClient(
            vendor: .atobi, base: try AtobiClient.base(clientName: "acme"), transport: transport)
        return AtobiClient(api: api, apiVersion: "v1")
    }

    @Test("a document goes to the tenant's host with the documented headers, byte for byte, and is never repeated")
    func request() async throws {
        transport.stub(.post, path: "/api/external/v1/kpi", status: 200, body: #"{"status":"ok"}"#)
        let body = Data("{ \"any\": \"bytes\" }\n".utf8)
        let acknowledgement = try await client().send(document: body, keepsConnection: true)
        #expect(acknowledgement.status == "ok")
        let request = try #require(transport.requests.first)
        #expect(request.origin.description == "https://acme.erapp.dk")
        #expect(request.fields["Accept"] == "application/json")
        #expect(request.body == .data(body, contentType: "application/json"))
        #expect(request.repeatClass == .unsafe)
        #expect(request.keepsConnection)
        transport.verify()
    }

    @Test(
        "any 2xx is the acknowledgement, whatever its body is",
        arguments: [
            (200, #"{"status":"ok"}"#, "ok", true), (201, #"{"status":200}"#, "200", true),
            (202, #"{"status":true,"x":1}"#, "true", true),
            (200, #"{"status":{"b":1,"a":[null]}}"#, #"{"a":[null],"b":1}"#, true),
            (200, #"{"status":null}"#, nil, true), (200, #"{"done":1}"#, nil, true), (200, "[]", nil, true),
            (200, "\"ok\"", nil, true), (200, "OK", nil, false), (204, "", nil, false), (299, "<html>", nil, false),
        ] as [(Int, String, String?, Bool)])
    func acknowledged(status: Int, body: String, expected: String?, isJSON: Bool) async throws {
        transport.stub(.post, status: status, body: body)
        let acknowledgement = try await client().send(document: Data("{}".utf8))
        #expect(acknowledgement.status == expected)
        #expect(acknowledgement.isJSON == isJSON)
    }

    @Test(
        "any other answer means that the transfer failed as a whole; only a gateway's silence leaves it open",
        arguments: [
            (422, FailureCategory.refused), (400, .refused), (409, .refused), (413, .refused), (404, .refused),
            (401, .credentials), (403, .credentials), (429, .tryAgain), (302, .configuration), (500, .unavailable),
            (503, .unavailable), (408, .unknownOutcome), (502, .unknownOutcome), (504, .unknownOutcome),
        ])
    func failed(status: Int, category: FailureCategory) async throws {
        transport.stub(.post, status: status, body: #"{"message":"The given data was invalid."}"#)
        let failure = await #expect(throws: Failure.self) { try await client().send(document: Data("{}".utf8)) }
        #expect(failure?.category == category)
        #expect(failure?.message.contains("The given data was invalid.") == true)
    }

    @Test("an answer that was lost leaves the outcome unknown")
    func lost() async throws {
        transport.stub(.post, error: TransportError(.connectionLost, .ambiguous, "the connection was lost"))
        let failure = await #expect(throws: Failure.self) { try await client().send(document: Data("{}".utf8)) }
        #expect(failure?.category == .unknownOutcome)
    }

    @Test(
        "the token request is a form with the secret in its body, and the grant's field as it is set",
        arguments: [
            ("grant_type", "", "grant_type=client_credentials&client_id=id&client_secret=s%26%C3%A9"),
            ("grant-type", "kpi", "grant-type=client_credentials&client_id=id&client_secret=s%26%C3%A9&scope=kpi"),
        ])
    func token(field: String, scope: String, body: String) async throws {
        transport.stub(.post, path: "/oauth/token", status: 200, body: #"{"access_token":"t","token_type":"Bearer"}"#)
        let api = APIClient(
            vendor: .atobi, base: try AtobiClient.base(clientName: "acme"), transport: transport)
        let source = AtobiClient.tokenSource(
            api: api, clientID: "id", clientSecret: Secret("s&é"), grantField: field, scope: scope)
        let token = try await source.fetch(replacing: nil)
        #expect(token.expiresAt == nil)
        #expect(
            transport.requests.first?.body
                == .data(Data(body.utf8), contentType: "application/x-www-form-urlencoded"))
        #expect(transport.requests.first?.fields["Authorization"] == nil)
    }

    @Test(
        "a client name is one label of a host name",
        arguments: [
            ("acme", true), ("a-1", true), ("ACME", true), (String(repeating: "a", count: 63), true), ("", false),
            (String(repeating: "a", count: 64), false), ("-a", false), ("a-", false), ("a.b", false), ("a/b", false),
            ("a@evil.example#", false), ("a b", false), ("æble", false), ("a:1", false),
        ])
    func clientNames(name: String, isValid: Bool) {
        if isValid {
            #expect((try? AtobiClient.base(clientName: name))?.origin.host == name.lowercased() + ".erapp.dk")
        } else {
            let failure = #expect(throws: Failure.self) { try AtobiClient.base(clientName: name) }
            #expect(failure?.category == .configuration)
        }
    }
}
