import Authorization
import Foundation
import HTTPCore
import TestSupport
import Testing

@testable import VendorAPIs

private let uuid = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
private let key = "k+y/9=8 %41&é"

private func client(_ transport: FakeTransport, base: String = "https://api.example/base") throws
    -> UploadPlatformClient
{
    UploadPlatformClient(
        api: APIClient(vendor: .upload, base: try BaseURL(base), transport: transport), clientID: "client-1",
        apiKey: Secret(key))
}

@Suite("The upload platform's requests")
struct UploadPlatformRequestTests {
    @Test("an upload posts its file as JSON and is never repeated once it may have arrived")
    func upload() async throws {
        let transport = FakeTransport()
        transport.stub(.post, path: "/base/api/UploadData", status: 200, body: uuid)
        #expect(try await client(transport).upload(bodyFile: "/b").description == uuid)
        transport.verify()
        let request = try #require(transport.requests.first)
        #expect(request.body == .file(path: "/b", contentType: "application/json"))
        #expect(request.repeatClass == .unsafe)
        #expect(request.query.isEmpty)
    }

    @Test("results are asked for with the key percent-encoded and marked as a credential")
    func results() async throws {
        let transport = FakeTransport()
        transport.stub(.get, path: "/base/api/GetResults", status: 200, body: "r\u{0}\r\n")
        let token = try #require(ProcessingToken(uuid))
        let data = try await client(transport).result(of: token, key: ResultKey("a&b=c d"))
        #expect(data == Data("r\u{0}\r\n".utf8))
        let request = try #require(transport.requests.first)
        #expect(
            request.target
                == "/base/api/GetResults?token=\(uuid)&key=k%2By%2F9%3D8%20%2541%26%C3%A9&dataKey=a%26b%3Dc%20d")
        #expect(request.query.filter(\.isCredential).map(\.name) == ["key"])
        #expect(request.repeatClass == .safe)
    }

    @Test("a download goes to its file, unchanged")
    func download() async throws {
        let directory = try TemporaryDirectory()
        let transport = FakeTransport()
        transport.stub(.get, answer: HTTPResponse(status: 200, body: Data([0, 255, 13, 10])))
        let token = try #require(ProcessingToken(uuid))
        try await client(transport).download(.resultIDs, of: token, to: directory("r"))
        #expect(directory.read("r") == Data([0, 255, 13, 10]))
        #expect(transport.requests.first?.query.last?.value == "tableofresultids")
    }

    @Test("a status poll has its own deadline")
    func deadline() async throws {
        let transport = FakeTransport()
        transport.stub(.get, status: 200, body: "\"Queued\"\n")
        let (token, end) = (try #require(ProcessingToken(uuid)), ContinuousClock.now + .seconds(9))
        let status = try await client(transport).status(of: token, deadline: end)
        #expect(status.word == "Queued")
        #expect(transport.requests.first?.deadline == end)
        #expect(transport.requests.first?.query.last?.value == "status")
    }
}

@Suite("The upload platform's answers")
struct UploadPlatformAnswerTests {
    @Test(
        "a processing token is read bare or quoted, with line ends and byte order mark, and kept as it was written",
        arguments: [
            uuid, "\"\(uuid)\"", "\(uuid)\n", "\"\(uuid)\"\r\n", "\u{FEFF}\(uuid)", "\u{FEFF}\"\(uuid)\"",
            "  \(uuid)  ",
            "\" \(uuid) \"", uuid.uppercased(), "\"\(uuid.uppercased())\"\n",
        ])
    func tokens(body: String) async throws {
        let transport = FakeTransport()
        transport.stub(status: 200, body: body)
        let token = try await client(transport).upload(bodyFile: "/b").description
        #expect(token == (body.contains("F9") ? uuid.uppercased() : uuid))
    }

    @Test(
        "an answer without a processing token ends as exit 76",
        arguments: [
            "", "\"\"", "null", "{}", "accepted", "<html></html>", "{\"token\":\"\(uuid)\"}", "[\"\(uuid)\"]",
            String(uuid.dropLast()), uuid + "0", "x" + uuid, "\(uuid) \(uuid)",
            uuid.replacingOccurrences(of: "-", with: ""),
            "{\(uuid)}", "'\(uuid)'", "\"\(uuid)",
        ])
    func garbage(body: String) async throws {
        let transport = FakeTransport()
        transport.stub(status: 200, body: body)
        let failure = await #expect(throws: Failure.self) { try await client(transport).upload(bodyFile: "/b") }
        #expect(failure?.category == .unreadableAnswer)
        #expect(failure?.category.exitCode == 76)
        #expect(failure?.message.contains("processing token") == true)
    }

    @Test(
        "only completedsuccessfully is success, words of failure are final, the rest is pending",
        arguments: [
            ("completedsuccessfully", .succeeded), ("CompletedSuccessfully", .succeeded),
            ("COMPLETEDSUCCESSFULLY", .succeeded), ("completed", .pending), ("completed successfully", .pending),
            ("completedsuccessfully.", .pending), ("success", .pending), ("queued", .pending), ("", .pending),
            ("processing", .pending), ("Failed", .failed), ("completedWithErrors", .failed),
            ("validationerror", .failed),
            ("INVALID", .failed), ("rejected", .failed), ("Cancelled", .failed), ("canceled", .failed),
            ("completedsuccessfullywithfailures", .failed),
        ] as [(String, ProcessingStatus.Meaning)])
    func statusWords(word: String, meaning: ProcessingStatus.Meaning) {
        #expect(ProcessingStatus(word).meaning == meaning)
    }

    @Test(
        "the body of an upload is a JSON object of texts, whatever the names hold",
        arguments: [
            ("shifts", "k", false), ("a\"b\\c/d", "k\"\\\n", true), ("übung €😀", key, true),
            ("\u{1}\u{1F}\u{7F}\u{2028}", "\u{0}", false), ("", "", false), ("Data\":\"", "\",\"Key\":\"x", true),
        ])
    func envelope(name: String, apiKey: String, overwrite: Bool) throws {
        let client = UploadPlatformClient(
            api: APIClient(vendor: .upload, base: try BaseURL("https://a.example"), transport: FakeTransport()),
            clientID: "client \"1\"", apiKey: Secret(apiKey))
        let envelope = client.envelope(name: name, overwrite: overwrite)
        let body = envelope.prefix + Data(#"a,b\r\n\"c\",d"#.utf8) + envelope.suffix
        let object = try #require(try JSONSerialization.jsonObject(with: body) as? [String: String])
        #expect(
            object == [
                "Name": name, "Data": "a,b\r\n\"c\",d", "Key": apiKey, "Username": "client \"1\"",
                "Overwrite": overwrite ? "true" : "false",
            ])
    }
}

@Suite("What an HTTP status means for the user")
struct StatusTests {
    /// Status, exit code for a read, exit code for an upload.
    @Test(
        "every status has its exit code, for what may be repeated and for what may not",
        arguments: [
            (300, 78, 78), (304, 78, 78), (307, 78, 78), (400, 1, 1), (401, 77, 77), (402, 1, 1), (403, 77, 77),
            (404, 1, 1), (405, 1, 1), (406, 1, 1), (408, 69, 3), (409, 1, 1), (410, 1, 1), (413, 1, 1), (415, 1, 1),
            (422, 1, 1), (429, 75, 75), (451, 1, 1), (499, 1, 1), (500, 69, 3), (501, 69, 3), (502, 69, 3),
            (503, 69, 3), (504, 69, 3), (599, 69, 3), (199, 76, 76), (600, 76, 76),
        ] as [(Int, Int32, Int32)])
    func codes(status: Int, read: Int32, write: Int32) async throws {
        let token = try #require(ProcessingToken(uuid))
        for isWrite in [false, true] {
            let transport = FakeTransport()
            transport.stub(status: status, fields: ["x-request-id": "R1"], body: #"{"message":"the words"}"#)
            let client = try client(transport)
            let failure = await #expect(throws: Failure.self) {
                if isWrite {
                    _ = try await client.upload(bodyFile: "/b")
                } else {
                    _ = try await client.status(of: token)
                }
            }
            #expect(failure?.category.exitCode == (isWrite ? write : read))
            #expect(failure?.message.contains("\(status)") == true)
            #expect(failure?.message.contains("the words") == true)
            #expect(failure?.requestID == "R1")
            #expect(failure?.vendor == .upload)
        }
    }

    @Test("503 with Retry-After asks to come again, for a write too")
    func overloaded() async throws {
        let transport = FakeTransport()
        transport.stub(status: 503, fields: ["Retry-After": "5"])
        let failure = await #expect(throws: Failure.self) { try await client(transport).upload(bodyFile: "/b") }
        #expect(failure?.category == .tryAgain)
    }

    @Test(
        "no answer is exit 69 for a read, and exit 3 for an upload that may have arrived",
        arguments: [
            (TransportError(.connectionRefused, .notSent, "m"), 69, 69),
            (TransportError(.timedOut, .ambiguous, "m"), 69, 3),
            (TransportError(.connectionLost, .ambiguous, "m"), 69, 3), (TransportError(.tls, .notSent, "m"), 69, 69),
            (TransportError(.unclassified, .ambiguous, "m"), 69, 3),
            (TransportError(.nameNotResolved, .notSent, "m"), 69, 69),
            (TransportError(.cancelled, .ambiguous, "m"), 130, 3),
            (TransportError(.cancelled, .notSent, "m"), 130, 130),
            (TransportError(.budgetSpent, .ambiguous, "m"), 69, 3),
            (TransportError(.budgetSpent, .throttled(retryAfter: nil), "m"), 75, 75),
            (TransportError(.redirected(to: "x"), .rejected, "m"), 78, 78),
            (TransportError(.bodyTooLarge(limit: 1), .rejected, "m"), 76, 76),
        ] as [(TransportError, Int32, Int32)])
    func transportErrors(error: TransportError, read: Int32, write: Int32) async throws {
        let token = try #require(ProcessingToken(uuid))
        let transport = FakeTransport()
        transport.stub(error: error)
        transport.stub(error: error)
        let client = try client(transport)
        let readFailure = await #expect(throws: Failure.self) { try await client.status(of: token) }
        let writeFailure = await #expect(throws: Failure.self) { try await client.upload(bodyFile: "/b") }
        #expect(readFailure?.category.exitCode == read)
        #expect(writeFailure?.category.exitCode == write)
    }
}
