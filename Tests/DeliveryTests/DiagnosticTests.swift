import Testing

@testable import Delivery

@Suite("Diagnostics")
struct DiagnosticTests {
    @Test("a diagnostic is printed as compilers print theirs")
    func rendering() {
        let place = TextPosition(line: 3, column: 7)
        #expect(Diagnostic(file: "a b.csv", position: place, message: "no").rendered == "a b.csv:3:7: error: no")
        #expect(Diagnostic(file: "a.csv", position: nil, message: "no").rendered == "a.csv: error: no")
    }

    @Test(
        "the first 50 are kept and the rest counted",
        arguments: [
            (0, 0, nil), (50, 50, nil), (51, 50, "... and 1 more error"), (1234, 50, "... and 1184 more errors"),
        ]
            as [(Int, Int, String?)])
    func limit(arriving: Int, kept: Int, last: String?) {
        var collector = DiagnosticCollector()
        for number in 0..<arriving {
            collector.add(Diagnostic(file: "f", position: nil, message: "\(number)"))
        }
        #expect(collector.count == arriving)
        #expect(collector.isEmpty == (arriving == 0))
        #expect(collector.omitted == arriving - kept)
        #expect(collector.diagnostics.map(\.message) == (0..<kept).map(String.init))
        #expect(collector.rendered.count == kept + (last == nil ? 0 : 1))
        if let last { #expect(collector.rendered.last == last) }
    }
}
