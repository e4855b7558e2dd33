import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("upload-csv")
struct UploadCSVTests {
    /// The bodies of the uploads that reached the sandbox.
    private static func uploads(_ world: World) throws -> [[String: String]] {
        try (world.sandbox?.requests ?? []).filter { $0.operation == "upload" }.map { record in
            let value = try JSONSerialization.jsonObject(with: Data(record.request.body))
            return try #require(value as? [String: String])
        }
    }

    @Test("prints the processing token and nothing else, and leaves nothing behind")
    func uploads() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile("Week 27.2024.csv")
        let result = try await world.run("upload-csv", file)
        expectSuccess(result)
        #expect(UUID(uuidString: result.output.trimmingCharacters(in: .newlines)) != nil)
        #expect(result.output.count == 37)
        #expect(result.errors == "uploaded 2 rows as 'Week 27.2024'\n")
        #expect(
            try Self.uploads(world) == [
                [
                    "Name": "Week 27.2024", "Data": String(World.shifts.dropLast()), "Key": World.apiKey,
                    "Username": "sandbox-client", "Overwrite": "false",
                ]
            ])
        #expect(world.outgoing.isEmpty)
    }

    @Test("--quiet says nothing; --json says it in one object")
    func quietAndJSON() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile()
        let quiet = try await world.run("upload-csv", file, "-q")
        #expect(quiet.errors.isEmpty)
        let json = try await world.run("upload-csv", file, "--json", "--name", "other", "-q")
        let value = try JSONSerialization.jsonObject(with: json.standardOutput)
        let object = try #require(value as? [String: Any])
        #expect(Set(object.keys) == ["token", "name", "rows"])
        #expect(object["name"] as? String == "other")
        #expect(object["rows"] as? Int == 2)
    }

    @Test("standard input is read where - is given")
    func standardInput() async throws {
        let world = try World.sandboxed()
        let result = try await world.run("upload-csv", "-", "--name", "from a pipe", stdin: World.shifts)
        expectSuccess(result)
        #expect(try Self.uploads(world).map { $0["Name"] } == ["from a pipe"])
        let faulty = try await world.run("upload-csv", "-", "--check", stdin: World.header + "\nA,B\n")
        expectFailure(faulty, 65, "<stdin>:2:")
    }

    @Test("a name in use is exit 1 with both ways on, and --overwrite replaces the data set")
    func overwrite() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile()
        expectSuccess(try await world.run("upload-csv", file))
        expectFailure(try await world.run("upload-csv", file), 1, "409", "exists", "--overwrite", "--name")
        expectSuccess(try await world.run("upload-csv", file, "--overwrite"))
        #expect(try Self.uploads(world).map { $0["Overwrite"] } == ["false", "false", "true"])
    }

    @Test("--wait prints the status, --fetch the result and --output writes it")
    func chains() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile()
        let waited = try await world.run("upload-csv", file, "--wait", "--interval", "0.05")
        #expect(waited.output == "completedsuccessfully\n", Comment(rawValue: waited.errors))
        let fetched = try await world.run(
            "upload-csv", file, "--overwrite", "--fetch", "tableofresultids", "--interval", "0.05")
        #expect(fetched.output.contains("User1"), Comment(rawValue: fetched.errors))
        let saved = try await world.run(
            "upload-csv", file, "--overwrite", "--fetch", "tableofresultids", "--interval", "0.05", "--output",
            world.home("result.csv"))
        expectSuccess(saved)
        #expect(saved.output.isEmpty)
        #expect(String(decoding: world.home.read("result.csv") ?? Data(), as: UTF8.self).contains("User1"))
    }

    @Test("another header, other formats and another encoding are converted to the documented ones")
    func converts() async throws {
        let world = try World.sandboxed()
        let text = "EmpNo;StartDate;StartTime;EndDate;EndTime\nJürgen;2024-07-01;9:00 AM;2024-07-01;5:00 PM\n"
        let file = try world.home.write(try #require(text.data(using: .isoLatin1)), to: "x.csv")
        let result = try await world.run(
            "upload-csv", file, "--delimiter", ";", "--column", "Reference=EmpNo", "--date-format", "yyyy-MM-dd",
            "--time-format", "h:mm a", "--encoding", "iso-8859-1")
        expectSuccess(result)
        #expect(
            try Self.uploads(world).first?["Data"]
                == "\(World.header)\r\nJürgen,01/07/2024,09:00,01/07/2024,17:00")
    }

    private static let good = World.row

    struct Fault: CustomTestStringConvertible {
        var bytes: [UInt8]
        var words: [String]
        init(_ text: String, says words: String...) {
            bytes = Array(text.utf8)
            self.words = words
        }
        init(bytes: [UInt8], says words: String...) {
            self.bytes = bytes
            self.words = words
        }
        var testDescription: String { String(decoding: bytes.prefix(80), as: UTF8.self) }
    }

    @Test(
        "each kind of fault is exit 65 with its place, and nothing is sent",
        arguments: [
            Fault(
                "A,31/02/2024,09:00,01/07/2024,17:00",
                says: ":1:3: error: StartDate \"31/02/2024\" is not a date (DD/MM/YYYY)"),
            Fault("\(good)\nA,01/07/2024,09:00,07/13/2024,17:00", says: ":2:20: error: EndDate \"07/13/2024\""),
            Fault("\(good)\nA,01/07/2024,24:00,02/07/2024,17:00", says: ":2:14: error: StartTime \"24:00\""),
            Fault("\(good)\nA,01/07/2024,09:00,01/07/2024", says: ":2:", "missing field EndTime"),
            Fault("\(good)\n\(good),x", says: ":2:41: error: extra field \"x\""),
            Fault("\(good)\n,01/07/2024,09:00,01/07/2024,17:00", says: ":2:1: error: Reference is empty"),
            Fault(
                "\(good)\nA,01/07/2024,09:00,01/07/2024,08:00", says: ":2:31: error: the shift ends", "before it starts"
            ),
            Fault("\(good)\n\"A,01/07/2024,09:00\n\(good)", says: ":2:1: error: "),
            Fault("\(good)\nA\"B,01/07/2024,09:00,01/07/2024,17:00", says: ":2:2: error: "),
            Fault(bytes: Array(good.utf8) + [10, 65, 0xFF, 0x2C], says: ":2:2: error: ", "41"),
            Fault(bytes: [0xFF, 0xFE, 65, 0, 44, 0], says: "UTF-16", "--encoding utf-16"),
            Fault("", says: ":1:1: error: the file is empty"),
            Fault("\(World.header)\n", says: ":1:1: error: there is no row after the header"),
            Fault(
                "StartDate,Reference,StartTime,EndDate,EndTime\n", says: ":1:1: error: ", World.header,
                "--column Reference=Reference"),
            Fault("Who,StartDate,StartTime,EndDate,EndTime\n", says: "--column Reference=Who"),
            Fault("A;01/07/2024;09:00;01/07/2024;17:00", says: "--delimiter ';'"),
        ])
    func faults(_ fault: Fault) async throws {
        let world = try World.sandboxed()
        let file = try world.home.write(Data(fault.bytes), to: "s.csv")
        let result = try await world.run("upload-csv", "s.csv", directory: world.home.path)
        expectFailure(result, 65, "s.csv has a fault; nothing was sent")
        #expect(result.errors.hasPrefix("s.csv:"))
        for word in fault.words { #expect(result.errors.contains(word), Comment(rawValue: result.errors)) }
        #expect(world.sandbox?.requests.isEmpty == true)
        #expect(world.outgoing.isEmpty)
        // The same by --check, which needs no settings.
        let check = try await CommandRunner(home: world.home.path).run(["upload-csv", file, "--check"])
        #expect(check.exitCode == 65)
        #expect(check.errors == result.errors.replacingOccurrences(of: "s.csv", with: file))
    }

    @Test("up to fifty faults are shown, then their number, as text, as JSON and as annotations")
    func manyFaults() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile(
            "s.csv", World.header + "\n" + String(repeating: "A,1/2/2024,09:00,01/07/2024,17:00\n", count: 73))
        let result = try await world.run("upload-csv", file)
        expectFailure(result, 65, "... and 23 more errors", "s.csv has 73 faults; nothing was sent")
        #expect(result.errors.components(separatedBy: ": error: StartDate").count == 51)
        #expect(result.errors.contains(":51:3: error: StartDate \"1/2/2024\""))
        let json = try await world.run("upload-csv", file, "--json")
        let error = try jsonError(json)
        #expect(error["exit"] as? Int == 65)
        #expect(error["code"] as? String == "invalid_input")
        #expect((error["diagnostics"] as? [String])?.count == 51)
        let workflow = try await world.run(
            "upload-csv", "s.csv", environment: ["GITHUB_ACTIONS": "true"], directory: world.home.path)
        #expect(workflow.exitCode == 65)
        #expect(workflow.errors.contains("\n::error file=s.csv,line=2,col=3::StartDate \"1/2/2024\""))
        #expect(!result.errors.contains("::error"))
    }

    @Test("--check of a valid file says so and sends nothing")
    func check() async throws {
        let world = try World.bare()
        let file = try world.shiftFile()
        let text = try await world.run("upload-csv", "--check", file)
        expectSuccess(text)
        #expect(text.output.isEmpty)
        #expect(text.errors == "\(file): 2 rows, no fault\n")
        let json = try await world.run("upload-csv", "--check", file, "--json")
        #expect(json.output == #"{"file":"\#(file)","rows":2,"valid":true}"# + "\n")
    }

    @Test("a file that is not there, cannot be read or is a folder is exit 66")
    func noFile() async throws {
        let world = try World.sandboxed()
        for arguments in [[], ["--check"]] {
            expectFailure(try await world.run(["upload-csv", world.home("none.csv")] + arguments), 66, "none.csv")
            expectFailure(try await world.run(["upload-csv", world.home.path] + arguments), 66, world.home.path)
        }
        #expect(world.sandbox?.requests.isEmpty == true)
    }

    @Test(
        "an upload whose outcome is unknown is exit 3, and it was sent once",
        arguments: [
            .close, .reset, .cutInsideBody(sent: 3, announced: 36), .answer(500), .answer(502), .answer(504),
            .answer(503), .answer(408),
        ] as [MisbehavingServer.Behaviour])
    func unknownOutcome(behaviour: MisbehavingServer.Behaviour) async throws {
        let world = try World.scripted { _ in behaviour }
        let result = try await world.run("upload-csv", try world.shiftFile())
        expectFailure(result, 3, "hint: it may have been applied all the same")
        #expect(world.paths == [World.uploadPath])
        #expect(world.outgoing.isEmpty)
    }

    @Test("an upload that was declined for the moment is sent again", arguments: [429, 503])
    func throttled(status: Int) async throws {
        let world = try World.scripted { request in
            request.number == 1
                ? .answer(status, fields: [("Retry-After", "0")]) : .answer(200, body: Data(World.processingToken.utf8))
        }
        let result = try await world.run("upload-csv", try world.shiftFile())
        #expect(result.output == World.processingToken + "\n", Comment(rawValue: result.errors))
        #expect(result.errors.contains("answered \(status); retry 1 of 4"))
        #expect(world.paths.count == 2)
        let never = try World.scripted { _ in .answer(status, fields: [("Retry-After", "0")]) }
        expectFailure(
            try await never.run("upload-csv", try never.shiftFile(), "--retry", "1"), 75, "\(status) (2 tries)")
        let long = try World.scripted { _ in .answer(status, fields: [("Retry-After", "50")]) }
        expectFailure(try await long.run("upload-csv", try long.shiftFile(), "--max-time", "20"), 75, "50 s")
        #expect(long.paths.count == 1)
    }

    @Test("an answer without a processing token is exit 76")
    func noToken() async throws {
        let world = try World.scripted { _ in .answer(200, body: Data("<html>hello</html>".utf8)) }
        expectFailure(try await world.run("upload-csv", try world.shiftFile()), 76, "processing token")
    }

    @Test(
        "a redirected upload is exit 78, names the new place and sends nothing there", arguments: [301, 302, 307, 308])
    func redirected(status: Int) async throws {
        let other = try MisbehavingServer()
        let world = try World.scripted { _ in .answer(status, fields: [("Location", other.url + "/new?key=x")]) }
        let result = try await world.run("upload-csv", try world.shiftFile())
        expectFailure(result, 78, "\(status)", other.url + "/new")
        #expect(other.connectionCount == 0)
        #expect(world.paths == [World.uploadPath])
        other.stop()
    }

    @Test("a refused connection is exit 69 after the retries, and none with --retry 0")
    func refused() async throws {
        let world = try World.bare()
        let settings = World.settings(for: "http://127.0.0.1:\(try MisbehavingServer.closedPort())")
        let file = try world.shiftFile()
        let once = try await world.run("upload-csv", file, "--retry", "0", environment: settings)
        expectFailure(once, 69, "refused")
        #expect(!once.errors.contains("tries"))
        let twice = try await world.run("upload-csv", file, "--retry", "1", environment: settings)
        expectFailure(twice, 69, "refused", "(2 tries)")
    }

    @Test("a wrong API key is exit 77", arguments: [true, false])
    func wrongKey(isUpload: Bool) async throws {
        let world = try World.sandboxed()
        let arguments = isUpload ? ["upload-csv", try world.shiftFile()] : ["poll", try await world.upload()]
        let result = try await world.run(arguments, environment: ["INTEGRATE_UPLOAD_API_KEY": "wrong"])
        expectFailure(result, 77, "403", "auth status")
    }

    @Test("a folder for the result that is not there is exit 73 before anything is sent")
    func noOutputFolder() async throws {
        let world = try World.sandboxed()
        let result = try await world.run(
            "upload-csv", try world.shiftFile(), "--fetch", "feedback", "--output", world.home("none/r"))
        expectFailure(result, 73, "none/r")
        #expect(world.sandbox?.requests.isEmpty == true)
    }

    @Test("no place for the body is exit 73 with what to set")
    func noCache() async throws {
        let world = try World.sandboxed()
        try world.home.write("", to: "file")
        let result = try await world.run(
            "upload-csv", try world.shiftFile(), environment: ["XDG_CACHE_HOME": world.home("file")])
        expectFailure(result, 73, "XDG_CACHE_HOME")
    }

    @Test("an upload whose record cannot be kept succeeds with a warning")
    func noState() async throws {
        let world = try World.sandboxed()
        try world.home.write("", to: "file")
        let result = try await world.run(
            "upload-csv", try world.shiftFile(), environment: ["XDG_STATE_HOME": world.home("file")])
        expectSuccess(result)
        #expect(result.errors.contains("warning: the processing token is not kept"))
        #expect(result.output.count == 37)
    }
}
