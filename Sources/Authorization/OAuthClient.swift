import Foundation
import HTTPCore

/// How a client proves itself at an OAuth 2.0 token endpoint (RFC 6749).
public enum OAuthGrant: Sendable {
    /// Client credentials with the secret percent-encoded inside Basic (vendor-docs/1: `base64(ClientID:URLEncodedClientSecret)`).
    case clientCredentialsInHeader(clientID: String, clientSecret: Secret)
    /// Client credentials in the form body (vendor-docs/2). `grantField` is `grant_type`, or `grant-type` as that document
    /// prints it.
    case clientCredentialsInBody(clientID: String, clientSecret: Secret, grantField: String)
    /// The password grant, in the form body and never in the URL (vendor-docs/5).
    case password(username: String, password: Secret)

    var client: String {
        switch self {
        case .clientCredentialsInHeader(let id, _), .clientCredentialsInBody(let id, _, _): id
        case .password(let username, _): username
        }
    }
}

/// A token endpoint and the grant to use there.
public struct OAuthClient: TokenSource {
    private let api: APIClient
    private let path: [String]
    private let grant: OAuthGrant
    private let scope: String
    private let now: @Sendable () -> Date

    /// Creates a client of the endpoint at `path` below the base of `api`.
    ///
    /// - Parameters:
    ///   - api: Sends without authorization of its own.
    ///   - path: The token endpoint's segments below the base; none where the base is the endpoint.
    ///   - grant: How to prove who asks.
    ///   - scope: The scope to ask for; empty for none.
    ///   - now: The calendar's time.
    public init(
        api: APIClient, path: [String], grant: OAuthGrant, scope: String,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.api = api
        self.path = path
        self.grant = grant
        self.scope = scope
        self.now = now
    }

    /// The vendor whose token endpoint it is.
    public var vendor: Vendor { api.vendor }

    /// Endpoint, client and scope.
    public var identity: TokenIdentity {
        TokenIdentity(
            endpoint: ([api.base.description] + path).joined(separator: "/"), client: grant.client, scope: scope)
    }

    /// Asks for a new token; none of these grants uses the previous one.
    ///
    /// - Throws: ``Failure``; wrong credentials are of category `credentials`, a URL without a token endpoint is `configuration`.
    public func fetch(replacing previous: AccessToken?) async throws -> AccessToken {
        do {
            return try await api.send(endpoint)
        } catch var failure as Failure where failure.category == .refused {
            if failure.status == 404 || failure.status == 405 {
                // No token endpoint there: the URL is wrong, whatever the credentials are.
                failure.category = .configuration
            } else {
                // RFC 6749, section 5.2: a wrong client or grant is answered with 400.
                failure.category = .credentials
                failure.hint = "check the credentials: integrate auth status \(vendor.rawValue)"
            }
            throw failure
        }
    }

    /// The token request. A second token does no harm, so it counts as idempotent.
    package var endpoint: Endpoint<AccessToken> {
        var form: [(name: String, value: String)] = []
        var fields: HTTPFields = ["Accept": "application/json"]
        switch grant {
        case .clientCredentialsInHeader(let clientID, let clientSecret):
            form.append(("grant_type", "client_credentials"))
            fields.append(BasicCredential(clientID: clientID, clientSecret: clientSecret).field)
        case .clientCredentialsInBody(let clientID, let clientSecret, let grantField):
            form.append((grantField, "client_credentials"))
            form.append(("client_id", clientID))
            form.append(("client_secret", clientSecret.reveal()))
        case .password(let username, let password):
            form.append(("grant_type", "password"))
            form.append(("username", username))
            form.append(("password", password.reveal()))
        }
        if !scope.isEmpty { form.append(("scope", scope)) }
        let body = Data(PercentEncoding.form(form).utf8)
        return Endpoint(
            "the token request", .post, path: path, fields: fields,
            body: .data(body, contentType: "application/x-www-form-urlencoded"), repeatClass: .idempotent
        ) { [now] response throws(UnreadableAnswer) in
            try TokenAnswer.read(response, now: now())
        }
    }
}

/// A client id and secret as the upload platform wants them in `Authorization: Basic`.
package struct BasicCredential: Sendable {
    package let clientID: String
    package let clientSecret: Secret

    package init(clientID: String, clientSecret: Secret) {
        self.clientID = clientID
        self.clientSecret = clientSecret
    }

    /// Only the secret is percent-encoded, to RFC 3986's unreserved characters (vendor-apis.md, section 1 e 6).
    package var field: HTTPField {
        let pair = "\(clientID):\(PercentEncoding.encode(clientSecret.reveal()))"
        return HTTPField("Authorization", "Basic " + Data(pair.utf8).base64EncodedString(), isCredential: true)
    }
}

/// A token endpoint's answer (RFC 6749, section 5.1), read tolerantly: `expires_in` comes as number or as string.
package enum TokenAnswer {
    package static func read(_ response: HTTPResponse, now: Date) throws(UnreadableAnswer) -> AccessToken {
        guard let object = (try? JSONSerialization.jsonObject(with: response.body)) as? [String: Any] else {
            throw UnreadableAnswer("is no JSON object")
        }
        guard let value = object["access_token"] as? String, !value.isEmpty else {
            throw UnreadableAnswer("has no access_token")
        }
        guard HTTPFields([HTTPField("Authorization", value)]).firstInvalid == nil else {
            throw UnreadableAnswer("has an access_token that cannot stand in a header")
        }
        let seconds =
            (object["expires_in"] as? NSNumber)?.doubleValue ?? (object["expires_in"] as? String).flatMap(Double.init)
        let life = seconds.flatMap { $0.isFinite && $0 > 0 ? min($0, 1e9) : nil }
        return AccessToken(
            Secret(value), expiresAt: life.map(now.addingTimeInterval), issuedAt: now,
            refreshToken: (object["refresh_token"] as? String).map(Secret.init))
    }
}
