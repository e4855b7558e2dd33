import Foundation
import Testing

@testable import Authorization

/// Other programs to compare with, run where they are installed.
enum Oracle {
    static let hasOpenSSL = (try? run(["openssl", "version"])) != nil
    static let hasBotocore = (try? run(["python3", "-c", "import botocore"])) != nil

    struct Failure: Error {
        var command: [String]
        var status: Int32
    }

    /// Runs a command found on PATH and gives back its standard output.
    static func run(_ command: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(command: command, status: process.terminationStatus)
        }
        return String(decoding: data, as: UTF8.self)
    }

    static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "integrate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}

@Suite("SigV4: botocore as oracle")
struct SigV4OracleTests {
    struct Case: Codable {
        var method: String
        var host: String
        var path: String
        /// Decoded names and values; botocore encodes them itself.
        var items: [[String]]
        var query: String
        var headers: [[String]]
        var body: String
        var region: String
        var service: String
        var secret: String
        var token: String?
        var seconds: Int
    }

    struct Answer: Decodable {
        var canonicalRequest: String
        var stringToSign: String
        var authorization: String
    }

    private static let script = """
        import json, sys, time
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        answers = []
        for case in json.load(open(sys.argv[1], encoding='utf-8')):
            auth = SigV4Auth(Credentials('AKID', case['secret'], case.get('token')), case['service'], case['region'])
            request = AWSRequest(method=case['method'], url='https://' + case['host'] + case['path'],
                                 params=[tuple(item) for item in case['items']], data=case['body'].encode())
            for name, value in case['headers']:
                request.headers[name] = value
            request.context['timestamp'] = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(case['seconds']))
            auth._modify_request_before_signing(request)
            canonical = auth.canonical_request(request)
            text = auth.string_to_sign(request, canonical)
            auth._inject_signature_to_request(request, auth.signature(text, request))
            answers.append({'canonicalRequest': canonical, 'stringToSign': text,
                            'authorization': request.headers['Authorization']})
        json.dump(answers, sys.stdout)
        """

    /// Skipped where Python or botocore is not installed.
    @Test("botocore signs 500 awkward requests the same way", .enabled(if: Oracle.hasBotocore))
    func randomRequests() throws {
        var generator = SeededGenerator(state: 20_240_229)
        let cases = (0..<500).map { _ in Self.randomCase(using: &generator) }
        let folder = try Oracle.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cases.json")
        try JSONEncoder().encode(cases).write(to: file)
        let output = try Oracle.run(["python3", "-c", Self.script, file.path])
        let answers = try JSONDecoder().decode([Answer].self, from: Data(output.utf8))
        try #require(answers.count == cases.count)

        for (example, answer) in zip(cases, answers) {
            let signer = SigV4Signer(
                credentials: SigV4Credentials(
                    accessKeyID: "AKID", secretAccessKey: example.secret, sessionToken: example.token),
                region: example.region, service: example.service)
            let request = SigV4Request(
                method: example.method, path: example.path, query: example.query,
                headers: [("Host", example.host)] + example.headers.map { ($0[0], $0[1]) },
                body: Data(example.body.utf8))
            let date = Date(timeIntervalSince1970: Double(example.seconds) + 0.75)
            let canonical = signer.canonicalRequest(request, at: date)
            #expect(String(decoding: canonical, as: UTF8.self) == answer.canonicalRequest)
            let stringToSign = signer.stringToSign(canonicalRequest: canonical, at: date)
            #expect(String(decoding: stringToSign, as: UTF8.self) == answer.stringToSign)
            #expect(signer.sign(request, at: date).authorization == answer.authorization)
        }
    }

    private static func randomCase(using generator: inout SeededGenerator) -> Case {
        let unreserved = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        // What may stand unencoded in a path and in a query's items besides.
        let inPath = unreserved.union(CharacterSet(charactersIn: "!$'()*+,;=:@&"))
        let inQuery = unreserved.union(CharacterSet(charactersIn: "!$'()*,;:@/?"))

        func text(_ alphabet: [String], _ count: ClosedRange<Int>) -> String {
            (0..<Int.random(in: count, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "" }
                .joined()
        }
        let letters = [
            "a", "b", "Z", "0", "9", "-", ".", "_", "~", " ", "+", "%", "/", ";", "@", ":", "=", "&", "?", "#", "!",
            "$",
            "'", "(", ")", "*", ",", "[", "]", "\"", "<", "\\", "^", "`", "{", "|", "é", "ß", "€", "中", "𝄞", "e\u{301}",
        ]
        func segment() -> String {
            let allowed = Bool.random(using: &generator) ? unreserved : inPath
            return text(letters, 0...6).addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        }
        let dots = ["", ".", "..", "...", "x"]
        var path = ""
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            path += "/" + (Int.random(in: 0..<4, using: &generator) == 0 ? text(dots, 1...1) : segment())
        }
        if path.isEmpty || Bool.random(using: &generator) { path += "/" }

        let items = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
            [text(letters, 1...3), text(letters, 0...5)]
        }
        let query = items.map { item in
            item.map {
                $0.addingPercentEncoding(withAllowedCharacters: Bool.random(using: &generator) ? unreserved : inQuery)
                    ?? ""
            }.joined(separator: "=")
        }.joined(separator: "&")

        let inHeader = ["a", "B", " ", "  ", "\t", "\n ", "\"", ",", ";", ":", "é", "中", "𝄞", "0"]
        let names = [
            "X-One", "x-one", "X-Two", "Content-Type", "Accept", "User-Agent", "X-Amz-Target", "x-a", "X-A-b", "Z",
        ]
        let headers = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            [text(names, 1...1), text(inHeader, 0...8)]
        }
        return Case(
            method: text(["GET", "POST", "PUT", "PATCH", "DELETE"], 1...1),
            host: text(["api.example.com", "localhost:8080", "127.0.0.1:9"], 1...1), path: path, items: items,
            query: query, headers: headers, body: text(letters, 0...40),
            region: text(["eu-west-1", "us-east-1"], 1...1),
            service: text(["execute-api", "service"], 1...1), secret: text(letters, 10...60),
            token: Bool.random(using: &generator) ? text(["A", "b", "+", "/", "="], 8...200) : nil,
            seconds: Int.random(in: 0...4_000_000_000, using: &generator))
    }
}

/// SplitMix64, so that a failure repeats.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
