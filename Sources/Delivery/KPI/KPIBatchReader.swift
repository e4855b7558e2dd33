import VendorAPIs

/// Cuts a file's elements into documents, holding no more than one of them.
///
/// Elements keep the file's order; within a document those of the same user and location stand together. A document as the vendor
/// prints it is given as it is if all of it is wanted and it keeps the limits, else it is split under its own envelope.
struct KPIBatchReader {
    private var source: any KPISource
    private let limits: KPIBatchLimits
    private let check: KPIInput.Check
    private let isWanted: (Int) -> Bool
    private var writer: KPIDocumentWriter
    private var records = RecordRanges()
    private var checksums: [UInt32] = []
    private var places: [RecordPlace] = []
    /// Elements read, wanted or not.
    private var ordinal = 0
    /// Did not fit into the batch before; the element with the number ``ordinal``.
    private var pending: KPIRecord?
    /// The first of the invalid ranges that is not behind.
    private var nextInvalid = 0

    init(
        _ source: any KPISource, limits: KPIBatchLimits, check: KPIInput.Check, isWanted: @escaping (Int) -> Bool
    ) {
        self.source = source
        self.limits = limits
        self.check = check
        self.isWanted = isWanted
        writer = source.writer()
    }

    /// The next batch, nil after the last.
    mutating func next() throws(KPIInputError) -> DeliveryBatch? {
        while let record = try nextRecord() {
            let isFull =
                writer.elementCount >= limits.elements
                || writer.byteCount(addingElementOf: record.element.count, to: record.frame) > limits.bytes
            if isFull, writer.elementCount > 0 {
                pending = record
                return finishBatch()
            }
            let place = writer.add(record.element, to: record.frame)
            places.append(RecordPlace(entry: place.entry, element: place.element, line: record.position.line))
            records.append(ordinal)
            checksums.append(record.checksum)
        }
        return writer.elementCount > 0 ? finishBatch() : nil
    }

    private mutating func nextRecord() throws(KPIInputError) -> KPIRecord? {
        if let record = pending {
            pending = nil
            return record
        }
        // The check has told the faults; here it only matters that they are where they were.
        var faults = DiagnosticCollector(limit: 0)
        while let item = try source.next(&faults) {
            ordinal += 1
            guard ordinal <= check.records else { throw .changed }
            let wasInvalid = wasInvalid(ordinal)
            switch item {
            case .record(let record): if !wasInvalid, isWanted(ordinal) { return record }
            case .invalid: guard wasInvalid else { throw .changed }
            }
        }
        guard ordinal == check.records else { throw .changed }
        return nil
    }

    /// Whether the check left this element out; asked in order.
    private mutating func wasInvalid(_ ordinal: Int) -> Bool {
        let ranges = check.invalid.ranges
        while nextInvalid < ranges.count, ranges[nextInvalid].upperBound < ordinal { nextInvalid += 1 }
        return nextInvalid < ranges.count && ranges[nextInvalid].contains(ordinal)
    }

    private mutating func finishBatch() -> DeliveryBatch {
        defer { (records, checksums, places) = (RecordRanges(), [], []) }
        var batch = DeliveryBatch(records: records, checks: checksums, payload: writer.finish())
        if records.count == check.records, let document = source.document, document.count <= limits.bytes {
            batch.payload = Array(document)
        }
        batch.places = places
        return batch
    }
}
