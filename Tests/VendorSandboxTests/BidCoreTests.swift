import Foundation
import Testing

@testable import VendorSandbox

extension Box {
    func bidcoreToken(
        _ change: (inout [(String, String)]) -> Void = { _ in }, target: String = "/uauth/oauth2/token/",
        type: String = "application/x-www-form-urlencoded"
    ) throws -> Reply {
        let settings = BidCoreSettings()
        var form = [
            ("grant_type", "password"), ("username", settings.username), ("password", settings.password),
            ("scope", settings.scope),
        ]
        change(&form)
        let body = form.map { "\($0.0)=\(FormCoding.percentEncode($0.1.utf8))" }.joined(separator: "&")
        return try client.request("POST", target, ["Content-Type": type], body: Array(body.utf8))
    }

    func bidcoreHeaders() throws -> [String: String] {
        let token = try JSONScanner.parse(bidcoreToken().body)["access_token"]?.stringValue ?? ""
        return [
            "Authorization": "Bearer \(token)", "Accept": "application/json", "Content-Type": "application/json",
        ]
    }

    func bidcore(_ method: String, _ route: String, _ body: String = "", _ headers: [String: String]) throws -> Reply {
        try client.request(method, "/bidcore" + route, headers, body: Array(body.utf8))
    }
}

struct BidCoreTests {
    @Test("a token is for the password grant in the form, with the scope")
    func token() throws {
        let reply = try Box().bidcoreToken()
        #expect(reply.status == 200)
        let answer = try JSONScanner.parse(reply.body)
        #expect(answer["token_type"] == "Bearer")
        #expect(answer["expires_in"] == 3600)
        #expect(answer["access_token"]?.stringValue?.isEmpty == false)
    }

    @Test("the lifetime comes as a string where it is set so")
    func lifetimeAsString() throws {
        let reply = try Box { $0.bidcore.writesLifetimeAsString = true }.bidcoreToken()
        #expect(try JSONScanner.parse(reply.body)["expires_in"] == "3600")
    }

    @Test(
        "a wrong token request is refused",
        arguments: [
            ("password", "wrong", 401, "invalid_grant"), ("username", "other", 401, "invalid_grant"),
            ("grant_type", "client_credentials", 400, "unsupported_grant_type"),
            ("scope", "my.bidcore.iponweb.com", 400, "invalid_scope"),
        ])
    func wrongToken(_ name: String, _ value: String, _ status: Int, _ error: String) throws {
        let reply = try Box().bidcoreToken { form in form = form.map { $0.0 == name ? (name, value) : $0 } }
        #expect(reply.status == status)
        #expect(try JSONScanner.parse(reply.body)["error"] == .string(error))
    }

    @Test("credentials in the URL, a field twice, another form and another method are refused")
    func wrongTokenForm() throws {
        let box = try Box()
        #expect(try box.bidcoreToken(target: "/uauth/oauth2/token/?password=x").status == 400)
        #expect(try box.bidcoreToken({ $0.append(("scope", "x")) }).status == 400)
        #expect(try box.bidcoreToken(type: "application/json").status == 400)
        #expect(try box.client.request("GET", "/uauth/oauth2/token/").status == 405)
        #expect(try box.bidcoreToken(target: "/uauth/oauth2/token").status == 404)
    }

    @Test("pages lead to one another, with the filters")
    func pages() throws {
        let box = try Box { $0.bidcore.pageSize = 2 }
        let headers = try box.bidcoreHeaders()
        var route: String? = "/publishers/?active=true"
        var ids: [String] = []
        while let current = route {
            let reply = try box.bidcore("GET", current, headers)
            let page = try JSONScanner.parse(reply.body)
            #expect(page["count"] == 5)
            guard case .array(let results)? = page["results"] else { break }
            ids += results.compactMap { $0["id"]?.text }
            // The links name the host that was asked for.
            route = page["next"]?.stringValue?.replacingOccurrences(of: "http://127.0.0.1/bidcore", with: "")
            if route != nil { #expect(route?.hasPrefix("/publishers/?active=true&page=") == true) }
        }
        #expect(ids == ["1", "2", "3", "4", "5"])
        #expect(try box.bidcore("GET", "/publishers/?page=9", headers).status == 404)
    }

    @Test("an entity is created, read, changed and deleted")
    func lifecycle() throws {
        let box = try Box()
        let headers = try box.bidcoreHeaders()
        let created = try box.bidcore("POST", "/publishers/", #"{"name":"A","margin":1.10}"#, headers)
        #expect(created.status == 201)
        #expect(created.text == #"{"id":6,"name":"A","margin":1.10}"#)
        let changed = try box.bidcore("PUT", "/publishers/6/", #"{"name":"B"}"#, headers)
        #expect(changed.status == 204 && changed.body.isEmpty)
        #expect(try box.bidcore("GET", "/publishers/6/", headers).text == #"{"id":6,"name":"B","margin":1.10}"#)
        #expect(try box.bidcore("DELETE", "/publishers/6/", headers).status == 204)
        #expect(try box.bidcore("GET", "/publishers/6/", headers).status == 404)
    }

    @Test("where PUT replaces, it needs what is required and drops the rest")
    func replacing() throws {
        let box = try Box { $0.bidcore.replacesOnPut = true }
        let headers = try box.bidcoreHeaders()
        #expect(try box.bidcore("PUT", "/publishers/5/", #"{"active":false}"#, headers).status == 400)
        #expect(try box.bidcore("PUT", "/publishers/5/", #"{"id":5,"name":"B"}"#, headers).status == 204)
        #expect(try box.bidcore("GET", "/publishers/5/", headers).text == #"{"id":5,"name":"B"}"#)
    }

    @Test(
        "what is wrong with a request has the document's code",
        arguments: [
            ("GET", "/publishers/?nam=x", "", 400, "Unsupported query parameter: nam."),
            ("GET", "/publishers/1/?x=1", "", 400, "Unsupported query parameters."),
            ("GET", "/advertisers/", "", 404, "Not found."), ("GET", "/publishers/99/", "", 404, "Not found."),
            ("GET", "/publishers/1/2/", "", 404, "Not found."), ("DELETE", "/publishers/", "", 405, "not allowed"),
            ("POST", "/publishers/1/", "{}", 405, "not allowed"), ("PATCH", "/publishers/1/", "{}", 405, "not allowed"),
            ("DELETE", "/publishers/1/", "", 406, "1 of placements depend on it"),
            ("POST", "/publishers/", #"{"name":"Nordlys"}"#, 409, "publishers_name_key"),
            ("PUT", "/publishers/1/", #"{"name":"Nordlys"}"#, 409, "publishers_name_key"),
            ("DELETE", "/publishers/5/", "{}", 400, "no body"), ("POST", "/publishers/", "{", 400, "JSON parse error"),
        ])
    func refusals(_ method: String, _ route: String, _ body: String, _ status: Int, _ detail: String) throws {
        let box = try Box()
        let reply = try box.bidcore(method, route, body, try box.bidcoreHeaders())
        #expect(reply.status == status)
        #expect(try JSONScanner.parse(reply.body)["detail"]?.stringValue?.contains(detail) == true, "\(reply.text)")
    }

    @Test(
        "a wrong field is named",
        arguments: [
            (#"{}"#, "name", "This field is required."), (#"{"name":" "}"#, "name", "This field may not be blank."),
            (#"{"name":null}"#, "name", "This field may not be null."), (#"{"name":7}"#, "name", "Not a valid string."),
            (#"{"name":"A","publisher":99}"#, "publisher", #"Invalid pk "99" - object does not exist."#),
            (#"{"name":"A","publisher":"1"}"#, "publisher", "Incorrect type. Expected pk value."),
            (#"{"name":"A","publisher":1,"floor":"1"}"#, "floor", "A valid number is required."),
            (#"{"name":"A","publisher":1,"id":9}"#, "id", "This field is read-only."),
            (#"{"name":"A","publisher":1,"colour":1}"#, "colour", "Unknown field."),
            (#"{"name":"A","name":"B","publisher":1}"#, "name", "This field came twice."),
            (#"[]"#, "non_field_errors", "Expected an object, got an array."),
        ])
    func fieldErrors(_ body: String, _ field: String, _ message: String) throws {
        let box = try Box()
        let reply = try box.bidcore("POST", "/placements/", body, try box.bidcoreHeaders())
        #expect(reply.status == 400)
        #expect(try JSONScanner.parse(reply.body)[field] == .array([.string(message)]), "\(reply.text)")
    }

    @Test("the token and the slash at the end are checked, a permanent token is good for ever")
    func transport() throws {
        let box = try Box()
        var headers = try box.bidcoreHeaders()
        let redirect = try box.bidcore("GET", "/publishers?name=x", headers)
        #expect(redirect.status == 301)
        #expect(redirect.headers["location"] == "/bidcore/publishers/?name=x")
        #expect(try box.bidcore("GET", "/publishers/", ["Accept": "application/json"]).status == 401)
        #expect(try box.bidcore("GET", "/publishers/", headers.merging(["Accept": "*/*"]) { $1 }).status == 400)
        box.clock.advance(3600)
        #expect(try box.bidcore("GET", "/publishers/", headers).status == 401)
        headers["Authorization"] = "Bearer " + BidCoreSettings().permanentToken
        #expect(try box.bidcore("GET", "/publishers/", headers).status == 200)
    }

    @Test("more than the limit in any minute is throttled, and told until when")
    func throttled() throws {
        let box = try Box { $0.bidcore.requestsPerMinute = 1 }
        let headers = try box.bidcoreHeaders()
        #expect(try box.bidcore("GET", "/deals/", headers).status == 200)
        let refused = try box.bidcore("GET", "/deals/", headers)
        #expect(refused.status == 429)
        #expect(refused.headers["retry-after"] == "60")
        box.clock.advance(60)
        #expect(try box.bidcore("GET", "/deals/", headers).status == 200)
    }

    @Test(
        "faults can be put on each operation",
        arguments: [
            ("list", "GET", "/deals/"), ("get", "GET", "/deals/1/"), ("create", "POST", "/deals/"),
            ("update", "PUT", "/deals/1/"), ("delete", "DELETE", "/deals/1/"),
        ])
    func faults(_ operation: String, _ method: String, _ route: String) throws {
        let rule = try FaultRule(parsing: "bidcore.\(operation):504")
        let box = try Box { $0.faults = [rule] }
        let headers = try box.bidcoreHeaders()
        #expect(try box.bidcore(method, route, headers).status == 504)
        #expect(try box.bidcore("GET", operation == "list" ? "/deals/1/" : "/deals/", headers).status == 200)
    }
}

extension Box {
    fileprivate func bidcore(_ method: String, _ route: String, _ headers: [String: String]) throws -> Reply {
        try bidcore(method, route, "", headers)
    }
}
