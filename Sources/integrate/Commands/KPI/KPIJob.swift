import Delivery
import Foundation
import HTTPCore
import Synchronization
import VendorAPIs

/// What sending a file of KPI figures takes.
enum KPIJob {
    /// Requests at once: enough for the vendor's limit when an answer takes a second.
    private static let concurrency = 4
    /// Of a refusal that names many.
    private static let mostLinesShown = 10

    /// A record is a row; of the vendor's own document a figure.
    static func unit(_ format: KPIInputFormat?) -> String { format == .document ? "figure" : "row" }

    /// - Parameters:
    ///   - rows: How rows become documents, the type included.
    ///   - limits: The most that a request may carry.
    static func make(
        _ file: InputFile, _ format: KPIInputFormat, _ rows: KPIRowOptions, _ limits: KPIBatchLimits,
        _ environment: Environment
    ) throws(Failure) -> DeliveryJob {
        guard file.isRegular else {
            throw Failure(
                .missingInput, "\(file.displayName) is not a regular file, and is read twice",
                hint: "give it on standard input, and - as FILE")
        }
        let input = KPIInput(
            descriptor: file.descriptor, name: file.displayName, format: format, options: rows, limits: limits)
        return DeliveryJob(
            command: JournaledCommand.sendKPI.rawValue, unit: unit(format), isBatched: true, input: input
        ) {
            let connection = try AtobiConnection(environment)
            let warning = AcknowledgementWarning(environment.output)
            return DeliveryRoute(
                vendor: .atobi, destination: connection.destination, mapping: rows.journaled(format),
                concurrency: concurrency, prepare: connection.prepare
            ) { [client = connection.client, name = file.displayName] batch, keepsConnection in
                do {
                    let answer = try await client.send(
                        document: Data(batch.payload), keepsConnection: keepsConnection)
                    if !answer.isJSON { warning.give() }
                    return DeliveryReceipt(status: answer.status)
                } catch let failure as Failure {
                    throw explained(failure, batch, name)
                }
            }
        }
    }

    /// `failure` with the lines of the input that it concerns, and told apart from one of the settings.
    private static func explained(_ failure: Failure, _ batch: DeliveryBatch, _ name: String) -> Failure {
        var failure = failure
        switch failure.status {
        case 404, 405:
            // Says nothing about the figures: there is no such endpoint.
            failure.category = .configuration
            failure.hint = "check apiVersion, and clientName or url"
        case 413: failure.message += "; a smaller --batch-size makes smaller requests"
        default:
            let lines = lines(namedIn: failure.message, of: batch.places)
            guard !lines.isEmpty else { break }
            let shown = lines.prefix(mostLinesShown).map { "\(name):\($0)" }
            failure.message += " (\(shown.joined(separator: ", "))\(lines.count > shown.count ? ", ..." : ""))"
        }
        return failure
    }
}

/// Says once that acknowledgements are not what the vendor promises.
private final class AcknowledgementWarning: Sendable {
    private let output: Output
    private let isGiven = Mutex(false)

    init(_ output: Output) {
        self.output = output
    }

    func give() {
        let isNew = isGiven.withLock { isGiven in
            defer { isGiven = true }
            return !isGiven
        }
        if isNew {
            output.warn(
                "Atobi's acknowledgement is not JSON, which its documentation promises; is the URL setting right?")
        }
    }
}

extension KPIRowOptions {
    /// For a document, which says everything itself.
    static var forDocument: KPIRowOptions? { KPIRowOptions(envelope: KPIEnvelope(type: "", context: "")) }

    /// How rows become documents, as a journal keeps it.
    func journaled(_ format: KPIInputFormat) -> [String: String] {
        var mapping = ["format": format.rawValue]
        guard format != .document else { return mapping }
        mapping["type"] = envelope.type
        mapping["integration-version"] = envelope.version
        mapping["context"] = envelope.context
        mapping["object-type"] = objectType
        mapping["assign-ids"] = assignsIDs ? "yes" : "no"
        mapping["timestamps"] = timestamps.rawValue
        mapping["timezone"] = timeZone?.identifier ?? "UTC"
        for (column, name) in columns { mapping["column \(column.name)"] = name }
        if format == .csv {
            mapping["delimiter"] = String(decoding: [delimiter], as: UTF8.self)
            mapping["encoding"] = encoding.rawValue
        }
        return mapping
    }

    /// What ``journaled(_:)`` has kept; nil when something is missing.
    init?(journal mapping: [String: String]) {
        guard let type = mapping["type"], let version = mapping["integration-version"],
            let context = mapping["context"], let objectType = mapping["object-type"],
            let timestamps = mapping["timestamps"].flatMap(Timestamps.init(rawValue:)),
            let zone = mapping["timezone"]
        else { return nil }
        self.init(envelope: KPIEnvelope(type: type, version: version, context: context))
        self.objectType = objectType
        self.timestamps = timestamps
        assignsIDs = mapping["assign-ids"] == "yes"
        for column in KPIColumn.allCases { columns[column] = mapping["column \(column.name)"] }
        if let byte = mapping["delimiter"]?.utf8.first { delimiter = byte }
        if let encoding = mapping["encoding"].flatMap(TextEncoding.init(rawValue:)) { self.encoding = encoding }
        do throws(KPIOptionError) { try setTimeZone(zone) } catch { return nil }
    }
}
