import Foundation
import HTTPCore
import Synchronization

/// BidCore's workflow API (vendor-docs/5-bidcore-workflow.txt): entities of any kind are listed, read, created, updated and
/// deleted below `/{entity}/`. Which kinds there are and what fields they have is not documented, so they are JSON as it is.
public struct BidCoreClient: Sendable {
    private let base: BaseURL
    private let transport: any HTTPTransport
    private let timeout: Duration
    private let unclearDeletions = UnclearDeletions()

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - base: Where the API begins.
    ///   - stack: What requests go through.
    ///   - authorizer: Adds the bearer token.
    ///   - timeout: The longest one attempt may take.
    public init(
        base: BaseURL, stack: TransportStack, authorizer: any RequestAuthorizer, timeout: Duration = .seconds(60)
    ) {
        self.base = base
        self.timeout = timeout
        var stack = stack
        stack.recorders.append(unclearDeletions)
        transport = stack.transport(authorizer: authorizer)
    }

    /// The entities of a kind that `filters` lets through, page by page as they are asked for.
    ///
    /// - Parameters:
    ///   - entity: The kind, such as `publishers`.
    ///   - filters: Query parameters of the first page; later pages are where the vendor's `next` says.
    public func list(_ entity: String, filters: [QueryItem] = []) -> BidCorePages {
        BidCorePages(client: self, entity: entity, filters: filters)
    }

    /// One entity.
    public func get(_ entity: String, id: String) async throws -> JSONValue {
        try await send(
            endpoint("get \(entity) \(id)", .get, [entity, id], .safe) { response throws(UnreadableAnswer) in
                try Self.json(response)
            })
    }

    /// Creates an entity. Never repeated once it may have arrived: a second delivery is another entity.
    ///
    /// - Returns: The entity as the vendor shows it; nil where its answer has no body.
    /// - Throws: ``Failure``; its category is `unknownOutcome` when the entity may have been created.
    public func create(_ entity: String, _ fields: JSONValue) async throws -> JSONValue? {
        try await send(
            endpoint("create \(entity)", .post, [entity], body: fields, .unsafe) { response throws(UnreadableAnswer) in
                response.body.isEmpty ? nil : try Self.json(response)
            })
    }

    /// Changes the given fields of an entity. The answer is empty: ``get(_:id:)`` shows what has become of it.
    public func update(_ entity: String, id: String, _ fields: JSONValue) async throws {
        try await send(endpoint("update \(entity) \(id)", .put, [entity, id], body: fields, .idempotent) { _ in })
    }

    /// Deletes an entity. Where a first try may have arrived and a later one finds nothing, the first one did it.
    public func delete(_ entity: String, id: String) async throws {
        let endpoint = endpoint("delete \(entity) \(id)", .delete, [entity, id], .idempotent) { _ in }
        do {
            try await send(endpoint)
        } catch let failure as Failure where failure.status == 404 {
            guard let request = try? endpoint.request(to: base), unclearDeletions.contains(request.target) else {
                throw failure
            }
        }
    }

    /// A page of a list: the first one, or one that an earlier page points to.
    func page(_ endpoint: Endpoint<BidCorePage>, at place: BaseURL?) async throws -> BidCorePage {
        try await send(endpoint, at: place)
    }

    /// The list's first page.
    func firstPage(_ entity: String, filters: [QueryItem]) -> (endpoint: Endpoint<BidCorePage>, base: BaseURL) {
        var endpoint = endpoint(BidCorePages.operation(entity), .get, [entity], .safe, decode: BidCorePage.init)
        endpoint.query = filters
        return (endpoint, base)
    }

    static func json(_ response: HTTPResponse) throws(UnreadableAnswer) -> JSONValue {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: response.body, allowsRepeatedNames: true)
        } catch {
            throw UnreadableAnswer("is no JSON: line \(error.line), column \(error.column): \(error.message)")
        }
    }

    private func endpoint<Answer>(
        _ operation: String, _ method: HTTPMethod, _ path: [String], body: JSONValue? = nil,
        _ repeatClass: RepeatClass,
        decode: @escaping @Sendable (HTTPResponse) throws(UnreadableAnswer) -> Answer
    ) -> Endpoint<Answer> {
        Endpoint(
            operation, method, path: path, hasTrailingSlash: true, fields: ["Accept": "application/json"],
            body: body.map { .data($0.data, contentType: "application/json") } ?? .none, repeatClass: repeatClass,
            decode: decode)
    }

    private func send<Answer>(_ endpoint: Endpoint<Answer>, at place: BaseURL? = nil) async throws -> Answer {
        let api = APIClient(vendor: .bidcore, base: place ?? base, transport: transport, timeout: timeout)
        do {
            return try await api.send(endpoint)
        } catch let failure as Failure {
            throw BidCoreRefusal.explain(failure, of: endpoint.operation, endpoint.repeatClass)
        }
    }
}

/// Remembers the deletions of which it is not known whether they arrived.
private final class UnclearDeletions: ExchangeRecorder {
    private let targets = Mutex<Set<String>>([])

    func record(_ exchange: Exchange) {
        guard exchange.request.method == .delete else { return }
        let verdict =
            switch exchange.outcome {
            case .success(let response): response.verdict
            case .failure(let error): Optional(error.verdict)
            }
        if verdict == .ambiguous { targets.withLock { _ = $0.insert(exchange.request.target) } }
    }

    func contains(_ target: String) -> Bool { targets.withLock { $0.contains(target) } }
}
