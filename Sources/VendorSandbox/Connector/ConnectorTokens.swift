import Foundation
import Synchronization

/// How a user proves who he is to the connector service: password, one-time code, refresh token, bearer token.
final class ConnectorTokens: Sendable {
    private static let realm = "0"
    private static let provider = "google"

    private struct State {
        var sessions: Set<String> = []
        var refreshTokens: Set<String> = []
    }

    private let configuration: ConnectorSettings
    private let context: SandboxContext
    private let tokens: AccessTokens
    private let state = Mutex(State())

    init(_ configuration: ConnectorSettings, context: SandboxContext) {
        self.configuration = configuration
        self.context = context
        tokens = AccessTokens(context: context, lifetime: configuration.tokenLifetime)
    }

    /// Access tokens only: refresh tokens live longer.
    func expireAll() { tokens.expireAll() }

    func expire(_ request: SandboxRequest) -> SandboxResponse { tokens.expire(request) }

    /// Nil when the request carries a valid token and, where they are wanted, realm and provider.
    func refusal(of request: SandboxRequest) -> SandboxResponse? {
        if let permanent = configuration.permanentToken, request.header("Authorization") == "Bearer \(permanent)" {
            return nil
        }
        if let refusal = tokens.refusal(of: request) { return refusal }
        let (realm, provider) = (request.headerValues("X-Realm-Id"), request.headerValues("X-Provider"))
        if !configuration.requiresRealm, realm.isEmpty, provider.isEmpty { return nil }
        guard realm == [Self.realm], provider == [Self.provider] else {
            return .json(401, ["message": "X-Realm-Id or X-Provider is not what the login answered"])
        }
        return nil
    }

    func notes(on request: SandboxRequest, operation: String) -> [String] {
        guard operation != "token", operation != "mfa" else { return [] }
        let names = ["X-Realm-Id", "X-Provider"].filter { request.header($0) != nil }
        return [names.isEmpty ? "without realm and provider" : "with \(names.joined(separator: " and "))"]
    }

    func logIn(_ body: JSONValue) -> SandboxResponse {
        var check = ConnectorCheck()
        let email = check.text("email", in: body)
        let password = check.text("password", in: body)
        guard check.faults.isEmpty else {
            return .json(400, ["message": .string(check.faults.joined(separator: "; "))])
        }
        guard email == configuration.email, password == configuration.password else {
            return .json(401, ["message": "Invalid credentials"])
        }
        guard configuration.oneTimeCode != nil else { return grant(withRealm: configuration.givesRealm) }
        let session = context.uuid()
        state.withLock { _ = $0.sessions.insert(session) }
        return .json(200, ["session": .string(session)])
    }

    func secondStep(_ body: JSONValue) -> SandboxResponse {
        var check = ConnectorCheck()
        let session = check.text("session", in: body) ?? ""
        let email = check.text("email", in: body)
        let code = check.text("code", in: body)
        guard check.faults.isEmpty else {
            return .json(400, ["message": .string(check.faults.joined(separator: "; "))])
        }
        // A session is for one try.
        guard state.withLock({ $0.sessions.remove(session) }) != nil, email == configuration.email,
            code == configuration.oneTimeCode
        else { return .json(401, ["message": "Invalid code"]) }
        return grant(withRealm: configuration.givesRealm)
    }

    func refresh(_ body: JSONValue, _ request: SandboxRequest) -> SandboxResponse {
        let refreshToken: String
        if configuration.refresh == .post {
            guard request.header("Authorization")?.hasPrefix("Bearer ") == true else {
                return .json(400, ["message": "the old bearer token is required"])
            }
            guard let text = body["refresh_token"]?.stringValue else {
                return .json(400, ["message": "refresh_token is required"])
            }
            refreshToken = text
        } else {
            guard request.headerValues("X-Realm-Id") == [Self.realm],
                request.headerValues("X-Provider") == [Self.provider], let text = request.header("X-Refresh-Token")
            else {
                return .json(400, ["message": "X-Realm-Id, X-Provider and X-Refresh-Token are required"])
            }
            refreshToken = text
        }
        guard state.withLock({ $0.refreshTokens.remove(refreshToken) }) != nil else {
            return .json(401, ["message": "The refresh token is not valid"])
        }
        return grant(withRealm: configuration.refresh == .get)
    }

    /// Refresh tokens serve once. The newer document's answer has neither realm nor provider.
    private func grant(withRealm: Bool) -> SandboxResponse {
        let refreshToken = context.uuid() + "+/="
        state.withLock { _ = $0.refreshTokens.insert(refreshToken) }
        var members = [
            JSONMember(
                name: "access_token",
                value: .string(tokens.issue(issuer: "connector", client: configuration.email, scope: ""))),
            JSONMember(name: "refresh_token", value: .string(refreshToken)),
            JSONMember(name: "expires_in", value: .number(String(configuration.tokenLifetime))),
        ]
        if withRealm {
            members.append(JSONMember(name: "realm_id", value: .number(Self.realm)))
            members.append(JSONMember(name: "provider", value: .string(Self.provider)))
        }
        return .json(200, .object(members))
    }
}
