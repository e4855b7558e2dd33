import Foundation

/// From a row of the uploaded CSV (row 1 is the header that is always sent) to the physical line of the user's file.
///
/// Lines mostly grow evenly with rows, so what is kept is where an even run ends, in a few bytes each.
package struct LineMap: Hashable, Sendable, Codable {
    /// From `row` on, each row is `step` lines further down.
    private struct Run: Hashable, Sendable, Codable {
        var row: Int
        var line: Int
        var step: Int

        func line(of other: Int) -> Int { line &+ (other &- row) &* step }
    }

    /// The runs before the last: for each the rows and lines since the one before it and its step, in LEB128.
    private var finished = Data()
    private var lastFinished = Run(row: 0, line: 0, step: 0)
    private var last: Run?
    /// The last row that is known.
    package private(set) var lastRow = 0

    package init() {}

    /// Adds the next `count` rows: `row` is on `line`, and each one after it on the line below. Rows are added in order.
    package mutating func add(row: Int, line: Int, count: Int = 1) {
        guard count > 0 else { return }
        defer { lastRow = row + count - 1 }
        if var run = last, row == lastRow + 1 {
            // A run of one row takes whatever step the next row has.
            if run.row == lastRow, count == 1 || line == run.line + 1 {
                run.step = line - run.line
                last = run
            }
            if run.line(of: row) == line, count == 1 || run.step == 1 { return }
        }
        finishRun()
        last = Run(row: row, line: line, step: 1)
    }

    /// The line on which a row starts, or `nil` for a row that is not in the file.
    package func line(ofRow row: Int) -> Int? {
        guard row <= lastRow, var run = last else { return nil }
        if run.row <= row { return run.line(of: row) }
        var bytes = finished[...]
        var found: Run?
        run = Run(row: 0, line: 0, step: 0)
        while let rows = Self.number(&bytes), let lines = Self.number(&bytes), let step = Self.number(&bytes) {
            run = Run(row: run.row &+ rows, line: run.line &+ lines, step: step)
            if run.row > row { break }
            found = run
        }
        return found?.line(of: row)
    }

    private mutating func finishRun() {
        guard let run = last else { return }
        for var number in [run.row - lastFinished.row, run.line - lastFinished.line, run.step] {
            while number >= 0x80 {
                finished.append(UInt8(number & 0x7F) | 0x80)
                number >>= 7
            }
            finished.append(UInt8(number))
        }
        lastFinished = run
    }

    private static func number(_ bytes: inout Data.SubSequence) -> Int? {
        var number = 0
        for shift in stride(from: 0, to: 63, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            number |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }

    /// What the map costs besides a fixed part.
    var byteCount: Int { finished.count }
}
