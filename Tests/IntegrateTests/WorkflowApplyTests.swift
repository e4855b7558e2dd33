import Foundation
import TestSupport
import Testing
import VendorSandbox

@Suite("workflow export and apply")
struct WorkflowApplyTests {
    @Test("an export is complete, stable, and applied changes nothing")
    func export() async throws {
        let world = try WorkflowWorld()
        let first = try await world.workflow("export", "publishers", "placements")
        expectSuccess(first)
        #expect(first.output.hasPrefix("{\n  \"publishers\": [\n    {\n      \"id\": 1,\n      \"active\": true,\n"))
        #expect(first.output.contains("\"quota\": 9007199254740993"))
        let file = try await world.workflow("export", "publishers", "placements", "-o", "w.json")
        expectSuccess(file)
        #expect(file.output.isEmpty)
        #expect(file.errors == "5 publishers, 3 placements are in w.json\n")
        #expect(world.home.read("w.json") == first.standardOutput)
        let applied = try await world.workflow("apply", "w.json", "--prune", "--yes")
        expectSuccess(applied)
        #expect(applied.errors == "nothing to do: 8 as in the file\n")
        #expect(world.writes == 0)
        expectFailure(try await world.workflow("export", "publishers", "-o", "no/w.json"), 73, "no/w.json")
    }

    private static let edited = """
        {"publishers": [
            {"id": 5, "name": "Nordlys Tromsø", "margin": 0.1400, "notes": null},
            {"name": "Le Phare", "margin": 0.150}
        ]}
        """

    @Test("a dry run shows each field and changes nothing; then it is done, and then there is nothing to do")
    func apply() async throws {
        let world = try WorkflowWorld()
        try world.home.write(Self.edited, to: "w.json")
        let shown = """
            ~ publishers 5 "Nordlys"
                name: "Nordlys" -> "Nordlys Tromsø"
                notes: (none) -> null
            + publishers
                name: "Le Phare"
                margin: 0.150

            """
        let dry = try await world.workflow("apply", "w.json", "--dry-run")
        expectSuccess(dry)
        #expect(dry.output == shown)
        #expect(dry.errors.contains("would create 1, change 1, delete 0; 0 as in the file, 4 not in the file"))
        #expect(world.writes == 0)
        let applied = try await world.workflow("apply", "-", stdin: Self.edited)
        expectSuccess(applied)
        #expect(applied.output == shown)
        #expect(applied.errors.contains("created publishers 6\n"))
        #expect(world.count("update") == 1 && world.count("create") == 1)
        let again = try await world.workflow("apply", "w.json")
        expectSuccess(again)
        #expect(again.output.isEmpty)
        #expect(again.errors.hasPrefix("nothing to do: 2 as in the file, 4 not in the file"))
        #expect(world.writes == 2)
    }

    @Test("with --json each change is an object with its outcome")
    func json() async throws {
        let world = try WorkflowWorld()
        try world.home.write(Self.edited, to: "w.json")
        let dry = try await world.workflow("apply", "w.json", "--dry-run", "--json")
        #expect(try dry.objects().map { $0["outcome"] as? String } == ["planned", "planned"])
        let objects = try await world.workflow("apply", "w.json", "--json").objects()
        #expect(objects.map { $0["outcome"] as? String } == ["done", "done"])
        #expect(objects.map { $0["id"] as? Int } == [5, 6])
        let changes = objects[0]["changes"] as? [String: [String: Any]]
        #expect(changes?["name"] as? [String: String] == ["from": "Nordlys", "to": "Nordlys Tromsø"])
        #expect(changes?["notes"]?.keys.sorted() == ["to"])
    }

    private static let conflict = #"{"publishers": [{"name": "A"}, {"id": 1, "name": "Nordlys"}, {"name": "B"}]}"#

    @Test("the first refusal ends it: 2 when something was changed before, 1 when nothing was")
    func refusal() async throws {
        let world = try WorkflowWorld()
        try world.home.write(Self.conflict, to: "w.json")
        let first = try await world.workflow("apply", "w.json", "--json")
        #expect(first.exitCode == 2)
        let objects = try first.objects()
        #expect(objects.map { $0["outcome"] as? String } == ["done", "refused", "not_tried"])
        #expect((objects[1]["error"] as? String)?.contains("(409)") == true)
        let error = try jsonError(first)
        #expect(error["code"] as? String == "partly_refused")
        #expect((error["message"] as? String)?.contains("1 made, 1 refused, 1 not tried") == true)
        let second = try await world.workflow("apply", "w.json")
        #expect(second.exitCode == 1)
        #expect(second.errors.contains("0 made, 1 refused, 1 not tried"))
        #expect(world.count("create") == 1)
    }

    @Test("--keep-going tries the rest, and running it again does what is left")
    func keepGoing() async throws {
        let world = try WorkflowWorld()
        try world.home.write(Self.conflict, to: "w.json")
        let result = try await world.workflow("apply", "w.json", "--keep-going")
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("refused 1 of 3 changes (2 made, 1 refused, 0 not tried)"))
        #expect(result.errors.contains("warning: update publishers 1 at BidCore: a database conflict (409)"))
        let again = try await world.workflow("apply", "w.json", "--keep-going")
        #expect(again.exitCode == 1)
        #expect(world.count("create") == 2 && world.count("update") == 2)
        try world.home.write(Self.conflict.replacingOccurrences(of: "Nordlys", with: "Nordlicht"), to: "w.json")
        expectSuccess(try await world.workflow("apply", "w.json"))
        #expect(try await world.workflow("apply", "w.json").errors.hasPrefix("nothing to do: 3 as in the file"))
    }

    @Test("what stopped in the middle is continued, and nothing is created twice")
    func resumed() async throws {
        let world = try WorkflowWorld(faults: ["bidcore.create:drop-after=*1"])
        try world.home.write(#"{"publishers": [{"name": "A"}, {"name": "B"}]}"#, to: "w.json")
        let first = try await world.workflow("apply", "w.json", "--keep-going", "--json")
        #expect(first.exitCode == 3)
        #expect(try first.objects().map { $0["outcome"] as? String } == ["unknown", "not_tried"])
        #expect((try jsonError(first)["hint"] as? String)?.contains("run the same command again") == true)
        let second = try await world.workflow("apply", "w.json")
        expectSuccess(second)
        #expect(second.output == "+ publishers\n    name: \"B\"\n")
        #expect(world.count("create") == 2)
        let names = try await world.value("list", "publishers", "--all") as? [[String: Any]]
        #expect(names?.suffix(2).map { $0["name"] as? String } == ["A", "B"])
    }

    @Test("a vendor that is down ends it with its own code, and says how far it came")
    func unavailable() async throws {
        let world = try WorkflowWorld(faults: ["bidcore.update:500"])
        try world.home.write(Self.edited, to: "w.json")
        let result = try await world.workflow("apply", "w.json", "--keep-going", "--retry", "0")
        #expect(result.exitCode == 69)
        #expect(result.errors.contains("(0 of 2 changes are made)"))
        #expect(result.errors.contains("hint: run the same command again: it does what is left"))
        #expect(world.count("create") == 0)
    }

    @Test("--prune deletes what is not in the file, dependents first, and needs --yes")
    func prune() async throws {
        let world = try WorkflowWorld()
        try world.home.write(#"{"placements": [{"id": 1}], "deals": []}"#, to: "w.json")
        expectFailure(try await world.workflow("apply", "w.json", "--prune"), 64, "--yes")
        #expect(world.sandbox.requests.isEmpty)
        let dry = try await world.workflow("apply", "w.json", "--prune", "--dry-run")
        #expect(dry.output == "- deals 1 \"Spring campaign\"\n- placements 3 \"Weather\"\n- placements 2 \"Sports\"\n")
        #expect(world.writes == 0)
        expectSuccess(try await world.workflow("apply", "w.json", "--prune", "--yes"))
        #expect(world.count("delete") == 3)
        #expect((try await world.value("list", "placements") as? [Any])?.count == 1)
    }

    @Test("--merge sends whole entities, for entities that PUT replaces")
    func merge() async throws {
        let world = try WorkflowWorld { $0.replacesOnPut = true }
        try world.home.write(#"{"deals": [{"id": 1, "price": 2.50}]}"#, to: "w.json")
        #expect(try await world.workflow("apply", "w.json").exitCode == 1)
        expectSuccess(try await world.workflow("apply", "w.json", "--merge"))
        let deal = try await world.workflow("get", "deals", "1", "--json")
        #expect(deal.output == #"{"id":1,"name":"Spring campaign","placement":1,"price":2.50,"active":true}"# + "\n")
    }

    @Test(
        "a file that cannot be applied is exit 65, with every fault, and nothing is changed",
        arguments: [
            ("{\"publishers\": [}", ["w.json:1:17: error:"]), ("[]", ["w.json: error: must be an object"]),
            (
                #"{"publishers": [7, {"id": 1}, {"id": "1"}]}"#,
                [
                    "w.json: error: publishers[0]: must be an object",
                    "w.json: error: publishers[2].id: 1 is publishers[1]",
                ]
            ),
            (#"{"publishers": [{"id": 77, "name": "x"}, {"name": "y"}]}"#, ["publishers[0]: BidCore has no 77"]),
        ])
    func invalid(_ text: String, _ faults: [String]) async throws {
        let world = try WorkflowWorld()
        try world.home.write(text, to: "w.json")
        let result = try await world.workflow("apply", "w.json")
        expectFailure(result, 65, "nothing was sent")
        for fault in faults { #expect(result.errors.contains(fault), Comment(rawValue: result.errors)) }
        #expect(world.writes == 0)
        expectFailure(try await world.workflow("apply", "none.json"), 66, "none.json")
    }

    @Test("the example runs as it stands in the sandbox")
    func example() async throws {
        let world = try WorkflowWorld()
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let result = try await world.runner.run(
            ["sandbox", "--", "sh", WorkflowWorld.repository + "/Examples/workflow-as-code.sh"],
            environment: ["PATH": CommandRunner.productsDirectory + ":" + path])
        expectSuccess(result)
        #expect(result.errors.contains("created 1, changed 1, deleted 0; 7 as in the file"))
        #expect(result.errors.contains("nothing to do: 9 as in the file"))
        #expect(result.output.contains(#""name":"Nordlys Tromsø""#))
    }
}
