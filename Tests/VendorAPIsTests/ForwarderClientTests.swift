import Authorization
import Foundation
import HTTPCore
import TestSupport
import Testing

@testable import VendorAPIs

private let url = "https://api.example/v1/events"

private func client(_ transport: any HTTPTransport, clock: Date = Date(timeIntervalSince1970: 1_700_000_000)) throws
    -> DataForwarderClient
{
    DataForwarderClient(
        api: APIClient(vendor: .forwarder, base: try BaseURL(endpoint: url), transport: transport),
        groupKey: "grp \"1\" ü", now: { clock })
}

@Suite("The data forwarder's requests")
struct ForwarderRequestTests {
    @Test("an event travels as it is, every digit of it, beside the group key, and is never repeated")
    func body() async throws {
        let transport = FakeTransport()
        transport.stub(.post, path: "/v1/events", status: 200)
        let data = #"{"n":1.10,"big":123456789012345678901234567890,"e":1E+2,"s":"\u00e5 å /","l":["a",null,true]}"#
        _ = try await client(transport).send(data: data.utf8)
        transport.verify()
        let request = try #require(transport.requests.first)
        #expect(
            request.body
                == .data(
                    Data(#"{"data":\#(data),"group_key":"grp \"1\" ü"}"#.utf8), contentType: "application/json"))
        #expect(request.target == "/v1/events")
        #expect(request.repeatClass == .unsafe)
        #expect(request.fields["Accept"] == "application/json")
        #expect(!request.keepsConnection)
    }

    @Test("only an event of a batch may use a connection again")
    func connection() async throws {
        let transport = FakeTransport()
        transport.stub(.post, status: 200)
        _ = try await client(transport).send(data: "{}".utf8, keepsConnection: true)
        #expect(transport.requests.first?.keepsConnection == true)
    }
}

@Suite("The data forwarder's answers")
struct ForwarderAnswerTests {
    private func failure(
        _ status: Int, _ body: String, fields: HTTPFields = [:],
        clock: Date = Date(timeIntervalSince1970: 1_700_000_000)
    ) async throws -> Failure {
        let transport = FakeTransport()
        transport.stub(.post, status: status, fields: fields, body: body)
        let client = try client(transport, clock: clock)
        return try #require(await #expect(throws: Failure.self) { try await client.send(data: "{}".utf8) })
    }

    @Test(
        "any success is one, whatever the answer says; the request's id comes from the body, else from the header",
        arguments: [
            (200, "{\"success\":true,\"messages\":[],\"requestId\":\"r1\",\"key\":\"AKID\"}", "r1"), (204, "", "h1"),
            (201, "{}", "h1"), (200, "OK", "h1"), (200, "[1,", "h1"), (202, "{\"success\":null,\"requestId\":7}", "h1"),
        ])
    func success(_ status: Int, _ body: String, _ requestID: String) async throws {
        let transport = FakeTransport()
        transport.stub(.post, status: status, fields: ["x-amzn-RequestId": "h1"], body: body)
        #expect(try await client(transport).send(data: "{}".utf8).requestID == requestID)
    }

    @Test(
        "a success that says it is none is a refusal, in the vendor's words",
        arguments: [
            (
                "{\"success\":false,\"messages\":[\"no such field\",\"bad email\"],\"requestId\":\"r2\"}",
                "no such field; bad email"
            ),
            ("{\"success\":false,\"requestId\":\"r2\"}", "success is false"),
        ])
    func unsuccessful(_ body: String, _ words: String) async throws {
        let failure = try await failure(200, body)
        #expect(failure.category == .refused)
        #expect(failure.message.hasSuffix(words), Comment(rawValue: failure.message))
        #expect(failure.requestID == "r2")
    }

    @Test(
        "both envelopes of errors are read",
        arguments: [
            (
                400, "{\"success\":false,\"messages\":[\"a\",\"b\"],\"requestId\":\"r3\"}", "a; b",
                FailureCategory.refused
            ),
            (403, "{\"message\":\"Forbidden\",\"requestId\":\"r3\"}", "Forbidden", .credentials),
            (500, "{\"messages\":[\"quote this\"],\"requestId\":\"r3\"}", "quote this", .unknownOutcome),
            (504, "{\"message\":\"Endpoint request timed out\",\"requestId\":\"r3\"}", "timed out", .unknownOutcome),
            (429, "{\"message\":\"Too Many Requests\",\"requestId\":\"r3\"}", "Too Many", .tryAgain),
        ])
    func envelopes(_ status: Int, _ body: String, _ words: String, _ category: FailureCategory) async throws {
        let failure = try await failure(status, body)
        #expect(failure.category == category)
        #expect(failure.message.contains(words), Comment(rawValue: failure.message))
        #expect(failure.status == status)
        #expect(failure.requestID == "r3")
    }

    @Test("an answer that makes no sense leaves the outcome open")
    func lost() async throws {
        let transport = FakeTransport()
        transport.stub(.post, error: TransportError(.connectionLost, .ambiguous, "the connection was lost"))
        let client = try client(transport)
        let failure = await #expect(throws: Failure.self) { try await client.send(data: "{}".utf8) }
        #expect(failure?.category == .unknownOutcome)
    }

    @Test("a missing authentication token means a wrong path too")
    func wrongPath() async throws {
        let failure = try await failure(403, "{\"message\":\"Missing Authentication Token\"}")
        #expect(failure.category == .credentials)
        #expect(failure.message.contains("Missing Authentication Token"))
        #expect(failure.hint?.contains("path") == true)
        #expect(failure.hint?.contains(url) == true)
    }

    private static let serverTime = Date(timeIntervalSince1970: 1_699_999_400)
    private static let expired =
        "{\"message\":\"Signature expired: 20231114T221320Z is now earlier than 20231114T222820Z (20231114T223320Z - 5 min.)\"}"
    private static let early = "{\"message\":\"Signature not yet current: 20231114T221320Z is still later\"}"

    @Test(
        "a signature out of time names how far this machine's clock is off, and in which direction",
        arguments: [
            (early, 600.0, "10 min ahead of"), (expired, -600, "10 min behind"), (expired, -7384, "2 h 3 min behind"),
            (early, 6, "6 s ahead of"), (expired, 0, "agrees with"), (expired, -3, "agrees with"),
        ])
    func skew(_ body: String, _ seconds: Double, _ words: String) async throws {
        let failure = try await failure(
            403, body, fields: ["Date": "Tue, 14 Nov 2023 22:03:20 GMT"], clock: Self.serverTime + seconds)
        #expect(failure.category == .credentials)
        #expect(failure.hint?.contains(words) == true, Comment(rawValue: failure.hint ?? "none"))
    }

    @Test("without the vendor's clock there is still something to do")
    func skewWithoutDate() async throws {
        let failure = try await failure(403, Self.expired)
        #expect(failure.hint?.contains("clock") == true)
    }

    @Test("temporary credentials that have ended are not the clock's fault")
    func sessionToken() async throws {
        let failure = try await failure(
            403, "{\"message\":\"The security token included in the request is expired\"}",
            fields: ["Date": "Tue, 14 Nov 2023 22:13:20 GMT"])
        #expect(failure.hint?.contains("session token") == true)
        #expect(failure.hint?.contains("clock") == false)
    }

    @Test("any other 403 sends people to their credentials")
    func forbidden() async throws {
        let failure = try await failure(403, "{\"message\":\"User is not authorized\"}")
        #expect(failure.hint?.contains("credentials") == true)
    }
}
