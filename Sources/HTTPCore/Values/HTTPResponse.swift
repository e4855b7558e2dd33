import Foundation

/// An answer as it arrived.
public struct HTTPResponse: Sendable, Equatable {
    /// The status code.
    public var status: Int
    /// Header fields; those of one name may arrive joined by commas.
    public var fields: HTTPFields
    /// Empty when the body went to a file.
    public var body: Data
    /// When the answer was complete; `Retry-After` dates are measured against it.
    public var receivedAt: Date

    /// How many times the request was tried, this answer included.
    public var attempts = 1

    /// Creates a response.
    public init(status: Int, fields: HTTPFields = [:], body: Data = Data(), receivedAt: Date = Date()) {
        self.status = status
        self.fields = fields
        self.body = body
        self.receivedAt = receivedAt
    }

    /// Whether the status is one of success.
    public var isSuccess: Bool { (200...299).contains(status) }

    /// How long the vendor asks to wait: seconds or an HTTP date, never negative (RFC 9110, section 10.2.3).
    public var retryAfter: Duration? {
        guard let text = fields["Retry-After"]?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            // A number too large for any clock is still a request to wait for ever.
            return .seconds(Int64(text).map { min($0, 1 << 40) } ?? 1 << 40)
        }
        guard let date = HTTPDate.parse(text) else { return nil }
        // The vendor's own clock is the one its date was made by.
        let reference = fields["Date"].flatMap(HTTPDate.parse) ?? receivedAt
        return .seconds(max(0, date.timeIntervalSince(reference)))
    }

    /// What the status says about repeating the request; nil for a success.
    public var verdict: Verdict? {
        switch status {
        case 200...299: nil
        case 429: .throttled(retryAfter: retryAfter)
        case 503 where retryAfter != nil: .throttled(retryAfter: retryAfter)
        case 408, 500...599: .ambiguous
        default: .rejected
        }
    }

    /// The vendor's identifier of this exchange, where it sends one in a header.
    public var requestID: String? {
        fields["x-amzn-RequestId"] ?? fields["x-request-id"] ?? fields["x-correlation-id"]
    }
}
