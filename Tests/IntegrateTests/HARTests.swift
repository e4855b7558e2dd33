import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("--har")
struct HARTests {
    /// The required members of a HAR 1.2 object, and the kind of value of each.
    private enum Kind {
        case text, number, time
        case list(@Sendable ([String: Any]) throws -> Void)
        case object(@Sendable ([String: Any]) throws -> Void)
    }

    private static func check(_ object: [String: Any], _ members: [String: Kind]) throws {
        for (name, kind) in members {
            let value = try #require(object[name], "\(name) is required")
            switch kind {
            case .text: #expect(value is String, "\(name)")
            case .number: #expect(value is NSNumber, "\(name)")
            case .time:
                let text = try #require(value as? String)
                #expect(text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)/) != nil, "\(text)")
            case .list(let check):
                for element in try #require(value as? [[String: Any]], "\(name)") { try check(element) }
            case .object(let check): try check(try #require(value as? [String: Any], "\(name)"))
            }
        }
    }

    private static let pair: @Sendable ([String: Any]) throws -> Void = {
        try check($0, ["name": .text, "value": .text])
    }

    private static let entry: @Sendable ([String: Any]) throws -> Void = { entry in
        try check(
            entry,
            [
                "startedDateTime": .time, "time": .number, "cache": .object { _ in },
                "timings": .object { try check($0, ["send": .number, "wait": .number, "receive": .number]) },
                "request": .object { request in
                    try check(
                        request,
                        [
                            "method": .text, "url": .text, "httpVersion": .text, "cookies": .list(pair),
                            "headers": .list(pair), "queryString": .list(pair), "headersSize": .number,
                            "bodySize": .number,
                        ])
                    guard let post = request["postData"] as? [String: Any] else { return }
                    try check(post, ["mimeType": .text])
                    #expect((post["text"] == nil) != (post["params"] == nil), "these exclude one another")
                },
                "response": .object { response in
                    try check(
                        response,
                        [
                            "status": .number, "statusText": .text, "httpVersion": .text, "cookies": .list(pair),
                            "headers": .list(pair), "redirectURL": .text, "headersSize": .number, "bodySize": .number,
                            "content": .object { try check($0, ["size": .number, "mimeType": .text]) },
                        ])
                },
            ])
    }

    /// The entries of a file that is valid.
    private static func entries(_ world: World, _ name: String = "x.har") throws -> [[String: Any]] {
        let data = try #require(world.home.read(name))
        let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let log = try #require(document["log"] as? [String: Any])
        #expect(log["version"] as? String == "1.2")
        try check(
            log, ["creator": .object { try check($0, ["name": .text, "version": .text]) }, "entries": .list(entry)])
        let mode = try FileManager.default.attributesOfItem(atPath: world.home(name))[.posixPermissions] as? Int
        #expect(mode == 0o600)
        return try #require(log["entries"] as? [[String: Any]])
    }

    private static func status(_ entry: [String: Any]) -> Int? {
        (entry["response"] as? [String: Any])?["status"] as? Int
    }

    @Test("every exchange is in the file, in order, and no secret")
    func exchanges() async throws {
        let secret = #"s+c/r=t %é"\1"#
        let world = try World.sandboxed { upload in
            upload.clientSecret = secret
            upload.apiKey = #"k"\+/=%é"#
        }
        var texts: [String] = []
        for (arguments, count) in [
            (["upload-csv", try world.shiftFile(), "--fetch", "tableofresultids", "--interval", "0.05"], 6),
            (["auth", "token", "bidcore"], 1), (["auth", "token", "connector"], 1), (["auth", "token", "atobi"], 1),
            (["workflow", "list", "publishers"], 1), (["send-event", "--set", "a=b"], 1), (["auth", "status"], 0),
            (["poll", World.processingToken], 1), (["auth", "token", "upload", "--refresh", "--curl"], 0),
        ] {
            _ = try await world.run(arguments + ["--har", world.home("x.har")])
            #expect(try Self.entries(world).count == count, "\(arguments)")
            texts.append(String(decoding: try #require(world.home.read("x.har")), as: UTF8.self))
        }
        let sandbox = try #require(world.sandbox)
        let tokens = sandbox.requests.flatMap { $0.request.headers }
            .filter { $0.name.lowercased() == "authorization" }.map { String($0.value.split(separator: " ")[1]) }
        let secrets = [
            secret, #"k"\+/=%é"#, BidCoreSettings().password, ConnectorSettings().password,
            AtobiSettings().clientSecret,
            ForwarderSettings().secretAccessKey,
        ]
        for text in texts {
            for spelling in secrets.flatMap(SecrecyTests.spellings) + tokens.filter({ $0.count > 40 }) {
                #expect(!text.contains(spelling), "\(spelling)")
            }
            // A JWT, wherever it comes from.
            #expect(!text.contains("eyJhbGciOi"))
        }
        #expect(texts[0].contains("key=***&dataKey=status"))
        #expect(texts[0].contains(#"{"name":"Authorization","value":"Bearer ***"}"#))
        #expect(texts[1].contains(#"{"name":"password","value":"***"}"#))
        #expect(texts[2].contains(#"\"refresh_token\":\"***\""#))
    }

    @Test("an exchange without an answer says why, and the file is there although the command fails")
    func failures() async throws {
        let world = try World.scripted { _ in .close }
        let result = try await world.run("poll", World.processingToken, "--retry", "1", "--har", world.home("x.har"))
        #expect(result.exitCode == 69)
        let entries = try Self.entries(world)
        #expect(entries.map(Self.status) == [200, 0, 0])
        let response = try #require(entries[1]["response"] as? [String: Any])
        #expect((response["_error"] as? String)?.contains("closed") == true)
    }

    @Test("an interruption leaves the whole file", arguments: [SIGINT, SIGTERM])
    func interrupted(number: Int32) async throws {
        let signal = Signal()
        let world = try World.scripted { _ in
            signal.send()
            return .late(.seconds(30), .close)
        }
        let command = try world.runner.start(["poll", World.processingToken, "--har", world.home("x.har")])
        await signal.wait()
        command.send(signal: number)
        #expect(await command.result().exitCode == (number == SIGINT ? 130 : 143))
        #expect(try Self.entries(world).map(Self.status) == [200, 0])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: world.home.path).filter { $0.hasSuffix(".tmp") } == [])
    }

    @Test("a vendor that echoes secrets and sets cookies, in bodies that are large or no text")
    func answers() async throws {
        let large = Data(repeating: UInt8(ascii: "x"), count: 300_000) + Data(World.apiKey.utf8)
        for (body, kept) in [(large, false), (Data([0xFF, 0xFE]), false), (Data("x \(World.apiKey)".utf8), true)] {
            let world = try World.scripted { _ in
                .answer(400, fields: [("Set-Cookie", "id=canary"), ("X-Echo", World.apiKey)], body: body)
            }
            _ = try await world.run("poll", World.processingToken, "--har", world.home("x.har"))
            let entries = try Self.entries(world)
            let response = try #require(entries.last?["response"] as? [String: Any])
            let content = try #require(response["content"] as? [String: Any])
            #expect(content["size"] as? Int == body.count)
            #expect((content["text"] as? String) == (kept ? "x ***" : nil))
            #expect((content["comment"] == nil) == kept)
            let text = String(decoding: try #require(world.home.read("x.har")), as: UTF8.self)
            #expect(!text.contains("canary"))
            for spelling in SecrecyTests.spellings(World.apiKey) { #expect(!text.contains(spelling)) }
        }
    }

    @Test("where the file cannot be, nothing is sent")
    func noPlace() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile()
        expectFailure(try await world.run("upload-csv", file, "--har", world.home("none/x.har")), 73, "HAR file")
        #expect(world.sandbox?.requests.isEmpty == true)
    }
}

@Suite("--dry-run of auth")
struct DryRunTests {
    @Test("logging in or out changes nothing", arguments: ["--dry-run", "--curl"])
    func authentication(flag: String) async throws {
        let world = try World.sandboxed()
        let secrets = "clientSecret=\(World.clientSecret)\napiKey=\(World.apiKey)\n"
        expectSuccess(try await world.run("auth", "login", "upload", "--with-stdin", stdin: secrets))
        expectSuccess(try await world.run("auth", "token", "upload"))
        let stored = try #require(world.home.read(".local/state/integrate/credentials"))
        let count = world.sandbox?.requests.count
        let result = try await world.run("auth", "logout", "upload", flag)
        expectSuccess(result)
        #expect(result.errors.contains("would remove the stored secrets and the cached token of upload"))
        expectSuccess(
            try await world.run("auth", "login", "upload", "--with-stdin", flag, stdin: "clientSecret=x\napiKey=y\n"))
        #expect(world.home.read(".local/state/integrate/credentials") == stored)
        #expect(try await world.run("auth", "status", "upload").output.contains("valid until"))
        #expect(world.sandbox?.requests.count == count)
    }
}
