import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("auth authorize-service")
struct AuthorizeServiceTests {
    @Test("the document's example: the body, and the id on standard output")
    func example() async throws {
        let world = try ConnectorWorld.sandboxed()
        try world.home.write("REFRESH_TOKEN\n", to: "static-key")
        try world.home.write("YOUR_APP_CLIENT_SECRET", to: "client-secret")
        let result = try await world.run(
            "auth", "authorize-service", "snapchat_static", "--set", "staticKey=@static-key", "--set",
            "clientId=YOUR_APP_CLIENT_ID", "--set", "clientSecret=@client-secret")
        expectSuccess(result)
        #expect(result.output == "1000\n")
        #expect(result.errors.isEmpty)
        #expect(
            try world.body("authorize") == [
                "service": "snapchat_static",
                "data": [
                    "staticKey": "REFRESH_TOKEN", "clientId": "YOUR_APP_CLIENT_ID",
                    "clientSecret": "YOUR_APP_CLIENT_SECRET",
                ],
            ])
    }

    @Test("--json prints the whole answer, its secrets masked, and logs show none")
    func json() async throws {
        let world = try ConnectorWorld.sandboxed()
        let result = try await world.run(
            "auth", "authorize-service", "snapchat_static", "--from", "-", "--json", "-vv", stdin: ConnectorWorld.data)
        expectSuccess(result)
        #expect(
            result.output
                == #"{"id":1000,"label":"snapchat_static","clientId":"my-app","clientSecret":"***","status":true}"#
                + "\n")
        #expect(result.errors.contains("/connector/services -> 200"))
    }

    @Test("the whole request may stand in the file, for the service that the command names")
    func wholeRequest() async throws {
        let world = try ConnectorWorld.sandboxed()
        try world.home.write(#"{"service":"snapchat_static","data":\#(ConnectorWorld.data)}"#, to: "request.json")
        let result = try await world.run("auth", "authorize-service", "snapchat_static", "--from", "request.json")
        expectSuccess(result)
        #expect(try world.body("authorize")["data"]?["clientId"] == "my-app")
        expectFailure(
            try await world.run("auth", "authorize-service", "other", "--from", "request.json"), 65, "'snapchat_static'"
        )
        #expect(world.count("authorize") == 1)
    }

    @Test("other services' data is passed on as it is")
    func otherService() async throws {
        let world = try ConnectorWorld.sandboxed()
        expectSuccess(
            try await world.run("auth", "authorize-service", "other", "--set", "region=eu", "--set", "port:=5432"))
        #expect(try world.body("authorize") == ["service": "other", "data": ["region": "eu", "port": 5432]])
        expectFailure(try await world.run("auth", "authorize-service", "other"), 64, "--set")
    }

    @Test(
        "a secret on the command line is refused before anything else, and not repeated",
        arguments: [
            "staticKey=canary", "clientSecret:=\"canary\"", "client_secret=canary", "password=canary",
            "config:={\"a\":[{\"apiKey\":\"canary\"}]}", "refresh_token=canary", "staticKey=",
        ])
    func secretInClear(_ assignment: String) async throws {
        let world = try ConnectorWorld.bare()
        let result = try await world.run("auth", "authorize-service", "snapchat_static", "--set", assignment)
        expectFailure(result, 64, "is a secret", "@FILE", "--from")
        let source = try await world.run("create-source", "x", "--set", assignment)
        expectFailure(source, 64, "is a secret")
    }

    @Test("what is missing is named at once: exit 64 from the command line, 65 from a file")
    func missing() async throws {
        let world = try ConnectorWorld.sandboxed()
        expectFailure(
            try await world.run("auth", "authorize-service", "snapchat_static"), 64, "staticKey, clientId, clientSecret"
        )
        expectFailure(
            try await world.run(
                "auth", "authorize-service", "snapchat_static", "--from", "-", stdin: #"{"clientId":7}"#), 65,
            "staticKey, clientSecret are missing", "clientId must be a string, not a number")
        #expect(world.sandbox?.requests.isEmpty == true)
    }
}

@Suite("create-source")
struct CreateSourceTests {
    @Test("the template, the ids and the document's body with the newer name of its strategy")
    func create() async throws {
        let world = try ConnectorWorld.sandboxed()
        let id = try await world.source()
        #expect(id.wholeMatch(of: /[0-9a-f]{24}/) != nil)
        let expected = """
            {"connectorId":"snapchat","templateId":"index","oAuthId":1000,"organizationId":"org-1","accountId":"acc-1",\
            "label":"Snapchat Insights","breakdown":"campaign","metrics":["spend","impressions"],"labels":["stats_id",\
            "stats_type","stats_start_time","stats_end_time"],"action_report_time":"conversion",\
            "swipe_up_attribution_window":"28_DAY","view_attribution_window":"1_DAY","sync_frequency":"day",\
            "day_of_week":"2","day_of_month":"1","hour":"3","minute":"25","timezone":"UTC","dateRange":"{{30d1}}",\
            "dateRangePreview":"{{30d1}}","search":"","request":null,"type":"snapchat","strategy":"incremental",\
            "storageStrategy":"incremental"}
            """
        #expect(try world.body("create-source") == JSONScanner.parse(Array(expected.utf8)))
        #expect(world.sandbox?.requests.last?.notes.contains("request is null") == true)
    }

    @Test("--set takes strings, JSON and files; digits stay as they are; the last one counts")
    func set() async throws {
        let world = try ConnectorWorld.sandboxed()
        try world.home.write("åäö\n", to: "label.txt")
        let result = try await world.run(
            "create-source", "other", "--set", "label=x", "--set", "label=@label.txt", "--set", "n:=150.00", "--set",
            "none:=null", "--set", "list:=[1,\"a\"]", "--set", "text=5", "--json")
        expectSuccess(result)
        #expect(
            try world.body("create-source").text
                == #"{"connectorId":"other","label":"åäö","n":150.00,"none":null,"list":[1,"a"],"text":"5"}"#)
        let answer = try JSONScanner.parse(Array(result.standardOutput))
        #expect(answer["label"] == "åäö")
    }

    @Test("an authorizer's id is sent bare where it is a number, and as --set says otherwise")
    func authorizerID() async throws {
        let world = try ConnectorWorld.sandboxed { $0.authorizerID = .oAuthID }
        let id = try await world.authorizer()
        #expect(id == "1000")
        expectSuccess(try await world.run("create-source", "x", "--set", "label=l", "--oauth-id", id))
        #expect(try world.body("create-source")["oAuthId"] == 1000)
        expectSuccess(try await world.run("create-source", "x", "--set", "label=l", "--set", "oAuthId=\(id)"))
        #expect(try world.body("create-source")["oAuthId"] == "1000")
    }

    @Test("every missing and every wrong field of snapchat is listed, and nothing is sent")
    func incomplete() async throws {
        let world = try ConnectorWorld.sandboxed()
        let form = #"{"templateId":"index","label":"x","metrics":"spend","hour":3,"strategy":"incremental"}"#
        let result = try await world.run("create-source", "snapchat", "--from", "-", stdin: form)
        expectFailure(
            result, 65, "oAuthId, organizationId, accountId, breakdown", "metrics must be an array of strings",
            "hour must be a string, not a number", "--print-template")
        #expect(!result.errors.contains("storageStrategy"), "the strategy stands for it")
        #expect(world.sandbox?.requests.isEmpty == true)
    }

    @Test("connectorId must not be another connector's")
    func otherConnector() async throws {
        let world = try ConnectorWorld.bare()
        expectFailure(
            try await world.run("create-source", "snapchat", "--set", "connectorId=facebook"), 65, #""facebook""#)
    }

    @Test(
        "a file that is no JSON object is told with its place",
        arguments: [
            ("{\n  \"label\": 'x'\n}", "form.json:2:12: error: strings and names stand in double quotes"),
            ("[]", "form.json:1:1: error: expected an object, not an array"),
            ("{\"a\":1,\"a\":2}", "form.json:1:8: error: \"a\" is there twice"),
            ("", "form.json:1:1: error: the text ends"),
        ])
    func brokenFile(_ text: String, _ message: String) async throws {
        let world = try ConnectorWorld.bare()
        try world.home.write(text, to: "form.json")
        for arguments in [["create-source", "x"], ["create-flow"], ["auth", "authorize-service", "x"]] {
            let result = try await world.runner.run(arguments + ["--from", "form.json"], directory: world.home.path)
            expectFailure(result, 65, message)
        }
        let annotated = try await world.run(
            "create-source", "x", "--from", "form.json", environment: ["GITHUB_ACTIONS": "true"])
        #expect(annotated.errors.contains("::error file=form.json,line="))
    }

    @Test("a missing file is exit 66, --set without JSON is 64")
    func missingFile() async throws {
        let world = try ConnectorWorld.bare()
        for arguments in [
            ["create-source", "x", "--from", "/no/such"], ["create-flow", "--from", "/no/such"],
            ["auth", "authorize-service", "x", "--from", "/no/such"], ["create-source", "x", "--set", "a=@/no/such"],
            ["create-source", "x", "--from", "."],
        ] {
            let result = try await world.runner.run(arguments, directory: world.home.path)
            expectFailure(result, 66)
        }
        expectFailure(try await world.run("create-source", "x", "--set", "a:={"), 64, "--set a:=")
        expectFailure(try await world.run("create-source", "x", "--set", "a"), 64, "KEY=VALUE")
    }

    @Test("the template is a form without a request, filled by --set and --oauth-id")
    func template() async throws {
        let world = try ConnectorWorld.bare()
        let template = try await world.run("create-source", "snapchat", "--print-template")
        expectSuccess(template)
        #expect(template.output.hasPrefix("{\n  \"connectorId\": \"snapchat\",\n  \"templateId\": \"index\",\n"))
        #expect(template.output.contains("\n  \"request\": null,\n"))
        let other = try await world.run(
            "create-source", "facebook", "--print-template", "--json", "--oauth-id", "7", "--set", "a=b")
        #expect(
            other.output == #"{"connectorId":"facebook","templateId":"","oAuthId":7,"label":"","a":"b"}"# + "\n")
    }

    @Test("--list prints ids and labels, tab between them; with --json what the service answered")
    func list() async throws {
        let world = try ConnectorWorld.sandboxed()
        let id = try await world.authorizer()
        let organizations = try await world.run(
            "create-source", "snapchat", "--list", "organization", "--oauth-id", id)
        #expect(organizations.output == "org-1\tOrganization org-1\norg-2\tOrganization org-2\n")
        let accounts = try await world.run(
            "create-source", "snapchat", "--list", "account", "--oauth-id", id, "--set", "organizationId=org-2")
        #expect(accounts.output == "acc-3\tAccount acc-3\n")
        #expect(try world.body("action") == ["organizationId": "org-2", "oAuthId": "1000"])
        for action in ["metric", "labels", "breakdown", "dateRange"] {
            let result = try await world.run("create-source", "snapchat", "--list", action)
            expectSuccess(result)
            #expect(world.sandbox?.requests.last?.request.method == "GET")
        }
        let metrics = try await world.run("create-source", "snapchat", "--list", "metric", "--json")
        #expect(metrics.output.hasPrefix(#"[{"label":"Spend","value":"spend"},"#))
        let authorizers = try await world.run("create-source", "snapchat", "--list", "authorization")
        #expect(authorizers.output == "1000\tuser@example.com\n")
    }

    @Test("a list that needs ids says which")
    func incompleteList() async throws {
        let world = try ConnectorWorld.bare()
        expectFailure(
            try await world.run("create-source", "snapchat", "--list", "account"), 64, "--oauth-id ID",
            "--set organizationId=ID")
        expectFailure(
            try await world.run("create-source", "snapchat", "--list", "campaign", "--oauth-id", "1"), 64,
            "--set accountId=ID")
        expectFailure(try await world.run("create-source", "snapchat"), 64, "--print-template")
        expectFailure(
            try await world.run("create-source", "snapchat", "--list", "metric", "--print-template"), 64, "exclude")
    }

    @Test("what an answer holds for a terminal is not obeyed")
    func terminal() async throws {
        let world = try ConnectorWorld.scripted { _ in
            .answer(200, body: Data(#"[{"value":"a\u001b[2J","label":"b\nc\td"},"plain",7,{"x":1}]"#.utf8))
        }
        let result = try await world.run("create-source", "x", "--list", "y")
        #expect(result.output == "a [2J\tb c d\nplain\t\n7\t\n{\"x\":1}\t\n")
    }
}

@Suite("create-flow")
struct CreateFlowTests {
    @Test("the document's example: sources out, source in, the attached API with --json")
    func create() async throws {
        let world = try ConnectorWorld.sandboxed()
        let source = try await world.source()
        let arguments = ["--source", source, "--app", "google_data_studio", "--label", "GDS Flow"]
        let result = try await world.runner.run(["create-flow"] + arguments)
        expectSuccess(result)
        #expect(result.output.wholeMatch(of: /[0-9a-f]{24}\n/) != nil)
        #expect(
            try world.body("create-flow") == [
                "sources": [.string(source)], "app": "google_data_studio", "label": "GDS Flow",
            ])
        let json = try await world.runner.run(["create-flow", "--json"] + arguments)
        let answer = try JSONScanner.parse(Array(json.standardOutput))
        #expect(answer["source"] == [["source_id": .string(source)]])
        #expect(answer["api"]?["app"] == "google_data_studio")
        #expect(answer["api"]?["id"]?.stringValue?.count == 24)
    }

    @Test("options come on top of a file, which may hold what has no option")
    func file() async throws {
        let world = try ConnectorWorld.sandboxed()
        let source = try await world.source()
        let result = try await world.run(
            "create-flow", "--from", "-", "--source", source, "--source", source, "--label", "mine",
            stdin: #"{"label":"theirs","app":"a","write_mode":"upsert","limit":10.0}"#)
        expectSuccess(result)
        #expect(
            try world.body("create-flow").text
                == #"{"label":"mine","app":"a","write_mode":"upsert","limit":10.0,"sources":["\#(source)","\#(source)"]}"#
        )
    }

    @Test("without what a flow needs nothing is sent")
    func incomplete() async throws {
        let world = try ConnectorWorld.bare()
        expectFailure(try await world.run("create-flow"), 64, "--source ID", "--app APP", "--label TEXT")
        expectFailure(try await world.run("create-flow", "--source", ""), 64, "empty")
        for text in ["{}", #"{"sources":[]}"#, #"{"sources":[null]}"#, #"{"sources":"x"}"#] {
            expectFailure(try await world.run("create-flow", "--from", "-", stdin: text), 65, "--source ID")
        }
    }
}

@Suite("The connector service's answers and exit codes")
struct ConnectorExitCodeTests {
    private static let flow = ["create-flow", "--source", "s", "--app", "a", "--label", "l"]

    @Test("the example takes a service from authorizing to its flow")
    func example() async throws {
        let world = try ConnectorWorld.sandboxed()
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../Examples/snapchat-to-dashboard.sh"
        ).standardized.path
        var shell = world.runner
        shell.program = "/bin/sh"
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let result = try await shell.run(
            [script], environment: ["PATH": CommandRunner.productsDirectory + ":" + path])
        expectSuccess(result)
        #expect(result.output.contains(#""app":"google_data_studio""#))
        #expect(world.count("token") == 1, "one login serves every step")
        #expect(["authorize", "create-source", "create-flow"].map(world.count) == [1, 1, 1])
    }

    @Test("the vendor's refusal is exit 1 with its words")
    func refused() async throws {
        let world = try ConnectorWorld.sandboxed()
        let result = try await world.runner.run(Self.flow)
        expectFailure(result, 1, "source s is unknown", "POST /flows")
        expectFailure(try await world.run("create-source", "snapchat", "--list", "nonsense"), 1, "no such action")
    }

    @Test(
        "a create that may have arrived is exit 3 and not repeated",
        arguments: ["500", "drop-before", "drop-after", "truncate"])
    func unknown(_ fault: String) async throws {
        let world = try ConnectorWorld.sandboxed(faults: "connector.create-source:\(fault)")
        let result = try await world.run("create-source", "x", "--set", "label=l")
        expectFailure(result, 3, "look at the vendor")
        #expect(world.count("create-source") == 1)
    }

    @Test("a list is repeated, and exit 69 when that does not help")
    func unavailable() async throws {
        let once = try ConnectorWorld.sandboxed(faults: "connector.action:500=*1")
        expectSuccess(try await once.run("create-source", "snapchat", "--list", "metric"))
        #expect(once.count("action") == 2)
        let always = try ConnectorWorld.sandboxed(faults: "connector.action:500")
        expectFailure(
            try await always.run("create-source", "snapchat", "--list", "metric", "--retry", "1"), 69, "500")
        #expect(always.count("action") == 2)
        let nobody = try await always.run(
            "create-source", "snapchat", "--list", "metric", "--retry", "0",
            environment: ["INTEGRATE_CONNECTOR_URL": "http://127.0.0.1:9"])
        expectFailure(nobody, 69)
    }

    @Test("a throttled write is repeated, and exit 75 when the budget is spent")
    func throttled() async throws {
        let once = try ConnectorWorld.sandboxed(faults: "connector.create-source:429;retry-after=0=*1")
        expectSuccess(try await once.run("create-source", "x", "--set", "label=l"))
        #expect(once.count("create-source") == 2)
        #expect(once.sandbox?.deliveries(of: "connector")?.received == 1)
        let always = try ConnectorWorld.sandboxed(faults: "connector.create-source:429;retry-after=60")
        expectFailure(
            try await always.run("create-source", "x", "--set", "label=l", "--max-time", "5"), 75, "429")
    }

    @Test("an answer without sense is exit 76, and says to look for what may have been created")
    func unreadable() async throws {
        let broken = try ConnectorWorld.sandboxed(faults: "connector:broken-json=*9")
        expectFailure(try await broken.run("create-source", "x", "--list", "y"), 76, "the login", "no JSON")
        let world = try ConnectorWorld.scripted { _ in .answer(200, body: Data("{}".utf8)) }
        expectFailure(try await world.run("create-source", "x", "--set", "label=l"), 76, "no id", "may have created it")
        expectFailure(try await world.run("create-source", "x", "--list", "y"), 76, "not an array")
    }

    @Test("credentials that are refused are exit 77, after one renewal")
    func credentials() async throws {
        let world = try ConnectorWorld.sandboxed()
        let wrong = try await world.run(
            "create-source", "snapchat", "--list", "metric", environment: ["INTEGRATE_CONNECTOR_PASSWORD": "wrong"])
        expectFailure(wrong, 77, "Invalid credentials", "auth status connector")
        let refusing = try ConnectorWorld.sandboxed(faults: "connector.action:401")
        expectFailure(try await refusing.run("create-source", "snapchat", "--list", "metric"), 77)
        #expect(["token", "refresh", "action"].map(refusing.count) == [1, 1, 2])
        let forbidden = try ConnectorWorld.sandboxed(faults: "connector.action:403")
        expectFailure(try await forbidden.run("create-source", "snapchat", "--list", "metric"), 77, "permit")
    }

    @Test("missing and wrong settings are exit 78")
    func settings() async throws {
        let world = try ConnectorWorld.bare()
        expectFailure(
            try await world.run("create-source", "snapchat", "--list", "metric"), 78, "INTEGRATE_CONNECTOR_EMAIL",
            "INTEGRATE_CONNECTOR_PASSWORD")
        expectFailure(
            try await world.run(
                "create-source", "snapchat", "--list", "metric",
                environment: [
                    "INTEGRATE_CONNECTOR_URL": "http://vendor.example", "INTEGRATE_CONNECTOR_TOKEN": "some-token",
                ]),
            78, "url")
        let redirecting = try ConnectorWorld.scripted { _ in
            .answer(307, fields: [("Location", "https://elsewhere.example/")])
        }
        let result = try await redirecting.runner.run(Self.flow)
        expectFailure(result, 78, "elsewhere.example")
    }

    @Test("a dry run prints the request, asks nobody and shows no secret")
    func dryRun() async throws {
        let world = try ConnectorWorld.sandboxed()
        let result = try await world.run(
            "auth", "authorize-service", "snapchat_static", "--from", "-", "--dry-run", stdin: ConnectorWorld.data)
        expectSuccess(result)
        #expect(result.output.hasPrefix("POST /connector/services HTTP/1.1\nHost: 127.0.0.1:"))
        #expect(result.output.contains("Authorization: Bearer ***\n"))
        #expect(
            result.output.contains(
                #"{"service":"snapchat_static","data":{"staticKey":"***","clientId":"my-app","clientSecret":"***"}}"#))
        let source = try await world.run("create-source", "x", "--set", "label=l", "--dry-run")
        #expect(source.output.contains(#"{"connectorId":"x","label":"l"}"#))
        let flow = try await world.runner.run(Self.flow + ["--dry-run"])
        #expect(flow.output.contains(#"{"sources":["s"],"app":"a","label":"l"}"#))
        #expect(world.sandbox?.requests.isEmpty == true)
    }
}
