import Foundation
import Testing

@testable import Delivery

private let python = ["/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

/// Runs a Python program and gives what it printed.
private func runPython(_ program: String, input: URL) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = ["-c", program, input.path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return data
}

// Skipped where there is no python3, whose csv module is the judge here.
@Suite("Reading CSV as Python's csv module does", .enabled(if: python != nil))
struct CSVOracleTests {
    /// A small generator, so that a failure can be repeated.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }

    private func temporaryFile(_ data: Data) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("csv-oracle-\(UUID().uuidString)")
        try data.write(to: url)
        return url
    }

    @Test(
        "texts of Python's writer, in each quoting and line end",
        arguments: ["QUOTE_MINIMAL", "QUOTE_ALL", "QUOTE_NONNUMERIC"], ["\\n", "\\r\\n", "\\r"])
    func written(quoting: String, lineEnd: String) throws {
        let program = """
            import base64, csv, io, json, random, sys
            random.seed(7)
            cases = []
            for _ in range(60):
                rows = [[''.join(random.choice('ab,"\\r\\n\\t ;æ€😀') for _ in range(random.randrange(12)))
                         for _ in range(random.randrange(1, 7))] for _ in range(random.randrange(1, 9))]
                rows = [row for row in rows if row != ['']]
                text = io.StringIO(newline='')
                csv.writer(text, quoting=csv.\(quoting), lineterminator='\(lineEnd)').writerows(rows)
                # What its reader makes of it: the writer leaves some line ends without quotes.
                read = [row for row in csv.reader(io.StringIO(text.getvalue(), newline='')) if row]
                cases.append([base64.b64encode(text.getvalue().encode()).decode(), read])
            print(json.dumps(cases))
            """
        let input = try temporaryFile(Data())
        defer { try? FileManager.default.removeItem(at: input) }
        let json = try JSONSerialization.jsonObject(with: runPython(program, input: input))
        let cases = try #require(json as? [[Any]])
        #expect(cases.count == 60)
        for item in cases {
            let text = try #require((item[0] as? String).flatMap { Data(base64Encoded: $0) })
            let rows = try #require(item[1] as? [[String]])
            for chunkSize in [1, 5, .max] {
                #expect(try csvRecords(Array(text), chunkSize: chunkSize) == rows)
            }
        }
    }

    @Test("random texts that the reader accepts have the records that Python finds")
    func random() throws {
        var generator = Generator(state: 42)
        let alphabet = Array("ab,,\"\"\n\r\u{B}é".unicodeScalars)
        var texts: [String] = []
        while texts.count < 3000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...14, using: &generator) {
                text.unicodeScalars.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            if (try? csvRecords(text)) != nil { texts.append(text) }
        }
        let input = try temporaryFile(JSONSerialization.data(withJSONObject: texts))
        defer { try? FileManager.default.removeItem(at: input) }
        let program = """
            import csv, io, json, sys
            texts = json.load(open(sys.argv[1], encoding='utf-8'))
            print(json.dumps([[row for row in csv.reader(io.StringIO(text, newline=''), strict=True) if row] for text in texts]))
            """
        let json = try JSONSerialization.jsonObject(with: runPython(program, input: input))
        let expected = try #require(json as? [[[String]]])
        #expect(expected.count == texts.count)
        for (text, rows) in zip(texts, expected) {
            #expect(try csvRecords(text) == rows, "\(text.debugDescription)")
        }
    }
}
