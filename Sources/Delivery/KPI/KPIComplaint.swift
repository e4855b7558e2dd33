/// The lines of the input that a refusal of a document names by place: `data.0.elements.1.value`, as the vendor's framework
/// writes it, or `data[0].elements[1].value`. What names an entry alone means its first element.
///
/// - Parameters:
///   - words: The vendor's words; a name that is cut off at their end counts for nothing.
///   - places: Where the document's elements come from.
/// - Returns: each line once, in the order of naming.
package func lines(namedIn words: String, of places: [RecordPlace]) -> [Int] {
    let element = /\bdata[.\[]([0-9]{1,9})\]?\.elements[.\[]([0-9]{1,9})\]?(?=[.: ])/
    let entry = /\bdata[.\[]([0-9]{1,9})\]?\.(?:user_id|location_id|elements)(?=[: ])/
    let named =
        words.matches(of: element).map { ($0.range.lowerBound, $0.range.upperBound, Int($0.1), Int($0.2)) }
        + words.matches(of: entry).map { ($0.range.lowerBound, $0.range.upperBound, Int($0.1), 0) }
    var lines: [Int] = []
    for (_, end, entry, element) in named.sorted(by: { $0.0 < $1.0 }) where !words[end...].hasPrefix("..") {
        let place = places.first { $0.entry == entry && $0.element == element }
        if let place, !lines.contains(place.line) { lines.append(place.line) }
    }
    return lines
}
