import Foundation
import HTTPCore
import TestSupport
import Testing
import VendorSandbox

@testable import integrate

@Suite("doctor")
struct DoctorTests {
    private struct Report: Decodable {
        struct Check: Decodable {
            struct Times: Decodable { var dns, tcp, tlsEstimate, http, total: Double? }
            var area: String
            var name: String
            var status: String
            var message: String
            var hint: String?
            var exit: Int?
            var milliseconds: Times?
            var clockSkewSeconds: Int?
            var settings: [String: String]?
        }

        var status: String
        var checks: [Check]

        func check(_ area: String, _ name: String) throws -> Check {
            try #require(checks.first { $0.area == area && $0.name == name }, "\(area) \(name)")
        }
    }

    private static func report(_ result: CommandResult) throws -> Report {
        #expect(result.output.filter { $0 == "\n" }.count == 1, "one JSON value on one line")
        return try JSONDecoder().decode(Report.self, from: result.standardOutput)
    }

    @Test("in the sandbox nothing is wrong: versions, sources, times, clock; no secret and no token request")
    func sandbox() async throws {
        let world = try World.sandboxed()
        let result = try await world.run("doctor", "upload", "forwarder", "--json")
        expectSuccess(result)
        let report = try Self.report(result)
        #expect(try report.check("program", "versions").message.contains("integrate \(CommandTable.version)"))
        let settings = try report.check("upload", "settings")
        #expect(settings.settings?["clientSecret"] == "environment INTEGRATE_UPLOAD_CLIENT_SECRET")
        for vendor in ["upload", "forwarder"] {
            let times = try #require(try report.check(vendor, "reachability").milliseconds)
            #expect(times.dns != nil && times.tcp != nil && times.http != nil && times.total != nil)
            #expect(times.tlsEstimate == nil, "there is no TLS on http:")
            #expect(abs(try #require(try report.check(vendor, "clock").clockSkewSeconds)) <= 2)
        }
        #expect(world.count("token") == 0)
        for secret in [World.clientSecret, World.apiKey] {
            #expect(!(result.output + result.errors).contains(secret))
        }
    }

    @Test("a token is told valid when one is cached, and asked for with --token")
    func token() async throws {
        let world = try World.sandboxed()
        let without = try Self.report(try await world.run("doctor", "upload", "--json"))
        #expect(try without.check("upload", "token").message.contains("no token is cached"))
        expectSuccess(try await world.run("auth", "token", "upload"))
        let with = try Self.report(try await world.run("doctor", "upload", "--json"))
        #expect(try with.check("upload", "token").message.hasPrefix("a cached token is valid until 20"))
        #expect(world.count("token") == 1)
        expectSuccess(try await world.run("doctor", "upload", "--token"))
        #expect(world.count("token") == 2)

        let wrong = try await world.run(
            "doctor", "upload", "--token", "--json", environment: ["INTEGRATE_UPLOAD_CLIENT_SECRET": "mistaken-secret"])
        #expect(wrong.exitCode == 78)
        let check = try Self.report(wrong).check("upload", "token")
        #expect(check.status == "error" && check.message.contains("401"))
        #expect(!(wrong.output + wrong.errors).contains("mistaken-secret"))
    }

    @Test("vendors without settings are not configured, and an error only when named")
    func unconfigured() async throws {
        let world = try World.bare()
        let all = try await world.run("doctor")
        expectSuccess(all)
        for vendor in Vendor.allCases { #expect(all.output.contains("skipped  \(vendor.rawValue): not configured\n")) }
        // What other tools set does not configure a vendor.
        let foreign = try await world.run("doctor", environment: ["AWS_REGION": "eu-west-1"])
        #expect(foreign.output.contains("skipped  forwarder: not configured\n"))

        let named = try await world.run("doctor", "upload")
        #expect(named.exitCode == 78)
        #expect(named.output.contains("error    upload: "))
        #expect(named.output.contains("INTEGRATE_UPLOAD_API_KEY"))
        #expect(!named.output.contains("atobi"))
        #expect(named.errors.contains("integrate: error: 1 check failed: upload"))
        let partly = try await world.run("doctor", environment: ["INTEGRATE_UPLOAD_CLIENT_ID": "x"])
        #expect(partly.exitCode == 78)
        let wrong = try await world.run(
            "doctor", environment: World.settings(for: "http://not.loopback.example"))
        #expect(wrong.exitCode == 78)
        #expect(wrong.output.contains("https://"))
    }

    @Test("a refused connection is exit 69, with what was tried")
    func refused() async throws {
        let world = try World.bare()
        let port = try MisbehavingServer.closedPort()
        let result = try await world.run(
            "doctor", "upload", "--json", environment: World.settings(for: "http://127.0.0.1:\(port)"))
        #expect(result.exitCode == 69)
        let check = try Self.report(result).check("upload", "reachability")
        #expect(check.status == "error" && check.exit == 69)
        #expect(check.message.contains("127.0.0.1:\(port)") && check.message.contains("refused"))
        #expect(check.milliseconds?.dns != nil && check.milliseconds?.http == nil)
        #expect(try jsonError(result)["exit"] as? Int == 69)
    }

    @Test("a name that does not resolve is exit 69, before any request")
    func unresolved() async throws {
        // ".invalid" never resolves (RFC 6761).
        let result = try await World.bare().run(
            "doctor", "forwarder", "--json",
            environment: [
                "INTEGRATE_FORWARDER_URL": "https://vendor.invalid/v1", "INTEGRATE_FORWARDER_REGION": "eu-west-1",
                "INTEGRATE_FORWARDER_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "INTEGRATE_FORWARDER_SECRET_ACCESS_KEY": "secret-key",
            ])
        #expect(result.exitCode == 69)
        #expect(try Self.report(result).check("forwarder", "reachability").message.contains("cannot be resolved"))
    }

    @Test("a server that takes connections and says nothing is exit 69 within --timeout")
    func silent() async throws {
        let world = try World.against(MisbehavingServer(script: { _ in .late(.seconds(30), .echo) }))
        let result = try await world.run("doctor", "upload", "--timeout", "0.3")
        #expect(result.exitCode == 69)
        #expect(result.output.contains("no complete answer within 0.3 s"), Comment(rawValue: result.output))
    }

    struct Skew: Sendable, CustomTestStringConvertible {
        var seconds: Double
        var status: String
        var exit: Int32
        var words: String
        var testDescription: String { "\(seconds) s" }
    }

    @Test(
        "a clock that differs is told by the vendor's Date",
        arguments: [
            Skew(seconds: 0, status: "ok", exit: 0, words: "agree"),
            Skew(seconds: 30, status: "ok", exit: 0, words: "behind"),
            Skew(seconds: 120, status: "warning", exit: 0, words: "behind"),
            Skew(seconds: -120, status: "warning", exit: 0, words: "ahead of"),
            Skew(seconds: 3600, status: "error", exit: 78, words: "behind"),
            Skew(seconds: -3600, status: "error", exit: 78, words: "ahead of"),
        ])
    func clock(_ skew: Skew) async throws {
        let world = try World.against(
            MisbehavingServer(script: { _ in
                let formatter = DateFormatter()
                formatter.locale = Locale(identifier: "en_US_POSIX")
                formatter.timeZone = TimeZone(identifier: "GMT")
                formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
                return .answer(404, fields: [("Date", formatter.string(from: Date() + skew.seconds))])
            }))
        let result = try await world.run("doctor", "upload", "--json")
        #expect(result.exitCode == skew.exit, Comment(rawValue: result.output))
        let check = try Self.report(result).check("upload", "clock")
        #expect(check.status == skew.status)
        #expect(check.message.contains(skew.words))
        #expect(abs(Double(try #require(check.clockSkewSeconds)) - skew.seconds) <= 2)
        #expect(world.server?.requests.allSatisfy { $0.path == "/" && $0["Authorization"] == nil } == true)
    }

    @Test("files that others can read are errors, each with what to do")
    func permissions() async throws {
        let world = try World.sandboxed(inEnvironment: false)
        let login = try await world.run(
            "auth", "login", "upload", "--with-stdin", environment: world.environment,
            stdin: "clientSecret=\(World.clientSecret)\napiKey=\(World.apiKey)\n")
        expectSuccess(login)
        expectSuccess(try await world.run("auth", "token", "upload", environment: world.environment))
        let fine = try await world.run("doctor")
        #expect(fine.output.contains("stored credentials") && fine.output.contains("1 cached token in"))

        let credentials = world.home(".local/state/integrate/credentials")
        chmod(credentials, 0o644)
        let readable = try await world.run("doctor")
        #expect(readable.exitCode == 78)
        #expect(readable.output.contains("-> chmod 600 \(credentials)"))
        chmod(credentials, 0o600)

        let tokens = world.home(".cache/integrate/tokens")
        let names = try FileManager.default.contentsOfDirectory(atPath: tokens)
        let token = try #require(names.first { !$0.hasSuffix(".lock") })
        chmod("\(tokens)/\(token)", 0o644)
        let cached = try await world.run("doctor")
        #expect(cached.exitCode == 78)
        #expect(cached.output.contains("-> rm \(tokens)/\(token)"))
        chmod("\(tokens)/\(token)", 0o600)

        let config = try world.home.write(
            "{ profiles: { default: { upload: { apiKey: 'literal-key' } } } }", to: "c.json5")
        chmod(config, 0o644)
        let literal = try await world.run("doctor", "--config", config)
        #expect(literal.exitCode == 78)
        #expect(literal.output.contains("-> chmod 600 \(config)"))
        #expect(!(literal.output + literal.errors).contains("literal-key"))
        #expect(literal.output.contains("skipped  vendors: not checked"))
    }

    @Test("a profile that is not there, and a folder that cannot be written, are told")
    func places() async throws {
        let world = try World.bare()
        let profile = try await world.run("doctor", "--profile", "prod")
        #expect(profile.exitCode == 78)
        #expect(profile.output.contains("error    files: there is no profile 'prod'"))
        let file = try world.home.write("", to: "file")
        let readOnly = try await world.run("doctor", environment: ["XDG_STATE_HOME": file])
        expectSuccess(readOnly)
        #expect(readOnly.output.contains("warning  files: nothing can be written in \(file)/integrate"))
        #expect(readOnly.output.contains("XDG_STATE_HOME"))
    }

    @Test("proxies are shown without their passwords; certificate variables are said to have no effect")
    func network() async throws {
        let result = try await World.bare().run(
            "doctor",
            environment: [
                "HTTPS_PROXY": "http://someone:pa55@proxy.example:3128", "NO_PROXY": "localhost,10.0.0.0/8",
                "SSL_CERT_FILE": "/own/ca.pem",
            ])
        expectSuccess(result)
        #expect(result.output.contains("HTTPS_PROXY=http://***@proxy.example:3128 NO_PROXY=localhost,10.0.0.0/8"))
        #expect(!result.output.contains("pa55") && !result.output.contains("someone"))
        #if os(Linux)
            #expect(result.output.contains("warning  network: without effect"))
        #endif
    }

    @Test("a dry run sends nothing")
    func dryRun() async throws {
        let world = try World.sandboxed()
        let result = try await world.run("doctor", "--dry-run", "--token")
        expectSuccess(result)
        #expect(result.output.contains("not tried, this is a dry run"))
        #expect(world.sandbox?.requests.isEmpty == true)
    }

    struct Way: Sendable, CustomTestStringConvertible {
        var variables: [String: String]
        var url: String
        var proxy: String?
        var testDescription: String { "\(variables) \(url)" }

        init(_ variables: [String: String], _ url: String, _ proxy: String?) {
            (self.variables, self.url, self.proxy) = (variables, url, proxy)
        }
    }

    @Test(
        "the proxy on the way is the one that libcurl takes",
        arguments: [
            Way([:], "https://v.example", nil),
            Way(["HTTPS_PROXY": "p:1"], "https://v.example", "p:1"),
            Way(["https_proxy": "a:1", "HTTPS_PROXY": "b:1"], "https://v.example", "a:1"),
            Way(["ALL_PROXY": "socks5://u:p@s:1"], "https://v.example", "socks5://***@s:1"),
            Way(["HTTP_PROXY": "p:1"], "http://127.0.0.1:8080", nil),
            Way(["http_proxy": "p:1"], "http://127.0.0.1:8080", "p:1"),
            Way(["http_proxy": "p:1", "NO_PROXY": "127.0.0.1"], "http://127.0.0.1:8080", nil),
            Way(["http_proxy": "p:1", "NO_PROXY": "127.0.0.0/8"], "http://127.0.0.1:8080", nil),
            Way(["http_proxy": "p:1", "NO_PROXY": "10.0.0.0/8"], "http://127.0.0.1:8080", "p:1"),
            Way(["HTTPS_PROXY": "p:1", "NO_PROXY": "*"], "https://v.example", nil),
            Way(["HTTPS_PROXY": "p:1", "no_proxy": ".example, x"], "https://v.example", nil),
            Way(["HTTPS_PROXY": "p:1", "no_proxy": "ample"], "https://v.example", "p:1"),
            Way(["HTTPS_PROXY": "p:1", "no_proxy": "V.Example"], "https://v.example", nil),
        ])
    func proxy(_ way: Way) throws {
        let origin = try BaseURL(way.url).origin
        #expect(ProxyVariables(variables: way.variables).proxy(for: origin) == way.proxy)
    }
}
