import Foundation
import TestSupport
import Testing

@Suite("Settings")
struct SettingsTests {
    @Test("every missing setting is named at once with its environment name, and stored ones are not")
    func missing() async throws {
        let world = try World.bare()
        let file = try world.shiftFile()
        let names = ["IDENTITY_URL", "API_URL", "CLIENT_ID", "CLIENT_SECRET", "API_KEY"].map {
            "INTEGRATE_UPLOAD_" + $0
        }
        for arguments in [["upload-csv", file], ["poll", World.processingToken], ["fetch-results", "--last"]] {
            let result = try await world.run(arguments)
            expectFailure(result, 78)
            for name in names { #expect(result.errors.contains("(\(name))")) }
        }
        let token = try await world.run("auth", "token", "upload")
        expectFailure(token, 78, names[0], names[2], names[3])
        #expect(!token.errors.contains(names[4]), "a token needs no API key")
        let one = try await world.run(
            "poll", World.processingToken,
            environment: World.settings(for: "https://v.example").filter { $0.key != names[4] })
        expectFailure(one, 78, names[4])
        #expect(!one.errors.contains(names[0]))
    }

    @Test("what is missing is missing in JSON too, with the documented members")
    func json() async throws {
        let world = try World.bare()
        let result = try await world.run("poll", World.processingToken, "--json")
        #expect(result.exitCode == 78)
        #expect(result.output.isEmpty)
        let error = try jsonError(result)
        #expect(error["code"] as? String == "configuration")
        #expect(error["exit"] as? Int == 78)
        #expect(error["vendor"] as? String == "upload")
        #expect((error["message"] as? String)?.contains("INTEGRATE_UPLOAD_API_KEY") == true)
        #expect((error["hint"] as? String)?.isEmpty == false)
    }

    @Test(
        "a URL that will not do is exit 78 and names the setting",
        arguments: [
            "http://vendor.example", "ftp://127.0.0.1", "vendor.example", "https://user:pw@vendor.example", "https://",
            "https://v.example/a b", "https://v.example?x=1", "https://v.example:99999",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1", "https://v.example/a/../b",
        ])
    func badURL(url: String) async throws {
        let world = try World.bare()
        var settings = World.settings(for: "https://v.example")
        settings["INTEGRATE_UPLOAD_API_URL"] = url
        let result = try await world.run("poll", World.processingToken, environment: settings)
        expectFailure(result, 78, "apiURL", "INTEGRATE_UPLOAD_API_URL")
        #expect(!result.errors.contains("user:pw"))
    }

    struct File: CustomTestStringConvertible {
        var text: String
        var words: [String]
        init(_ text: String, says words: String...) {
            self.text = text
            self.words = words
        }
        var testDescription: String { text }
    }

    @Test(
        "a settings file with a fault is exit 78 and says where it is",
        arguments: [
            File("{", says: "config.json5"), File("", says: "config.json5"), File("[]", says: "must be an object"),
            File("{ profile: {} }", says: "'profile'", "profiles"),
            File("{ profiles: { default: { uplaod: {} } } }", says: "'uplaod'", "upload"),
            File("{ profiles: { default: { upload: { apiUrl: 'x' } } } }", says: "'apiUrl'", "apiURL"),
            File("{ profiles: { default: { upload: { apiKey: { file: 5 } } } } }", says: "apiKey", "reference"),
            File("{ profiles: { default: { upload: { apiKey: { command: [] } } } } }", says: "apiKey", "reference"),
            File("{ profiles: { default: { upload: { apiKey: [1] } } } }", says: "apiKey"),
            File("{ profiles: { default: { upload: 5 } } }", says: "profiles.default.upload"),
            File(
                "{ profiles: { default: { upload: { apiKey: { env: 'NOT_THERE' } } } } }", says: "NOT_THERE", "apiKey"),
            File("{ profiles: { default: { upload: { apiKey: { file: '/not/there' } } } } }", says: "/not/there"),
            File("{ profiles: { default: { upload: { apiKey: { command: ['false'] } } } } }", says: "false", "exit 1"),
            File("{ profiles: { default: { upload: { apiKey: { command: ['/not/there'] } } } } }", says: "/not/there"),
            File("{ profiles: { default: { upload: { apiKey: { command: ['true'] } } } } }", says: "nothing"),
        ])
    func badFile(_ file: File) async throws {
        let world = try World.bare()
        let path = try world.home.write(file.text, to: "config.json5")
        chmod(path, 0o600)
        let result = try await world.run("auth", "status", "--config", path)
        #expect(result.exitCode == 78)
        for word in file.words { #expect(result.errors.contains(word), Comment(rawValue: result.errors)) }
    }

    @Test("a settings file or profile that was asked for must be there; the usual ones need not")
    func absent() async throws {
        let world = try World.sandboxed()
        expectFailure(try await world.run("auth", "token", "upload", "--config", "/not/there"), 78, "/not/there")
        expectFailure(
            try await world.run("auth", "token", "upload", environment: ["INTEGRATE_CONFIG": "/not/there"]), 78)
        expectFailure(try await world.run("auth", "token", "upload", "--profile", "prod"), 78, "'prod'")
        expectFailure(try await world.run("auth", "token", "upload", environment: ["INTEGRATE_PROFILE": "prod"]), 78)
        expectSuccess(try await world.run("auth", "token", "upload", "--profile", "default"))
        expectSuccess(try await world.run("auth", "token", "upload"))
    }

    @Test("a settings file with a secret that others can read is refused with the chmod; without a secret it is not")
    func readable() async throws {
        let world = try World.sandboxed(inEnvironment: false)
        let path = try writeConfig(world, secret: "'\(World.clientSecret)'", mode: 0o640)
        let result = try await world.run("auth", "token", "upload", "--config", path)
        expectFailure(result, 78, "chmod 600 \(path)")
        chmod(path, 0o600)
        expectSuccess(try await world.run("auth", "token", "upload", "--config", path))
        let reference = try writeConfig(world, secret: "{ env: 'S' }", key: "{ env: 'K' }", mode: 0o644)
        expectSuccess(
            try await world.run(
                "auth", "token", "upload", "--config", reference,
                environment: ["S": World.clientSecret, "K": World.apiKey]))
    }

    private func writeConfig(
        _ world: World, secret: String, key: String = "'\(World.apiKey)'", mode: mode_t = 0o600
    ) throws -> String {
        let path = try world.home.write(
            """
            // Comments and trailing commas are fine.
            { profiles: { default: { upload: {
                identityURL: '\(world.environment["INTEGRATE_UPLOAD_IDENTITY_URL"] ?? "")',
                apiURL: '\(world.environment["INTEGRATE_UPLOAD_API_URL"] ?? "")',
                clientID: 'sandbox-client', clientSecret: \(secret), apiKey: \(key),
            }, }, }, }
            """, to: "config \(UUID().uuidString).json5")
        chmod(path, mode)
        return path
    }

    @Test("a secret may be a reference to the environment, a file or a command")
    func references() async throws {
        let world = try World.sandboxed(inEnvironment: false)
        let file = try world.home.write(World.clientSecret + "\r\n", to: "secret")
        for reference in ["{ env: 'THE_SECRET' }", "{ file: '\(file)' }", "{ command: ['cat', '\(file)'] }"] {
            let path = try writeConfig(world, secret: reference)
            let result = try await world.run(
                "auth", "token", "upload", "--refresh", "--config", path,
                environment: ["THE_SECRET": World.clientSecret])
            expectSuccess(result)
        }
        #expect(world.count("token") == 3)
    }

    @Test("environment comes before the profile, that before what is stored, and that before the default")
    func precedence() async throws {
        let world = try World.sandboxed(inEnvironment: false)
        func sources(_ environment: [String: String], _ arguments: String...) async throws -> [String: String] {
            let result = try await world.run(
                ["auth", "status", "upload", "--json"] + arguments, environment: environment)
            let line = try #require(result.output.split(separator: "\n").first)
            let report = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let entries = try #require(report["settings"] as? [[String: Any]])
            var sources: [String: String] = [:]
            for entry in entries { sources[try #require(entry["setting"] as? String)] = entry["source"] as? String }
            return sources
        }
        #expect(try await sources([:]) == ["scope": "default"])
        let login = try await world.run(
            "auth", "login", "upload", "--with-stdin", environment: world.environment,
            stdin: "clientSecret=\(World.clientSecret)\napiKey=\(World.apiKey)\n")
        expectSuccess(login)
        let stored = "stored in \(world.home(".local/state/integrate/credentials"))"
        #expect(try await sources([:]) == ["scope": "default", "clientSecret": stored, "apiKey": stored])
        let path = try writeConfig(world, secret: "'x'")
        let profile = "profile default in \(path)"
        let withFile = try await sources([:], "--config", path)
        #expect(withFile["clientSecret"] == profile)
        #expect(withFile["apiURL"] == profile)
        let name = "INTEGRATE_UPLOAD_CLIENT_SECRET"
        let withAll = try await sources([name: "y", "INTEGRATE_UPLOAD_SCOPE": ""], "--config", path)
        #expect(withAll["clientSecret"] == "environment \(name)")
        #expect(withAll["scope"] == "default", "an empty variable is none")
    }

    @Test("XDG places are used, and relative ones ignored")
    func places() async throws {
        let world = try World.sandboxed()
        let cache = world.home("my cache")
        expectSuccess(
            try await world.run(
                "auth", "token", "upload", environment: ["XDG_CACHE_HOME": cache, "XDG_STATE_HOME": "relative"]))
        #expect(FileManager.default.fileExists(atPath: cache + "/integrate/tokens"))
        #expect(!FileManager.default.fileExists(atPath: world.home(".cache")))
    }
}
