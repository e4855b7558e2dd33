import Foundation
import Testing

@testable import VendorSandbox

extension Box {
    /// The header of vendor-apis.md section 6, for the client `client-1` and the secret `s+c/r=t %&`.
    static let rfc3986Basic = "Basic Y2xpZW50LTE6cyUyQmMlMkZyJTNEdCUyMCUyNSUyNg=="
    static let formBasic = "Basic Y2xpZW50LTE6cyUyQmMlMkZyJTNEdCslMjUlMjY="
    static let grant = "grant_type=client_credentials&scope=platform_upload_api"
    static let csv = "Reference,StartDate,StartTime,EndDate,EndTime\r\nUser1,01/07/2024,09:00,01/07/2024,17:00"

    static func upload(
        faults: [FaultRule] = [], seed: UInt64 = 1, _ change: (inout UploadPlatformSettings) -> Void = { _ in }
    ) throws -> Box {
        try Box {
            $0.faults = faults
            $0.seed = seed
            $0.upload.clientID = "client-1"
            $0.upload.apiKey = "k+1 &"
            change(&$0.upload)
        }
    }

    func token(
        basic: String? = Box.rfc3986Basic, form: String = Box.grant,
        type: String = "application/x-www-form-urlencoded; charset=utf-8"
    ) throws -> Reply {
        var headers = ["Content-Type": type]
        headers["Authorization"] = basic
        return try client.request("POST", "/identity/connect/token", headers, body: Array(form.utf8))
    }

    func bearer() throws -> [String: String] {
        let value = try JSONScanner.parse(try token().body)
        return ["Authorization": "Bearer " + (value["access_token"]?.stringValue ?? "")]
    }

    func upload(_ members: KeyValuePairs<String, String>, bearer: [String: String]) throws -> Reply {
        let fields = members.map { JSONMember(name: $0.key, value: .string($0.value)) }
        return try upload(JSONValue.object(fields).text, bearer: bearer)
    }

    func upload(_ json: String, bearer: [String: String]) throws -> Reply {
        let headers = bearer.merging(["Content-Type": "application/json"]) { old, _ in old }
        return try client.request("POST", "/upload/api/UploadData", headers, body: Array(json.utf8))
    }

    func upload(name: String = "n", csv: String = Box.csv, overwrite: String = "false", bearer: [String: String]) throws
        -> Reply
    {
        try upload(
            ["Name": name, "Data": csv, "Key": "k+1 &", "Username": "client-1", "Overwrite": overwrite], bearer: bearer)
    }

    func results(_ token: String, _ key: String, bearer: [String: String]) throws -> Reply {
        try client.request("GET", "/upload/api/GetResults?token=\(token)&key=k%2B1+%26&dataKey=\(key)", bearer)
    }
}

struct UploadPlatformTests {
    @Test(
        "the secret is accepted percent-encoded and form-encoded, and the log says which",
        arguments: [
            (Box.rfc3986Basic, "secret percent-encoded as RFC 3986"), (Box.formBasic, "secret form-encoded"),
        ])
    func spellings(_ basic: String, _ note: String) throws {
        let box = try Box.upload()
        let reply = try box.token(basic: basic)
        let answer = try JSONScanner.parse(reply.body)
        #expect(reply.status == 200)
        #expect(answer["token_type"] == "Bearer")
        #expect(answer["expires_in"] == 3600)
        #expect(answer["access_token"]?.stringValue?.split(separator: ".").count == 3)
        #expect(box.sandbox.requests.last?.notes == [note])
    }

    @Test(
        "wrong credentials are refused with a challenge",
        arguments: [
            nil, "Bearer x", "Basic", "Basic %%%", "Basic Y2xpZW50LTE=",
            "Basic " + Data("client-1:wrong".utf8).base64EncodedString(),
            "Basic " + Data("client-2:s%2Bc%2Fr%3Dt%20%25%26".utf8).base64EncodedString(),
            "Basic " + Data("client-1:s+c/r=t %&".utf8).base64EncodedString(),
        ])
    func wrongCredentials(_ basic: String?) throws {
        let reply = try Box.upload().token(basic: basic)
        #expect(reply.status == 401)
        #expect(reply.headers["www-authenticate"] == #"Basic realm="identity""#)
        #expect(try JSONScanner.parse(reply.body)["error"] == "invalid_client")
    }

    @Test(
        "a token request with wrong fields is refused",
        arguments: [
            ("scope=platform_upload_api", "invalid_request"), ("", "invalid_request"),
            ("grant_type=password&scope=platform_upload_api", "unsupported_grant_type"),
            ("grant_type=client_credentials", "invalid_scope"),
            ("grant_type=client_credentials&scope=other", "invalid_scope"),
            (Box.grant + "&scope=platform_upload_api", "invalid_request"),
        ])
    func wrongForm(_ form: String, _ error: String) throws {
        let reply = try Box.upload().token(form: form)
        #expect(reply.status == 400)
        #expect(try JSONScanner.parse(reply.body)["error"] == .string(error))
    }

    @Test("a token request must be a form and a POST")
    func tokenTransport() throws {
        let box = try Box.upload()
        #expect(try box.token(type: "application/json").status == 400)
        #expect(try box.client.request("GET", "/identity/connect/token").status == 405)
        #expect(try box.client.request("GET", "/identity/connect/tokens").status == 404)
        #expect(try box.client.request("GET", "/nothing").status == 404)
    }

    @Test("an upload is processed over several polls and its results come out")
    func wholeJob() throws {
        let box = try Box.upload()
        let bearer = try box.bearer()
        let csv = Box.csv + "\r\n\"Us\"\"er, 2\",29/02/2024,22:00,01/03/2024,06:00\r\n"
        let reply = try box.upload(csv: csv, bearer: bearer)
        #expect(reply.status == 200)
        #expect(reply.headers["content-type"] == "application/json")
        let token = try #require(try JSONScanner.parse(reply.body).stringValue)
        #expect(UUID(uuidString: token) != nil)
        #expect(try box.results(token, "tableofresultids", bearer: bearer).status == 409)
        #expect(try box.results(token, "feedback", bearer: bearer).status == 409)
        let statuses = try (0..<4).map { _ in try box.results(token, "status", bearer: bearer).text }
        #expect(statuses == ["queued", "processing", "completedsuccessfully", "completedsuccessfully"])
        #expect(try box.results(token, "feedback", bearer: bearer).body.isEmpty)
        let table = try box.results(token, "tableofresultids", bearer: bearer)
        let prefix = token.prefix(8)
        #expect(table.text == "Reference,ResultId\r\nUser1,R\(prefix)-1\r\n\"Us\"\"er, 2\",R\(prefix)-2\r\n")
    }

    @Test("the number of polls and the style of the token are settable")
    func settings() throws {
        let box = try Box.upload {
            $0.polls = 1
            $0.tokenStyle = .bare
            $0.feedbackLineEnd = "\n"
        }
        let bearer = try box.bearer()
        let token = try box.upload(csv: "a,b,c,d,e\nGHOST,f,g,h,i", bearer: bearer).text
        #expect(UUID(uuidString: token) != nil)
        #expect(try box.results(token, "status", bearer: bearer).text == "failed")
        #expect(try box.results(token, "tableofresultids", bearer: bearer).status == 409)
        #expect(try box.results(token, "feedback", bearer: bearer).text.contains("\n2|GHOST|unknown reference"))
    }

    @Test("an access token expires")
    func expiry() throws {
        let box = try Box.upload { $0.tokenLifetime = 60 }
        let bearer = try box.bearer()
        box.clock.advance(59)
        #expect(try box.upload(bearer: bearer).status == 200)
        box.clock.advance(1)
        let late = try box.upload(bearer: bearer)
        #expect(late.status == 401)
        #expect(late.headers["www-authenticate"] == #"Bearer error="invalid_token""#)
        let fresh = try box.bearer()
        #expect(try box.results("x", "status", bearer: fresh).status == 404)
        box.sandbox.expireTokens()
        #expect(try box.results("x", "status", bearer: fresh).status == 401)
        #expect(try box.results("x", "status", bearer: [:]).headers["www-authenticate"] == "Bearer")
        #expect(try box.results("x", "status", bearer: ["Authorization": "Basic abc"]).status == 401)
    }

    @Test(
        "a body with a wrong field is refused and the field named",
        arguments: [
            ("[]", "object"), ("", "object"), (#"{"Name":"n""#, "JSON"),
            (#"{"Name":1}"#, "Name must be a string, not a number"),
            (#"{"Name":"n","Overwrite":false}"#, "Overwrite must be a string, not a boolean"),
            (#"{"Name":"n","Data":null}"#, "Data must be a string, not null"),
            (#"{"name":"n"}"#, "unknown field name"), (#"{"Name":"n","Name":"m"}"#, "Name came twice"),
            (#"{"Name":"n","Data":"x","Key":"k+1 &","Username":"client-1"}"#, "Overwrite is missing"),
            (#"{"Name":" ","Data":"x","Key":"k+1 &","Username":"client-1","Overwrite":"true"}"#, "Name is empty"),
            (#"{"Name":"n","Data":"x","Key":"k+1 &","Username":"client-1","Overwrite":"True"}"#, "Overwrite must be"),
            (#"{"Name":"n","Data":"","Key":"k+1 &","Username":"client-1","Overwrite":"true"}"#, "there are no rows"),
            (#"{"Name":"n","Data":"\"a","Key":"k+1 &","Username":"client-1","Overwrite":"true"}"#, "quoted field"),
            (#"{"Name":"n","Data":"a,b,c,d,e","Key":"k+1 &","Username":"other","Overwrite":"true"}"#, "Username"),
        ])
    func wrongBody(_ json: String, _ message: String) throws {
        let box = try Box.upload()
        let reply = try box.upload(json, bearer: try box.bearer())
        #expect(reply.status == 400)
        #expect(reply.text.contains(message), "\(reply.text)")
    }

    @Test("a wrong key is forbidden, in the body and in the query")
    func wrongKey() throws {
        let box = try Box.upload()
        let bearer = try box.bearer()
        let body: KeyValuePairs = [
            "Name": "n", "Data": Box.csv, "Key": "no", "Username": "client-1", "Overwrite": "true",
        ]
        #expect(try box.upload(body, bearer: bearer).status == 403)
        #expect(
            try box.client.request("GET", "/upload/api/GetResults?token=t&key=k&dataKey=status", bearer).status == 403)
    }

    @Test("a query without a parameter, with one twice or with an unknown key is refused")
    func wrongQuery() throws {
        let box = try Box.upload()
        let bearer = try box.bearer()
        let token = try #require(try JSONScanner.parse(try box.upload(bearer: bearer).body).stringValue)
        let key = "key=k%2B1%20%26"
        for query in [
            "token=\(token)&\(key)", "\(key)&dataKey=status", "token=\(token)&dataKey=status",
            "token=\(token)&token=\(token)&\(key)&dataKey=status", "token=\(token)&\(key)&dataKey=Status",
        ] {
            #expect(try box.client.request("GET", "/upload/api/GetResults?" + query, bearer).status == 400, "\(query)")
        }
        #expect(try box.client.request("POST", "/upload/api/GetResults", bearer).status == 405)
        #expect(try box.client.request("GET", "/upload/api/UploadData", bearer).status == 405)
        let text = bearer.merging(["Content-Type": "text/plain"]) { $1 }
        #expect(try box.client.request("POST", "/upload/api/UploadData", text, body: [1]).status == 415)
    }

    @Test("a name can be used again only to overwrite")
    func overwrite() throws {
        let box = try Box.upload()
        let bearer = try box.bearer()
        #expect(try box.upload(bearer: bearer).status == 200)
        #expect(try box.upload(bearer: bearer).status == 409)
        #expect(try box.upload(overwrite: "true", bearer: bearer).status == 200)
        #expect(try box.upload(name: "m", bearer: bearer).status == 200)
    }

    @Test("the log masks secrets, the right ones and the wrong ones")
    func masking() throws {
        let box = try Box.upload()
        let bearer = try box.bearer()
        _ = try box.upload(bearer: bearer)
        _ = try box.upload(#"{"Key" : "wrong\"canary","Name":"n"}"#, bearer: bearer)
        _ = try box.results("t", "status", bearer: bearer)
        _ = try box.client.request("GET", "/upload/api/GetResults?key=canary&token=t")
        _ = try box.token(form: Box.grant + "&client_secret=canary")
        let lines = try box.client.request("GET", "/_sandbox/requests").text
        #expect(lines.split(separator: "\n").count == 6)
        for secret in ["s+c", "s%2Bc", "Y2xpZW50", "eyJ", "k+1", "k%2B1", "canary"] {
            #expect(!lines.contains(secret), "\(secret)")
        }
        let upload = try JSONScanner.parse(Array(lines.split(separator: "\n")[1].utf8))
        #expect(upload["vendor"] == "upload")
        #expect(upload["operation"] == "upload")
        #expect(upload["status"] == 200)
        #expect(upload["body"]?.stringValue?.contains(#""Key":"***","Username":"client-1""#) == true)
        let summary = try JSONScanner.parse(try box.client.request("GET", "/_sandbox/summary").body)
        #expect(summary["requests"]?["upload.results"] == 2)
        #expect(summary["statuses"]?["upload.upload:400"] == 1)
    }

    @Test("the environment names every setting of the stand-in")
    func environment() throws {
        let box = try Box()
        let environment = box.sandbox.environment.filter { $0.key.hasPrefix("INTEGRATE_UPLOAD_") }
        #expect(
            environment.keys.sorted() == [
                "INTEGRATE_UPLOAD_API_KEY", "INTEGRATE_UPLOAD_API_URL", "INTEGRATE_UPLOAD_CLIENT_ID",
                "INTEGRATE_UPLOAD_CLIENT_SECRET", "INTEGRATE_UPLOAD_IDENTITY_URL", "INTEGRATE_UPLOAD_SCOPE",
            ])
        #expect(environment["INTEGRATE_UPLOAD_API_URL"] == "http://127.0.0.1:\(box.port)/upload")
    }

    @Test("the same seed gives the same tokens")
    func seed() throws {
        let first = try Box.upload().token()
        #expect(try Box.upload().token() == first)
    }
}

struct ShiftReaderTests {
    private static func read(_ text: String, cutAt cut: Int? = nil) -> Result<ShiftTable, ShiftReader.Fault> {
        var reader = ShiftReader()
        let bytes = Array(text.utf8)
        for piece in [bytes[..<(cut ?? 0)], bytes[(cut ?? 0)...]] {
            Array(piece).withUnsafeBufferPointer { reader.feed($0) }
        }
        return reader.finish()
    }

    @Test(
        "rows with faults are reported as row, value and message",
        arguments: [
            ("a,31/02/2024,09:00,01/07/2024,17:00", "1|31/02/2024|StartDate is not a date (DD/MM/YYYY)"),
            ("a,07/13/2024,09:00,01/07/2024,17:00", "1|07/13/2024|StartDate is not a date (DD/MM/YYYY)"),
            ("a,01/07/2024,24:00,01/07/2024,17:00", "1|24:00|StartTime is not a time (hh:mm)"),
            ("a,01/07/2024,9:00,01/07/2024,17:00", "1|9:00|StartTime is not a time (hh:mm)"),
            ("a,01/07/2024,09:00,,17:60", "1||EndDate is required\n1|17:60|EndTime is not a time (hh:mm)"),
            (",01/07/2024,09:00,01/07/2024,17:00", "1||Reference is required"),
            ("a,01/07/2024,09:00,01/07/2024,08:59", "1|01/07/2024 08:59|the end is before the start"),
            ("a,01/07/2024,09:00,01/07/2024", "1|a|expected 5 columns, found 4"),
            ("a,01/07/2024,09:00,01/07/2024,17:00,", "1|a|expected 5 columns, found 6"),
            ("\n", "1||expected 5 columns, found 1"),
            ("GHOST7,01/07/2024,09:00,01/07/2024,17:00", "1|GHOST7|unknown reference"),
            ("Reference,x\na,01/07/2024,09:00,01/07/2024,17:00\nb", "3|b|expected 5 columns, found 1"),
            ("\"a\nb\",01/07/2024,09:00,x,17:00", "1|x|EndDate is not a date (DD/MM/YYYY)"),
            ("\"GHOST\nb\",01/07/2024,09:00,01/07/2024,17:00", "1|GHOST b|unknown reference"),
            ("a,01/07/2024,09:00,01/07/2024,17:00", ""),
            ("a,01/07/2024,23:00,02/07/2024,07:00\r\nb,01/07/2024,00:00,01/07/2024,00:00\r\n", ""),
        ])
    func faults(_ text: String, _ feedback: String) throws {
        let table = try Self.read(text).get()
        #expect(table.feedback(lineEnd: "\n") == feedback)
        #expect((table.faultCount == 0) == feedback.isEmpty)
        for cut in 0...text.utf8.count { #expect(try Self.read(text, cutAt: cut).get() == table) }
    }

    @Test(
        "text that is no CSV is refused",
        arguments: [
            "", "Reference,StartDate,StartTime,EndDate,EndTime\r\n", "\"a", "a\"b,c", "\"a\"b,c", "a\rb", "a,b\r\r\n",
        ])
    func structure(_ text: String) {
        for cut in 0...text.utf8.count {
            #expect(throws: ShiftReader.Fault.self) { try Self.read(text, cutAt: cut).get() }
        }
    }

    @Test("feedback is bounded, the count of faults is not")
    func manyFaults() throws {
        let table = try Self.read(String(repeating: "x\n", count: 10_001)).get()
        #expect(table.faultCount == 10_001)
        #expect(table.faults.count == ShiftTable.faultLimit)
    }
}
