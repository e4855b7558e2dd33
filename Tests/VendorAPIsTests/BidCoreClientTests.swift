import Authorization
import Foundation
import HTTPCore
import TestSupport
import Testing

@testable import VendorAPIs

/// A client whose network is a list of answers and whose waits take no time.
private struct Client {
    let transport = FakeTransport()
    let client: BidCoreClient

    init(base: String = "https://my.bidcore.example/v2") throws {
        let timing = FakeTiming()
        let stack = TransportStack(network: transport, timing: timing.timing)
        client = BidCoreClient(base: try BaseURL(base), stack: stack, authorizer: NoAuthorizer())
    }

    /// The entities of every page.
    func all(_ entity: String = "publishers", filters: [QueryItem] = []) async throws -> [JSONValue] {
        var entities: [JSONValue] = []
        var pages = client.list(entity, filters: filters)
        while let page = try await pages.next() { entities += page.entities }
        return entities
    }

    func stub(next: String?, _ results: String, path: String = "/v2/publishers/") {
        let link = next.map { JSONValue.string($0).text } ?? "null"
        transport.stub(
            .get, path: path, status: 200,
            body: #"{"count":2,"next":\#(link),"previous":null,"results":\#(results)}"#)
    }
}

private struct NoAuthorizer: RequestAuthorizer {
    func authorize(_ request: inout HTTPRequest) async throws {}
    func renew(after response: HTTPResponse, rejected: HTTPRequest) async throws -> Bool { false }
}

struct BidCoreClientTests {
    @Test("names and ids are one segment each, and the last slash is there")
    func paths() async throws {
        let client = try Client()
        client.transport.stub(.get, status: 200, body: "{}")
        _ = try await client.client.get("ad units", id: "../a/b?c")
        #expect(client.transport.requests.first?.path == "/v2/ad%20units/..%2Fa%2Fb%3Fc/")
        #expect(client.transport.requests.first?.fields["Accept"] == "application/json")
    }

    @Test("a segment of dots is never sent", arguments: ["..", ".", ""])
    func dots(_ segment: String) async throws {
        let client = try Client()
        let failure = await #expect(throws: Failure.self) { _ = try await client.client.get(segment, id: "1") }
        #expect(failure?.category == .configuration)
        #expect(client.transport.requests.isEmpty)
    }

    @Test("digits come and go as they were written")
    func digits() async throws {
        let client = try Client()
        client.transport.stub(.post, status: 201, body: #"{"id":9007199254740993,"share":0.10}"#)
        let created = try await client.client.create("publishers", ["share": .number("0.10")])
        #expect(created?.text == #"{"id":9007199254740993,"share":0.10}"#)
        #expect(
            client.transport.requests[0].body == .data(Data(#"{"share":0.10}"#.utf8), contentType: "application/json"))
    }

    @Test("reading is safe, changing and deleting idempotent, creating neither")
    func repeatClasses() async throws {
        let client = try Client()
        client.transport.stub(.get, status: 200, body: "{}")
        client.transport.stub(.put, status: 204)
        client.transport.stub(.delete, status: 204)
        client.transport.stub(.post, status: 201, body: "{}")
        _ = try await client.client.get("a", id: "1")
        try await client.client.update("a", id: "1", [:])
        try await client.client.delete("a", id: "1")
        _ = try await client.client.create("a", [:])
        #expect(client.transport.requests.map(\.repeatClass) == [.safe, .idempotent, .idempotent, .unsafe])
        client.transport.verify()
    }

    @Test(
        "a next page is followed to the same host",
        arguments: [
            ("https://my.bidcore.example/v2/publishers/?page=2&name=a+b%2Bc", "/v2/publishers/?page=2&name=a%20b%2Bc"),
            ("HTTPS://MY.BIDCORE.example:443/v2/publishers/?page=2", "/v2/publishers/?page=2"),
            ("/v2/publishers/?cursor=bz0x", "/v2/publishers/?cursor=bz0x"),
            ("?page=2", "/v2/publishers/?page=2"), ("/elsewhere/p/", "/elsewhere/p/"),
        ])
    func next(_ link: String, _ target: String) async throws {
        let client = try Client()
        client.stub(next: link, #"[{"id":1}]"#)
        client.stub(next: nil, #"[{"id":2}]"#, path: String(target.prefix { $0 != "?" }))
        let entities = try await client.all(filters: [QueryItem("name", "a b+c")])
        #expect(entities == [["id": 1], ["id": 2]])
        #expect(client.transport.requests.map(\.target) == ["/v2/publishers/?name=a%20b%2Bc", target])
        client.transport.verify()
    }

    @Test(
        "a next page elsewhere is refused and named, without its query",
        arguments: [
            ("https://evil.example/v2/publishers/?secret=1", "https://evil.example/v2/publishers/"),
            ("http://my.bidcore.example/v2/publishers/?page=2", "http://my.bidcore.example/v2/publishers/"),
            ("https://my.bidcore.example:8443/x/", "https://my.bidcore.example:8443/x/"),
            ("//evil.example/x/", "https://evil.example/x/"), ("ftp://my.bidcore.example/x", "ftp://my.bidcore"),
            ("https://my.bidcore.example.evil.example/x", "https://my.bidcore.example.evil.example/x"),
            ("https://user:secret@my.bidcore.example/x", "user name"),
        ])
    func elsewhere(_ link: String, _ place: String) async throws {
        let client = try Client()
        client.stub(next: link, #"[{"id":1}]"#)
        let failure = await #expect(throws: Failure.self) { _ = try await client.all() }
        #expect(failure?.category == .unreadableAnswer)
        #expect(failure?.message.contains(place) == true, "\(failure?.message ?? "")")
        #expect(failure?.message.contains("secret") == false)
        #expect(client.transport.requests.count == 1)
    }

    @Test("a link that is not followed is no fault: the page before it is given out")
    func lazy() async throws {
        let client = try Client()
        client.stub(next: "https://evil.example/", #"[{"id":1}]"#)
        var pages = client.client.list("publishers")
        let page = try await pages.next()
        #expect(page?.entities == [["id": 1]])
        #expect(page?.hasNext == true)
        #expect(page?.count == 2)
    }

    @Test("a list that goes in a circle ends", arguments: [1, 2, 3])
    func circle(_ length: Int) async throws {
        let client = try Client()
        for page in 0..<length {
            client.stub(
                next: "/v2/publishers/" + (page + 1 == length ? "" : "?page=\(page + 2)"), #"[{"id":\#(page)}]"#)
        }
        let failure = await #expect(throws: Failure.self) { _ = try await client.all() }
        #expect(failure?.category == .unreadableAnswer)
        #expect(failure?.message.contains("circle") == true)
        #expect(client.transport.requests.count == length)
    }

    @Test("a list without pages is one page")
    func plainArray() async throws {
        let client = try Client()
        client.transport.stub(.get, status: 200, body: #"[{"id":1},{"id":2}]"#)
        #expect(try await client.all().count == 2)
    }

    @Test("what is no list is said", arguments: ["", "{}", #"{"results":7}"#, #"{"results":[],"next":7}"#, "<html>"])
    func noList(_ body: String) async throws {
        let client = try Client()
        client.transport.stub(.get, status: 200, body: body)
        let failure = await #expect(throws: Failure.self) { _ = try await client.all() }
        #expect(failure?.category == .unreadableAnswer)
    }

    @Test(
        "a deletion that finds nothing after a try that may have arrived is done",
        arguments: [500, 504])
    func repeatedDeletion(_ status: Int) async throws {
        let client = try Client()
        client.transport.stub(.delete, status: status)
        client.transport.stub(.delete, status: 404)
        try await client.client.delete("publishers", id: "7")
        client.transport.verify()
    }

    @Test("so is one whose connection was lost")
    func repeatedDeletionAfterLoss() async throws {
        let client = try Client()
        client.transport.stub(.delete, error: TransportError(.connectionLost, .ambiguous, "lost"))
        client.transport.stub(.delete, status: 404)
        try await client.client.delete("publishers", id: "7")
    }

    @Test("a deletion that finds nothing after a try that cannot have arrived is refused")
    func refusedDeletion() async throws {
        let client = try Client()
        client.transport.stub(.delete, status: 429)
        client.transport.stub(.delete, error: TransportError(.connectionRefused, .notSent, "refused"))
        client.transport.stub(.delete, status: 404)
        let failure = await #expect(throws: Failure.self) { try await client.client.delete("publishers", id: "7") }
        #expect(failure?.category == .refused)
        // What is known of one entity says nothing about another.
        client.transport.stub(.delete, status: 500)
        client.transport.stub(.delete, status: 204)
        try await client.client.delete("publishers", id: "7")
        client.transport.stub(.delete, status: 404)
        await #expect(throws: Failure.self) { try await client.client.delete("publishers", id: "8") }
    }

    @Test(
        "each code of the document has its message, its hint and its exit code",
        arguments: [
            (400, 1, "not valid (400): name: This field is required.", "correct"),
            (401, 77, "no access (401)", "auth status"), (403, 77, "no permission for this (403)", "permission"),
            (404, 1, "no such entity (404)", "workflow list"), (405, 1, "does not allow this (405)", "read-only"),
            (406, 1, "in use or not allowed (406)", "depend on it"), (409, 1, "database conflict (409)", "already"),
            (429, 75, "throttled (429) (5 tries)", "later"), (500, 69, "a fault at BidCore (500) (5 tries)", "later"),
            (504, 69, "too large? (504) (5 tries)", "narrow"),
        ])
    func codes(_ status: Int, _ exit: Int32, _ message: String, _ hint: String) async throws {
        let client = try Client()
        for _ in 0..<5 { client.transport.stub(.get, status: status, body: #"{"name":["This field is required."]}"#) }
        let failure = await #expect(throws: Failure.self) { _ = try await client.client.get("publishers", id: "7") }
        #expect(failure?.category.exitCode == exit)
        #expect(failure?.message.hasPrefix("get publishers 7 at BidCore: ") == true)
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
        #expect(failure?.hint?.contains(hint) == true, "\(failure?.hint ?? "")")
        #expect(failure?.status == status)
    }

    @Test("what may have been created is not created again", arguments: [500, 504])
    func unknownCreation(_ status: Int) async throws {
        let client = try Client()
        client.transport.stub(.post, status: status)
        let failure = await #expect(throws: Failure.self) { _ = try await client.client.create("publishers", [:]) }
        #expect(failure?.category == .unknownOutcome)
        #expect(failure?.hint?.contains("look at the vendor") == true)
        #expect(client.transport.requests.count == 1)
    }
}
