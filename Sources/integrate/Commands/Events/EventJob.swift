import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// What sending a file of events takes.
enum EventJob {
    static let unit = "event"

    /// Requests at once: the vendor names no limit.
    private static let concurrency = 16

    /// - Parameters:
    ///   - groupKey: Given on the command line or by a journal; otherwise it comes from the settings.
    ///   - rate: At most so many requests a second; nil for no limit.
    static func make(
        _ file: InputFile, _ format: EventFormat, groupKey: String?, rate: Double?, _ environment: Environment
    ) -> DeliveryJob {
        let input = EventInput(descriptor: file.descriptor, name: file.displayName, format: format)
        return DeliveryJob(
            command: JournaledCommand.sendEvent.rawValue, unit: unit, isBatched: false, input: input
        ) {
            let connection = try ForwarderConnection(groupKey: groupKey, rate: rate, environment)
            return DeliveryRoute(
                vendor: .forwarder, destination: connection.destination,
                mapping: ["format": format.rawValue, "groupKey": connection.groupKey], concurrency: concurrency
            ) { [client = connection.client] batch, keepsConnection in
                let receipt = try await client.send(data: batch.payload, keepsConnection: keepsConnection)
                return DeliveryReceipt(requestID: receipt.requestID)
            }
        }
    }

    /// By the name's ending, else by the first byte that says something.
    static func detectedFormat(_ file: InputFile, path: String) throws(Failure) -> EventFormat {
        if let format = EventFormat(path: path) {
            guard format == .json else { return format }
            return file.firstByte() == UInt8(ascii: "{") ? .ndjson : .json
        }
        switch file.firstByte() {
        case UInt8(ascii: "{")?: return .ndjson
        case UInt8(ascii: "[")?: return .json
        default:
            throw Failure(
                .usage, "the name of \(file.displayName) does not say how it holds its events",
                hint: "say so with --format ndjson, json or csv")
        }
    }
}
