import Foundation
import TestSupport
import Testing
import VendorSandbox

@Suite("workflow list, get, create, update, delete")
struct WorkflowEntityTests {
    @Test("list prints the first page as an array, and says how many there are")
    func firstPage() async throws {
        let world = try WorkflowWorld()
        let result = try await world.workflow("list", "publishers")
        expectSuccess(result)
        let list = try JSONSerialization.jsonObject(with: result.standardOutput) as? [[String: Any]]
        #expect(list?.map { $0["id"] as? Int } == [1, 2, 3])
        #expect(result.output.contains("\n    \"margin\": 0.100,\n"), "digits stay")
        #expect(result.errors == "3 of 5 publishers; --all lists all\n")
        #expect(world.count("list") == 1)
    }

    @Test(
        "list goes as far as it is told",
        arguments: [
            (["--all"], 5, 2), (["--limit", "1"], 1, 1), (["--limit", "3"], 3, 1), (["--limit", "4"], 4, 2),
            (["--limit", "99"], 5, 2), (["--all", "--filter", "active=true", "--filter", "name=El Faro"], 1, 1),
            (["--filter", "name=nobody"], 0, 1),
        ])
    func extent(_ options: [String], _ entities: Int, _ requests: Int) async throws {
        let world = try WorkflowWorld()
        let lines = try await world.runner.run(["workflow", "list", "publishers", "--json"] + options)
        expectSuccess(lines)
        #expect(try lines.objects().count == entities)
        #expect(world.count("list") == requests)
        let array = try await world.runner.run(["workflow", "list", "publishers"] + options)
        #expect((try JSONSerialization.jsonObject(with: array.standardOutput) as? [Any])?.count == entities)
    }

    @Test("what was listed before a fault is printed, and the array stays open")
    func brokenOff() async throws {
        let world = try WorkflowWorld(faults: ["bidcore.list:broken-json=*2"]) { $0.pageSize = 1 }
        let nothing = try await world.workflow("list", "publishers", "--all")
        expectFailure(nothing, 76, "is no JSON")
        let later = try WorkflowWorld { $0.requestsPerMinute = 1 }
        let result = try await later.workflow("list", "publishers", "--all", "--max-time", "5")
        #expect(result.exitCode == 75)
        #expect(result.output.hasPrefix("[\n  {\n    \"id\": 1"))
        #expect(!result.output.contains("]"))
    }

    @Test("get shows an entity, create and update show what has become of it")
    func lifecycle() async throws {
        let world = try WorkflowWorld()
        try world.home.write(#"{"margin": 1.10, "name": "from the file"}"#, to: "p.json")
        let created = try await world.workflow(
            "create", "publishers", "--from", "p.json", "--set", "name=Le Phare", "--set", "active:=true", "--json")
        expectSuccess(created)
        #expect(created.output == #"{"id":6,"margin":1.10,"name":"Le Phare","active":true}"# + "\n")
        let read = try await world.workflow("get", "publishers", "6", "--json")
        #expect(read.output == created.output)
        let updated = try await world.workflow(
            "update", "publishers", "6", "--from", "-", "--json", stdin: #"{"id": 6, "margin": 0.250}"#)
        expectSuccess(updated)
        #expect(updated.output == #"{"id":6,"margin":0.250,"name":"Le Phare","active":true}"# + "\n")
        #expect(
            world.sandbox.requests.last { $0.operation == "update" }?.request.body == Array(#"{"margin":0.250}"#.utf8))
        #expect(try await world.workflow("get", "publishers", "6").output.hasPrefix("{\n  \"id\": 6,\n"))
    }

    @Test("--merge sends the whole entity, for entities that PUT replaces")
    func merge() async throws {
        let world = try WorkflowWorld { $0.replacesOnPut = true }
        expectFailure(
            try await world.workflow("update", "deals", "1", "--set", "price:=1"), 1,
            "placement: This field is required")
        let merged = try await world.workflow("update", "deals", "1", "--set", "price:=1.0", "--merge", "--json")
        expectSuccess(merged)
        #expect(merged.output == #"{"id":1,"name":"Spring campaign","placement":1,"price":1.0,"active":true}"# + "\n")
    }

    @Test("delete needs --yes where nobody can be asked, and then says what it did")
    func delete() async throws {
        let world = try WorkflowWorld()
        expectFailure(try await world.workflow("delete", "publishers", "5"), 64, "--yes")
        #expect(world.sandbox.requests.isEmpty)
        let result = try await world.workflow("delete", "publishers", "5", "--yes", "--json")
        expectSuccess(result)
        #expect(result.output == #"{"deleted":true,"entity":"publishers","id":"5"}"# + "\n")
        expectFailure(try await world.workflow("get", "publishers", "5"), 1, "there is no such entity (404)")
    }

    @Test(
        "what cannot be meant is refused before anything is sent",
        arguments: [
            (["list"], 64, "ENTITY"), (["list", ".."], 64, "ENTITY"), (["get", "publishers", ""], 64, "ID"),
            (["get", "publishers", "."], 64, "ID"), (["list", "p", "--all", "--limit", "1"], 64, "--limit"),
            (["list", "p", "--limit", "0"], 64, "--limit"), (["list", "p", "--filter", "name"], 64, "KEY=VALUE"),
            (["create", "publishers"], 64, "nothing to create"), (["update", "p", "1"], 64, "nothing to change"),
            (["create", "p", "--set", "a:=x"], 64, "no JSON"),
            (["create", "p", "--from", "none.json"], 66, "none.json"),
            (["create", "p", "--from", "list.json"], 65, "list.json:1:1: error:"),
            (["create", "p", "--from", "broken.json"], 65, "broken.json:2:1: error:"),
            (["update", "p", "1", "--set", "id=2"], 65, "not of 1"),
        ] as [([String], Int32, String)])
    func misuse(_ arguments: [String], _ code: Int32, _ words: String) async throws {
        let world = try WorkflowWorld()
        try world.home.write("[]", to: "list.json")
        try world.home.write("{\"a\":\n", to: "broken.json")
        let result = try await world.runner.run(["workflow"] + arguments, directory: world.home.path)
        expectFailure(result, code, words)
        #expect(world.sandbox.requests.isEmpty)
    }

    @Test("a slash in a name or id cannot leave its segment")
    func segments() async throws {
        let world = try WorkflowWorld()
        expectFailure(try await world.workflow("get", "publishers", "../deals/1"), 1, "(404)")
        #expect(world.sandbox.requests.last?.request.target == "/bidcore/publishers/..%2Fdeals%2F1/")
    }

    @Test("a dry run shows the request and sends nothing, not even for a token")
    func dryRun() async throws {
        let world = try WorkflowWorld()
        let create = try await world.workflow("create", "publishers", "--set", "margin:=0.10", "--dry-run")
        expectSuccess(create)
        #expect(create.output.hasPrefix("POST /bidcore/publishers/ HTTP/1.1\n"))
        #expect(create.output.hasSuffix("\n\n{\"margin\":0.10}\n"))
        let delete = try await world.workflow("delete", "publishers", "5", "--dry-run")
        #expect(delete.output.hasPrefix("DELETE /bidcore/publishers/5/ HTTP/1.1\n"))
        let list = try await world.workflow("list", "publishers", "--filter", "name=a b", "--dry-run")
        #expect(list.output.hasPrefix("GET /bidcore/publishers/?name=a%20b HTTP/1.1\n"))
        #expect(world.sandbox.requests.isEmpty)
    }
}
