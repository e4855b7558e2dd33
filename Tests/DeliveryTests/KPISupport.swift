import Foundation
import HTTPCore
import TestSupport
import VendorAPIs

@testable import Delivery

/// A file of figures in a temporary directory, open for reading.
final class KPIFile {
    private let directory: TemporaryDirectory
    private let handle: FileHandle
    let path: String

    init(_ text: String, name: String = "kpi.csv") throws {
        directory = try TemporaryDirectory()
        path = try directory.write(text, to: name)
        handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    }

    static var options: KPIRowOptions {
        KPIRowOptions(envelope: KPIEnvelope(type: "acme", context: "sales"))
    }

    func input(
        _ format: KPIInputFormat = .csv, _ options: KPIRowOptions = KPIFile.options,
        limits: KPIBatchLimits = KPIBatchLimits()
    ) -> KPIFileInput {
        KPIFileInput(
            file: self,
            input: KPIInput(
                descriptor: handle.fileDescriptor, name: "kpi", format: format, options: options, limits: limits))
    }
}

/// An input that keeps its file open.
struct KPIFileInput {
    let file: KPIFile
    let input: KPIInput

    func check() throws -> KPIInput.Check { try withExtendedLifetime(file) { try input.check() } }

    /// The documents that a run would send.
    func documents(where isWanted: @escaping (Int) -> Bool = { _ in true }) throws -> [DeliveryBatch] {
        try withExtendedLifetime(file) {
            let next = try input.batches(after: try input.check(), where: isWanted)
            var batches: [DeliveryBatch] = []
            while let batch = try next() { batches.append(batch) }
            return batches
        }
    }

    func firstChanged(from checks: [UInt32], among states: RecordStates) throws -> (ordinal: Int, line: Int)? {
        try withExtendedLifetime(file) { try input.firstChanged(from: checks, among: states) }
    }
}

extension DeliveryBatch {
    var text: String { String(decoding: payload, as: UTF8.self) }
}
