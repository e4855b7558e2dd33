import Authorization
import Foundation
import HTTPCore

/// Atobi's KPI API (vendor-docs/2-atobi-kpi.txt): documents of figures go in, each accepted or refused as a whole.
public struct AtobiClient: Sendable {
    /// The path of the token endpoint below the tenant's host.
    public static let tokenPath = ["oauth", "token"]

    private let api: APIClient
    private let apiVersion: String

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - api: Sends below the tenant's host, with a bearer token and within the vendor's limit of requests.
    ///   - apiVersion: The version in the path.
    public init(api: APIClient, apiVersion: String) {
        self.api = api
        self.apiVersion = apiVersion
    }

    /// The host of the tenant `clientName`.
    ///
    /// - Throws: a ``Failure`` of the configuration when the name is no single label of a host name (RFC 1123).
    public static func base(clientName: String) throws(Failure) -> BaseURL {
        let isLabel =
            (1...63).contains(clientName.utf8.count) && !clientName.hasPrefix("-") && !clientName.hasSuffix("-")
            && clientName.utf8.allSatisfy { byte in
                byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "-")
            }
        guard isLabel, let base = try? BaseURL("https://\(clientName).erapp.dk") else {
            throw Failure(
                .configuration, vendor: .atobi,
                "atobi: clientName \(clientName.debugDescription) cannot be part of a host name",
                hint: "it is what stands before .erapp.dk (letters, digits and '-'); for another host set url")
        }
        return base
    }

    /// Where the tenant's tokens come from.
    ///
    /// - Parameters:
    ///   - api: Sends below the tenant's host, without authorization of its own.
    ///   - clientID: Issued by Atobi, another for each environment.
    ///   - clientSecret: Issued with it.
    ///   - grantField: `grant_type`, or `grant-type` as the vendor's document prints it.
    ///   - scope: Empty for none.
    ///   - now: The calendar's time.
    public static func tokenSource(
        api: APIClient, clientID: String, clientSecret: Secret, grantField: String = "grant_type", scope: String = "",
        now: @escaping @Sendable () -> Date = { Date() }
    ) -> OAuthClient {
        OAuthClient(
            api: api, path: tokenPath,
            grant: .clientCredentialsInBody(
                clientID: clientID, clientSecret: clientSecret, grantField: grantField),
            scope: scope, now: now)
    }

    /// Sends a document.
    ///
    /// Never repeated once it may have arrived: what a second delivery does is not documented.
    ///
    /// - Throws: ``Failure``; its category is `unknownOutcome` when the figures may have arrived.
    public func send(_ document: KPIDocument) async throws -> AtobiAcknowledgement {
        try await send(document: document.encoded())
    }

    /// Sends a document that is JSON already, byte for byte.
    ///
    /// - Parameters:
    ///   - document: A KPI document.
    ///   - keepsConnection: Whether a connection that was in use a moment ago may be used: in a batch, while answers come.
    /// - Throws: as ``send(_:)``.
    public func send(document: Data, keepsConnection: Bool = false) async throws -> AtobiAcknowledgement {
        do {
            var endpoint = endpoint(document)
            endpoint.keepsConnection = keepsConnection
            return try await api.send(endpoint)
        } catch let failure as Failure {
            throw Self.settled(failure)
        }
    }

    /// The request that delivers `document`.
    package func endpoint(_ document: Data) -> Endpoint<AtobiAcknowledgement> {
        Endpoint(
            "the KPI transfer", .post, path: ["api", "external", apiVersion, "kpi"],
            fields: ["Accept": "application/json"], body: .data(document, contentType: "application/json"),
            repeatClass: .unsafe, destination: .memory(limit: 1 << 20)
        ) { AtobiAcknowledgement($0.body) }
    }

    /// Any status but 2xx means that the transfer failed as a whole ("Data Not Received"): nothing is in doubt, unless a gateway
    /// answered for a server from which it heard nothing.
    package static func settled(_ failure: Failure) -> Failure {
        guard failure.category == .unknownOutcome, let status = failure.status, ![408, 502, 504].contains(status)
        else { return failure }
        var settled = failure
        settled.category = .unavailable
        settled.hint = "Atobi took nothing of this transfer; try again later"
        return settled
    }
}

/// Atobi's answer to a document it accepted. Its shape is not documented but for "status in JSON body".
public struct AtobiAcknowledgement: Sendable, Equatable {
    /// The body's `status`: a string's text, anything else as JSON; nil when there is none.
    public let status: String?
    /// Whether the body is JSON, as the vendor promises.
    public let isJSON: Bool

    /// Reads an answer's body.
    public init(_ body: Data) {
        let value = try? JSONSerialization.jsonObject(with: body, options: .fragmentsAllowed)
        isJSON = value != nil
        switch (value as? [String: Any])?["status"] {
        case nil, is NSNull: status = nil
        case let text as String: status = text
        case .some(let other):
            let json = try? JSONSerialization.data(withJSONObject: other, options: [.fragmentsAllowed, .sortedKeys])
            status = json.map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
