import Foundation
import Testing

@testable import Delivery

@Suite("Feedback on an upload")
struct ShiftFeedbackTests {
    @Test(
        "a line is a row, a value and a message that may hold bars",
        arguments: [
            ("2|GHOST1|unknown reference", 2, "GHOST1", "unknown reference"), ("3||a|b", 3, "", "a|b"),
            (" 14 |x y|no ", 14, "x y", "no"), ("x|y|z", nil, "", "x|y|z"), ("just text", nil, "", "just text"),
            ("2|only two", nil, "", "2|only two"), ("0|a|b", nil, "", "0|a|b"), ("-1|a|b", nil, "", "-1|a|b"),
        ] as [(String, Int?, String, String)])
    func line(text: String, row: Int?, value: String, message: String) {
        let line = FeedbackLine(line: text)
        #expect(line.row == row)
        #expect(line.value == value)
        #expect(line.message == message)
    }

    @Test("lines end with LF, CR or CRLF, and blank ones do not count")
    func lineEnds() {
        #expect(
            FeedbackLine.parse("2|a|b\r\n\r\n3|c|d\r4|e|f\n  \nrest\n").map(\.message) == ["b", "d", "f", "rest"])
        #expect(FeedbackLine.parse("").isEmpty)
        let json = ["\"2|a|b\\r\\n3|c|d\"", "[\"2|a|b\", \"3|c|d\"]"]
        for text in json { #expect(FeedbackLine.parse(text).map(\.row) == [2, 3], "\(text)") }
    }

    @Test("a diagnostic stands at the value, in a file with multi-line fields and blank lines")
    func positions() throws {
        let csv =
            "\n\"A\nB\",01/07/2024,09:00,01/07/2024,17:00\n\nåGHOST,01/07/2024,09:00,02/07/2024,17:00\nC,01/07/2024,09:00,01/07/2024,17:00\n"
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("feedback-\(UUID().uuidString)")
        try Data(csv.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try FileHandle(forReadingFrom: url)
        let report = try readShiftFile(descriptor: file.fileDescriptor, named: "s.csv", format: ShiftFileFormat())
        #expect(report.diagnostics.rendered == [])

        let feedback = FeedbackLine.parse(
            "2|A\nB|x\n".replacingOccurrences(of: "\n", with: "")
                + "\n3|02/07/2024|holiday\n3|åGHOST|unknown\n4|17:01|x\n1|h|x\n9|z|x\nodd")
        try file.seek(toOffset: 0)
        let found = feedbackDiagnostics(
            feedback, file: "s.csv", lineMap: report.lineMap, descriptor: file.fileDescriptor)
        #expect(
            found.map(\.rendered) == [
                "s.csv:2:1: error: \"AB\": x", "s.csv:5:25: error: \"02/07/2024\": holiday",
                "s.csv:5:1: error: \"åGHOST\": unknown", "s.csv:6:1: error: \"17:01\": x",
                "s.csv: error: row 1: \"h\": x", "s.csv: error: row 9: \"z\": x", "s.csv: error: odd",
            ])
        // Without the file the lines still stand.
        let lines = feedbackDiagnostics(feedback, file: "s.csv", lineMap: report.lineMap).map(\.position)
        #expect(lines == [2, 5, 5, 6].map { TextPosition(line: $0, column: 1) } + [nil, nil, nil])
    }
}
