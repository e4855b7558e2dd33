import Foundation
import TestSupport
import Testing
import VendorAPIs

@testable import Delivery

private let python = ["/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

// Skipped where there is no python3, whose csv and json modules are the judges here.
@Suite("100,000 rows in documents, put together again by Python", .enabled(if: python != nil))
struct KPIOracleTests {
    private static let rows = 100_000

    /// Digits, ids and texts of all sorts, from Python's csv writer.
    private static let generator = """
        import csv, random, sys
        random.seed(4)
        with open(sys.argv[1], "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow("user_id location_id id kpi value units timestamp date_from date_to".split())
            for row in range(1, \(rows) + 1):
                user = random.choice(["", f"{random.randrange(300):05}"])
                writer.writerow([
                    user, str(random.randrange(40)) if not user else random.choice(["", "3"]),
                    random.choice([row, 10**19 + row]), random.choice(["sales", 'a "b", c', "ø\\n\\t\\u0001😀"]),
                    random.choice(["150.00", "-0.10", "007", "+1", str(random.randrange(10**25)) + ".50"]),
                    random.choice(["", "%", "Eur", "back\\\\slash"]), "2019-09-10 13:09:%02d" % (row % 60),
                    "", random.choice(["", "2019-09-11 00:00:00"])])
        """

    /// Reads the documents, one a line, and compares each element with its row. `ids` turns numbers into their own digits.
    private static let judge = """
        import csv, json, sys
        with open(sys.argv[1], newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        left = {row["id"]: {name: text for name, text in row.items() if text} for row in rows}
        assert len(left) == len(rows) == \(rows)
        most = 0
        for line in open(sys.argv[2], "rb"):
            document = json.loads(line, parse_int=lambda digits: ("number", digits), parse_float=None)
            assert list(document) == ["type", "version", "context", "data"], document
            assert (document["type"], document["version"], document["context"]) == ("acme", "1.0.0", "sales")
            count, owners = 0, []
            for entry in document["data"]:
                owners.append((entry.get("user_id"), entry.get("location_id")))
                for element in entry["elements"]:
                    count += 1
                    kind, digits = element["id"]
                    assert kind == "number" and element.pop("object_type") == "number"
                    element["id"] = digits
                    owner = {name: entry[name] for name in ("user_id", "location_id") if name in entry}
                    assert left.pop(digits) == {**owner, **element}, element
            assert len(set(owners)) == len(owners)
            assert 0 < count <= int(sys.argv[3]) and len(line) - 1 <= int(sys.argv[4]), (count, len(line))
            most = max(most, count)
        assert not left, len(left)
        print("ok", most)
        """

    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = ["-c", program] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }

    @Test("every row arrives once, its digits unchanged, within both limits")
    func reassembled() throws {
        let directory = try TemporaryDirectory()
        _ = try run(Self.generator, [directory("rows.csv")])
        for limits in [KPIBatchLimits(), KPIBatchLimits(elements: 1000, bytes: 60_000)] {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: directory("rows.csv")))
            let input = KPIInput(
                descriptor: handle.fileDescriptor, name: "rows.csv", format: .csv, options: KPIFile.options,
                limits: limits)
            let check = try input.check()
            #expect(check.diagnostics.rendered == [])
            #expect(check.records == Self.rows)
            var lines: [UInt8] = []
            var next = 1
            let source = try input.batches(after: check)
            while let batch = try source() {
                #expect(batch.records.ranges.count == 1 && batch.records.ranges.first?.lowerBound == next)
                #expect(batch.checks.count == batch.records.count)
                next += batch.records.count
                lines += batch.payload + [UInt8(ascii: "\n")]
            }
            #expect(next == Self.rows + 1)
            let documents = try directory.write(Data(lines), to: "documents")
            let verdict = try run(
                Self.judge, [directory("rows.csv"), documents, String(limits.elements), String(limits.bytes)])
            #expect(verdict.hasPrefix("ok"))
        }
    }
}
