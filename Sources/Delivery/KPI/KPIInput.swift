import Authorization
import Foundation
import VendorAPIs

/// A file of KPI figures, which is read twice: once to check all of it, once to send.
package struct KPIInput {
    /// Open for reading on a regular file; stays open and the caller's. It is read from the file's beginning.
    package let descriptor: Int32
    /// The file's name as diagnostics show it.
    package let name: String
    package let format: KPIInputFormat
    /// How rows become documents; of no meaning for a document.
    package let options: KPIRowOptions
    package let limits: KPIBatchLimits

    package init(
        descriptor: Int32, named name: String, format: KPIInputFormat, options: KPIRowOptions,
        limits: KPIBatchLimits = KPIBatchLimits()
    ) {
        self.descriptor = descriptor
        self.name = name
        self.format = format
        self.options = options
        self.limits = limits
    }

    /// Reads the whole file and looks at each element. Faults of the file are in the result.
    ///
    /// - Throws: ``KPIInputError/unreadable(errno:)``.
    package func check() throws(KPIInputError) -> KPIInputCheck {
        var check = KPIInputCheck(format: format)
        try hash(into: &check)
        do throws(KPIInputError) {
            var source = try source()
            let empty = source.writer()
            while let item = try source.next(&check.diagnostics) {
                check.records += 1
                if case .record(let record) = item, fits(record, empty, &check.diagnostics) { continue }
                check.addInvalid(check.records)
            }
            check.unusedColumns = source.unusedColumns
            if check.records == 0 {
                check.diagnostics.add(Diagnostic(file: name, position: nil, message: "there is no row to send"))
            }
        } catch {
            guard case .malformed(let position, let message) = error else { throw error }
            check.isReadable = false
            check.diagnostics.add(Diagnostic(file: name, position: position, message: message))
        }
        return check
    }

    /// Reads the elements that may be sent, in batches.
    ///
    /// - Parameters:
    ///   - check: What ``check()`` found; its invalid elements are left out.
    ///   - wants: Whether the element with this number is to be sent; nil for all.
    package func batches(
        after check: KPIInputCheck, wanting wants: ((_ ordinal: Int) -> Bool)? = nil
    ) throws(KPIInputError) -> KPIBatchReader {
        try KPIBatchReader(try source(), limits: limits, check: check, wants: wants)
    }

    private func source() throws(KPIInputError) -> any KPISource {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .unreadable(errno: errno) }
        return switch format {
        case .document: try KPIDocumentSource(descriptor: descriptor, named: name)
        case .csv: KPICSVSource(descriptor: descriptor, named: name, options: options)
        case .ndjson: KPINDJSONSource(descriptor: descriptor, named: name, options: options)
        }
    }

    private func fits(
        _ record: KPIRecord, _ empty: KPIDocumentWriter, _ faults: inout DiagnosticCollector
    ) -> Bool {
        let length = empty.byteCount(addingElementOf: record.element.count, to: record.frame)
        if length <= limits.bytes { return true }
        faults.add(
            Diagnostic(
                file: name, position: record.position,
                message:
                    "alone this makes a document of \(length) bytes, more than the \(limits.bytes) that a request may have"
            ))
        return false
    }

    private func hash(into check: inout KPIInputCheck) throws(KPIInputError) {
        var digest = SHA256Stream()
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = pread(descriptor, &buffer, buffer.count, off_t(check.bytes))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(errno: errno) }
            guard count > 0 else { break }
            buffer.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            check.bytes += count
        }
        check.sha256 = digest.finish().hexEncoded
    }
}

/// What checking a file of figures came to.
package struct KPIInputCheck: Sendable {
    package let format: KPIInputFormat
    /// Elements (rows), valid or not.
    package internal(set) var records = 0
    /// The file's length.
    package internal(set) var bytes = 0
    /// Of the file's bytes, in hexadecimal.
    package internal(set) var sha256 = ""
    package internal(set) var diagnostics = DiagnosticCollector()
    /// The numbers of the elements that cannot be sent, in order.
    package internal(set) var invalid: [ClosedRange<Int>] = []
    /// False if the file's rest could not be told apart, so that not even its valid elements may be sent.
    package internal(set) var isReadable = true
    /// Names of columns that are not sent, in the order of appearance; at most 20 of NDJSON.
    package internal(set) var unusedColumns: [String] = []

    /// Nothing is wrong.
    package var isValid: Bool { diagnostics.isEmpty }

    /// How many elements cannot be sent.
    package var invalidCount: Int { invalid.reduce(0) { $0 + $1.count } }

    fileprivate init(format: KPIInputFormat) {
        self.format = format
    }

    fileprivate mutating func addInvalid(_ ordinal: Int) { invalid.append(next: ordinal) }
}

extension [ClosedRange<Int>] {
    /// Adds a number greater than all that are there.
    mutating func append(next number: Int) {
        if let last, last.upperBound == number - 1 {
            self[count - 1] = last.lowerBound...number
        } else {
            append(number...number)
        }
    }
}
