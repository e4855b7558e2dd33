/// From a row of the uploaded CSV (row 1 is the header that is always sent) to the physical line of the user's file.
///
/// Lines mostly grow evenly with rows, so what is kept is where the even run breaks.
package struct LineMap: Hashable, Sendable, Codable {
    /// From `row` on, each row is `step` lines further down.
    private struct Run: Hashable, Sendable, Codable {
        var row: Int
        var line: Int
        var step: Int

        func line(of other: Int) -> Int { line + (other - row) * step }
    }

    private var runs: [Run] = []
    /// The last row that is known.
    package private(set) var lastRow = 0

    package init() {}

    /// Adds the next `count` rows: `row` is on `line`, and each one after it on the line below. Rows are added in order.
    package mutating func add(row: Int, line: Int, count: Int = 1) {
        guard count > 0 else { return }
        defer { lastRow = row + count - 1 }
        if let last = runs.indices.last, row == lastRow + 1 {
            // A run of one row takes whatever step the next row has.
            if runs[last].row == lastRow, count == 1 || line == runs[last].line + 1 {
                runs[last].step = line - runs[last].line
            }
            if runs[last].line(of: row) == line, count == 1 || runs[last].step == 1 { return }
        }
        runs.append(Run(row: row, line: line, step: 1))
    }

    /// The line on which a row starts, or `nil` for a row that was not sent.
    package func line(ofRow row: Int) -> Int? {
        guard row <= lastRow else { return nil }
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].row <= row { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : runs[low - 1].line(of: row)
    }

    /// How many breaks the map holds, which is what it costs.
    var runCount: Int { runs.count }
}
