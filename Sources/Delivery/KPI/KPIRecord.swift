import VendorAPIs

/// Why a file of KPI figures cannot be read on.
enum KPIInputError: Error, Equatable {
    /// Reading failed.
    case unreadable(errno: Int32)
    /// What follows cannot be told apart any more.
    case malformed(TextPosition, message: String)
    /// The file is not what the check found.
    case changed
}

/// An element, checked and encoded.
struct KPIRecord {
    var frame: KPIEntryFrame
    /// A JSON object.
    var element: [UInt8]
    /// Where the element begins.
    var position: TextPosition

    /// What the journal knows the element by: whose figure it is, and the figure.
    var checksum: UInt32 { recordCheck([frame.head, element].joined()) }
}

/// What comes next in a file.
enum KPIItem {
    case record(KPIRecord)
    /// A record that cannot be sent; the faults say why.
    case invalid
}

/// Reads a file's elements one after the other.
protocol KPISource {
    /// Names of columns that are not sent, in the order of appearance.
    var unusedColumns: [String] { get }
    /// The next element, nil at the end. Faults of elements go to `faults`.
    mutating func next(_ faults: inout DiagnosticCollector) throws(KPIInputError) -> KPIItem?
    /// What documents of several of these elements have around them.
    func writer() -> KPIDocumentWriter
    /// All of the file as one document, if it is one.
    var document: UnsafeRawBufferPointer? { get }
}

extension KPISource {
    var document: UnsafeRawBufferPointer? { nil }
}
