import Foundation
import Synchronization

/// The access tokens that one stand-in has issued, and how a request proves that it has one.
final class AccessTokens: Sendable {
    /// Above this many, tokens that have expired are forgotten.
    private static let pruneLimit = 10_000

    private let context: SandboxContext
    /// Seconds.
    let lifetime: Int
    private let expiries = Mutex<[String: Date]>([:])

    init(context: SandboxContext, lifetime: Int) {
        self.context = context
        self.lifetime = lifetime
    }

    /// A new token that looks like a JWT.
    func issue(issuer: String, client: String, scope: String) -> String {
        let now = context.now()
        let expiry = now.addingTimeInterval(TimeInterval(lifetime))
        let claims: JSONValue = [
            "iss": .string(issuer), "client_id": .string(client), "scope": .string(scope),
            "nbf": .number(String(Int(now.timeIntervalSince1970))),
            "exp": .number(String(Int(expiry.timeIntervalSince1970))), "jti": .string(context.uuid()),
        ]
        let signature = context.uuid() + context.uuid()
        let header: JSONValue = ["alg": "RS256", "typ": "at+jwt"]
        let token = [header.text, claims.text, signature].map(Self.base64URL).joined(separator: ".")
        expiries.withLock { expiries in
            if expiries.count >= Self.pruneLimit { expiries = expiries.filter { $0.value > now } }
            expiries[token] = expiry
        }
        return token
    }

    func expireAll() {
        expiries.withLock { $0.removeAll() }
    }

    /// Makes the token of the request worthless.
    /// - Returns: the 401 that says so.
    func expire(_ request: SandboxRequest) -> SandboxResponse {
        if let token = Self.bearer(request) { expiries.withLock { _ = $0.removeValue(forKey: token) } }
        return Self.expired
    }

    /// Nil when the request carries a valid token, otherwise the 401 to answer.
    func refusal(of request: SandboxRequest) -> SandboxResponse? {
        guard request.header("Authorization") != nil else {
            return Self.unauthorized("no bearer token", challenge: "Bearer")
        }
        guard let token = Self.bearer(request), let expiry = expiries.withLock({ $0[token] }) else {
            return Self.unauthorized("the access token is not valid", challenge: #"Bearer error="invalid_token""#)
        }
        return expiry > context.now() ? nil : Self.expired
    }

    private static func bearer(_ request: SandboxRequest) -> String? {
        let scheme = "bearer "
        guard let value = request.header("Authorization"), value.lowercased().hasPrefix(scheme) else { return nil }
        return String(value.dropFirst(scheme.count))
    }

    private static var expired: SandboxResponse {
        unauthorized("the access token has expired", challenge: #"Bearer error="invalid_token""#)
    }

    private static func unauthorized(_ message: String, challenge: String) -> SandboxResponse {
        .json(401, ["message": .string(message)], headers: [SandboxHeader("WWW-Authenticate", challenge)])
    }

    private static func base64URL(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}
