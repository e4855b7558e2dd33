import Foundation
import TestSupport
import Testing

@testable import integrate

@Suite("config")
struct ConfigTests {
    @Test("init writes a private template that check takes, at the path that path prints")
    func initialise() async throws {
        let world = try World.bare()
        let path = world.home(".config/integrate/config.json5")
        let printed = try await world.run("config", "path")
        #expect(printed.output == path + "\n")
        let absent = try await world.run("config", "check")
        expectSuccess(absent)
        #expect(absent.errors.contains("there is no settings file"))

        let written = try await world.run("config", "init")
        expectSuccess(written)
        #expect(written.output == path + "\n")
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let text = try #require(world.home.read(".config/integrate/config.json5"))
        for specification in SettingCatalog.all {
            #expect(String(decoding: text, as: UTF8.self).contains("// \(specification.key): "))
        }
        let checked = try await world.run("config", "check")
        expectSuccess(checked)
        #expect(checked.errors.contains("no fault"))
        #expect(checked.output.isEmpty)
    }

    @Test("every line of the template may be taken in, and the file is still valid")
    func template() async throws {
        let world = try World.bare()
        let lines = SettingsTemplate.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.contains("        // ") && line.contains(": ") && line.hasSuffix(",")
                ? line.replacingOccurrences(of: "// ", with: "") : String(line)
        }
        let path = try world.home.write(lines.joined(separator: "\n"), to: "all.json5")
        chmod(path, 0o600)
        _ = try SettingsFile(path: path, isRequired: true)
        // Its references lead to variables that have to be there.
        let variables = Dictionary(
            SettingCatalog.all.filter(\.isSecret).map { ($0.environment[0], "x-secret-x") }
        ) { first, _ in first }
        let shown = try await world.run(["config", "show", "--config", path], environment: variables)
        expectSuccess(shown)
        #expect(!shown.output.contains("x-secret-x"))
    }

    @Test("init leaves a file that is there alone unless told otherwise")
    func force() async throws {
        let world = try World.bare()
        let path = try world.home.write("{}", to: "c.json5")
        expectFailure(try await world.run("config", "init", "--config", path), 73, "--force", path)
        #expect(world.home.read("c.json5") == Data("{}".utf8))
        expectSuccess(try await world.run("config", "init", "--config", path, "--force"))
        #expect(world.home.read("c.json5") != Data("{}".utf8))
        let nowhere = world.home("c.json5") + "/below"
        expectFailure(try await world.run("config", "init", "--config", nowhere), 73)
    }

    @Test("path follows option, environment and XDG, in this order, and is JSON when asked")
    func path() async throws {
        let world = try World.bare()
        let option = try await world.run("config", "path", "--config", "/a", environment: ["INTEGRATE_CONFIG": "/b"])
        #expect(option.output == "/a\n")
        #expect(try await world.run("config", "path", environment: ["INTEGRATE_CONFIG": "/b"]).output == "/b\n")
        let xdg = try await world.run("config", "path", "--json", environment: ["XDG_CONFIG_HOME": "/x"])
        #expect(xdg.output == #"{"path":"/x/integrate/config.json5"}"# + "\n")
    }

    @Test("show names each value's source and masks secrets, also as JSON")
    func show() async throws {
        let world = try World.bare()
        let path = try world.home.write(
            """
            { profiles: { default: { upload: {
                apiURL: 'https://api.example', clientID: 'from-file', clientSecret: { env: 'THE_SECRET' },
            } } } }
            """, to: "c.json5")
        let environment = [
            "INTEGRATE_CONFIG": path, "THE_SECRET": "s3cr3t-value", "INTEGRATE_UPLOAD_CLIENT_ID": "from-environment",
        ]
        let text = try await world.run("config", "show", environment: environment)
        expectSuccess(text)
        for line in [
            "upload.apiURL = https://api.example  (profile default in \(path))",
            "upload.clientID = from-environment  (environment INTEGRATE_UPLOAD_CLIENT_ID)",
            "upload.clientSecret = ***  (profile default in \(path))",
            "upload.scope = platform_upload_api  (default)",
        ] {
            #expect(text.output.contains(line + "\n"), Comment(rawValue: text.output))
        }
        let json = try await world.run("config", "show", "--json", environment: environment)
        let entries = try json.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
        }
        let secret = try #require(entries.first { $0["setting"] == "upload.clientSecret" })
        #expect(secret == ["setting": "upload.clientSecret", "value": "***", "source": "profile default in \(path)"])
        #expect(!(text.output + text.errors + json.output + json.errors).contains("s3cr3t-value"))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var text: String
        var words: [String]
        var testDescription: String { text }
    }

    @Test(
        "check finds what is wrong in any profile",
        arguments: [
            Fault(text: "{ profiles: { other: { upload: { apiUrl: 'x' } } } }", words: ["apiUrl", "apiURL"]),
            Fault(text: "{ profiles: { other: { upload: { apiURL: 'ftp://x' } } } }", words: ["apiURL", "https://"]),
            Fault(
                text: "{ profiles: { other: { atobi: { requestsPerMinute: 0 } } } }",
                words: ["requestsPerMinute", "whole number"]),
            Fault(
                text: "{ profiles: { other: { bidcore: { password: { file: '/not/there' } } } } }",
                words: ["/not/there", "bidcore"]),
        ])
    func check(_ fault: Fault) async throws {
        let world = try World.bare()
        let path = try world.home.write(fault.text, to: "c.json5")
        let result = try await world.run("config", "check", "--config", path)
        expectFailure(result, 78)
        for word in fault.words { #expect(result.errors.contains(word), Comment(rawValue: result.errors)) }
    }

    @Test("refused credentials are said to come from where they do, without their values and without asking again")
    func refusedCredentials() async throws {
        let world = try World.sandboxed(inEnvironment: false)
        let (runs, url) = (world.home("runs"), world.environment["INTEGRATE_UPLOAD_IDENTITY_URL"] ?? "")
        let path = try world.home.write(
            """
            { profiles: { default: { upload: {
                identityURL: '\(url)', clientID: 'sandbox-client',
                clientSecret: { command: ['sh', '-c', 'echo run >>\(runs); echo mistaken-secret'] },
            } } } }
            """, to: "c.json5")
        let scope = ["INTEGRATE_UPLOAD_SCOPE": "platform_upload_api"]
        let result = try await world.run("auth", "token", "upload", "--config", path, environment: scope)
        expectFailure(
            result, 77,
            "settings come from: identityURL, clientID, clientSecret profile default in \(path); "
                + "scope environment INTEGRATE_UPLOAD_SCOPE\n")
        #expect(world.home.read("runs") == Data("run\n".utf8), "the command is not run for the message")
        let json = try await world.run("auth", "token", "upload", "--config", path, "--json", environment: scope)
        let settings = try #require(try jsonError(json)["settings"] as? [String: String])
        #expect(settings["clientSecret"] == "profile default in \(path)")
        #expect(settings["scope"] == "environment INTEGRATE_UPLOAD_SCOPE")
        #expect(!(result.errors + json.errors).contains("mistaken-secret"))
    }
}
