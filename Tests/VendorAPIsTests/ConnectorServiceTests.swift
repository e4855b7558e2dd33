import Authorization
import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

@testable import VendorAPIs

private func api(_ transport: any HTTPTransport) throws -> APIClient {
    APIClient(vendor: .connector, base: try BaseURL("https://connector.example/customer-api/v1/"), transport: transport)
}

private func json(_ request: HTTPRequest?) throws -> JSONValue {
    guard case .data(let data, "application/json")? = request?.body else { return .null }
    return try JSONValue(parsing: data)
}

private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

/// The vendor's document, with a value for its placeholder `OAUTH_ID`.
private let documentedSource = """
    {"connectorId":"snapchat","templateId":"index","oAuthId":1000,"organizationId":"ORGANIZATION_ID","accountId":\
    "ACCOUNT_ID","label":"Snapchat Insights","breakdown":"campaign","metrics":["spend","impressions"],"labels":\
    ["stats_id","stats_type","stats_start_time","stats_end_time"],"action_report_time":"conversion",\
    "swipe_up_attribution_window":"28_DAY","view_attribution_window":"1_DAY","sync_frequency":"day","day_of_week":"2",\
    "day_of_month":"1","hour":"3","minute":"25","timezone":"UTC","dateRange":"{{30d1}}","dateRangePreview":"{{30d1}}",\
    "search":"","request":null,"type":"snapchat","strategy":"incremental"}
    """

@Suite("The connector service's requests")
struct ConnectorServiceRequestTests {
    @Test("the document's example: authorizing a service")
    func authorize() async throws {
        let transport = FakeTransport()
        transport.stub(.post, path: "/customer-api/v1/services", status: 200, body: #"{ "id":1000 }"#)
        let answer = try await ConnectorServiceClient(api: api(transport)).authorize(
            service: "snapchat_static",
            data: [
                "staticKey": "REFRESH_TOKEN", "clientId": "YOUR_APP_CLIENT_ID",
                "clientSecret": "YOUR_APP_CLIENT_SECRET",
            ])
        #expect(answer.id == "1000")
        #expect(
            try json(transport.requests.first)
                == parse(
                    """
                    {"service": "snapchat_static", "data": {"staticKey": "REFRESH_TOKEN",
                     "clientId": "YOUR_APP_CLIENT_ID", "clientSecret": "YOUR_APP_CLIENT_SECRET"}}
                    """))
        #expect(transport.requests.first?.repeatClass == .unsafe)
        #expect(transport.requests.first?.fields["Accept"] == "application/json")
        transport.verify()
    }

    @Test("the document's example: creating a source, explicit null and order included")
    func createSource() async throws {
        let transport = FakeTransport()
        transport.stub(
            .post, path: "/customer-api/v1/connectors/snapchat/create-source", status: 200,
            body: #"{"id": "63b872052946b21e6d063cb2", "label": "Snapchat Insights"}"#)
        let form = try parse(documentedSource)
        let answer = try await ConnectorServiceClient(api: api(transport)).createSource(
            connector: "snapchat", form: form)
        #expect(answer.id == "63b872052946b21e6d063cb2")
        guard case .data(let body, _)? = transport.requests.first?.body else { return }
        #expect(String(decoding: body, as: UTF8.self) == documentedSource)
        #expect(transport.requests.first?.repeatClass == .unsafe)
        transport.verify()
    }

    @Test("the document's example: a flow, with sources in the request and source in the answer")
    func createFlow() async throws {
        let document = """
            {"label":"GDS Flow","source":[{"source_id":"63b872052946b21e6d063cb2"}],"api":{"app":"google_data_studio",\
            "id":"63c47935b11d93741a0f1583"},"id":"63c47935b11d93741a0f1582"}
            """
        let transport = FakeTransport()
        transport.stub(.post, path: "/customer-api/v1/flows", status: 200, body: document)
        let answer = try await ConnectorServiceClient(api: api(transport)).createFlow([
            "sources": ["63b872052946b21e6d063cb2"], "app": "google_data_studio", "label": "GDS Flow",
        ])
        #expect(answer.id == "63c47935b11d93741a0f1582")
        #expect(answer.document.text == document)
        #expect(transport.requests.first?.repeatClass == .unsafe)
        transport.verify()
    }

    @Test("lists are reads, with parameters too, and a name cannot leave its place in the path")
    func lists() async throws {
        let transport = FakeTransport()
        transport.stub(.get, path: "/customer-api/v1/sources", status: 200, body: "[]")
        transport.stub(.get, path: "/customer-api/v1/flows", status: 200, body: #"[{"id":"1"}]"#)
        transport.stub(.get, path: "/customer-api/v1/connectors/a%2Fb/actions/metric", status: 200, body: "[]")
        transport.stub(.post, path: "/customer-api/v1/connectors/snapchat/actions/account", status: 200, body: "[1]")
        let client = ConnectorServiceClient(api: try api(transport))
        #expect(try await client.sources().isEmpty)
        #expect(try await client.flows() == [["id": "1"]])
        #expect(try await client.choices("metric", of: "a/b").isEmpty)
        #expect(
            try await client.choices(
                "account", of: "snapchat", parameters: ["oAuthId": "1000", "organizationId": "o"]) == [1])
        #expect(transport.requests.allSatisfy { $0.repeatClass == .safe })
        #expect(try json(transport.requests.last) == ["oAuthId": "1000", "organizationId": "o"])
        transport.verify()
        await #expect(throws: Failure.self) { try await client.choices("..", of: "snapchat") }
    }

    @Test(
        "an id is a number or a string, and some services call it oAuthId",
        arguments: [
            (#"{"id":1000}"#, "1000"), (#"{"id":"1000"}"#, "1000"), (#"{"oAuthId":"1000"}"#, "1000"),
            (#"{"id":12345678901234567890,"id":7}"#, "7"),
        ])
    func ids(_ body: String, _ id: String) async throws {
        let transport = FakeTransport()
        transport.stub(.post, status: 201, body: body)
        #expect(try await ConnectorServiceClient(api: api(transport)).createFlow([:]).id == id)
    }

    @Test(
        "an answer without an id makes no sense, and the service is to be looked at",
        arguments: [
            "", "null", "[]", "{}", #"{"id":null}"#, #"{"id":""}"#, "<html>",
        ])
    func unreadable(_ body: String) async throws {
        let transport = FakeTransport()
        transport.stub(.post, status: 200, body: body)
        do {
            _ = try await ConnectorServiceClient(api: api(transport)).createFlow([:])
            Issue.record("it was read")
        } catch let failure as Failure {
            #expect(failure.category == .unreadableAnswer)
            #expect(failure.hint?.contains("may have created it") == true)
        }
    }

    @Test("a list that is no array makes no sense")
    func unreadableList() async throws {
        let transport = FakeTransport()
        transport.stub(.get, status: 200, body: "{}")
        await #expect(throws: Failure.self) { try await ConnectorServiceClient(api: api(transport)).sources() }
    }
}

@Suite("The connector service's forms")
struct ConnectorFormTests {
    private let form = ConnectorForm.source(of: "snapchat")

    @Test("the document's source lacks nothing once its strategy has the newer name too")
    func documented() throws {
        let source = try parse(documentedSource)
        #expect(form?.problems(of: source).missing == ["storageStrategy"])
        let completed = source.completedSource(of: "snapchat")
        #expect(form?.problems(of: completed).isEmpty == true)
        #expect(completed.text == documentedSource.dropLast() + #","storageStrategy":"incremental"}"#)
        #expect(completed.completedSource(of: "snapchat") == completed)
    }

    @Test("connectorId comes first where it is missing, and a storageStrategy of its own stays")
    func completed() {
        let source: JSONValue = ["label": "x", "strategy": "a", "storageStrategy": "b"]
        #expect(
            source.completedSource(of: "facebook").text
                == #"{"connectorId":"facebook","label":"x","strategy":"a","storageStrategy":"b"}"#)
    }

    @Test("the template is the document's source with nothing where each user has his own values")
    func template() throws {
        var expected = try parse(documentedSource)
        expected["oAuthId"] = .null
        expected["organizationId"] = ""
        expected["accountId"] = ""
        #expect(form?.template == expected)
        #expect(
            form?.problems(of: expected.completedSource(of: "snapchat")).missing
                == ["oAuthId", "organizationId", "accountId"])
    }

    @Test(
        "everything missing is listed, and every wrong type",
        arguments: [
            (#"{}"#, 14, 0), (#"{"metrics":[],"labels":null,"label":" "}"#, 14, 0),
            (#"{"metrics":["a",1],"labels":"a","hour":3,"oAuthId":true}"#, 11, 4),
            (#"{"allowEmpty":"true","ensureDataTypes":[],"request":{},"unknown":1}"#, 14, 2),
        ])
    func problems(_ text: String, _ missing: Int, _ mistyped: Int) throws {
        let problems = try #require(form?.problems(of: parse(text)))
        #expect(problems.missing.count == missing)
        #expect(problems.mistyped.count == mistyped, "\(problems.mistyped)")
    }

    @Test("problems read as one phrase")
    func summary() throws {
        let credentials = try #require(ConnectorForm.credentials(of: "snapchat_static"))
        #expect(
            credentials.problems(of: ["staticKey": "x", "clientId": 7, "label": []]).summary
                == "clientSecret is missing; clientId must be a string, not a number; label must be a string, not an array"
        )
        #expect(ConnectorForm.credentials(of: "other") == nil)
        #expect(ConnectorForm.source(of: "facebook") == nil)
    }

    @Test(
        "an authorizer's id is bare where it is a number",
        arguments: [
            ("1000", JSONValue.number("1000")), ("0", .number("0")), ("007", .string("007")), ("", .string("")),
            ("63b8", .string("63b8")), ("-1", .string("-1")), ("٣", .string("٣")),
            ("12345678901234567890123", .number("12345678901234567890123")),
        ])
    func authorizerID(_ text: String, _ value: JSONValue) {
        #expect(JSONValue.authorizerID(text) == value)
    }
}
