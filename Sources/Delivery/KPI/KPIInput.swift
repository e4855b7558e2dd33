import Foundation
import HTTPCore
import VendorAPIs

/// A file of KPI figures, which is read twice: once to check all of it, once to send.
package struct KPIInput: DeliveryInput {
    package typealias Check = InputCheck

    package let descriptor: Int32
    package let name: String
    package let format: KPIInputFormat
    package let options: KPIRowOptions
    package let limits: KPIBatchLimits

    /// - Parameters:
    ///   - descriptor: Open for reading on a regular file, which is read from its start; stays the caller's.
    ///   - name: As diagnostics show it.
    ///   - format: How the file is written.
    ///   - options: How rows become documents; of no meaning for a document.
    ///   - limits: The most that a request may carry.
    package init(
        descriptor: Int32, name: String, format: KPIInputFormat, options: KPIRowOptions,
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
    /// - Throws: ``Failure`` when reading fails.
    package func check() throws(Failure) -> Check {
        var check = Check()
        do throws(KPIInputError) {
            var source = try source()
            let empty = source.writer()
            while let item = try source.next(&check.diagnostics) {
                check.records += 1
                if case .record(let record) = item, fits(record, empty, &check.diagnostics) { continue }
                check.invalid.append(check.records)
            }
            check.unusedColumns = source.unusedColumns
        } catch {
            guard case .malformed(let position, let message) = error else { throw failure(error) }
            check.isBroken = true
            check.diagnostics.add(Diagnostic(file: name, position: position, message: message))
        }
        if check.records == 0, check.diagnostics.isEmpty {
            check.isBroken = true
            check.diagnostics.add(
                Diagnostic(file: name, position: TextPosition(line: 1, column: 1), message: "the file holds no figure"))
        }
        return check
    }

    /// A source of documents with the valid elements that `isWanted`.
    ///
    /// - Parameters:
    ///   - check: What ``check()`` found; its invalid elements are left out.
    ///   - isWanted: Whether the element with this number, from 1, is to be sent.
    package func batches(
        after check: Check, where isWanted: @escaping (Int) -> Bool = { _ in true }
    ) throws(Failure) -> Delivery.Source {
        var reader: KPIBatchReader
        do throws(KPIInputError) {
            reader = KPIBatchReader(try source(), limits: limits, check: check, isWanted: isWanted)
        } catch {
            throw failure(error)
        }
        return {
            do throws(KPIInputError) {
                return try reader.next()
            } catch {
                throw failure(error)
            }
        }
    }

    /// The first element that is not what `checks` (by ordinal; 0 for any) says; nil when all are.
    package func firstChanged(
        from checks: [UInt32], among states: RecordStates
    ) throws(Failure) -> (ordinal: Int, line: Int)? {
        do throws(KPIInputError) {
            var source = try source()
            var ordinal = 0
            while true {
                var faults = DiagnosticCollector(limit: 1)
                guard let item = try source.next(&faults) else { return nil }
                ordinal += 1
                guard ordinal < checks.count, checks[ordinal] != 0, [.sent, .unknown].contains(states[ordinal]) else {
                    continue
                }
                guard case .record(let record) = item else {
                    return (ordinal, faults.diagnostics.first?.position?.line ?? 0)
                }
                if record.checksum != checks[ordinal] { return (ordinal, record.position.line) }
            }
        } catch {
            throw failure(error)
        }
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
                message: "alone this makes a document of \(length) bytes, more than the \(limits.bytes) that a request "
                    + "may have"))
        return false
    }

    private func failure(_ error: KPIInputError) -> Failure {
        switch error {
        case .unreadable(let code):
            Failure(code == EISDIR ? .missingInput : .inputOutput, FileError(path: name, code: code).message)
        case .malformed(let position, let message):
            Failure(.invalidInput, Diagnostic(file: name, position: position, message: message).rendered)
        case .changed:
            Failure(
                .inputOutput, "\(name) was changed while it was read",
                hint: "run the same command again when nothing writes to the file")
        }
    }
}
