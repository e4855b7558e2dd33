import Foundation
import Synchronization

/// Atobi's tenant: a token for a client secret in the form body, and KPI documents within the limit of requests a minute.
final class AtobiStandIn: StandIn {
    let name = "atobi"
    let prefixes = ["atobi"]
    let operations = ["token", "kpi"]
    let deliveries: DeliveryCounter? = DeliveryCounter()

    private let configuration: AtobiSettings
    private let context: SandboxContext
    private let tokens: AccessTokens
    private let window: SlidingWindow

    init(_ configuration: AtobiSettings, context: SandboxContext) {
        self.configuration = configuration
        self.context = context
        tokens = AccessTokens(context: context, lifetime: configuration.tokenLifetime)
        window = SlidingWindow(limit: configuration.requestsPerMinute, seconds: 60)
    }

    var settings: [SandboxPair] {
        [
            SandboxPair("client", configuration.clientID), SandboxPair("API version", configuration.apiVersion),
            SandboxPair("type", configuration.type), SandboxPair("token life", "\(configuration.tokenLifetime) s"),
            SandboxPair("requests a minute", String(configuration.requestsPerMinute)),
        ]
    }

    var secrets: [String] { [configuration.clientSecret] }

    func environment(base: String) -> [String: String] {
        [
            "INTEGRATE_ATOBI_URL": base + "/atobi",
            "INTEGRATE_ATOBI_API_VERSION": configuration.apiVersion,
            "INTEGRATE_ATOBI_CLIENT_ID": configuration.clientID,
            "INTEGRATE_ATOBI_CLIENT_SECRET": configuration.clientSecret,
            "INTEGRATE_ATOBI_TYPE": configuration.type,
            "INTEGRATE_ATOBI_REQUESTS_PER_MINUTE": String(configuration.requestsPerMinute),
        ]
    }

    func expireTokens() { tokens.expireAll() }

    func refuseAsExpired(_ request: SandboxRequest) -> SandboxResponse { tokens.expire(request) }

    func operation(of request: SandboxRequest) -> String {
        switch request.path {
        case "/atobi/oauth/token": "token"
        case "/atobi/api/external/\(configuration.apiVersion)/kpi": "kpi"
        default: "unknown"
        }
    }

    func respond(to request: SandboxRequest) -> SandboxResponse {
        let operation = operation(of: request)
        guard operation != "unknown" else { return .json(404, ["message": "Not Found"]) }
        guard request.method == "POST" else {
            return .json(405, ["message": "only POST"], headers: [SandboxHeader("Allow", "POST")])
        }
        return operation == "token" ? token(request) : kpi(request)
    }

    // MARK: Token

    private func token(_ request: SandboxRequest) -> SandboxResponse {
        func refuse(_ status: Int, _ error: String, _ message: String) -> SandboxResponse {
            .json(
                status,
                ["error": .string(error), "error_description": .string(message), "message": .string(message)])
        }
        // The second is what the vendor's document prints.
        guard ["application/x-www-form-urlencoded", "application/x-www-urlencoded"].contains(request.mediaType) else {
            return refuse(400, "invalid_request", "The body must be application/x-www-form-urlencoded")
        }
        let form = FormCoding.pairs(String(decoding: request.body, as: UTF8.self))
        let names = form.map(\.name)
        guard Set(names).count == names.count else { return refuse(400, "invalid_request", "A field came twice") }
        func field(_ name: String) -> String? { form.first { $0.name == name }?.value }
        let spellings = ["grant_type", "grant-type"].filter(names.contains)
        guard !spellings.isEmpty else { return refuse(400, "invalid_request", "grant_type is missing") }
        guard spellings.allSatisfy({ field($0) == "client_credentials" }) else {
            return refuse(400, "unsupported_grant_type", "The authorization grant type is not supported")
        }
        guard field("client_id") == configuration.clientID, field("client_secret") == configuration.clientSecret else {
            return refuse(401, "invalid_client", "Client authentication failed")
        }
        let token = tokens.issue(issuer: "atobi", client: configuration.clientID, scope: field("scope") ?? "")
        return .json(
            200,
            [
                "token_type": "Bearer", "expires_in": .number(String(configuration.tokenLifetime)),
                "access_token": .string(token),
            ], notes: ["spelling " + spellings.joined(separator: " and ")])
    }

    // MARK: KPI

    private func kpi(_ request: SandboxRequest) -> SandboxResponse {
        if let refusal = tokens.refusal(of: request) { return refusal }
        let admission = window.admit(at: context.now())
        let limits = [
            SandboxHeader("X-RateLimit-Limit", String(configuration.requestsPerMinute)),
            SandboxHeader("X-RateLimit-Remaining", String(admission.remaining)),
        ]
        if let wait = admission.retryAfter {
            return .json(
                429, ["message": "Too Many Attempts."], headers: limits + [SandboxHeader("Retry-After", String(wait))])
        }
        guard request.mediaType == "application/json" else {
            return .json(415, ["message": "Content-Type must be application/json"], headers: limits)
        }
        guard request.header("Accept")?.lowercased().contains("application/json") == true else {
            return .json(406, ["message": "Accept must be application/json"], headers: limits)
        }
        let document: JSONValue
        do throws(JSONFault) {
            document = try JSONScanner.parse(request.body)
        } catch {
            let place = "at byte \(error.offset): \(error.message)"
            return .json(400, ["message": "The request body is not valid JSON \(place)"], headers: limits)
        }
        var check = KPICheck(type: configuration.type)
        check.document(document)
        guard check.errors.isEmpty else {
            return .json(
                422, ["message": "The given data was invalid.", "errors": check.errorsByField], headers: limits,
                notes: check.notes.sorted())
        }
        for record in check.records { deliveries?.add(id: record, orDigest: []) }
        return .json(200, ["status": "ok"], headers: limits, notes: check.notes.sorted())
    }
}

/// Lets a number of requests through in any stretch of time.
final class SlidingWindow: Sendable {
    struct Admission: Equatable {
        /// Whole seconds until the next request is let through; nil when this one is.
        let retryAfter: Int?
        let remaining: Int
    }

    private let limit: Int
    private let seconds: TimeInterval
    /// When the last requests were let through, the oldest first.
    private let admitted = Mutex<[Date]>([])

    init(limit: Int, seconds: TimeInterval) {
        self.limit = limit
        self.seconds = seconds
    }

    func admit(at now: Date) -> Admission {
        admitted.withLock { admitted in
            admitted.removeAll { $0 <= now.addingTimeInterval(-seconds) }
            guard admitted.count < limit else {
                let wait = admitted.first.map { $0.addingTimeInterval(seconds).timeIntervalSince(now) } ?? seconds
                return Admission(retryAfter: max(1, Int(wait.rounded(.up))), remaining: 0)
            }
            admitted.append(now)
            return Admission(retryAfter: nil, remaining: limit - admitted.count)
        }
    }
}
