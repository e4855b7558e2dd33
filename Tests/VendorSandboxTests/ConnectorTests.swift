import Foundation
import Testing

@testable import VendorSandbox

extension Box {
    fileprivate func post(_ path: String, _ body: JSONValue, _ headers: [String: String] = [:]) throws -> Reply {
        try client.request(
            "POST", "/connector" + path, headers.merging(["Content-Type": "application/json"]) { old, _ in old },
            body: Array(body.text.utf8))
    }

    fileprivate func get(_ path: String, _ headers: [String: String] = [:]) throws -> Reply {
        try client.request("GET", "/connector" + path, headers)
    }

    /// The answer to a login with the right credentials.
    fileprivate func login() throws -> JSONValue {
        let settings = ConnectorSettings()
        let reply = try post("/auth", ["email": .string(settings.email), "password": .string(settings.password)])
        #expect(reply.status == 200)
        return try JSONScanner.parse(reply.body)
    }

    fileprivate func connectorBearer() throws -> [String: String] {
        ["Authorization": "Bearer \(try login()["access_token"]?.stringValue ?? "")"]
    }

    /// The number of a new authorizer.
    fileprivate func authorizer(_ headers: [String: String]) throws -> JSONValue {
        let reply = try post("/services", ConnectorStandInTests.service, headers)
        return try JSONScanner.parse(reply.body)["id"] ?? .null
    }
}

extension Reply {
    fileprivate var json: JSONValue { get throws { try JSONScanner.parse(body) } }
}

@Suite("The connector service's stand-in")
struct ConnectorStandInTests {
    static let service: JSONValue = [
        "service": "snapchat_static",
        "data": ["staticKey": "REFRESH_TOKEN", "clientId": "YOUR_APP_CLIENT_ID", "clientSecret": "SECRET"],
    ]

    /// The document's form.
    private static func form(_ authorizer: JSONValue = 1000) -> [(String, JSONValue)] {
        [
            ("connectorId", "snapchat"), ("templateId", "index"), ("oAuthId", authorizer),
            ("organizationId", "org-1"), ("accountId", "acc-1"), ("label", "Snapchat Insights"),
            ("breakdown", "campaign"), ("metrics", ["spend", "impressions"]), ("labels", ["stats_id"]),
            ("action_report_time", "conversion"), ("swipe_up_attribution_window", "28_DAY"),
            ("view_attribution_window", "1_DAY"), ("sync_frequency", "day"), ("day_of_week", "2"),
            ("day_of_month", "1"), ("hour", "3"), ("minute", "25"), ("timezone", "UTC"),
            ("dateRange", "{{30d1}}"), ("dateRangePreview", "{{30d1}}"), ("search", ""), ("request", .null),
            ("type", "snapchat"), ("strategy", "incremental"),
        ]
    }

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONMember(name: $0.0, value: $0.1) })
    }

    @Test("the document's example works from login to flow, and is counted")
    func example() throws {
        let box = try Box { $0.connector.echoesSecrets = false }
        let headers = try box.connectorBearer()
        let service = try box.post("/services", Self.service, headers)
        #expect(service.text == #"{"id":1000}"#)
        let source = try box.post("/connectors/snapchat/create-source", Self.object(Self.form()), headers).json
        #expect(source["label"] == "Snapchat Insights")
        let id = try #require(source["id"]?.stringValue)
        #expect(id.wholeMatch(of: /[0-9a-f]{24}/) != nil)
        let body: JSONValue = ["sources": [.string(id)], "app": "google_data_studio", "label": "GDS Flow"]
        let flow = try box.post("/flows", body, headers).json
        #expect(flow["source"] == [["source_id": .string(id)]])
        #expect(flow["api"]?["app"] == "google_data_studio")
        #expect(try box.get("/flows", headers).json == [flow])
        #expect(
            try box.get("/sources", headers).json == [
                ["id": .string(id), "label": "Snapchat Insights", "type": "snapchat"]
            ])
        #expect(try box.get("/services", headers).json == [["id": 1000, "service": "snapchat_static", "status": true]])
        _ = try box.post("/flows", body, headers)
        let deliveries = try #require(box.sandbox.deliveries(of: "connector"))
        #expect(deliveries.received == 4 && deliveries.distinct == 3, "the second flow is a repetition")
    }

    @Test(
        "a wrong login is refused",
        arguments: [
            (["email": "system+api@example.com", "password": "x"], 401),
            (["email": "x", "password": .string(ConnectorSettings().password)], 401),
            (["email": "x"], 400), (["email": "x", "password": 1], 400),
        ] as [(JSONValue, Int)])
    func wrongLogin(_ body: JSONValue, _ status: Int) throws {
        #expect(try Box().post("/auth", body).status == status)
    }

    @Test("a one-time code is asked for on demand, and a session serves one try")
    func oneTimeCode() throws {
        let box = try Box { $0.connector.oneTimeCode = "123456" }
        func step(_ session: JSONValue, _ code: JSONValue) throws -> Reply {
            try box.post("/auth-mfa", ["session": session, "email": .string(ConnectorSettings().email), "code": code])
        }
        let answer = try box.login()
        #expect(answer["access_token"] == nil)
        let session = try #require(answer["session"])
        #expect(try step(session, "000000").status == 401)
        #expect(try step(session, "123456").status == 401)
        #expect(try step(try #require(box.login()["session"]), "123456").json["access_token"] != nil)
        #expect(try step(session, 1).status == 400)
    }

    @Test("a refresh token serves once, in the form that there is")
    func refresh() throws {
        let box = try Box()
        let login = try box.login()
        #expect(login["realm_id"] == 0 && login["provider"] == "google" && login["expires_in"] == 3600)
        let body: JSONValue = ["refresh_token": login["refresh_token"] ?? ""]
        #expect(try box.post("/refresh", body).status == 400, "the old bearer token is wanted too")
        let old = ["Authorization": "Bearer \(login["access_token"]?.stringValue ?? "")"]
        box.clock.advance(4000)
        #expect(try box.get("/sources", old).status == 401)
        let renewed = try box.post("/refresh", body, old).json
        #expect(renewed["realm_id"] == nil, "the newer form's answer has none")
        #expect(
            try box.get("/sources", ["Authorization": "Bearer \(renewed["access_token"]?.stringValue ?? "")"]).status
                == 200)
        #expect(try box.post("/refresh", body, old).status == 401)
        #expect(try box.get("/refresh", old).status == 405)
    }

    @Test("the older form of renewal wants three header fields")
    func olderRefresh() throws {
        let box = try Box { $0.connector.refresh = .get }
        let login = try box.login()
        #expect(try box.post("/refresh", ["refresh_token": login["refresh_token"] ?? ""]).status == 405)
        let fields = [
            "X-Realm-Id": "0", "X-Provider": "google", "X-Refresh-Token": login["refresh_token"]?.stringValue ?? "",
        ]
        for name in fields.keys {
            #expect(try box.get("/refresh", fields.filter { $0.key != name }).status == 400)
        }
        #expect(try box.get("/refresh", fields).json["realm_id"] == 0)
        let none = try Box { $0.connector.refresh = .none }
        #expect(try none.get("/refresh", fields).status == 404)
    }

    @Test("realm and provider are recorded, and wanted where that is so")
    func realm() throws {
        let box = try Box { $0.connector.requiresRealm = true }
        let headers = try box.connectorBearer()
        #expect(try box.get("/sources", headers).status == 401)
        let complete = headers.merging(["X-Realm-Id": "0", "X-Provider": "google"]) { old, _ in old }
        #expect(try box.get("/sources", complete).status == 200)
        #expect(box.sandbox.requests.last?.notes == ["with X-Realm-Id and X-Provider"])
        #expect(
            try box.get("/sources", headers.merging(["X-Realm-Id": "0", "X-Provider": "x"]) { old, _ in old }).status
                == 401)
        let lax = try Box()
        #expect(try lax.get("/sources", lax.connectorBearer()).status == 200)
        #expect(lax.sandbox.requests.last?.notes == ["without realm and provider"])
    }

    @Test("a permanent token is accepted where there is one")
    func permanentToken() throws {
        let box = try Box { $0.connector.permanentToken = "forever" }
        #expect(try box.get("/sources", ["Authorization": "Bearer forever"]).status == 200)
        #expect(try box.get("/sources", ["Authorization": "Bearer other"]).status == 401)
        #expect(try box.get("/sources").status == 401)
    }

    @Test(
        "a wrong service is refused and named",
        arguments: [
            ("{}", "service is required"), (#"{"service":"snapchat_static"}"#, "data must be an object"),
            (#"{"service":"snapchat_static","data":{"staticKey":" ","clientId":1}}"#, "data.staticKey is blank"),
            (#"{"service":"snapchat_static","data":{"staticKey":" ","clientId":1}}"#, "data.clientId must be a string"),
            (#"{"service":"snapchat_static","data":{"staticKey":" ","clientId":1}}"#, "data.clientSecret is required"),
        ])
    func wrongService(_ text: String, _ message: String) throws {
        let box = try Box()
        let reply = try box.post("/services", JSONScanner.parse(Array(text.utf8)), box.connectorBearer())
        #expect(reply.status == 400)
        #expect(try reply.json["message"]?.stringValue?.contains(message) == true, "\(reply.text)")
    }

    @Test("the newer names are accepted and recorded, and the answer's id is written as wanted")
    func newerNames() throws {
        for (style, text) in [
            (ConnectorSettings.AuthorizerID.number, #"{"id":1000}"#), (.string, #"{"id":"1000"}"#),
            (.oAuthID, #"{"oAuthId":"1000"}"#),
        ] {
            let box = try Box {
                $0.connector.authorizerID = style
                $0.connector.echoesSecrets = false
            }
            let body: JSONValue = ["serviceName": "other", "config": ["a": 1]]
            #expect(try box.post("/services", body, box.connectorBearer()).text == text)
            #expect(box.sandbox.requests.last?.notes.first == "spelling serviceName, config")
        }
    }

    @Test(
        "a wrong source is refused and named",
        arguments: [
            ("connectorId", #""facebook""#, "connectorId must be snapchat"),
            ("templateId", nil, "templateId is required"),
            ("oAuthId", nil, "oAuthId is required"), ("oAuthId", "7", "oAuthId 7 is unknown"),
            ("oAuthId", "null", "must be a number or a string"),
            ("organizationId", #""x""#, "organizationId is unknown"),
            ("accountId", #""acc-3""#, "accountId is not one of org-1"), ("label", "1", "label must be a string"),
            ("metrics", "[]", "metrics must be an array"), ("labels", "[1]", "labels must hold strings"),
            ("hour", "3", "hour must be a string"), ("minute", #""x""#, "minute must be a number in a string"),
            ("dateRange", #""30d1""#, "dateRange must be a range"), ("strategy", nil, "storageStrategy is required"),
            ("allowEmpty", #""x""#, "allowEmpty must be a boolean"),
        ] as [(String, String?, String)])
    func wrongSource(_ name: String, _ value: String?, _ message: String) throws {
        let box = try Box()
        let headers = try box.connectorBearer()
        var form = Self.form(try box.authorizer(headers)).filter { $0.0 != name }
        if let value { form.append((name, try JSONScanner.parse(Array(value.utf8)))) }
        let reply = try box.post("/connectors/snapchat/create-source", Self.object(form), headers)
        #expect(reply.status == 400)
        #expect(try reply.json["message"]?.stringValue?.contains(message) == true, "\(reply.text)")
        #expect(try box.get("/sources", headers).json == [])
    }

    @Test("an authorizer's id may be a string, other connectors' forms are not looked into")
    func otherSources() throws {
        let box = try Box()
        let headers = try box.connectorBearer()
        _ = try box.authorizer(headers)
        let reply = try box.post("/connectors/snapchat/create-source", Self.object(Self.form("1000")), headers)
        #expect(reply.status == 200)
        #expect(box.sandbox.requests.last?.notes.contains("oAuthId as a string") == true)
        #expect(box.sandbox.requests.last?.notes.contains("request is null") == true)
        let other: JSONValue = ["connectorId": "facebook", "label": "x", "anything": [:]]
        #expect(try box.post("/connectors/facebook/create-source", other, headers).status == 200)
    }

    @Test(
        "a wrong flow is refused",
        arguments: [
            #"{"app":"a","label":"l"}"#, #"{"sources":[],"app":"a","label":"l"}"#,
            #"{"sources":["63b872052946b21e6d063cb2"],"app":"a","label":"l"}"#,
            #"{"sources":[1],"app":"a","label":"l"}"#,
            #"{"sources":["a"],"label":"l"}"#, #"{"source":["a"],"app":"a","label":"l"}"#,
        ])
    func wrongFlow(_ text: String) throws {
        let box = try Box()
        #expect(try box.post("/flows", JSONScanner.parse(Array(text.utf8)), box.connectorBearer()).status == 400)
    }

    @Test("choices name what the forms take")
    func choices() throws {
        let box = try Box()
        let headers = try box.connectorBearer()
        let authorizer = try box.authorizer(headers)
        func values(_ reply: Reply) throws -> [JSONValue?] {
            guard case .array(let elements) = try reply.json else { return [] }
            return elements.map { $0["value"] }
        }
        let actions = "/connectors/snapchat/actions/"
        #expect(try values(box.get(actions + "metric", headers)).first == "spend")
        #expect(try values(box.post(actions + "organization", ["oAuthId": authorizer], headers)) == ["org-1", "org-2"])
        let account: JSONValue = ["oAuthId": "1000", "organizationId": "org-2"]
        #expect(try values(box.post(actions + "account", account, headers)) == ["acc-3"])
        #expect(try box.post(actions + "account", ["oAuthId": "1000"], headers).status == 400)
        #expect(try box.post(actions + "campaign", ["oAuthId": "7", "accountId": "acc-1"], headers).status == 400)
        #expect(try box.get(actions + "organization", headers).status == 405)
        #expect(try box.get(actions + "nonsense", headers).status == 404)
        #expect(try box.get("/connectors/other/actions/metric", headers).status == 404)
        #expect(
            try box.get(actions + "authorization", headers).json == [
                ["id": 1000, "service": "snapchat_static", "email": "user@example.com"]
            ])
    }

    @Test("the transport's rules are checked")
    func transport() throws {
        let box = try Box()
        let headers = try box.connectorBearer()
        #expect(try box.get("/nothing", headers).status == 404)
        #expect(try box.get("/services?key=x", headers).status == 400)
        #expect(try box.get("/auth").status == 405)
        let text = headers.merging(["Content-Type": "text/plain"]) { old, _ in old }
        #expect(try box.post("/flows", [:], text).status == 415)
        #expect(try box.post("/flows", [], headers).status == 400)
        let broken = headers.merging(["Content-Type": "application/json"]) { old, _ in old }
        #expect(try box.client.request("POST", "/connector/flows", broken, body: Array("{".utf8)).status == 400)
    }

    @Test("the log shows no secret")
    func masked() throws {
        let box = try Box()
        let headers = try box.connectorBearer()
        _ = try box.post("/services", Self.service, headers)
        _ = try box.get("/refresh", ["X-Refresh-Token": "canary-refresh"])
        let log = try box.client.request("GET", "/_sandbox/requests").text
        #expect(log.contains("snapchat_static"))
        for secret in ["REFRESH_TOKEN", "\"SECRET\"", "canary-refresh", #"\/w+rd"#, "ss/w+rd"] {
            #expect(!log.contains(secret), "\(secret)")
        }
    }

    @Test("its operations can be made to fail, and tokens to expire")
    func faults() throws {
        let rule = try FaultRule(parsing: "connector.create-flow:503=*1")
        let box = try Box { $0.faults = [rule] }
        let headers = try box.connectorBearer()
        #expect(try box.post("/flows", [:], headers).status == 503)
        #expect(try box.post("/flows", [:], headers).status == 400)
        box.sandbox.expireTokens()
        #expect(try box.post("/flows", [:], headers).status == 401)
    }
}
