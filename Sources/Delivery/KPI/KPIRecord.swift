import VendorAPIs

/// Why a file of KPI figures cannot be read on.
package enum KPIInputError: Error, Equatable, Sendable {
    /// Reading failed.
    case unreadable(errno: Int32)
    /// What follows cannot be told apart any more.
    case malformed(TextPosition, message: String)
    /// The file is not what the check found.
    case changed
}

/// An element, checked and encoded.
struct KPIRecord {
    /// The element's number in the file, from 1.
    var ordinal: Int
    var frame: KPIEntryFrame
    /// A JSON object.
    var element: [UInt8]
    /// Where the element begins.
    var position: TextPosition
}

/// What comes next in a file.
enum KPIItem {
    case record(KPIRecord)
    /// A record that cannot be sent; the faults say why.
    case invalid
}

/// Reads a file's elements one after the other.
protocol KPISource {
    /// The next element, nil at the end. Faults of elements go to `faults`.
    mutating func next(_ faults: inout DiagnosticCollector) throws(KPIInputError) -> KPIItem?
    /// What documents of several of these elements have around them.
    func writer() -> KPIDocumentWriter
    /// Names of columns that are not sent, in the order of appearance.
    var unusedColumns: [String] { get }
}
