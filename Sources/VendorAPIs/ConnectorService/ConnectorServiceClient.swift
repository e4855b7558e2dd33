import Foundation
import HTTPCore

/// The connector service's API (vendor-docs/3-connector-flow-service.txt; paths that the document leaves out are in
/// vendor-apis.md, section 3): authorize a service, create a source with it, attach the source to a flow.
///
/// Creating is never repeated once it may have arrived: there is no key by which the service would know a repetition.
public struct ConnectorServiceClient: Sendable {
    private let api: APIClient

    /// Creates a client.
    ///
    /// - Parameter api: Sends below the service's URL, with a bearer token.
    public init(api: APIClient) {
        self.api = api
    }

    /// Stores what the service needs to read a third party's data: `POST /services`.
    ///
    /// - Parameters:
    ///   - service: The third party, as the vendor names it: `snapchat_static`.
    ///   - data: Its credentials.
    /// - Returns: The authorizer, known by its id. The answer may hold `clientSecret`.
    public func authorize(service: String, data: JSONValue) async throws -> ConnectorAnswer {
        try await create("POST /services", path: ["services"], ["service": .string(service), "data": data])
    }

    /// Creates a source: `POST /connectors/{connector}/create-source`.
    public func createSource(connector: String, form: JSONValue) async throws -> ConnectorAnswer {
        try await create("create-source \(connector)", path: ["connectors", connector, "create-source"], form)
    }

    /// Creates a flow: `POST /flows`. The request has `sources`, the answer `source` and the attached `api`.
    public func createFlow(_ flow: JSONValue) async throws -> ConnectorAnswer {
        try await create("POST /flows", path: ["flows"], flow)
    }

    /// What can be chosen for a source: `GET`, or with parameters `POST`, `/connectors/{connector}/actions/{action}`.
    /// It changes nothing either way.
    public func choices(
        _ action: String, of connector: String, parameters: JSONValue? = nil
    ) async throws -> [JSONValue] {
        try await list(
            "the list of \(action)", parameters == nil ? .get : .post,
            path: ["connectors", connector, "actions", action],
            body: parameters.map { .data($0.data, contentType: "application/json") } ?? .none)
    }

    /// All sources: `GET /sources`.
    public func sources() async throws -> [JSONValue] {
        try await list("GET /sources", .get, path: ["sources"])
    }

    /// All flows: `GET /flows`.
    public func flows() async throws -> [JSONValue] {
        try await list("GET /flows", .get, path: ["flows"])
    }

    private func create(_ operation: String, path: [String], _ body: JSONValue) async throws -> ConnectorAnswer {
        let endpoint = Endpoint(
            operation, .post, path: path, fields: ["Accept": "application/json"],
            body: .data(body.data, contentType: "application/json"), repeatClass: .unsafe
        ) { response throws(UnreadableAnswer) in
            try ConnectorAnswer(response)
        }
        do {
            return try await api.send(endpoint)
        } catch var failure as Failure where failure.category == .unreadableAnswer {
            failure.hint = "the service may have created it: look there before sending it again"
            throw failure
        }
    }

    private func list(
        _ operation: String, _ method: HTTPMethod, path: [String], body: HTTPBody = .none
    ) async throws -> [JSONValue] {
        let endpoint = Endpoint(
            operation, method, path: path, fields: ["Accept": "application/json"], body: body, repeatClass: .safe
        ) { response throws(UnreadableAnswer) in
            let document = try ConnectorAnswer.document(in: response)
            guard let elements = document.elements else {
                throw UnreadableAnswer("is \(document.kind), not an array")
            }
            return elements
        }
        return try await api.send(endpoint)
    }
}

/// What the service says about something it created.
public struct ConnectorAnswer: Sendable, Equatable {
    /// Its id, which comes as a number or as a string.
    public let id: String
    /// The whole answer.
    public let document: JSONValue

    init(_ response: HTTPResponse) throws(UnreadableAnswer) {
        document = try Self.document(in: response)
        // Some services answer `oAuthId` in place of `id` (vendor-apis.md, section 3 d).
        guard let id = document["id"]?.identifier ?? document["oAuthId"]?.identifier else {
            throw UnreadableAnswer("has no id, although the service said that it was created")
        }
        self.id = id
    }

    static func document(in response: HTTPResponse) throws(UnreadableAnswer) -> JSONValue {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: response.body, allowsRepeatedNames: true)
        } catch {
            throw UnreadableAnswer("is no JSON (line \(error.line), column \(error.column): \(error.message))")
        }
    }
}
