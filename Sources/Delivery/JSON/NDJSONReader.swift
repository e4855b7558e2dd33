import Foundation

/// The values of a file that holds one a line, read as they are asked for.
///
/// Line ends are LF or CRLF, the last may be missing; lines of white space are passed over; a byte order mark is removed.
/// A line's content is not looked at: `FlatObject` and `JSONScanner` refuse what is not JSON or not UTF-8, so that one bad
/// line need not end the reading.
package struct NDJSONReader: Sendable {
    /// Bytes a line may have without its end, unless another limit is given.
    package static let defaultLineLimit = 16 << 20

    private let lineLimit: Int
    private var input: RecordInput
    private var line = 0
    private var ordinal = 0
    private var begun = false
    private var isInsideOverlongLine = false

    /// Reads from where `fileDescriptor` stands; it stays open and the caller's.
    package init(fileDescriptor: Int32, lineLimit: Int = defaultLineLimit, readSize: Int = 256 << 10) {
        self.lineLimit = min(lineLimit, Int.max - 1)
        input = RecordInput(fileDescriptor: fileDescriptor, readSize: readSize)
    }

    /// The next value's line, nil at the end of the file. After the error that a line is too long, the call that follows goes
    /// on with the line after it.
    package mutating func next() throws(JSONReadError) -> JSONRecord? {
        if !begun {
            begun = true
            try input.skipByteOrderMark()
        }
        if isInsideOverlongLine {
            guard try skipLine() else { return nil }
        }
        while let length = try lengthOfLine() {
            line += 1
            let bytes = Self.content(input.buffer[input.start..<input.start + length])
            if !bytes.isEmpty {
                ordinal += 1
                let record = JSONRecord(
                    bytes: Array(bytes), ordinal: ordinal, line: line, column: 1, offset: input.offset)
                input.drop(min(length + 1, input.count))
                return record
            }
            input.drop(min(length + 1, input.count))
        }
        return nil
    }

    /// The line without CR at its end; empty if there is only white space.
    private static func content(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let line = line.last == JSONByte.carriageReturn ? line.dropLast() : line
        return line.allSatisfy(JSONByte.isWhitespace) ? [] : line
    }

    /// Bytes up to the line's end or the file's; nil if nothing is left.
    private mutating func lengthOfLine() throws(JSONReadError) -> Int? {
        var searched = 0
        while true {
            if let length = lineFeed(from: searched) {
                guard length <= lineLimit || isContentWithinLimit(length) else { throw overlong() }
                return length
            }
            searched = input.count
            // One more than the limit may be the CR of an end to come.
            guard searched <= lineLimit + 1 else { throw overlong() }
            if try !input.fill() {
                guard searched <= lineLimit || isContentWithinLimit(searched) else { throw overlong() }
                return searched > 0 ? searched : nil
            }
        }
    }

    private func isContentWithinLimit(_ length: Int) -> Bool {
        length == lineLimit + 1 && input.buffer[input.start + length - 1] == JSONByte.carriageReturn
    }

    private mutating func overlong() -> JSONReadError {
        line += 1
        isInsideOverlongLine = true
        return .text(
            JSONTextError(
                offset: input.offset, line: line, column: 1, message: "the line is longer than \(lineLimit) bytes"))
    }

    /// Drops the rest of a line that is too long; false if the file ends with it.
    private mutating func skipLine() throws(JSONReadError) -> Bool {
        while true {
            if let length = lineFeed(from: 0) {
                input.drop(length + 1)
                isInsideOverlongLine = false
                return true
            }
            input.drop(input.count)
            guard try input.fill() else { return false }
        }
    }

    /// The place of the first line feed at or after `from`, counted from the window's start.
    private func lineFeed(from: Int) -> Int? {
        guard from < input.count else { return nil }
        return input.buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = memchr(base + input.start + from, Int32(JSONByte.lineFeed), input.count - from)
            else { return nil }
            return UnsafeRawPointer(found) - (base + input.start)
        }
    }
}
