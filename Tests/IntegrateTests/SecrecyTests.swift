import Foundation
import HTTPCore
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("Secrets")
struct SecrecyTests {
    /// Every spelling in which a secret could be seen.
    static func spellings(_ secret: String) -> [String] {
        let encoded = PercentEncoding.encode(secret)
        let lower = encoded.replacing(/%[0-9A-F]{2}/) { $0.output.lowercased() }
        let json = secret.replacingOccurrences(of: "/", with: "\\/")
        return [
            secret, encoded, lower, encoded.replacingOccurrences(of: "%20", with: "+"),
            Data(secret.utf8).base64EncodedString(), Data(encoded.utf8).base64EncodedString(),
            Data("sandbox-client:\(encoded)".utf8).base64EncodedString(),
            Data("client:\(encoded)".utf8).base64EncodedString(), json,
            json.replacingOccurrences(of: "é", with: "\\u00e9"),
            secret.replacingOccurrences(of: "é", with: "\\u00E9"),
        ]
    }

    private static let canaries = Set((spellings(World.clientSecret) + spellings(World.apiKey)))

    /// The canaries, and the tokens that were issued, in `text`.
    private static func leaks(in text: String, of tokens: [String] = []) -> [String] {
        (canaries.sorted() + tokens).filter { text.contains($0) }
    }

    private static func expectNoLeak(
        _ result: CommandResult, tokens: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(leaks(in: result.output, of: tokens).isEmpty, sourceLocation: sourceLocation)
        #expect(
            leaks(in: result.errors, of: tokens).isEmpty, Comment(rawValue: result.errors),
            sourceLocation: sourceLocation)
    }

    /// Files below the home that hold a secret, without those that are there to hold one.
    private static func leakyFiles(_ world: World) throws -> [String] {
        let paths = try #require(FileManager.default.subpaths(atPath: world.home.path))
        return paths.filter { path in
            guard !path.hasPrefix(".cache/integrate/tokens/"), path != ".local/state/integrate/credentials",
                let data = world.home.read(path)
            else { return false }
            return !leaks(in: String(decoding: data, as: UTF8.self)).isEmpty
        }
    }

    private static func issuedTokens(_ world: World) -> [String] {
        let values = (world.sandbox?.requests ?? []).flatMap { $0.request.headers }
            .filter { $0.name.lowercased() == "authorization" && $0.value.hasPrefix("Bearer ") }
            .map { String($0.value.dropFirst("Bearer ".count)) }
        return Array(Set(values))
    }

    @Test(
        "neither a secret nor a token shows in any output, however much is asked for", arguments: ["-q", "-v", "-vv"])
    func successes(verbosity: String) async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile("ghost.csv", World.shifts + "GHOST1,02/07/2024,22:00,03/07/2024,06:00\r\n")
        var results: [CommandResult] = []
        for arguments in [
            ["upload-csv", try world.shiftFile(), "--fetch", "tableofresultids", "--interval", "0.05"],
            ["upload-csv", file, "--wait", "--interval", "0.05"], ["upload-csv", file], ["poll", "--last", "--json"],
            ["fetch-results", "--last", "--key", "feedback"], ["fetch-results", "--last", "--key", "nonsense"],
            ["auth", "status"], ["auth", "status", "--json"], ["auth", "logout"],
        ] {
            results.append(try await world.run([verbosity] + arguments))
        }
        world.sandbox?.expireTokens()
        results.append(try await world.run("poll", "--last", verbosity))
        let tokens = Self.issuedTokens(world)
        #expect(!tokens.isEmpty)
        for result in results { Self.expectNoLeak(result, tokens: tokens) }
        #expect(try Self.leakyFiles(world).isEmpty)
        let errors = results.map(\.errors).joined()
        #expect(errors.contains("POST") == (verbosity != "-q"))
        #expect(errors.contains("> Authorization: Bearer ***") == (verbosity == "-vv"))
        #expect(errors.contains("key=***&dataKey=status") == (verbosity != "-q"))
    }

    @Test("a vendor that repeats the request in its error does not make us show it", arguments: ["-q", "-vv"])
    func echoes(verbosity: String) async throws {
        let world = try World.scripted { request in
            let seen = [
                request["Authorization"] ?? "", World.clientSecret, request.target,
                String(decoding: request.body, as: UTF8.self),
            ]
            let body = try? JSONEncoder().encode(["message": seen.joined(separator: " ")])
            return .answer(400, fields: [("X-Echo", request.target)], body: body ?? Data())
        }
        for arguments in [
            ["upload-csv", try world.shiftFile()], ["poll", World.processingToken],
            ["poll", World.processingToken, "--json"], ["fetch-results", World.processingToken],
        ] {
            let result = try await world.run([verbosity] + arguments)
            #expect(result.exitCode == 1)
            Self.expectNoLeak(result, tokens: ["token-0"])
            #expect(result.errors.contains("***"))
        }
        let server = try MisbehavingServer(script: { request in
            .answer(401, body: Data("no: \(request["Authorization"] ?? "") \(request["authorization"] ?? "")".utf8))
        })
        let identity = try World.against(server)
        let refused = try await identity.run("auth", "token", "upload", verbosity)
        #expect(refused.exitCode == 77)
        Self.expectNoLeak(refused)
    }

    @Test("transport errors, redirects and refusals show no secret")
    func failures() async throws {
        let closed = "http://127.0.0.1:\(try MisbehavingServer.closedPort())"
        for behaviour in [
            MisbehavingServer.Behaviour.close, .reset,
            .answer(302, fields: [("Location", closed + "/?key=\(PercentEncoding.encode(World.apiKey))")]),
            .raw(Data("nonsense \(World.apiKey)\r\n\r\n".utf8)), .answer(200, body: Data("x\(World.apiKey)".utf8)),
        ] {
            let world = try World.scripted { _ in behaviour }
            for arguments in [
                ["upload-csv", try world.shiftFile()],
                ["poll", World.processingToken, "--deadline", "0.4", "--interval", "0.1"],
            ] {
                Self.expectNoLeak(try await world.run(arguments + ["-vv", "--retry", "0"]))
            }
            #expect(try Self.leakyFiles(world).isEmpty)
        }
    }

    @Test("a dry run shows the exact requests, masked, and sends nothing at all")
    func dryRun() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile()
        let upload = try await world.run("upload-csv", file, "--dry-run")
        expectSuccess(upload)
        #expect(upload.output.hasPrefix("POST /upload/api/UploadData HTTP/1.1\nHost: 127.0.0.1:"))
        #expect(upload.output.contains("Authorization: Bearer ***\n"))
        #expect(upload.output.contains(#""Key":"***""#))
        #expect(upload.output.contains(#"User1,01/07/2024,09:00,01/07/2024,17:00\r\nUser2"#))
        let poll = try await world.run("poll", World.processingToken, "--dry-run")
        #expect(
            poll.output.hasPrefix(
                "GET /upload/api/GetResults?token=\(World.processingToken)&key=***&dataKey=status HTTP/1.1\n"))
        let token = try await world.run("auth", "token", "upload", "--dry-run")
        #expect(token.output.contains("POST /identity/connect/token HTTP/1.1\n"))
        #expect(token.output.contains("Authorization: Basic ***\n"))
        #expect(token.output.hasSuffix("\n\ngrant_type=client_credentials&scope=platform_upload_api\n"))
        let fetch = try await world.run("fetch-results", World.processingToken, "--dry-run", "-o", world.home("r"))
        #expect(fetch.output.contains("dataKey=tableofresultids"))
        let login = try await world.run(
            "auth", "login", "upload", "--with-stdin", "--dry-run",
            stdin: "clientSecret=\(World.clientSecret)\napiKey=\(World.apiKey)\n")
        for result in [upload, poll, token, fetch, login] {
            expectSuccess(result)
            Self.expectNoLeak(result)
        }
        expectFailure(try await world.run("upload-csv", world.home("none"), "--dry-run"), 66)
        #expect(world.sandbox?.requests.isEmpty == true)
        #expect(!FileManager.default.fileExists(atPath: world.home(".local/state/integrate/credentials")))
        #expect(world.home.read("r") == nil)
        #expect(world.outgoing.isEmpty)
    }
}
