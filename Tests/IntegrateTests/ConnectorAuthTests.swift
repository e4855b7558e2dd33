import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("auth with the connector service")
struct ConnectorAuthTests {
    private static let list = ["create-source", "snapchat", "--list", "metric"]

    @Test("a token is shared by all runs, renewed by refresh token, and repeats realm and provider")
    func token() async throws {
        let world = try ConnectorWorld.sandboxed { $0.requiresRealm = true }
        let token = try await world.runner.run(["auth", "token", "connector"])
        expectSuccess(token)
        #expect(try await world.runner.run(["auth", "token", "connector"]).output == token.output)
        expectSuccess(try await world.runner.run(Self.list))
        #expect(world.sandbox?.requests.last?.notes == ["with X-Realm-Id and X-Provider"])
        world.sandbox?.expireTokens()
        expectSuccess(try await world.runner.run(Self.list))
        #expect(["token", "refresh", "action"].map(world.count) == [1, 1, 3])
        let renewed = try await world.runner.run(["auth", "token", "connector", "--refresh"])
        #expect(renewed.output != token.output)
        #expect(["token", "refresh"].map(world.count) == [1, 2])
    }

    @Test(
        "each form of renewal works, and a login where there is none",
        arguments: [
            (ConnectorSettings.Refresh.get, 1, 2), (.none, 2, 2),
        ])
    func refreshForms(_ form: ConnectorSettings.Refresh, _ logins: Int, _ attempts: Int) async throws {
        let world = try ConnectorWorld.sandboxed { $0.refresh = form }
        expectSuccess(try await world.runner.run(Self.list))
        world.sandbox?.expireTokens()
        expectSuccess(try await world.runner.run(Self.list))
        #expect(["token", "refresh"].map(world.count) == [logins, attempts])
    }

    @Test("login proves the password, stores it, and keeps the token")
    func login() async throws {
        let world = try ConnectorWorld.sandboxed()
        let withoutPassword = ["INTEGRATE_CONNECTOR_PASSWORD": ""]
        let refused = try await world.run(
            "auth", "login", "connector", "--with-stdin", environment: withoutPassword, stdin: "password=wrong\n")
        expectFailure(refused, 77, "Invalid credentials")
        expectFailure(
            try await world.run(
                "create-source", "snapchat", "--list", "metric", environment: withoutPassword), 78, "password")
        let result = try await world.run(
            "auth", "login", "connector", "--with-stdin", environment: withoutPassword,
            stdin: "password=\(ConnectorWorld.password)\n")
        expectSuccess(result)
        #expect(result.output.isEmpty)
        expectSuccess(
            try await world.run(
                "create-source", "snapchat", "--list", "metric", environment: withoutPassword))
        #expect(world.count("token") == 2, "the login's token was kept")
        let status = try await world.run("auth", "status", "connector", environment: withoutPassword)
        expectSuccess(status)
        #expect(status.output.contains("valid until"))
        #expect(status.output.contains("stored in"))
        expectSuccess(try await world.run("auth", "logout", "connector", environment: withoutPassword))
        expectFailure(
            try await world.run(
                "create-source", "snapchat", "--list", "metric", environment: withoutPassword), 78, "password")
    }

    @Test("a one-time code is taken with the login; afterwards the token renews itself")
    func oneTimeCode() async throws {
        let world = try ConnectorWorld.sandboxed { $0.oneTimeCode = "123456" }
        expectFailure(
            try await world.runner.run(Self.list), 78, "one-time code", "integrate auth login connector")
        let wrong = try await world.run(
            "auth", "login", "connector", "--with-stdin", stdin: "password=\(ConnectorWorld.password)\ncode=000000\n")
        expectFailure(wrong, 77, "Invalid code")
        expectSuccess(
            try await world.run(
                "auth", "login", "connector", "--with-stdin",
                stdin: "code=123456\npassword=\(ConnectorWorld.password)\n"))
        world.sandbox?.expireTokens()
        expectSuccess(try await world.runner.run(Self.list))
        #expect(["mfa", "refresh"].map(world.count) == [2, 1])
    }

    @Test("a permanent token needs no login, is proved before it is stored, and a 401 is final")
    func permanentToken() async throws {
        let world = try ConnectorWorld.sandboxed { $0.permanentToken = "canary-forever" }
        let none = ["INTEGRATE_CONNECTOR_PASSWORD": "", "INTEGRATE_CONNECTOR_EMAIL": ""]
        let refused = try await world.run(
            "auth", "login", "connector", "--with-stdin", environment: none, stdin: "token=other\n")
        expectFailure(refused, 77)
        #expect(world.count("sources") == 1)
        expectSuccess(
            try await world.run(
                "auth", "login", "connector", "--with-stdin", environment: none, stdin: "token=canary-forever\n"))
        expectSuccess(try await world.run("create-source", "snapchat", "--list", "metric", environment: none))
        #expect(world.count("token") == 0)
        let status = try await world.run("auth", "status", "connector", environment: none)
        expectSuccess(status)
        #expect(status.output.contains("permanent"))
        let token = try await world.runner.run(["auth", "token", "connector"], environment: none)
        #expect(token.output == "canary-forever\n")
    }

    @Test("wrong input to a login is exit 65, a missing e-mail address 78, and nobody to ask 78")
    func loginInput() async throws {
        let world = try ConnectorWorld.sandboxed()
        for input in ["", "code=1\n", "secret=x\n", "password\n", "password=x\ntoken=y\n"] {
            expectFailure(
                try await world.run("auth", "login", "connector", "--with-stdin", stdin: input), 65, "standard input")
        }
        expectFailure(try await world.run("auth", "login", "connector"), 78, "--with-stdin")
        expectFailure(
            try await world.run(
                "auth", "login", "connector", "--with-stdin", environment: ["INTEGRATE_CONNECTOR_EMAIL": ""],
                stdin: "password=x\n"), 78, "INTEGRATE_CONNECTOR_EMAIL")
        #expect(world.sandbox?.requests.isEmpty == true)
    }

    @Test("the status of all vendors asks only for what the used ones need")
    func status() async throws {
        let bare = try ConnectorWorld.bare()
        let none = try await bare.run("auth", "status")
        #expect(none.exitCode == 78)
        #expect(none.errors.contains("no vendor has a setting"))
        let one = try await bare.run("auth", "status", environment: ["INTEGRATE_CONNECTOR_TOKEN": "t"])
        expectSuccess(one)
        let incomplete = try await bare.run("auth", "status", environment: ["INTEGRATE_CONNECTOR_EMAIL": "e"])
        #expect(incomplete.exitCode == 78)
        #expect(incomplete.errors.contains("INTEGRATE_CONNECTOR_PASSWORD"))
        let named = try await bare.run("auth", "status", "connector")
        #expect(named.exitCode == 78)
    }
}
