/// Objects and lists within a text that is known to be JSON, member by member.
struct KPIObjectReader {
    /// A member's name without escapes, and where its parts stand in the text.
    struct Member {
        var name: String
        var nameStart: Int
        var value: Range<Int>
    }

    let text: UnsafeRawBufferPointer

    /// The members of the object at `range`.
    func members(of range: Range<Int>) -> [Member] {
        var members: [Member] = []
        var next = skipWhitespace(range.lowerBound + 1)
        while text[next] != JSONByte.closeObject {
            if text[next] == JSONByte.comma { next = skipWhitespace(next + 1) }
            let name = next..<end(ofValueAt: next)
            let colon = skipWhitespace(name.upperBound)
            let start = skipWhitespace(colon + 1)
            let value = start..<end(ofValueAt: start)
            members.append(Member(name: string(name), nameStart: name.lowerBound, value: value))
            next = skipWhitespace(value.upperBound)
        }
        return members
    }

    /// The element of a list at or after `index`, which is behind the opening bracket or an element; nil at the list's end.
    func element(from index: Int) -> Range<Int>? {
        var start = skipWhitespace(index)
        if text[start] == JSONByte.comma { start = skipWhitespace(start + 1) }
        guard text[start] != JSONByte.closeArray else { return nil }
        return start..<end(ofValueAt: start)
    }

    /// The text of the string at `range`, without quotes and escapes.
    func string(_ range: Range<Int>) -> String { JSONString.decoded(bytes(range)[...]) }

    func bytes(_ range: Range<Int>) -> [UInt8] { Array(text[range]) }

    private func skipWhitespace(_ index: Int) -> Int {
        var index = index
        while JSONByte.isWhitespace(text[index]) { index += 1 }
        return index
    }

    private func end(ofValueAt start: Int) -> Int {
        var index = start
        var depth = 0
        while true {
            switch text[index] {
            case JSONByte.quote:
                index += 1
                while text[index] != JSONByte.quote { index += text[index] == JSONByte.backslash ? 2 : 1 }
                index += 1
            case JSONByte.openObject, JSONByte.openArray:
                depth += 1
                index += 1
            case JSONByte.closeObject, JSONByte.closeArray:
                depth -= 1
                index += 1
            case _ where depth > 0:
                index += 1
                continue
            default:
                while index < text.count, !isEnd(text[index]) { index += 1 }
            }
            if depth == 0 { return index }
        }
    }

    /// What ends a number or a word.
    private func isEnd(_ byte: UInt8) -> Bool {
        JSONByte.isWhitespace(byte) || byte == JSONByte.comma || byte == JSONByte.closeArray
            || byte == JSONByte.closeObject
    }
}
