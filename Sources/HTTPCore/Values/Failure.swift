import Foundation

/// The five vendors, by the names that settings, `auth` and messages use (cli.md, "Settings").
public enum Vendor: String, Sendable, CaseIterable, Codable {
    case upload, atobi, connector, forwarder, bidcore

    /// The vendor as a sentence names it.
    public var title: String {
        switch self {
        case .upload: "the upload platform"
        case .atobi: "Atobi"
        case .connector: "the connector service"
        case .forwarder: "the data forwarder"
        case .bidcore: "BidCore"
        }
    }
}

/// What went wrong, as a script tells cases apart. Closed: each case has one exit code (cli.md, "Exit codes").
public enum FailureCategory: String, Sendable, CaseIterable {
    case refused
    case partlyRefused = "partly_refused"
    case unknownOutcome = "unknown_outcome"
    case usage
    case invalidInput = "invalid_input"
    case missingInput = "missing_input"
    case unavailable
    case internalFault = "internal_fault"
    case cannotCreateOutput = "cannot_create_output"
    case inputOutput = "input_output"
    case tryAgain = "try_again"
    case unreadableAnswer = "unreadable_answer"
    case credentials
    case configuration
    case interrupted
    case terminated

    /// The process's exit code for this category.
    public var exitCode: Int32 {
        switch self {
        case .refused: 1
        case .partlyRefused: 2
        case .unknownOutcome: 3
        case .usage: 64
        case .invalidInput: 65
        case .missingInput: 66
        case .unavailable: 69
        case .internalFault: 70
        case .cannotCreateOutput: 73
        case .inputOutput: 74
        case .tryAgain: 75
        case .unreadableAnswer: 76
        case .credentials: 77
        case .configuration: 78
        case .interrupted: 130
        case .terminated: 143
        }
    }
}

/// The one error that leaves a module of this package: what failed, at which vendor, in whose words, and what to do next.
///
/// `message` and `hint` are single lines without a final period. They may quote what a vendor sent, so a printer passes
/// them through the ``Masker`` first.
public struct Failure: Error, Sendable, Equatable {
    /// Decides the exit code.
    public var category: FailureCategory
    /// The vendor concerned, if one is.
    public var vendor: Vendor?
    /// What failed, with the vendor's own words where there are any.
    public var message: String
    /// The next step for the person who reads it.
    public var hint: String?
    /// The vendor's identifier of the request, to quote to its support.
    public var requestID: String?
    /// The HTTP status of the answer that is reported, if there was one.
    public var status: Int?
    /// The vendor's clock when it answered, where it said so.
    public var serverDate: Date?

    /// Creates a failure.
    public init(
        _ category: FailureCategory, vendor: Vendor? = nil, _ message: String, hint: String? = nil,
        requestID: String? = nil, status: Int? = nil
    ) {
        self.category = category
        self.vendor = vendor
        self.message = message
        self.hint = hint
        self.requestID = requestID
        self.status = status
    }
}
