import Authorization
import Foundation
import VendorAPIs

/// What one request sends.
package struct KPIBatch: Sendable, Equatable {
    /// The numbers of its elements in the file, in order.
    package let ordinals: [ClosedRange<Int>]
    /// The JSON document.
    package let body: Data

    /// How many elements it holds.
    package var count: Int { ordinals.reduce(0) { $0 + $1.count } }

    /// SHA-256 of the body: the same elements under the same options give the same.
    package var digest: [UInt8] { SHA256.hash(body) }
}

/// Cuts a file's elements into documents, holding no more than one of them.
///
/// Elements keep the file's order; within a document those of the same user and location stand together. A document as the vendor
/// prints it is given as it is if all of it is wanted and it keeps the limits, else it is split under its own envelope.
package struct KPIBatchReader {
    private enum State {
        case whole(Data)
        case elements
        case finished
    }

    private var source: any KPISource
    private let limits: KPIBatchLimits
    private let check: KPIInputCheck
    private let wants: ((Int) -> Bool)?
    private var state = State.elements
    private var writer: KPIDocumentWriter
    private var ordinals: [ClosedRange<Int>] = []
    private var records = 0
    /// Did not fit into the batch before.
    private var pending: KPIRecord?

    init(
        _ source: any KPISource, limits: KPIBatchLimits, check: KPIInputCheck, wants: ((Int) -> Bool)?
    ) throws(KPIInputError) {
        self.source = source
        self.limits = limits
        self.check = check
        self.wants = wants
        writer = source.writer()
        if let document = source as? KPIDocumentSource, check.invalid.isEmpty, check.records <= limits.elements,
            document.text.count <= limits.bytes, check.records > 0,
            (1...check.records).allSatisfy({ wants?($0) ?? true })
        {
            state = .whole(Data(document.text))
        }
    }

    /// The next batch, nil after the last.
    ///
    /// - Throws: ``KPIInputError``; `changed` when the file is not what the check found.
    package mutating func next() throws(KPIInputError) -> KPIBatch? {
        switch state {
        case .whole(let document):
            state = .finished
            return KPIBatch(ordinals: [1...check.records], body: document)
        case .elements:
            return try nextOfElements()
        case .finished:
            return nil
        }
    }

    private mutating func nextOfElements() throws(KPIInputError) -> KPIBatch? {
        while let record = try nextRecord() {
            let isFull =
                writer.elementCount >= limits.elements
                || writer.byteCount(addingElementOf: record.element.count, to: record.frame) > limits.bytes
            if isFull, writer.elementCount > 0 {
                pending = record
                return finishBatch()
            }
            writer.add(record.element, to: record.frame)
            ordinals.append(next: record.ordinal)
        }
        state = .finished
        return writer.elementCount > 0 ? finishBatch() : nil
    }

    private mutating func nextRecord() throws(KPIInputError) -> KPIRecord? {
        if let record = pending {
            pending = nil
            return record
        }
        // The check has told the faults; here it only matters where they are.
        var faults = DiagnosticCollector(limit: 0)
        while let item = try source.next(&faults) {
            records += 1
            guard records <= check.records else { throw .changed }
            let isInvalid = isInvalid(records)
            switch item {
            case .record(let record): if !isInvalid, wants?(records) ?? true { return record }
            case .invalid: guard isInvalid else { throw .changed }
            }
        }
        guard records == check.records else { throw .changed }
        return nil
    }

    private func isInvalid(_ ordinal: Int) -> Bool {
        var (low, high) = (0, check.invalid.count)
        while low < high {
            let middle = (low + high) / 2
            if check.invalid[middle].upperBound < ordinal { low = middle + 1 } else { high = middle }
        }
        return low < check.invalid.count && check.invalid[low].contains(ordinal)
    }

    private mutating func finishBatch() -> KPIBatch {
        defer { ordinals = [] }
        return KPIBatch(ordinals: ordinals, body: Data(writer.finish()))
    }
}
