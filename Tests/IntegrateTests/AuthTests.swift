import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("auth")
struct AuthTests {
    @Test("fifty processes that start together make one token request and get the same token")
    func together() async throws {
        let world = try World.sandboxed()
        let results = try await withThrowingTaskGroup(of: CommandResult.self) { group in
            for _ in 0..<50 {
                let command = try world.runner.start(["auth", "token", "upload"])
                group.addTask { await command.result() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.map(\.exitCode) == Array(repeating: 0, count: 50))
        #expect(Set(results.map(\.output)).count == 1)
        #expect(results.allSatisfy { $0.errors.isEmpty })
        #expect(world.count("token") == 1)
    }

    @Test("a token comes from the cache, new with --refresh, and in JSON with its end")
    func token() async throws {
        let world = try World.sandboxed()
        let first = try await world.run("auth", "token", "upload")
        #expect(first.output.filter { $0 == "\n" }.count == 1)
        #expect(first.errors.isEmpty)
        #expect(try await world.run("auth", "token", "upload").output == first.output)
        #expect(world.count("token") == 1)
        let refreshed = try await world.run("auth", "token", "upload", "--refresh")
        #expect(refreshed.output != first.output)
        #expect(try await world.run("auth", "token", "upload").output == refreshed.output)
        #expect(world.count("token") == 2)
        let json = try await world.run("auth", "token", "upload", "--json")
        let object = try #require(try JSONSerialization.jsonObject(with: json.standardOutput) as? [String: String])
        #expect(object["token"].map { $0 + "\n" } == refreshed.output)
        let end = try #require(object["expiresAt"].flatMap { try? Date($0, strategy: .iso8601) })
        #expect(abs(end.timeIntervalSinceNow - 3600) < 120)
    }

    @Test("a revoked token is renewed once without a word")
    func revoked() async throws {
        let world = try World.sandboxed()
        let token = try await world.upload()
        #expect(world.count("token") == 1)
        world.sandbox?.expireTokens()
        let result = try await world.run("poll", token, "--interval", "0.05")
        #expect(result.output == "completedsuccessfully\n")
        #expect(result.errors.isEmpty)
        #expect(world.count("token") == 2)
        world.sandbox?.expireTokens()
        expectSuccess(try await world.run("upload-csv", try world.shiftFile(), "--overwrite"))
        #expect(world.count("token") == 3)
        #expect(world.count("upload") == 3, "one refused, two accepted")
    }

    @Test("a token that stays refused is exit 77 after one renewal")
    func refused() async throws {
        let world = try World.scripted { _ in .answer(401, body: Data(#"{"message":"not you"}"#.utf8)) }
        expectFailure(try await world.run("poll", World.processingToken), 77, "401", "not you", "auth status upload")
        #expect(world.paths.count == 2)
        #expect(world.server?.requests.count == 4)
    }

    @Test("a Basic challenge does not hang")
    func challenge() async throws {
        let world = try World.scripted { _ in .answer(401, fields: [("WWW-Authenticate", "Basic realm=\"x\"")]) }
        expectFailure(try await world.run("poll", World.processingToken), 77, "401")
    }

    @Test("a wrong secret is exit 77 with the vendor's words", arguments: [400, 401])
    func wrongSecret(status: Int) async throws {
        let words = #"{"error":"invalid_client","error_description":"never heard of you"}"#
        let world = try World.against(try MisbehavingServer(script: { _ in .answer(status, body: Data(words.utf8)) }))
        let result = try await world.run("auth", "token", "upload")
        expectFailure(result, 77, "\(status): invalid_client: never heard of you", "hint: ")
        #expect(world.server?.requests.count == 1)
    }

    @Test("an identity URL without a token endpoint is a matter of settings, exit 78")
    func wrongPlace() async throws {
        let world = try World.sandboxed()
        let identity = (world.environment["INTEGRATE_UPLOAD_IDENTITY_URL"] ?? "") + "/oops"
        expectFailure(
            try await world.run("auth", "token", "upload", environment: ["INTEGRATE_UPLOAD_IDENTITY_URL": identity]),
            78,
            "404", identity)
    }

    @Test("a token answer that makes no sense is exit 76", arguments: ["", "[]", "<html>", #"{"access_token":null}"#])
    func nonsense(body: String) async throws {
        let world = try World.against(try MisbehavingServer(script: { _ in .answer(200, body: Data(body.utf8)) }))
        expectFailure(try await world.run("auth", "token", "upload"), 76, "the token request")
    }

    @Test("an identity service that is down is exit 69 after the retries")
    func down() async throws {
        let world = try World.against(try MisbehavingServer(script: { _ in .answer(500) }))
        expectFailure(try await world.run("auth", "token", "upload", "--retry", "1"), 69, "(2 tries)")
        #expect(world.server?.requests.count == 2)
    }

    @Test("login proves and stores the secrets, status shows where they are, logout removes them")
    func roundTrip() async throws {
        let world = try World.sandboxed(inEnvironment: false)
        let settings = world.environment.filter { !$0.key.hasSuffix("SECRET") && !$0.key.hasSuffix("_KEY") }
        let before = try await world.run("auth", "status", "upload", environment: settings)
        #expect(before.exitCode == 78)
        #expect(before.output.contains("missing"))
        #expect(before.errors.contains("INTEGRATE_UPLOAD_CLIENT_SECRET"))
        let login = try await world.run(
            "auth", "login", "upload", "--with-stdin", environment: settings,
            stdin: "clientSecret=\(World.clientSecret)\r\n\napiKey=\(World.apiKey)")
        expectSuccess(login)
        #expect(login.output.isEmpty)
        #expect(world.count("token") == 1)
        let credentials = world.home(".local/state/integrate/credentials")
        let attributes = try FileManager.default.attributesOfItem(atPath: credentials)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        let status = try await world.run("auth", "status", "upload", environment: settings)
        expectSuccess(status)
        #expect(status.output.contains("(stored in \(credentials))"))
        #expect(status.output.contains("token") && status.output.contains("none"))
        expectSuccess(try await world.run("auth", "token", "upload", environment: settings))
        let valid = try await world.run("auth", "status", "upload", "--json", environment: settings)
        let object = try #require(try JSONSerialization.jsonObject(with: valid.standardOutput) as? [String: Any])
        #expect(object["token"] as? String == "valid")
        #expect(object["expiresAt"] is String)
        // Another profile has nothing of it.
        let config = try world.home.write("{ profiles: { other: {} } }", to: "c.json5")
        #expect(
            try await world.run(
                "auth", "status", "upload", "--profile", "other", "--config", config, environment: settings
            ).exitCode == 78)
        let logout = try await world.run("auth", "logout", environment: settings)
        expectSuccess(logout)
        #expect(logout.errors.contains("removed the stored secrets and the cached token of upload"))
        #expect(try await world.run("auth", "status", "upload", environment: settings).exitCode == 78)
        let again = try await world.run("auth", "logout", "upload", environment: settings)
        expectSuccess(again)
        #expect(again.errors.contains("nothing is stored"))
        let tokens = world.home(".cache/integrate/tokens")
        #expect(try FileManager.default.contentsOfDirectory(atPath: tokens).allSatisfy { $0.hasSuffix(".lock") })
    }

    @Test("login stores nothing where the vendor refuses, or a secret is not given")
    func nothingStored() async throws {
        let world = try World.sandboxed()
        let refused = try await world.run(
            "auth", "login", "upload", "--with-stdin", stdin: "clientSecret=wrong\napiKey=\(World.apiKey)\n")
        expectFailure(refused, 77, "invalid_client")
        for input in ["", "clientSecret=x\n", "clientSecret=x\napiKey=\n", "password=x\n", "clientSecret\n"] {
            expectFailure(
                try await world.run("auth", "login", "upload", "--with-stdin", stdin: input), 65, "apiKey")
        }
        #expect(!FileManager.default.fileExists(atPath: world.home(".local/state/integrate/credentials")))
        #expect(world.count("token") == 1)
    }

    @Test("login without a terminal asks nobody and names what is missing", arguments: [["--no-input"], []])
    func noTerminal(arguments: [String]) async throws {
        let world = try World.sandboxed()
        let result = try await world.run(["auth", "login", "upload"] + arguments)
        expectFailure(result, 78, "clientSecret", "apiKey", "--with-stdin")
        let bare = try World.bare()
        let missing = try await bare.run(["auth", "login", "upload"] + arguments)
        expectFailure(missing, 78, "INTEGRATE_UPLOAD_IDENTITY_URL", "INTEGRATE_UPLOAD_CLIENT_ID")
    }

    @Test("login warns where the environment comes before what it stored")
    func shadowed() async throws {
        let world = try World.sandboxed()
        let result = try await world.run(
            "auth", "login", "upload", "--with-stdin",
            stdin: "clientSecret=\(World.clientSecret)\napiKey=\(World.apiKey)\n")
        expectSuccess(result)
        #expect(result.errors.contains("warning: apiKey from environment INTEGRATE_UPLOAD_API_KEY comes before"))
    }

    @Test("credentials or a cached token that others can read are refused")
    func exposed() async throws {
        let world = try World.sandboxed()
        expectSuccess(try await world.run("auth", "token", "upload"))
        let tokens = world.home(".cache/integrate/tokens")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: tokens).first { !$0.hasSuffix(".lock") })
        chmod("\(tokens)/\(name)", 0o644)
        expectFailure(try await world.run("auth", "token", "upload"), 78, "rm \(tokens)/\(name)")
        expectSuccess(try await world.run("auth", "logout"))
        expectSuccess(try await world.run("auth", "token", "upload"))
        let credentials = world.home(".local/state/integrate/credentials")
        try FileManager.default.createDirectory(
            atPath: world.home(".local/state/integrate"), withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: credentials))
        chmod(credentials, 0o644)
        expectFailure(try await world.run("auth", "token", "upload"), 78, "chmod 600 \(credentials)")
    }

    @Test("without a place for the cache a token is fetched each time, with one warning")
    func noCache() async throws {
        let world = try World.sandboxed()
        try world.home.write("", to: "file")
        for number in 1...2 {
            let result = try await world.run(
                "auth", "token", "upload", environment: ["XDG_CACHE_HOME": world.home("file")])
            expectSuccess(result)
            #expect(result.errors.components(separatedBy: "warning: tokens are not cached").count == 2)
            #expect(world.count("token") == number)
        }
    }
}
