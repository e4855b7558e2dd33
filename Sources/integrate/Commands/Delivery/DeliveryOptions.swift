import Arguments
import Delivery
import Foundation
import HTTPCore

/// What the commands that keep a journal share: how fast, where the journal is, and what to do with what is unknown or
/// invalid.
struct DeliveryOptions: Sendable {
    static let rate = Option(
        "rate",
        ValueFormat<Double>(placeholder: "N/s") { text throws(ValueError) in
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let seconds: Double? =
                switch parts.count == 1 ? "s" : parts[1] {
                case "s": 1
                case "m": 60
                case "h": 3600
                default: nil
                }
            guard let seconds, let count = Double(parts[0]), count.isFinite, count > 0, count <= 1e6 else {
                throw ValueError("must be a number a second, minute or hour: 50/s, 300/m, 10000/h")
            }
            return count / seconds
        },
        help: "At most so many requests a second (50/s), minute (300/m) or hour (10000/h)")
    static let resendUnknown = Flag(
        "resend-unknown", help: "Send again what may have arrived: some of it may then be there twice")
    static let journal = Option(
        "journal", .path, help: "Keep the journal in this file", defaultText: "FILE.journal")

    /// - Parameter defaultText: How many it is when it is not given.
    static func concurrency(_ defaultText: String) -> Option<Int> {
        Option("concurrency", .integer(in: 1...256), help: "At most so many requests at once", defaultText: defaultText)
    }

    /// - Parameter records: What the records are called: `events`.
    static func skipInvalid(_ records: String) -> Flag {
        Flag(
            "skip-invalid",
            help: "Send the valid \(records) of a file that has invalid ones, and journal those as skipped")
    }

    /// Requests at once; nil for what suits the vendor.
    var concurrency: Int?
    /// Requests a second; nil for no limit.
    var rate: Double?
    var resendsUnknown = false
    var journalPath: String?
    var skipsInvalid = false

    init() {}

    init(_ arguments: ParsedArguments) {
        concurrency = arguments[Self.concurrency("")]
        rate = arguments[Self.rate]
        resendsUnknown = arguments[Self.resendUnknown] ?? false
        journalPath = arguments[Self.journal]
        skipsInvalid = arguments[Self.skipInvalid("")] ?? false
    }
}
