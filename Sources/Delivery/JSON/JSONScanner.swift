import Foundation

/// Says whether a text is JSON (RFC 8259, strictly) without building anything from it.
///
/// Strings must be well-formed UTF-8; an escaped surrogate without its other half is allowed, as the grammar has it. A byte
/// order mark is not: readers of files remove it.
package struct JSONScanner: Sendable {
    /// Containers within containers; deeper texts are refused.
    package var maximumDepth: Int

    package init(maximumDepth: Int = 512) {
        self.maximumDepth = maximumDepth
    }

    /// Throws where `text` is not exactly one JSON value with nothing but white space around it.
    package func validate(_ text: some ContiguousBytes) throws(JSONTextError) {
        try borrowing(text) { (cursor) throws(JSONTextError) in
            cursor.skipWhitespace()
            try cursor.scanValue(maximumDepth: maximumDepth)
            cursor.skipWhitespace()
            guard cursor.isAtEnd else { throw cursor.fault("unexpected text after the value") }
        }
    }

    /// Throws where the record is not exactly one JSON value, with the place in its file.
    package func validate(_ record: JSONRecord) throws(JSONTextError) {
        do throws(JSONTextError) {
            try validate(record.bytes)
        } catch {
            throw error.located(after: record)
        }
    }
}

/// Runs `body` on a cursor at the start of `text`.
func borrowing<Result>(
    _ text: some ContiguousBytes, _ body: (inout JSONCursor) throws(JSONTextError) -> Result
) throws(JSONTextError) -> Result {
    let result: Swift.Result<Result, JSONTextError> = text.withUnsafeBytes { buffer in
        var cursor = JSONCursor(buffer)
        do throws(JSONTextError) {
            return .success(try body(&cursor))
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}
