/// A place in a text file as a person and an editor count it.
package struct TextPosition: Hashable, Sendable, Comparable, Codable {
    /// Physical line, from 1.
    package var line: Int
    /// Unicode scalar in the line, from 1.
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: TextPosition, right: TextPosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A fault in a user's file, printed the way compilers print theirs, so that editors and CI find the place.
package struct Diagnostic: Hashable, Sendable {
    package enum Severity: String, Sendable {
        case error
    }

    /// The file's name as the user gave it.
    package var file: String
    /// `nil` when the fault cannot be tied to a place in the file.
    package var position: TextPosition?
    package var severity: Severity
    /// One line without a period at its end.
    package var message: String

    package init(file: String, position: TextPosition?, severity: Severity = .error, message: String) {
        self.file = file
        self.position = position
        self.severity = severity
        self.message = message
    }

    /// `FILE:LINE:COLUMN: error: MESSAGE`, without the numbers when there is no position.
    package var rendered: String {
        let place = position.map { ":\($0.line):\($0.column)" } ?? ""
        return "\(file)\(place): \(severity.rawValue): \(message)"
    }
}

/// Keeps the first diagnostics and counts the rest, so that a file with a million faults costs no memory.
package struct DiagnosticCollector: Sendable {
    /// What is kept, in the order of arrival.
    package private(set) var diagnostics: [Diagnostic] = []
    /// How many arrived, kept or not.
    package private(set) var count = 0
    /// How many are kept at most.
    package let limit: Int

    package init(limit: Int = 50) {
        self.limit = limit
    }

    package var isEmpty: Bool { count == 0 }

    /// How many arrived after the limit was reached.
    package var omitted: Int { count - diagnostics.count }

    /// Counts a diagnostic; it is built only when it will be kept.
    package mutating func add(_ diagnostic: @autoclosure () -> Diagnostic) {
        count += 1
        if diagnostics.count < limit { diagnostics.append(diagnostic()) }
    }

    /// One line for each kept diagnostic, then `... and N more errors` when some were not kept.
    package var rendered: [String] {
        var lines = diagnostics.map(\.rendered)
        if omitted > 0 { lines.append("... and \(omitted) more error\(omitted == 1 ? "" : "s")") }
        return lines
    }
}
