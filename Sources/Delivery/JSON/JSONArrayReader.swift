import Foundation

/// The elements of a file that holds one JSON array, read as they are asked for.
///
/// Each element is valid JSON when it is given out. Nothing but white space may stand around the array; a byte order mark is
/// removed.
package struct JSONArrayReader: Sendable {
    /// Bytes an element may have, unless another limit is given.
    package static let defaultElementLimit = 16 << 20

    private enum Phase {
        case beforeArray
        /// After `[`: an element or `]`.
        case first
        /// After a comma: an element.
        case element
        /// At the closing bracket.
        case last
        case finished
        case failed(JSONReadError)
    }

    private let elementLimit: Int
    private let scanner: JSONScanner
    private var input: RecordInput
    private var phase = Phase.beforeArray
    private var ordinal = 0
    private var line = 1
    /// The file's offset at which the current line begins.
    private var lineStart = 0

    /// Reads from where `fileDescriptor` stands; it stays open and the caller's.
    package init(
        fileDescriptor: Int32, elementLimit: Int = defaultElementLimit, readSize: Int = 256 << 10,
        scanner: JSONScanner = JSONScanner()
    ) {
        self.elementLimit = elementLimit
        self.scanner = scanner
        input = RecordInput(fileDescriptor: fileDescriptor, readSize: readSize)
    }

    /// The next element, nil after the last once the rest of the file is seen to be empty. An error is final: it is thrown
    /// again by each later call.
    package mutating func next() throws(JSONReadError) -> JSONRecord? {
        do throws(JSONReadError) {
            return try advance()
        } catch {
            phase = .failed(error)
            throw error
        }
    }

    private mutating func advance() throws(JSONReadError) -> JSONRecord? {
        while true {
            switch phase {
            case .beforeArray:
                try input.skipByteOrderMark()
                lineStart = input.offset
                guard try skipWhitespace() == JSONByte.openArray else { throw fault("expected '[' to begin the array") }
                input.drop(1)
                phase = .first
            case .first:
                guard try skipWhitespace() == JSONByte.closeArray else { return try element() }
                phase = .last
            case .element:
                if try skipWhitespace() == JSONByte.closeArray {
                    throw fault("expected another element; a comma must not stand before ']'")
                }
                return try element()
            case .last:
                input.drop(1)
                if try skipWhitespace() != nil { throw fault("unexpected text after the array") }
                phase = .finished
            case .finished:
                return nil
            case .failed(let error):
                throw error
            }
        }
    }

    /// Drops white space and gives the byte after it, nil at the end of the file.
    private mutating func skipWhitespace() throws(JSONReadError) -> UInt8? {
        while true {
            var index = input.start
            while index < input.end, JSONByte.isWhitespace(input.buffer[index]) {
                index += 1
                if input.buffer[index - 1] == JSONByte.lineFeed { beginLine(at: input.offset + index - input.start) }
            }
            input.drop(index - input.start)
            if input.count > 0 { return input.buffer[input.start] }
            guard try input.fill() else { return nil }
        }
    }

    private mutating func beginLine(at offset: Int) {
        line += 1
        lineStart = offset
    }

    /// Takes the element at the window's start with the comma or bracket that ends it.
    private mutating func element() throws(JSONReadError) -> JSONRecord {
        let start = JSONRecord(
            bytes: [], ordinal: ordinal + 1, line: line, column: input.offset - lineStart + 1, offset: input.offset)
        var outline = ElementOutline()
        while !outline.follow(input.buffer, from: input.start, to: input.end), outline.length <= elementLimit {
            // Cut off: no comma or bracket follows, as `value` sees.
            if try !input.fill() { break }
        }
        guard outline.length <= elementLimit else { throw fault("the element is longer than \(elementLimit) bytes") }
        let record = try value(from: start, outlined: outline.length)
        ordinal += 1
        if outline.lineFeeds > 0 {
            line += outline.lineFeeds
            lineStart = input.offset + outline.lastLineStart
        }
        input.drop(outline.length)
        if input.buffer[input.start] == JSONByte.comma {
            input.drop(1)
            phase = .element
        } else {
            phase = .last
        }
        return record
    }

    /// The value of `length` bytes at the window's start, if it is one, with white space at most before the comma or bracket
    /// that comes next.
    private func value(from start: JSONRecord, outlined length: Int) throws(JSONReadError) -> JSONRecord {
        let window = input.buffer[input.start..<min(input.start + length + 1, input.end)]
        var record = start
        do throws(JSONTextError) {
            let valueLength = try borrowing(window) { (cursor) throws(JSONTextError) in
                try cursor.scanValue(maximumDepth: scanner.maximumDepth)
                let valueLength = cursor.position
                cursor.skipWhitespace()
                guard cursor.next == JSONByte.comma || cursor.next == JSONByte.closeArray else {
                    throw cursor.missing("',' or ']' after an element")
                }
                return valueLength
            }
            record.bytes = Array(window.prefix(valueLength))
        } catch {
            throw .text(error.located(after: start))
        }
        return record
    }

    /// A fault at the window's start.
    private func fault(_ message: String) -> JSONReadError {
        .text(
            JSONTextError(
                offset: input.offset, line: line, column: input.offset - lineStart + 1,
                message: input.count == 0 ? "\(message), but the text ends" : message))
    }
}

/// Finds where an element ends by its quotes and brackets alone; whether it is JSON is seen once it is whole.
private struct ElementOutline {
    /// Bytes followed so far; once complete, bytes before the comma or bracket that ends the element.
    private(set) var length = 0
    private(set) var lineFeeds = 0
    /// Where the last line begins, counted from the element's start.
    private(set) var lastLineStart = 0
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// Goes on over `buffer[start..<end]`, of which `length` bytes are behind; true once the end is found.
    mutating func follow(_ buffer: [UInt8], from start: Int, to end: Int) -> Bool {
        buffer.withUnsafeBufferPointer { buffer in
            var index = start + length
            defer { length = index - start }
            while index < end {
                let byte = buffer[index]
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == JSONByte.backslash {
                        isEscaped = true
                    } else if byte == JSONByte.quote {
                        isInString = false
                    }
                } else {
                    switch byte {
                    case JSONByte.quote:
                        isInString = true
                    case JSONByte.openArray, JSONByte.openObject:
                        depth += 1
                    case JSONByte.closeArray, JSONByte.closeObject:
                        if depth == 0 { return true }
                        depth -= 1
                    case JSONByte.comma:
                        if depth == 0 { return true }
                    case JSONByte.lineFeed:
                        lineFeeds += 1
                        lastLineStart = index + 1 - start
                    default:
                        break
                    }
                }
                index += 1
            }
            return false
        }
    }
}
