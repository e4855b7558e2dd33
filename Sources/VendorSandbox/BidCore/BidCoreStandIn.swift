import Foundation

/// BidCore's workflow API: a token for a password in the form body, then entities that depend on one another.
final class BidCoreStandIn: StandIn {
    let name = "bidcore"
    let prefixes = ["bidcore", "uauth"]
    let operations = ["token", "list", "get", "create", "update", "delete"]
    let deliveries: DeliveryCounter? = nil

    private static let tokenPath = "/uauth/oauth2/token/"

    private let configuration: BidCoreSettings
    private let context: SandboxContext
    private let tokens: AccessTokens
    private let entities: BidCoreEntities
    private let window: SlidingWindow?

    init(_ configuration: BidCoreSettings, context: SandboxContext) {
        self.configuration = configuration
        self.context = context
        tokens = AccessTokens(context: context, lifetime: configuration.tokenLifetime)
        entities = BidCoreEntities(replacesOnPut: configuration.replacesOnPut)
        window = configuration.requestsPerMinute.map { SlidingWindow(limit: $0, seconds: 60) }
    }

    var settings: [SandboxPair] {
        [
            SandboxPair("user", configuration.username), SandboxPair("scope", configuration.scope),
            SandboxPair("token life", "\(configuration.tokenLifetime) s"),
            SandboxPair("entities a page", String(configuration.pageSize)),
            SandboxPair("requests a minute", configuration.requestsPerMinute.map(String.init) ?? "any number"),
            SandboxPair("PUT", configuration.replacesOnPut ? "replaces the entity" : "changes the fields given"),
        ]
    }

    var secrets: [String] { [configuration.password, configuration.permanentToken] }

    func environment(base: String) -> [String: String] {
        [
            "INTEGRATE_BIDCORE_URL": base + "/bidcore",
            "INTEGRATE_BIDCORE_TOKEN_URL": base + Self.tokenPath,
            "INTEGRATE_BIDCORE_USERNAME": configuration.username,
            "INTEGRATE_BIDCORE_PASSWORD": configuration.password,
            "INTEGRATE_BIDCORE_SCOPE": configuration.scope,
        ]
    }

    func expireTokens() { tokens.expireAll() }

    func refuseAsExpired(_ request: SandboxRequest) -> SandboxResponse { tokens.expire(request) }

    func operation(of request: SandboxRequest) -> String {
        if request.path == Self.tokenPath { return "token" }
        guard let place = Place(request) else { return "unknown" }
        switch (request.method, place.id) {
        case ("GET", nil): return "list"
        case ("GET", _?): return "get"
        case ("POST", nil): return "create"
        case ("PUT", _?): return "update"
        case ("DELETE", _?): return "delete"
        default: return "unknown"
        }
    }

    func respond(to request: SandboxRequest) -> SandboxResponse {
        if request.path == Self.tokenPath { return token(request) }
        guard let place = Place(request) else { return .detail(404, "Not found.") }
        guard place.hasTrailingSlash else {
            let query = request.rawQuery.map { "?" + $0 } ?? ""
            return SandboxResponse(status: 301, headers: [SandboxHeader("Location", request.path + "/" + query)])
        }
        if !carriesPermanentToken(request), let refusal = tokens.refusal(of: request) { return refusal }
        if let wait = window?.admit(at: context.now()).retryAfter {
            return .detail(429, "Request was throttled.", headers: [SandboxHeader("Retry-After", String(wait))])
        }
        guard entities.knows(place.entity) else { return .detail(404, "Not found.") }
        let allowed = place.id == nil ? ["GET", "POST"] : ["GET", "PUT", "DELETE"]
        guard allowed.contains(request.method) else {
            return .detail(
                405, "Method \"\(request.method)\" not allowed.",
                headers: [SandboxHeader("Allow", allowed.joined(separator: ", "))])
        }
        // 406 has another meaning here, so a request that accepts no JSON gets the one it should have asked for.
        guard request.header("Accept")?.lowercased().contains("application/json") == true else {
            return .detail(400, "Accept must be application/json.")
        }
        guard place.id == nil || request.rawQuery == nil else { return .detail(400, "Unsupported query parameters.") }
        switch request.method {
        case "GET": return place.id.map { entities.get(place.entity, $0) } ?? list(place.entity, request)
        case "DELETE":
            return request.body.isEmpty
                ? entities.delete(place.entity, place.id ?? "") : .detail(400, "A DELETE has no body.")
        default: return write(place, request)
        }
    }

    private func carriesPermanentToken(_ request: SandboxRequest) -> Bool {
        request.header("Authorization") == "Bearer " + configuration.permanentToken
    }

    // MARK: Token

    private func token(_ request: SandboxRequest) -> SandboxResponse {
        func refuse(_ status: Int, _ error: String, _ description: String) -> SandboxResponse {
            .json(status, ["error": .string(error), "error_description": .string(description)])
        }
        guard request.method == "POST" else {
            return .json(405, ["error": "invalid_request"], headers: [SandboxHeader("Allow", "POST")])
        }
        guard request.rawQuery == nil else {
            return refuse(400, "invalid_request", "Credentials belong in the form, not in the URL.")
        }
        guard request.mediaType == "application/x-www-form-urlencoded" else {
            return refuse(400, "invalid_request", "The body must be application/x-www-form-urlencoded.")
        }
        let form = FormCoding.pairs(String(decoding: request.body, as: UTF8.self))
        guard Set(form.map(\.name)).count == form.count else {
            return refuse(400, "invalid_request", "A field came twice.")
        }
        func field(_ name: String) -> String? { form.first { $0.name == name }?.value }
        guard field("grant_type") == "password" else {
            return refuse(400, "unsupported_grant_type", "The grant type must be password.")
        }
        guard field("username") == configuration.username, field("password") == configuration.password else {
            return refuse(401, "invalid_grant", "Invalid credentials given.")
        }
        guard field("scope") == configuration.scope else {
            return refuse(400, "invalid_scope", "The scope is not granted.")
        }
        let life = String(configuration.tokenLifetime)
        return .json(
            200,
            [
                "token_type": "Bearer", "scope": "my.bidcore.iponweb.com",
                "access_token": .string(
                    tokens.issue(issuer: "uauth", client: configuration.username, scope: configuration.scope)),
                "expires_in": configuration.writesLifetimeAsString ? .string(life) : .number(life),
            ])
    }

    // MARK: Entities

    private func list(_ entity: String, _ request: SandboxRequest) -> SandboxResponse {
        var filters = request.query
        var page = 1
        if let index = filters.firstIndex(where: { $0.name == "page" }) {
            guard let number = Int(filters.remove(at: index).value), number > 0 else {
                return .detail(404, "Invalid page.")
            }
            page = number
        }
        let found: [JSONValue]
        switch entities.list(entity, filters: filters) {
        case .success(let all): found = all
        case .failure(let unsupported): return unsupported.response
        }
        let start = (page - 1) * configuration.pageSize
        guard start < found.count || page == 1 else { return .detail(404, "Invalid page.") }
        let end = min(start + configuration.pageSize, found.count)
        func link(_ number: Int) -> JSONValue {
            let query = (filters + [SandboxPair("page", String(number))])
                .map { FormCoding.percentEncode($0.name.utf8) + "=" + FormCoding.percentEncode($0.value.utf8) }
            return .string("http://\(request.header("Host") ?? "")\(request.path)?" + query.joined(separator: "&"))
        }
        return .json(
            200,
            [
                "count": .number(String(found.count)), "next": end < found.count ? link(page + 1) : .null,
                "previous": page > 1 ? link(page - 1) : .null, "results": .array(Array(found[start..<end])),
            ])
    }

    private func write(_ place: Place, _ request: SandboxRequest) -> SandboxResponse {
        guard request.mediaType == "application/json" else {
            return .detail(400, "Content-Type must be application/json.")
        }
        let body: JSONValue
        do throws(JSONFault) {
            body = try JSONScanner.parse(request.body)
        } catch {
            return .detail(400, "JSON parse error at byte \(error.offset): \(error.message).")
        }
        guard case .object(let members) = body else {
            return .json(400, ["non_field_errors": [.string("Expected an object, got \(body.kind).")]])
        }
        return place.id.map { entities.update(place.entity, $0, members) } ?? entities.create(place.entity, members)
    }
}

/// `/{entity}/` or `/{entity}/{id}/`, decoded.
private struct Place {
    let entity: String
    let id: String?
    let hasTrailingSlash: Bool

    init?(_ request: SandboxRequest) {
        guard request.path.hasPrefix("/bidcore/") else { return nil }
        var segments = request.route.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        hasTrailingSlash = segments.last?.isEmpty == true
        if hasTrailingSlash { segments.removeLast() }
        guard (1...2).contains(segments.count), !segments.contains("") else { return nil }
        let decoded = segments.map { FormCoding.percentDecode($0.utf8) }
        entity = decoded[0]
        id = decoded.count == 2 ? decoded[1] : nil
    }
}

extension SandboxResponse {
    /// An error as Django REST framework words it.
    static func detail(_ status: Int, _ text: String, headers: [SandboxHeader] = []) -> SandboxResponse {
        .json(status, ["detail": .string(text)], headers: headers)
    }
}
