import Delivery
import HTTPCore

/// An input whose records a journal accounts for, and the way to their vendor.
struct DeliveryJob: Sendable {
    /// The subcommand that sends such an input, as journals name it.
    let command: String
    /// What a record is called: `event`.
    let unit: String
    /// Whether a request carries several records.
    let isBatched: Bool
    let input: any DeliveryInput
    /// Reads the settings; asked for once the input is known to be right.
    let connect: @Sendable () throws -> DeliveryRoute
}

/// Where records go, and how.
struct DeliveryRoute: Sendable {
    let vendor: Vendor
    /// The URL to which a journal belongs.
    let destination: String
    /// How records are made from the input, as the journal keeps it.
    let mapping: [String: String]
    /// Requests under way at once, unless the user says otherwise.
    let concurrency: Int
    /// Called before the first record is announced.
    var prepare: @Sendable () async throws -> Void = {}
    /// Sends a batch; throws ``Failure``, or the ``TransportError`` of a dry run.
    let send: @Sendable (_ batch: DeliveryBatch, _ keepsConnection: Bool) async throws -> DeliveryReceipt
}

/// What a vendor answers to a batch that it took.
struct DeliveryReceipt: Sendable {
    var requestID: String?
    /// The acknowledgement's own words.
    var status: String?
}

/// The subcommands that keep a journal.
enum JournaledCommand: String {
    case sendEvent = "send-event"
    case sendKPI = "send-kpi"

    /// What a record is called whose journal has `mapping`.
    func unit(_ mapping: [String: String]) -> String {
        switch self {
        case .sendEvent: EventJob.unit
        case .sendKPI: KPIJob.unit(KPIInputFormat(rawValue: mapping["format"] ?? ""))
        }
    }

    /// What continues a journal with `mapping`; nil when it does not say enough.
    ///
    /// - Parameter limits: The most that a request may carry, where it carries several records.
    func job(
        _ mapping: [String: String], _ file: InputFile, _ delivery: DeliveryOptions, _ limits: KPIBatchLimits,
        _ environment: Environment
    ) throws -> DeliveryJob? {
        switch self {
        case .sendEvent:
            guard let format = EventFormat(rawValue: mapping["format"] ?? "") else { return nil }
            return EventJob.make(
                file, format, groupKey: mapping["groupKey"], rate: delivery.rate, environment)
        case .sendKPI:
            guard let format = KPIInputFormat(rawValue: mapping["format"] ?? ""),
                let rows = format == .document ? KPIRowOptions.forDocument : KPIRowOptions(journal: mapping)
            else { return nil }
            return try KPIJob.make(file, format, rows, limits, environment)
        }
    }
}
