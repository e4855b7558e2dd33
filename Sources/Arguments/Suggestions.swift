/// Finds what a mistyped word was probably meant to be.
package enum Suggestions {
    /// The candidates nearest to a word, at most three of the same distance; none if all are too far away.
    ///
    /// One mistake is allowed in every three letters. Case, `-` and `_` do not count, and a candidate that begins with
    /// the word (three letters or more) is near if nothing else is.
    package static func nearest(to word: String, among candidates: [String]) -> [String] {
        let typed = folded(word)
        guard !typed.isEmpty else { return [] }
        let limit = typed.count == 1 ? 0 : max(1, typed.count / 3)
        var best = limit
        var found: [String] = []
        for candidate in candidates {
            let letters = folded(candidate)
            guard abs(letters.count - typed.count) <= best else { continue }
            let distance = distance(typed, letters)
            if distance < best { found = [] }
            if distance <= best {
                best = distance
                if !found.contains(candidate) { found.append(candidate) }
            }
        }
        if found.isEmpty, typed.count >= 3 {
            found = candidates.filter { folded($0).starts(with: typed) }
        }
        return Array(found.prefix(3))
    }

    /// `'a'`, `'a' or 'b'`, `'a', 'b' or 'c'`.
    package static func quotedList(_ words: [String], conjunction: String = "or") -> String {
        let quoted = words.map { "'\($0)'" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return quoted.dropLast().joined(separator: ", ") + " \(conjunction) " + last
    }

    private static func folded(_ word: String) -> [Character] {
        word.lowercased().filter { $0 != "-" && $0 != "_" }
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for (column, other) in right.enumerated() {
                var cost = min(
                    previous[column] + (letter == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforePrevious[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
