import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("poll")
struct PollTests {
    private static let failing = """
        \(World.header)
        "Smith,
        Jo",01/07/2024,09:00,01/07/2024,17:00
        GHOST1,01/07/2024,09:00,01/07/2024,17:00

        \(World.row)
        "GHOST, 2",02/07/2024,09:00,02/07/2024,17:00
        """

    @Test("prints the final status, by token and with --last")
    func succeeds() async throws {
        let world = try World.sandboxed()
        let token = try await world.upload()
        let last = try await world.run("poll", "--last", "--interval", "0.05")
        #expect(last.output == "completedsuccessfully\n", Comment(rawValue: last.errors))
        #expect(last.errors.isEmpty)
        let json = try await world.run("poll", token, "--json")
        #expect(json.output == #"{"status":"completedsuccessfully","token":"\#(token)"}"# + "\n")
    }

    @Test("--last is the newest upload of this destination, and exit 66 where there is none")
    func newest() async throws {
        let world = try World.sandboxed()
        expectFailure(try await world.run("poll", "--last"), 66, "no upload")
        _ = try await world.upload()
        let second = try await world.upload("--name", "second")
        #expect(try await world.run("poll", "--last", "--json", "--interval", "0.05").output.contains(second))
        let other = try await world.run("poll", "--last", environment: ["INTEGRATE_UPLOAD_CLIENT_ID": "other"])
        expectFailure(other, 66)
    }

    @Test(
        "a failed processing is exit 1, each feedback at its place in the file, fields over lines and blank lines counted"
    )
    func feedback() async throws {
        let world = try World.sandboxed()
        try world.home.write(Self.failing, to: "s.csv")
        let result = try await world.run(
            "upload-csv", "s.csv", "--wait", "--interval", "0.05", directory: world.home.path)
        expectFailure(result, 1, "\ns.csv:4:1: error: \"GHOST1\": ", "s.csv:7:1: error: \"GHOST, 2\": ", "'failed'")
        #expect(!result.errors.contains("s.csv:2"))
        let annotated = try await world.run(
            "poll", "--last", environment: ["GITHUB_ACTIONS": "true"], directory: world.home.path)
        expectFailure(annotated, 1, "::error file=s.csv,line=4,col=1::")
    }

    @Test("from another folder the feedback names the file by its whole path")
    func elsewhere() async throws {
        let world = try World.sandboxed()
        try world.home.write(Self.failing, to: "s.csv")
        let upload = try await world.run("upload-csv", "s.csv", directory: world.home.path)
        expectSuccess(upload)
        let result = try await world.run("poll", "--last", "--interval", "0.05", directory: "/")
        // The folder as the system names it, links resolved.
        expectFailure(result, 1, "/s.csv:4:1: error: \"GHOST1\": ", "/s.csv:7:1: ")
        let line = try #require(result.errors.split(separator: "\n").first { $0.contains(":4:1:") })
        #expect(FileManager.default.fileExists(atPath: String(line.prefix { $0 != ":" })))
    }

    @Test("a file without a header, and one that is gone since, have their feedback at the lines")
    func headerless() async throws {
        let world = try World.sandboxed()
        let rows =
            "\(World.row)\r\nUser9,01/07/2024,09:00,01/07/2024,17:00\r\nGHOST1,02/07/2024,09:00,02/07/2024,17:00\r\n"
        let file = try world.shiftFile("s.csv", rows)
        expectSuccess(try await world.run("upload-csv", file))
        expectFailure(try await world.run("poll", "--last", "--interval", "0.05"), 1, "\(file):3:1: error: \"GHOST1\"")
        try FileManager.default.removeItem(atPath: file)
        expectFailure(try await world.run("poll", "--last"), 1, "\(file):3:1: error: ")
    }

    @Test("what came from standard input has feedback by row")
    func fromInput() async throws {
        let world = try World.sandboxed()
        let result = try await world.run(
            "upload-csv", "-", "--name", "n", "--wait", "--interval", "0.05", stdin: Self.failing)
        expectFailure(result, 1, "feedback: error: row 3: \"GHOST1\"")
    }

    @Test("a failed processing in JSON has its diagnostics")
    func feedbackInJSON() async throws {
        let world = try World.sandboxed()
        let file = try world.shiftFile("s.csv", Self.failing)
        let result = try await world.run("upload-csv", file, "--wait", "--interval", "0.05", "--json")
        #expect(result.exitCode == 1)
        #expect(result.output.isEmpty)
        let error = try jsonError(result)
        #expect(error["code"] as? String == "refused")
        #expect((error["diagnostics"] as? [String])?.first?.hasPrefix("\(file):4:1: error: ") == true)
    }

    @Test("at the deadline it is exit 75 with the exact command that goes on, which works")
    func deadline() async throws {
        let isDone = Mutex(false)
        let world = try World.scripted { _ in
            .answer(200, body: Data((isDone.withLock { $0 } ? "\"CompletedSuccessfully\"" : "Processing").utf8))
        }
        let config = try world.home.write("{ profiles: { p: { upload: { scope: 's' } } } }", to: "my config.json5")
        let result = try await world.run(
            "poll", World.processingToken, "--interval", "0.05", "--deadline", "1.5", "--config", config, "--profile",
            "p")
        expectFailure(result, 75, "still processing after 1.5 s (status: Processing)")
        let hint = try #require(result.errors.split(separator: "\n").last)
        let lead = "hint: to go on: "
        try #require(hint.hasPrefix(lead))
        isDone.withLock { $0 = true }
        let continued = try await world.shell(String(hint.dropFirst(lead.count)))
        #expect(continued.output == "CompletedSuccessfully\n", Comment(rawValue: continued.errors))
    }

    @Test("the deadline holds against a server that does not answer")
    func slow() async throws {
        // Whoever waited for the answer would succeed.
        let world = try World.scripted { _ in
            .late(.seconds(30), .answer(200, body: Data("completedsuccessfully".utf8)))
        }
        let result = try await world.run("poll", World.processingToken, "--deadline", "0.5")
        expectFailure(result, 75, "to go on: integrate poll \(World.processingToken)")
    }

    @Test("reads that fail are tried again, and end as exit 69", arguments: [500, 502, 503])
    func unavailable(status: Int) async throws {
        let world = try World.scripted { _ in .answer(status, body: Data(#"{"message":"down"}"#.utf8)) }
        let once = try await world.run("poll", World.processingToken, "--retry", "0")
        expectFailure(once, 69, "answered \(status)", "down")
        #expect(world.paths.count == 1)
        let twice = try await world.run("poll", World.processingToken, "--retry", "1")
        expectFailure(twice, 69, "answered \(status) (2 tries)")
        #expect(twice.errors.contains("retry 1 of 1"))
        #expect(world.paths.count == 3)
    }

    @Test("a lost answer is read again, and the answer is printed")
    func recovers() async throws {
        let world = try World.scripted { request in
            request.number == 1 ? .close : .answer(200, body: Data("completedsuccessfully".utf8))
        }
        let result = try await world.run("poll", World.processingToken)
        #expect(result.output == "completedsuccessfully\n", Comment(rawValue: result.errors))
    }

    @Test("an unknown token is exit 1 with the vendor's words")
    func unknown() async throws {
        let world = try World.sandboxed()
        expectFailure(
            try await world.run("poll", World.processingToken), 1, "404", "no upload has this processing token")
    }

    @Test("what a vendor says cannot play with the terminal")
    func controlCharacters() async throws {
        let words = Data("{\"message\":\"a\\u001b[2Jb\\u009bc\"}".utf8)
        let world = try World.scripted { _ in .answer(400, body: words) }
        let result = try await world.run("poll", World.processingToken, "-vv")
        expectFailure(result, 1)
        #expect(!result.errors.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{9B}" })
    }

    @Test("a secret that is a word of ours leaves JSON as it is")
    func shortSecret() async throws {
        let world = try World.scripted { _ in .answer(400) }
        let result = try await world.run(
            "poll", World.processingToken, "--json", environment: ["INTEGRATE_UPLOAD_API_KEY": "e"])
        let error = try jsonError(result)
        #expect(error["code"] as? String == "refused")
        #expect(error["exit"] as? Int == 1)
    }

    @Test("a request id is shown, in text and in JSON")
    func requestID() async throws {
        let world = try World.scripted { _ in .answer(400, fields: [("x-request-id", "R-17")]) }
        expectFailure(try await world.run("poll", World.processingToken), 1, "(request R-17)")
        let json = try await world.run("poll", World.processingToken, "--json")
        #expect(try jsonError(json)["requestID"] as? String == "R-17")
    }
}

@Suite("fetch-results")
struct FetchResultsTests {
    /// NUL, CRLF, a byte order mark in the middle and bytes that are no UTF-8.
    private static let bytes = Data([0, 13, 10, 0xEF, 0xBB, 0xBF, 0xFF, 0xFE, 0x80, 10, 10, 0])

    private static func serving(_ bytes: Data = bytes) throws -> World {
        try World.scripted { _ in .answer(200, body: bytes) }
    }

    @Test("the bytes come unchanged, on standard output and in a file")
    func unchanged() async throws {
        let world = try Self.serving()
        let direct = try await world.run("fetch-results", World.processingToken)
        #expect(direct.standardOutput == Self.bytes)
        #expect(direct.errors.isEmpty)
        let saved = try await world.run("fetch-results", World.processingToken, "-o", "r", directory: world.home.path)
        #expect(saved.output.isEmpty)
        #expect(world.home.read("r") == Self.bytes)
        #expect(world.server?.requests.last?.target.contains("dataKey=tableofresultids") == true)
        #expect(world.outgoing.isEmpty)
        let json = try await world.run("fetch-results", World.processingToken, "--json", "--key", "a key&")
        let object = try #require(try JSONSerialization.jsonObject(with: json.standardOutput) as? [String: Any])
        #expect(object["resultBase64"] as? String == Self.bytes.base64EncodedString())
        #expect(world.server?.requests.last?.target.hasSuffix("dataKey=a%20key%26") == true)
    }

    @Test("an empty result is an empty file and nothing on standard output")
    func empty() async throws {
        let world = try Self.serving(Data())
        let direct = try await world.run("fetch-results", World.processingToken)
        expectSuccess(direct)
        #expect(direct.standardOutput.isEmpty)
        expectSuccess(try await world.run("fetch-results", World.processingToken, "-o", world.home("r")))
        #expect(world.home.read("r") == Data())
    }

    @Test("the file's mode follows the umask, a link stays a link, and no temporary file is left")
    func mode() async throws {
        let world = try Self.serving()
        let result = try await world.shell("umask 027; integrate fetch-results \(World.processingToken) -o r")
        expectSuccess(result)
        let attributes = try FileManager.default.attributesOfItem(atPath: world.home("r"))
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o640)
        symlink("r", world.home("link"))
        expectSuccess(try await world.run("fetch-results", World.processingToken, "-o", world.home("link")))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: world.home("link")) == "r")
        #expect(world.home.names.filter { !["r", "link", ".cache", ".local"].contains($0) }.isEmpty)
    }

    @Test(
        "where the download fails the old file stays as it was",
        arguments: [.answer(500), .cutInsideBody(sent: 100, announced: 1000), .answer(404)]
            as [MisbehavingServer.Behaviour])
    func atomic(behaviour: MisbehavingServer.Behaviour) async throws {
        let world = try World.scripted { _ in behaviour }
        let file = try world.home.write("old", to: "r")
        let result = try await world.run("fetch-results", World.processingToken, "-o", file, "--retry", "0")
        #expect([1, 69].contains(result.exitCode))
        #expect(result.output.isEmpty)
        #expect(world.home.read("r") == Data("old".utf8))
        #expect(world.outgoing.isEmpty)
        let direct = try await world.run("fetch-results", World.processingToken, "--retry", "0")
        #expect(direct.output.isEmpty, "part of a result is no result")
    }

    @Test("a place where no file can be created is exit 73", arguments: ["none/r", "."])
    func noPlace(path: String) async throws {
        let world = try Self.serving()
        let result = try await world.run("fetch-results", World.processingToken, "-o", path, directory: world.home.path)
        expectFailure(result, 73, path)
        #expect(world.paths.isEmpty, "found out before anything is asked for")
    }

    @Test("a device is written to, never replaced")
    func device() async throws {
        let world = try Self.serving()
        mkfifo(world.home("pipe"), 0o600)
        let result = try await world.shell(
            "cat pipe > copy & integrate fetch-results \(World.processingToken) -o pipe; code=$?; wait; exit $code")
        expectSuccess(result)
        #expect(world.home.read("copy") == Self.bytes)
        let standardOutput = try await world.shell(
            "integrate fetch-results \(World.processingToken) -o /dev/stdout | cat")
        #expect(standardOutput.standardOutput == Self.bytes)
    }

    private static let hasFullDevice = FileManager.default.fileExists(atPath: "/dev/full")

    // Linux has /dev/full; elsewhere there is no disk that is always full.
    @Test("a full disk is exit 74", .enabled(if: hasFullDevice))
    func full() async throws {
        let world = try Self.serving()
        for command in [
            "fetch-results \(World.processingToken) > /dev/full", "auth token upload > /dev/full",
            "fetch-results \(World.processingToken) -o /dev/full", "--help > /dev/full", "--version > /dev/full",
            "auth status upload > /dev/full",
        ] {
            let result = try await world.shell("integrate \(command)")
            expectFailure(result, 74, "No space left on device")
        }
        var status = stat()
        #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test("a closed pipe or a closed standard output is exit 74")
    func closed() async throws {
        let world = try Self.serving(Data(repeating: 65, count: 4 << 20))
        let piped = try await world.shell(
            "{ integrate fetch-results \(World.processingToken); echo \"code $?\" >&2; } | true")
        #expect(piped.errors.contains("code 74"), Comment(rawValue: piped.errors))
        #expect(piped.errors.contains("Broken pipe"))
        expectFailure(try await world.shell("integrate auth token upload >&-"), 74)
    }

    @Test("a result that is not there yet is exit 1 with the command that waits for it")
    func notYet() async throws {
        let world = try World.sandboxed()
        let token = try await world.upload()
        expectFailure(
            try await world.run("fetch-results", "--last"), 1, "processing has not ended", "integrate poll \(token)")
    }
}
