/// A fault in a JSON text, and where it stands.
package struct JSONTextError: Error, Sendable, Equatable {
    /// Bytes before the fault, from the start of the text or file.
    package var offset: Int
    /// From 1.
    package var line: Int
    /// Bytes from the start of the line, from 1, as compilers count.
    package var column: Int
    /// One line without a period, such as `expected ',' or '}' after a member`.
    package var message: String

    package init(offset: Int, line: Int, column: Int, message: String) {
        self.offset = offset
        self.line = line
        self.column = column
        self.message = message
    }

    /// The same fault, seen from the file in which the text begins at `start`.
    func located(after start: JSONRecord) -> JSONTextError {
        JSONTextError(
            offset: start.offset + offset, line: start.line + line - 1,
            column: line == 1 ? start.column + column - 1 : column, message: message)
    }
}

/// Why records cannot be read on.
package enum JSONReadError: Error, Sendable, Equatable {
    /// The file's content is at fault.
    case text(JSONTextError)
    /// `read(2)` failed with this `errno`.
    case read(errno: Int32)
}

/// One value of a file of many, as it stands there.
package struct JSONRecord: Sendable, Equatable {
    /// The value's text.
    package var bytes: [UInt8]
    /// The how-manieth value of the file this is, from 1.
    package var ordinal: Int
    /// The line on which the value begins, from 1.
    package var line: Int
    /// Where on that line it begins, in bytes from 1.
    package var column: Int
    /// Bytes of the file before it.
    package var offset: Int

    package init(bytes: [UInt8], ordinal: Int, line: Int, column: Int, offset: Int) {
        self.bytes = bytes
        self.ordinal = ordinal
        self.line = line
        self.column = column
        self.offset = offset
    }
}
