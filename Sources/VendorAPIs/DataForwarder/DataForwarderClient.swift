import Foundation
import HTTPCore

/// The flat-data forwarder (vendor-docs/4-flat-data-forwarder.txt): events of flat data, each with the group key, signed
/// with AWS Signature Version 4.
public struct DataForwarderClient: Sendable {
    /// In seconds; what is less may come from the answer's way.
    private static let leastSkew: Double = 5

    private let api: APIClient
    private let groupKey: String
    private let now: @Sendable () -> Date

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - api: Sends to the whole endpoint, signed.
    ///   - groupKey: Part of every request (the document: "Make sure that the group_key is sent in every request").
    ///   - now: The calendar's time, to tell a clock's skew.
    public init(api: APIClient, groupKey: String, now: @escaping @Sendable () -> Date = { Date() }) {
        self.api = api
        self.groupKey = groupKey
        self.now = now
    }

    /// Sends one event. Never repeated once it may have arrived: the vendor documents no idempotency key.
    ///
    /// - Parameters:
    ///   - data: A flat JSON object, as text.
    ///   - keepsConnection: Whether a connection that was in use a moment ago may be used.
    /// - Throws: ``Failure``.
    public func send(data: some Sequence<UInt8>, keepsConnection: Bool = false) async throws -> EventReceipt {
        do {
            return try await api.send(endpoint(for: data, keepsConnection: keepsConnection))
        } catch var failure as Failure where failure.status == 403 {
            explain(&failure)
            throw failure
        }
    }

    /// The request for one event.
    func endpoint(for data: some Sequence<UInt8>, keepsConnection: Bool) -> Endpoint<EventReceipt> {
        var body = Data("{\"data\":".utf8)
        body.append(contentsOf: data)
        body.append(contentsOf: ",\"group_key\":\(JSONText.string(groupKey))}".utf8)
        var endpoint = Endpoint(
            "the event", .post, fields: ["Accept": "application/json"],
            body: .data(body, contentType: "application/json"), repeatClass: .unsafe
        ) { response throws(UnreadableAnswer) in EventReceipt(response) }
        endpoint.keepsConnection = keepsConnection
        endpoint.refusal = { response in EventReceipt.refusal(in: response) }
        return endpoint
    }

    /// A 403 is said in several ways (vendor-apis.md, section 4 c): what each means for the user.
    private func explain(_ failure: inout Failure) {
        let words = failure.message.lowercased()
        if words.contains("missing authentication token") {
            failure.hint = "API Gateway says so for a wrong path too: check the URL setting, \(api.base)"
        } else if ["signature expired", "not yet current", "skew"].contains(where: words.contains) {
            failure.hint = clockHint(failure.serverDate)
        } else if words.contains("expired") {
            failure.hint = "temporary credentials end; get new ones, with their session token"
        }
    }

    /// What a refused signature's time means, by the vendor's own clock.
    private func clockHint(_ serverDate: Date?) -> String {
        guard let skew = serverDate.map({ now().timeIntervalSince($0) }) else {
            return "compare this machine's clock with the right time"
        }
        // The vendor's date has no fractions, and its answer took a while.
        guard abs(skew) >= Self.leastSkew else {
            return "this machine's clock agrees with the vendor's: the request may have been under way for too long"
        }
        let seconds = Duration.seconds(abs(skew)).forPeople
        return "this machine's clock is \(seconds) \(skew > 0 ? "ahead of" : "behind") the vendor's: set it right"
    }
}

/// The vendor's acknowledgement of an event.
public struct EventReceipt: Sendable, Equatable {
    /// The vendor's identifier of the request, where it gives one.
    public var requestID: String?

    /// Any 2xx is one (vendor-apis.md, section 4, open questions).
    init(_ response: HTTPResponse) {
        requestID = Self.envelope(response)?["requestId"] as? String ?? response.requestID
    }

    /// `success: false` in a 2xx is a refusal; its `messages` say why.
    static func refusal(in response: HTTPResponse) -> String? {
        guard let envelope = envelope(response), envelope["success"] as? Bool == false else { return nil }
        let messages = (envelope["messages"] as? [Any])?.map { "\($0)" } ?? []
        return messages.isEmpty ? "success is false" : messages.joined(separator: "; ")
    }

    private static func envelope(_ response: HTTPResponse) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: response.body)) as? [String: Any]
    }
}
