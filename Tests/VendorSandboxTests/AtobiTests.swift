import Foundation
import Testing

@testable import VendorSandbox

extension Box {
    func atobiToken(
        _ fields: [(String, String)], type: String = "application/x-www-form-urlencoded"
    ) throws -> Reply {
        let body = fields.map { "\($0.0)=\(FormCoding.percentEncode($0.1.utf8))" }.joined(separator: "&")
        return try client.request("POST", "/atobi/oauth/token", ["Content-Type": type], body: Array(body.utf8))
    }

    func atobiBearer() throws -> [String: String] {
        let settings = AtobiSettings()
        let reply = try atobiToken([
            ("grant_type", "client_credentials"), ("client_id", settings.clientID),
            ("client_secret", settings.clientSecret),
        ])
        let token = try JSONScanner.parse(reply.body)["access_token"]?.stringValue ?? ""
        return [
            "Authorization": "Bearer \(token)", "Accept": "application/json", "Content-Type": "application/json",
        ]
    }

    func kpi(_ body: String, _ headers: [String: String]) throws -> Reply {
        try client.request("POST", "/atobi/api/external/v1/kpi", headers, body: Array(body.utf8))
    }
}

struct AtobiTests {
    private static let element =
        #"{"id":1,"kpi":"device_sales","object_type":"number","value":"150.00","units":"Eur","timestamp":"2019-09-10 13:09:23","date_from":"2019-09-10 13:09:23","date_to":"2019-09-10 13:09:23"}"#

    private static func document(_ element: String = element, owner: String = #""user_id":"123""#) -> String {
        #"{"type":"sandbox-integration","version":"1.0.0","context":"sales","data":[{\#(owner),"elements":[\#(element)]}]}"#
    }

    private static func element(replacing name: String, with value: String?) throws -> String {
        guard case .object(let members) = try JSONScanner.parse(Array(element.utf8)) else { return "" }
        let replacement = try value.map { try JSONScanner.parse(Array($0.utf8)) }
        let others = members.filter { $0.name != name }
        return JSONValue.object(others + (replacement.map { [JSONMember(name: name, value: $0)] } ?? [])).text
    }

    @Test(
        "both spellings of the grant are accepted and recorded",
        arguments: [["grant_type"], ["grant-type"], ["grant_type", "grant-type"]])
    func grant(_ names: [String]) throws {
        let box = try Box()
        let settings = AtobiSettings()
        let reply = try box.atobiToken(
            names.map { ($0, "client_credentials") }
                + [("client_id", settings.clientID), ("client_secret", settings.clientSecret), ("scope", "x")])
        #expect(reply.status == 200)
        #expect(try JSONScanner.parse(reply.body)["token_type"] == "Bearer")
        #expect(box.sandbox.requests.last?.notes == ["spelling " + names.joined(separator: " and ")])
    }

    @Test(
        "a wrong token request is refused",
        arguments: [
            ("client_credentials", "sandbox-kpi", "wrong", 401, "invalid_client"),
            ("client_credentials", "other", AtobiSettings().clientSecret, 401, "invalid_client"),
            ("password", "sandbox-kpi", AtobiSettings().clientSecret, 400, "unsupported_grant_type"),
        ])
    func wrongToken(_ grant: String, _ id: String, _ secret: String, _ status: Int, _ error: String) throws {
        let reply = try Box().atobiToken([("grant_type", grant), ("client_id", id), ("client_secret", secret)])
        #expect(reply.status == status)
        #expect(try JSONScanner.parse(reply.body)["error"] == .string(error))
    }

    @Test("a token request without a grant, with a field twice or in another form is refused")
    func wrongTokenForm() throws {
        let box = try Box()
        #expect(try box.atobiToken([("client_id", "a")]).status == 400)
        #expect(try box.atobiToken([("grant_type", "a"), ("grant_type", "a")]).status == 400)
        #expect(try box.atobiToken([("grant_type", "a")], type: "application/json").status == 400)
        #expect(try box.client.request("GET", "/atobi/oauth/token").status == 405)
        #expect(try box.client.request("POST", "/atobi/api/external/v2/kpi").status == 404)
    }

    @Test("a document is acknowledged and its elements counted")
    func accepted() throws {
        let box = try Box()
        let headers = try box.atobiBearer()
        let second = try Self.element(replacing: "value", with: #""-0.5""#)
        let reply = try box.kpi(Self.document(Self.element + "," + second), headers)
        #expect(reply.status == 200)
        #expect(reply.text == #"{"status":"ok"}"#)
        #expect(box.sandbox.requests.last?.notes == ["spelling date_from, date_to", "times as Y-m-d H:i:s"])
        _ = try box.kpi(Self.document(owner: #""location_id":"3""#), headers)
        _ = try box.kpi(Self.document(), headers)
        let deliveries = try #require(box.sandbox.deliveries(of: "atobi"))
        #expect(deliveries.received == 4 && deliveries.distinct == 3 && deliveries.mostOften == 2)
    }

    @Test("the other spellings of the document are accepted and recorded")
    func spellings() throws {
        let box = try Box()
        let element = Self.element.replacing("date_", with: "data_").replacing(
            #""2019-09-10 13:09:23""#, with: "1568120963")
        #expect(try box.kpi(Self.document(element), try box.atobiBearer()).status == 200)
        #expect(box.sandbox.requests.last?.notes == ["spelling data_from, data_to", "times as epoch seconds"])
    }

    @Test(
        "a wrong element is refused and named",
        arguments: [
            ("value", #""1,000""#, "must be a number"), ("value", #""NaN""#, "must be a number"),
            ("value", #""0x10""#, "must be a number"), ("value", #""1e3""#, "must be a number"),
            ("value", #"".5""#, "must be a number"), ("value", "100", "must be a string"),
            ("value", nil, "is required"),
            ("id", #""1""#, "must be a number"), ("id", "1.5", "must be an integer"), ("id", nil, "is required"),
            ("kpi", #""""#, "is required"), ("kpi", nil, "is required"), ("object_type", #""text""#, "is invalid"),
            ("units", "1", "must be a string"), ("timestamp", nil, "is required"),
            ("timestamp", #""2019-02-29 00:00:00""#, "does not match the format Y-m-d H:i:s"),
            ("timestamp", #""2019-09-10T13:09:23Z""#, "does not match the format Y-m-d H:i:s"),
            ("timestamp", "-1", "does not match the format Y-m-d H:i:s"),
            ("date_to", #""1568120963""#, "does not match the format Y-m-d H:i:s"),
        ] as [(String, String?, String)])
    func wrongElement(_ name: String, _ value: String?, _ message: String) throws {
        let box = try Box()
        let wrong = try Self.element(replacing: name, with: value)
        let reply = try box.kpi(Self.document(Self.element + "," + wrong), try box.atobiBearer())
        let field = "data.0.elements.1." + name
        #expect(reply.status == 422)
        #expect(
            try JSONScanner.parse(reply.body)
                == .object([
                    JSONMember(name: "message", value: "The given data was invalid."),
                    JSONMember(
                        name: "errors",
                        value: .object([JSONMember(name: field, value: ["The \(field) \(message)."])])),
                ]))
        #expect(box.sandbox.deliveries(of: "atobi")?.received == 0)
    }

    @Test(
        "a wrong document is refused and the field named",
        arguments: [
            ("[]", "document"), (#"{"version":"1","context":"c","data":[{}]}"#, "type"),
            (#"{"type":"other","version":"1","context":"c","data":[{}]}"#, "type"),
            (#"{"type":"sandbox-integration","context":"c","data":[{}]}"#, "version"),
            (#"{"type":"sandbox-integration","version":"1","context":7,"data":[{}]}"#, "context"),
            (#"{"type":"sandbox-integration","version":"1","context":"c","data":[]}"#, "data"),
            (#"{"type":"sandbox-integration","version":"1","context":"c","data":{}}"#, "data"),
            (#"{"type":"sandbox-integration","version":"1","context":"c","data":[7]}"#, "data.0"),
            (#"{"type":"sandbox-integration","version":"1","context":"c","data":[{"elements":[]}]}"#, "data.0.user_id"),
            (
                #"{"type":"sandbox-integration","version":"1","context":"c","data":[{"user_id":1,"elements":[]}]}"#,
                "data.0.user_id"
            ),
            (
                #"{"type":"sandbox-integration","version":"1","context":"c","data":[{"user_id":"1"}]}"#,
                "data.0.elements"
            ),
        ])
    func wrongDocument(_ document: String, _ field: String) throws {
        let box = try Box()
        let reply = try box.kpi(document, try box.atobiBearer())
        #expect(reply.status == 422)
        #expect(try JSONScanner.parse(reply.body)["errors"]?[field] != nil, "\(reply.text)")
    }

    @Test("the transport's rules are checked")
    func transport() throws {
        let box = try Box()
        let headers = try box.atobiBearer()
        #expect(try box.kpi("{", headers).status == 400)
        #expect(try box.kpi(Self.document(), headers.merging(["Accept": "*/*"]) { $1 }).status == 406)
        #expect(try box.kpi(Self.document(), headers.merging(["Content-Type": "text/json"]) { $1 }).status == 415)
        #expect(try box.kpi(Self.document(), headers.merging(["Authorization": "Bearer x"]) { $1 }).status == 401)
        box.clock.advance(3600)
        #expect(try box.kpi(Self.document(), headers).status == 401)
    }

    @Test("more than the limit in any minute is throttled, and told until when")
    func throttled() throws {
        let box = try Box { $0.atobi.requestsPerMinute = 3 }
        let headers = try box.atobiBearer()
        func send() throws -> [String?] {
            let reply = try box.kpi(Self.document(), headers)
            return [String(reply.status), reply.headers["retry-after"], reply.headers["x-ratelimit-remaining"]]
        }
        #expect(try send() == ["200", nil, "2"])
        box.clock.advance(30)
        #expect(try send() == ["200", nil, "1"])
        #expect(try send() == ["200", nil, "0"])
        #expect(try send() == ["429", "30", "0"])
        box.clock.advance(29.5)
        #expect(try send() == ["429", "1", "0"])
        box.clock.advance(0.5)
        #expect(try send() == ["200", nil, "0"])
        #expect(try send() == ["429", "30", "0"])
    }

    // The document's own sample of two entries and more.
    @Test("the vendor's sample is accepted")
    func sample() throws {
        let entries = [#""user_id":"123","location_id":"321""#, #""user_id":"89""#, #""location_id":"3""#].map {
            #"{\#($0),"elements":[\#(Self.element),\#(Self.element)]}"#
        }
        let document =
            #"{"type":"sandbox-integration","version":"1.0.0","context":"sales","data":[\#(entries.joined(separator: ","))]}"#
        let box = try Box()
        #expect(try box.kpi(document, try box.atobiBearer()).status == 200)
        #expect(box.sandbox.deliveries(of: "atobi")?.received == 6)
    }
}
