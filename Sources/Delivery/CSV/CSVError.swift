/// Why a CSV text cannot be read any further.
package enum CSVError: Error, Equatable, Sendable {
    case malformed(CSVFault)
    /// Reading the file failed.
    case unreadable(errno: Int32)
}

/// A fault in the text of a CSV file, with its place.
package struct CSVFault: Equatable, Sendable {
    package enum Kind: Sendable {
        /// A quoted field has no end; the position is its opening quote.
        case unclosedQuote
        /// A quote inside a field that does not start with one.
        case strayQuote
        /// Something other than a delimiter or a line end behind a closing quote.
        case textAfterQuote
        /// Bytes that are not text in the encoding that was asked for.
        case wrongEncoding
        case recordTooLong
    }

    package var kind: Kind
    package var position: TextPosition
    /// The record in which the fault stands, from 1; a header counts.
    package var record: Int
    package var message: String
}
