import Foundation
import Synchronization

/// The identity service and the upload platform: a CSV of shifts goes in as a JSON string, is processed over several polls,
/// and its results come out by key.
final class UploadPlatformStandIn: StandIn {
    let name = "upload"
    let prefixes = ["identity", "upload"]
    let operations = ["token", "upload", "results"]
    let deliveries: DeliveryCounter? = nil

    private let configuration: UploadPlatformSettings
    private let context: SandboxContext
    private let tokens: AccessTokens
    private let jobs = Mutex(UploadJobs())

    init(_ configuration: UploadPlatformSettings, context: SandboxContext) {
        self.configuration = configuration
        self.context = context
        tokens = AccessTokens(context: context, lifetime: configuration.tokenLifetime)
    }

    var settings: [SandboxPair] {
        [
            SandboxPair("client", configuration.clientID), SandboxPair("scope", configuration.scope),
            SandboxPair("token life", "\(configuration.tokenLifetime) s"),
            SandboxPair("polls until the status is final", String(configuration.polls)),
            SandboxPair("processing token", configuration.tokenStyle.rawValue),
        ]
    }

    var secrets: [String] { [configuration.clientSecret, configuration.apiKey] }

    func environment(base: String) -> [String: String] {
        [
            "INTEGRATE_UPLOAD_IDENTITY_URL": base + "/identity",
            "INTEGRATE_UPLOAD_API_URL": base + "/upload",
            "INTEGRATE_UPLOAD_CLIENT_ID": configuration.clientID,
            "INTEGRATE_UPLOAD_CLIENT_SECRET": configuration.clientSecret,
            "INTEGRATE_UPLOAD_API_KEY": configuration.apiKey,
            "INTEGRATE_UPLOAD_SCOPE": configuration.scope,
        ]
    }

    func expireTokens() { tokens.expireAll() }

    func refuseAsExpired(_ request: SandboxRequest) -> SandboxResponse { tokens.expire(request) }

    func operation(of request: SandboxRequest) -> String {
        switch request.path {
        case "/identity/connect/token": "token"
        case "/upload/api/UploadData": "upload"
        case "/upload/api/GetResults": "results"
        default: "unknown"
        }
    }

    func respond(to request: SandboxRequest) -> SandboxResponse {
        switch operation(of: request) {
        case "token": request.method == "POST" ? token(request) : Self.wrongMethod("POST")
        case "upload": request.method == "POST" ? upload(request) : Self.wrongMethod("POST")
        case "results": request.method == "GET" ? results(request) : Self.wrongMethod("GET")
        default: .json(404, ["message": "no such path"])
        }
    }

    private static func wrongMethod(_ allowed: String) -> SandboxResponse {
        .json(405, ["message": "only \(allowed)"], headers: [SandboxHeader("Allow", allowed)])
    }

    // MARK: Token

    private func token(_ request: SandboxRequest) -> SandboxResponse {
        func refuse(_ error: String, _ description: String) -> SandboxResponse {
            .json(400, ["error": .string(error), "error_description": .string(description)])
        }
        guard request.mediaType == "application/x-www-form-urlencoded" else {
            return refuse("invalid_request", "the body must be application/x-www-form-urlencoded")
        }
        let spelling: String
        switch basicSecret(request) {
        case .success(let found): spelling = found
        case .failure(let refusal):
            return .json(
                401, ["error": "invalid_client", "error_description": .string(refusal.message)],
                headers: [SandboxHeader("WWW-Authenticate", #"Basic realm="identity""#)])
        }
        let form = FormCoding.pairs(String(decoding: request.body, as: UTF8.self))
        let names = form.map(\.name)
        guard Set(names).count == names.count else { return refuse("invalid_request", "a field came twice") }
        func field(_ name: String) -> String? { form.first { $0.name == name }?.value }
        guard let grant = field("grant_type") else { return refuse("invalid_request", "grant_type is missing") }
        guard grant == "client_credentials" else {
            return refuse("unsupported_grant_type", "only client_credentials")
        }
        guard let scope = field("scope"), scope.split(separator: " ").contains(Substring(configuration.scope)) else {
            return refuse("invalid_scope", "the scope must be \(configuration.scope)")
        }
        let token = tokens.issue(issuer: "identity", client: configuration.clientID, scope: scope)
        return .json(
            200,
            [
                "access_token": .string(token), "token_type": "Bearer",
                "expires_in": .number(String(configuration.tokenLifetime)), "scope": .string(scope),
            ], headers: [SandboxHeader("Cache-Control", "no-store")], notes: ["secret \(spelling)"])
    }

    private struct Refusal: Error {
        let message: String
    }

    /// How the secret was encoded inside Basic, or why it does not do.
    private func basicSecret(_ request: SandboxRequest) -> Result<String, Refusal> {
        func refuse(_ message: String) -> Result<String, Refusal> { .failure(Refusal(message: message)) }
        guard let header = request.header("Authorization"), header.lowercased().hasPrefix("basic ") else {
            return refuse("Basic authentication is required")
        }
        guard let data = Data(base64Encoded: String(header.dropFirst("basic ".count))),
            let credentials = String(validating: data, as: UTF8.self), let colon = credentials.firstIndex(of: ":")
        else { return refuse("the Basic credentials are not base64 of client:secret") }
        let secret = credentials[credentials.index(after: colon)...]
        guard credentials[..<colon] == configuration.clientID else {
            return refuse("the client or its secret is wrong")
        }
        if secret == FormCoding.percentEncode(configuration.clientSecret.utf8) {
            return .success("percent-encoded as RFC 3986")
        }
        if FormCoding.decode(secret) == configuration.clientSecret { return .success("form-encoded") }
        if secret == configuration.clientSecret { return refuse("the secret must be percent-encoded inside Basic") }
        return refuse("the client or its secret is wrong")
    }

    // MARK: Upload

    private func upload(_ request: SandboxRequest) -> SandboxResponse {
        if let refusal = tokens.refusal(of: request) { return refusal }
        guard request.mediaType == "application/json" else {
            return .json(415, ["message": "the body must be application/json"])
        }
        let upload: UploadBody
        switch UploadBody.read(request.body) {
        case .success(let body): upload = body
        case .failure(let fault): return .json(400, ["message": .string(fault.message)])
        }
        guard upload.key == configuration.apiKey else { return .json(403, ["message": "Key is not a valid API key"]) }
        guard upload.username == configuration.clientID else {
            return .json(400, ["message": "Username must be the client id"])
        }
        let token = context.uuid()
        let accepted = jobs.withLock { jobs in
            jobs.add(UploadJob(shifts: upload.shifts), named: upload.name, token: token, overwrite: upload.overwrite)
        }
        guard accepted else {
            return .json(
                409, ["message": "a dataset named \(upload.name) exists; set Overwrite to \"true\" to replace it"])
        }
        let notes = ["\(upload.shifts.rows) rows, \(upload.shifts.faultCount) faults"]
        switch configuration.tokenStyle {
        case .quoted: return .json(200, .string(token), notes: notes)
        case .bare:
            var response = SandboxResponse.text(200, token)
            response.notes = notes
            return response
        }
    }

    // MARK: Results

    private func results(_ request: SandboxRequest) -> SandboxResponse {
        if let refusal = tokens.refusal(of: request) { return refusal }
        let query = request.query
        func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
        for name in ["token", "key", "dataKey"] {
            let count = query.count { $0.name == name }
            guard count == 1 else {
                return .json(400, ["message": count == 0 ? "\(name) is missing" : "\(name) came twice"])
            }
        }
        guard parameter("key") == configuration.apiKey else {
            return .json(403, ["message": "key is not a valid API key"])
        }
        let token = parameter("token") ?? ""
        return jobs.withLock { jobs in
            guard var job = jobs.byToken[token] else {
                return .json(404, ["message": "no upload has this processing token"])
            }
            defer { jobs.byToken[token] = job }
            switch parameter("dataKey") {
            case "status": return .text(200, job.nextStatus(polls: configuration.polls))
            case "feedback":
                guard job.outcome != nil else { return Self.notYet() }
                return .text(200, job.shifts.feedback(lineEnd: configuration.feedbackLineEnd))
            case "tableofresultids":
                guard let outcome = job.outcome else { return Self.notYet() }
                guard outcome == UploadJob.success else {
                    return .json(409, ["message": "processing failed; the feedback says why"])
                }
                return SandboxResponse(
                    status: 200, headers: [SandboxHeader("Content-Type", "text/csv; charset=utf-8")],
                    body: job.shifts.resultTable(token: token))
            default:
                return .json(400, ["message": "dataKey must be status, feedback or tableofresultids"])
            }
        }
    }

    private static func notYet() -> SandboxResponse {
        .json(409, ["message": "processing has not ended"])
    }
}

/// An upload that is being processed or has been.
struct UploadJob {
    static let success = "completedsuccessfully"
    static let failure = "failed"

    let shifts: ShiftTable
    private var polls = 0
    /// The final status once a poll has seen it.
    private(set) var outcome: String?

    init(shifts: ShiftTable) {
        self.shifts = shifts
    }

    /// The status at this poll; processing goes on only by being asked.
    mutating func nextStatus(polls limit: Int) -> String {
        if let outcome { return outcome }
        polls += 1
        if polls < limit { return polls == 1 ? "queued" : "processing" }
        let final = shifts.faultCount == 0 ? Self.success : Self.failure
        outcome = final
        return final
    }
}

/// All uploads by processing token, and the names in use.
struct UploadJobs {
    var byToken: [String: UploadJob] = [:]
    private var names: Set<String> = []

    /// False when the name is taken and may not be overwritten.
    mutating func add(_ job: UploadJob, named name: String, token: String, overwrite: Bool) -> Bool {
        guard names.insert(name).inserted || overwrite else { return false }
        byToken[token] = job
        return true
    }
}
