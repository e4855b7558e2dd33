import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

/// The document's response codes, and what else can go wrong, as a script sees it.
@Suite("workflow: response codes")
struct WorkflowCodeTests {
    @Test(
        "each code has its message, its hint and its exit code",
        arguments: [
            (400, 1, "refused", "the data or a filter is not valid (400)", "correct what is named"),
            (401, 77, "credentials", "not authenticated, or no access (401)", "auth status bidcore"),
            (403, 77, "credentials", "no permission for this (403)", "ask for the permission"),
            (404, 1, "refused", "there is no such entity (404)", "workflow list"),
            (405, 1, "refused", "the entity does not allow this (405)", "read-only"),
            (406, 1, "refused", "in use or not allowed (406)", "depend on it"),
            (409, 1, "refused", "a database conflict (409)", "look, then try again"),
            (429, 75, "try_again", "throttled (429)", "run the same command later"),
            (500, 69, "unavailable", "a fault at BidCore (500)", "try again later"),
            (504, 69, "unavailable", "timed out; was the request too large? (504)", "narrow it"),
        ] as [(Int, Int, String, String, String)])
    func table(_ status: Int, _ exit: Int, _ code: String, _ message: String, _ hint: String) async throws {
        let world = try WorkflowWorld(faults: ["bidcore.get:\(status)"])
        let result = try await world.workflow("get", "publishers", "1", "--retry", "0", "--json")
        #expect(Int(result.exitCode) == exit)
        #expect(result.output.isEmpty)
        let error = try jsonError(result)
        #expect(error["exit"] as? Int == exit)
        #expect(error["code"] as? String == code)
        #expect(error["vendor"] as? String == "bidcore")
        #expect((error["message"] as? String)?.contains("get publishers 1 at BidCore: " + message) == true)
        #expect((error["hint"] as? String)?.contains(hint) == true, "\(error["hint"] ?? "")")
    }

    @Test(
        "BidCore's own words are passed on",
        arguments: [
            (["list", "publishers", "--filter", "nam=x"], "(400): Unsupported query parameter: nam."),
            (
                ["create", "placements", "--set", "publisher:=99"],
                #"name: This field is required.; publisher: Invalid pk "99""#
            ),
            (["create", "publishers", "--set", "name=Nordlys"], "(409): Database error: duplicate key"),
            (["update", "publishers", "1", "--set", "name=Nordlys"], "(409): Database error: duplicate key"),
            (["delete", "publishers", "1", "--yes"], "(406): Cannot delete: 1 of placements depend on it."),
            (["get", "publishers", "99"], "(404): Not found."), (["list", "advertisers"], "(404): Not found."),
        ])
    func words(_ arguments: [String], _ words: String) async throws {
        let world = try WorkflowWorld()
        expectFailure(try await world.runner.run(["workflow"] + arguments), 1, words)
    }

    @Test("an expired token is renewed once, a refused one is exit 77")
    func renewal() async throws {
        let expired = try WorkflowWorld(faults: ["bidcore.get:expired-token=*1"])
        expectSuccess(try await expired.workflow("get", "publishers", "1"))
        #expect(expired.count("token") == 2 && expired.count("get") == 2)
        let refused = try WorkflowWorld(faults: ["bidcore.get:401"])
        expectFailure(try await refused.workflow("get", "publishers", "1"), 77, "(401)")
        #expect(refused.count("token") == 2 && refused.count("get") == 2)
    }

    @Test("wrong credentials are exit 77, missing ones 78")
    func credentials() async throws {
        let wrong = try WorkflowWorld(environment: ["INTEGRATE_BIDCORE_PASSWORD": "wrong"])
        expectFailure(try await wrong.workflow("list", "deals"), 77, "invalid_grant")
        #expect(wrong.count("list") == 0)
        let missing = try WorkflowWorld(environment: ["INTEGRATE_BIDCORE_USERNAME": "", "INTEGRATE_BIDCORE_URL": ""])
        expectFailure(
            try await missing.workflow("list", "deals"), 78, "INTEGRATE_BIDCORE_URL", "INTEGRATE_BIDCORE_USERNAME")
    }

    @Test("a permanent token needs no user, and is not renewed")
    func permanentToken() async throws {
        var environment = ["INTEGRATE_BIDCORE_USERNAME": "", "INTEGRATE_BIDCORE_PASSWORD": ""]
        environment["INTEGRATE_BIDCORE_TOKEN"] = BidCoreSettings().permanentToken
        let world = try WorkflowWorld(environment: environment)
        expectSuccess(try await world.workflow("list", "deals"))
        #expect(try await world.run("auth", "token", "bidcore").output == BidCoreSettings().permanentToken + "\n")
        expectSuccess(try await world.run("auth", "status", "bidcore"))
        let wrong = try await world.run("workflow", "list", "deals", environment: ["INTEGRATE_BIDCORE_TOKEN": "wrong"])
        expectFailure(wrong, 77, "(401)")
        #expect(world.count("token") == 0 && world.count("list") == 2)
    }

    @Test("throttling is waited for within the time allowed, and is exit 75 beyond")
    func throttled() async throws {
        let short = try WorkflowWorld(faults: ["bidcore.create:429;retry-after=none=*1"])
        expectSuccess(try await short.workflow("create", "publishers", "--set", "name=A"))
        #expect(short.count("create") == 2)
        let long = try WorkflowWorld(faults: ["bidcore.get:429;retry-after=100"])
        expectFailure(
            try await long.workflow("get", "publishers", "1", "--max-time", "20"), 75, "the next try is due in 100 s")
        #expect(long.count("get") == 1)
    }

    @Test("a deletion that was done without an answer is done", arguments: ["drop-after", "truncate"])
    func unansweredDeletion(_ fault: String) async throws {
        let world = try WorkflowWorld(faults: ["bidcore.delete:\(fault)=*1"])
        let result = try await world.workflow("delete", "publishers", "5", "--yes")
        expectSuccess(result)
        #expect(result.errors.contains("deleted publishers 5"))
        expectFailure(try await world.workflow("delete", "publishers", "5", "--yes"), 1, "(404)")
    }

    @Test("a creation without an answer is exit 3 and not sent again", arguments: ["drop-after", "500", "504"])
    func unansweredCreation(_ fault: String) async throws {
        let world = try WorkflowWorld(faults: ["bidcore.create:\(fault)"])
        expectFailure(
            try await world.workflow("create", "publishers", "--set", "name=A"), 3, "look at the vendor before")
        #expect(world.count("create") == 1)
    }

    @Test("an update without an answer is sent again")
    func unansweredUpdate() async throws {
        let world = try WorkflowWorld(faults: ["bidcore.update:drop-after=*1"])
        let result = try await world.workflow("update", "publishers", "5", "--set", "name=A", "--json")
        expectSuccess(result)
        #expect(result.output.contains(#""name":"A""#))
        #expect(world.count("update") == 2)
    }

    @Test("a change that cannot be shown says that it is made")
    func updateNotShown() async throws {
        let world = try WorkflowWorld(faults: ["bidcore.get:403"])
        expectFailure(
            try await world.workflow("update", "publishers", "5", "--set", "name=A"), 77,
            "the change is made, but cannot be shown")
    }

    @Test("login proves the password, and the commands use what it stored")
    func login() async throws {
        let password = BidCoreSettings().password
        let world = try WorkflowWorld(environment: ["INTEGRATE_BIDCORE_PASSWORD": ""])
        let wrong = try await world.run("auth", "login", "bidcore", "--with-stdin", stdin: "password=wrong\n")
        expectFailure(wrong, 77)
        expectFailure(try await world.workflow("list", "deals"), 78)
        expectSuccess(try await world.run("auth", "login", "bidcore", "--with-stdin", stdin: "password=\(password)\n"))
        expectSuccess(try await world.workflow("list", "deals"))
        let status = try await world.run("auth", "status", "bidcore", "--json")
        expectSuccess(status)
        #expect(try status.objects().first?["token"] as? String == "valid")
        expectSuccess(try await world.run("auth", "logout", "bidcore"))
        expectFailure(try await world.workflow("list", "deals"), 78)
    }

    @Test("no secret is in any output, however much is shown")
    func secrecy() async throws {
        let world = try WorkflowWorld(faults: ["bidcore.create:400"])
        let password = BidCoreSettings().password
        let token = try await world.run("auth", "token", "bidcore").output.trimmingCharacters(in: .newlines)
        for arguments in [["list", "deals"], ["create", "deals", "--set", "name=\(password)"]] {
            let result = try await world.runner.run(["workflow"] + arguments + ["-vv", "--json"])
            #expect(!result.errors.contains(token) && !result.errors.contains(password))
            #expect(result.errors.contains("Authorization: Bearer ***"))
        }
        let body = try #require(world.sandbox.requests.first { $0.operation == "token" })
        #expect(body.request.rawQuery == nil)
    }
}
