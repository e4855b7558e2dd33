/// Where the platform's columns stand in a user's file.
struct ShiftLayout {
    /// For each column of the platform, the index of the field.
    var indices: [Int]
    /// How many fields each row has.
    var fieldCount: Int
    var hasHeader: Bool
    /// The header's names, or the platform's when there is no header.
    var names: [String]

    /// The platform's own columns in the platform's order.
    static func documented(hasHeader: Bool) -> ShiftLayout {
        ShiftLayout(
            indices: Array(0..<5), fieldCount: 5, hasHeader: hasHeader, names: ShiftColumn.allCases.map(\.rawValue))
    }

    var isDocumented: Bool { fieldCount == 5 && indices == Array(0..<5) }
}

/// Faults of the first record that make the rest unreadable.
struct ShiftHeaderFaults: Error {
    var faults: [(field: Int, message: String)]

    init(_ field: Int, _ message: String) {
        faults = [(field, message)]
    }
}

/// Decides from the first record of a file whether it is a header, and where the columns are.
struct ShiftHeaderReader {
    let format: ShiftFileFormat
    /// The first record's fields.
    private let cells: [String]
    /// The same, trimmed and without case.
    private let keys: [String]

    private static let expected = ShiftColumn.allCases.map { $0.rawValue.lowercased() }

    init(_ cells: [String], format: ShiftFileFormat) {
        self.format = format
        self.cells = cells.map {
            String($0.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
        keys = self.cells.map { $0.lowercased() }
    }

    func layout() throws(ShiftHeaderFaults) -> ShiftLayout {
        if let other = otherDelimiter {
            throw ShiftHeaderFaults(
                0, "the fields seem to be separated by \(other.name); add --delimiter \(other.option)")
        }
        if !format.columns.isEmpty { return try mappedLayout() }
        if keys == Self.expected { return .documented(hasHeader: true) }
        if Set(keys).isSuperset(of: Self.expected) { throw reordered() }
        // The columns behind the reference are dates and times, which start with digits even when they are wrong.
        let isData =
            Set(keys).isDisjoint(with: Self.expected)
            && keys.dropFirst().contains { $0.utf8.first.map { $0 &- UInt8(ascii: "0") <= 9 } ?? false }
        if isData { return .documented(hasHeader: false) }
        throw unknown()
    }

    /// A delimiter that would give enough fields where the format's own does not.
    private var otherDelimiter: (name: String, option: String)? {
        guard cells.count < 5 else { return nil }
        let line = cells.joined(separator: "\n")
        let candidates: [(Character, String, String)] = [
            (";", "\";\"", "';'"), ("\t", "tabs", "tab"), ("|", "\"|\"", "'|'"), (",", "\",\"", "','"),
        ]
        for (mark, name, option) in candidates where mark.asciiValue != format.delimiter {
            if line.count(where: { $0 == mark }) >= 4 { return (name, option) }
        }
        return nil
    }

    private func mappedLayout() throws(ShiftHeaderFaults) -> ShiftLayout {
        var indices: [Int] = []
        var faults: [(field: Int, message: String)] = []
        for column in ShiftColumn.allCases {
            let mapped = format.columns[column]
            let name = mapped ?? column.rawValue
            var found = cells.indices.filter { cells[$0] == name }
            if found.isEmpty { found = keys.indices.filter { keys[$0] == name.lowercased() } }
            if let index = found.first { indices.append(index) }
            if found.count > 1 {
                faults.append((found[1], "the header has the column \(quoted(name)) twice"))
            } else if found.isEmpty {
                let reason = mapped == nil ? "" : " (for \(column.rawValue))"
                let cure = mapped == nil ? "; add --column \(column.rawValue)=NAME" : ""
                faults.append((0, "the header has no column \(quoted(name))\(reason); it has \(list(cells))\(cure)"))
            }
        }
        if let first = faults.first {
            var all = ShiftHeaderFaults(first.field, first.message)
            all.faults = faults
            throw all
        }
        return ShiftLayout(indices: indices, fieldCount: cells.count, hasHeader: true, names: cells)
    }

    /// All expected names are there, but not in their order, or not alone.
    private func reordered() -> ShiftHeaderFaults {
        // Naming one column is enough to have all of them found by name.
        let cure = "--column Reference=\(cells[keys.firstIndex(of: Self.expected[0]) ?? 0])"
        let wrong = keys.indices.first { $0 >= 5 || keys[$0] != Self.expected[$0] } ?? 0
        let what = wrong >= 5 ? "the header has a column too many" : "the columns stand in another order"
        return ShiftHeaderFaults(
            wrong,
            "\(what): the order is \(ShiftColumn.header); change the file, or have columns found by name with \(cure)")
    }

    /// Neither the header nor a shift.
    private func unknown() -> ShiftHeaderFaults {
        let missing = ShiftColumn.allCases.filter { !keys.contains(Self.expected[$0.index]) }
        let others = cells.indices.filter { !Self.expected.contains(keys[$0]) }
        let wrong = keys.indices.first { $0 >= 5 || keys[$0] != Self.expected[$0] } ?? 0
        var cure = missing.map { "--column \($0.rawValue)=NAME" }
        if missing.count == others.count, others.allSatisfy({ !cells[$0].isEmpty }) {
            cure = zip(missing, others).map { "--column " + shellQuoted("\($0.rawValue)=\(cells[$1])") }
        }
        if cure.isEmpty { cure = ["--column Reference=NAME"] }
        return ShiftHeaderFaults(
            wrong,
            "\(quoted(cells[wrong])) is neither a column nor part of a shift: expected the header \(ShiftColumn.header) or a "
                + "row in that order; if these columns only have other names, add \(cure.joined(separator: " "))")
    }

    private func shellQuoted(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || ("0"..."9").contains($0) || "=_-./".unicodeScalars.contains($0)
        }
        return isPlain
            ? text
            : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    private func list(_ names: [String]) -> String {
        let shown = names.prefix(20).map(quoted).joined(separator: ", ")
        return names.count > 20 ? shown + ", ..." : shown
    }
}

/// A value from the file as a message shows it: in quotes, on one line, not too long.
func quoted(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars.prefix(60) {
        switch scalar {
        case "\r": text += "\\r"
        case "\n": text += "\\n"
        case "\t": text += "\\t"
        case _ where scalar.properties.generalCategory == .control:
            text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        default: text.unicodeScalars.append(scalar)
        }
    }
    return "\"\(text)\(value.unicodeScalars.count > 60 ? "..." : "")\""
}
