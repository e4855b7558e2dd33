import Foundation

/// One line of the platform's feedback: `row|value|message`, where row 1 is the header that was sent.
package struct FeedbackLine: Hashable, Sendable {
    /// `nil` when the line is not of that form; then the message is the whole line.
    package let row: Int?
    package let value: String
    package let message: String

    /// The lines of a feedback text, whatever ends them; blank lines are left out. The documents do not say whether the
    /// text is bare or JSON: a JSON string and a list of strings are read too.
    package static func parse(_ text: String) -> [FeedbackLine] {
        let json = Data(text.utf8)
        if text.hasPrefix("\""), let inner = try? JSONDecoder().decode(String.self, from: json) { return parse(inner) }
        if text.hasPrefix("["), let lines = try? JSONDecoder().decode([String].self, from: json) {
            return lines.map(FeedbackLine.init(line:))
        }
        return text.split { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
            .map { $0.trimmingBlanks() }
            .filter { !$0.isEmpty }
            .map(FeedbackLine.init(line:))
    }

    /// Reads one line; a message may hold more bars.
    package init(line: String) {
        let parts = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, let row = Int(parts[0].trimmingBlanks()), row > 0 {
            self.row = row
            value = String(parts[1])
            message = parts[2].trimmingBlanks()
        } else {
            row = nil
            value = ""
            message = line
        }
    }

    /// The value and what is said about it.
    package var text: String { value.isEmpty ? message : "\(quoted(value)): \(message)" }
}

/// Feedback as diagnostics on the file that was uploaded, in the feedback's order.
///
/// A line that names no row of the upload has no position. The column is the value's, when `descriptor` gives the file again and the
/// row still holds that value; else it is 1.
package func feedbackDiagnostics(
    _ feedback: [FeedbackLine], file name: String, lineMap: LineMap, descriptor: Int32? = nil,
    format: ShiftFileFormat = ShiftFileFormat()
) -> [Diagnostic] {
    var positions: [FeedbackLine: TextPosition] = [:]
    var wanted: [Int: [FeedbackLine]] = [:]
    for entry in feedback {
        guard let row = entry.row, let line = lineMap.line(ofRow: row) else { continue }
        positions[entry] = TextPosition(line: line, column: 1)
        if !entry.value.isEmpty { wanted[line, default: []].append(entry) }
    }
    if let descriptor, let lastLine = wanted.keys.max() {
        var options = CSVReader.Options()
        options.delimiter = format.delimiter
        options.encoding = format.encoding
        let reader = CSVReader(CSVDescriptorSource(descriptor), options: options)
        // The file may have changed or gone since; then the line is all there is.
        while let record = try? reader.next(), record.line <= lastLine {
            for entry in wanted[record.line] ?? [] {
                let field = (0..<record.count).first { record.string(ofField: $0) == entry.value }
                if let field { positions[entry] = record.position(ofField: field) }
            }
        }
    }
    return feedback.map { entry in
        let place = positions[entry]
        let lead = place == nil ? entry.row.map { "row \($0): " } ?? "" : ""
        return Diagnostic(file: name, position: place, message: lead + entry.text)
    }
}

extension StringProtocol {
    /// Without spaces and tabs at either end.
    fileprivate func trimmingBlanks() -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
