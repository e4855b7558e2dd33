import Authorization
import Foundation
import HTTPCore

/// Tokens of the connector service for an e-mail address and a password: renewed by refresh token, else by logging in
/// again, with a one-time code where the service asks for one (vendor-apis.md, section 3 a).
public struct ConnectorLogin: TokenSource {
    /// Asks the user for a one-time code; throws ``Failure`` when there is nobody to ask.
    public typealias CodePrompt = @Sendable () async throws -> String

    /// The sample's, where an answer does not say.
    private static let usualLife: TimeInterval = 3600
    private static let realmField = "X-Realm-Id"
    private static let providerField = "X-Provider"

    private let api: APIClient
    private let email: String
    private let password: Secret
    private let now: @Sendable () -> Date
    private let code: CodePrompt

    /// Creates a source of tokens.
    ///
    /// - Parameters:
    ///   - api: Sends below the service's URL without authorization of its own.
    ///   - email: The user's e-mail address.
    ///   - password: The user's password.
    ///   - now: The calendar's time.
    ///   - code: Asks for the code when the service wants a second factor.
    public init(
        api: APIClient, email: String, password: Secret, now: @escaping @Sendable () -> Date = { Date() },
        code: @escaping CodePrompt
    ) {
        self.api = api
        self.email = email
        self.password = password
        self.now = now
        self.code = code
    }

    /// The connector service.
    public var vendor: Vendor { api.vendor }

    /// The login at this URL, for this e-mail address.
    public var identity: TokenIdentity {
        TokenIdentity(endpoint: "\(api.base)/auth", client: email, scope: "")
    }

    /// Renews `previous` where it has a refresh token that is taken, else logs in.
    ///
    /// - Throws: ``Failure``, and what the prompt for a code throws.
    public func fetch(replacing previous: AccessToken?) async throws -> AccessToken {
        if let previous, let refreshToken = previous.refreshToken,
            var token = try await renewed(previous, by: refreshToken)
        {
            // The newer form of the answer has neither.
            if token.attributes.isEmpty { token.attributes = previous.attributes }
            return token
        }
        return try await logIn()
    }

    // MARK: Login

    private enum Answer: Sendable {
        case token(AccessToken)
        /// A second factor is wanted for this session.
        case session(Secret)
    }

    private func logIn() async throws -> AccessToken {
        let answer = try await credentialsChecked {
            try await api.send(
                endpoint(
                    "the login", path: "auth",
                    body: ["email": .string(email), "password": .string(password.reveal())],
                    decode: answer(in:)))
        }
        switch answer {
        case .token(let token): return token
        case .session(let session):
            let code = try await code().trimmingCharacters(in: .whitespaces)
            return try await credentialsChecked {
                try await api.send(
                    endpoint(
                        "the login's second step", path: "auth-mfa",
                        body: [
                            "session": .string(session.reveal()), "email": .string(email), "code": .string(code),
                        ], decode: token(in:)))
            }
        }
    }

    /// A login that is refused with 400 or 422 is one with wrong credentials.
    private func credentialsChecked<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch var failure as Failure where failure.status == 400 || failure.status == 422 {
            failure.category = .credentials
            failure.hint = "check the credentials: integrate auth status \(vendor.rawValue)"
            throw failure
        }
    }

    // MARK: Refresh

    /// Nil when a login is needed: the refresh token is refused, or neither form of the operation is there.
    private func renewed(_ previous: AccessToken, by refreshToken: Secret) async throws -> AccessToken? {
        var fields: HTTPFields = [:]
        // The old token may have expired; the operation wants it all the same.
        fields.set(HTTPField("Authorization", "Bearer \(previous.value.reveal())", isCredential: true))
        for (name, value) in previous.attributes { fields.set(HTTPField(name, value)) }
        do {
            return try await api.send(
                endpoint(
                    "the token's renewal", path: "refresh", fields: fields,
                    body: ["refresh_token": .string(refreshToken.reveal())], decode: token(in:)))
        } catch let failure as Failure where failure.status == 404 || failure.status == 405 {
            // The older form is a GET with everything in header fields; it wants all three.
            guard previous.attributes[Self.realmField] != nil, previous.attributes[Self.providerField] != nil else {
                return nil
            }
            fields.set(HTTPField("X-Refresh-Token", refreshToken.reveal(), isCredential: true))
            fields["Accept"] = "application/json"
            let older = Endpoint(
                "the token's renewal", .get, path: ["refresh"], fields: fields, repeatClass: .idempotent,
                decode: token(in:))
            do {
                return try await api.send(older)
            } catch let failure as Failure where failure.allowsLogin {
                return nil
            }
        } catch let failure as Failure where failure.allowsLogin {
            return nil
        }
    }

    // MARK: Requests and answers

    /// A token request; a second token does no harm.
    private func endpoint<Value>(
        _ operation: String, path: String, fields: HTTPFields = [:], body: JSONValue,
        decode: @escaping @Sendable (HTTPResponse) throws(UnreadableAnswer) -> Value
    ) -> Endpoint<Value> {
        var fields = fields
        fields["Accept"] = "application/json"
        return Endpoint(
            operation, .post, path: [path], fields: fields, body: .data(body.data, contentType: "application/json"),
            repeatClass: .idempotent, decode: decode)
    }

    @Sendable private func answer(in response: HTTPResponse) throws(UnreadableAnswer) -> Answer {
        let document = try ConnectorAnswer.document(in: response)
        if document["access_token"]?.string == nil, let session = document["session"]?.identifier {
            return .session(Secret(session))
        }
        return .token(try token(in: document))
    }

    @Sendable private func token(in response: HTTPResponse) throws(UnreadableAnswer) -> AccessToken {
        try token(in: ConnectorAnswer.document(in: response))
    }

    private func token(in document: JSONValue) throws(UnreadableAnswer) -> AccessToken {
        guard let value = document["access_token"]?.string, !value.isEmpty else {
            throw UnreadableAnswer("has no access_token")
        }
        var attributes: [String: String] = [:]
        attributes[Self.realmField] = document["realm_id"]?.identifier
        attributes[Self.providerField] = document["provider"]?.identifier
        let fields = attributes.map { HTTPField($0.key, $0.value) } + [HTTPField("Authorization", value)]
        guard HTTPFields(fields).firstInvalid == nil else {
            throw UnreadableAnswer("has a token, realm or provider that cannot stand in a header")
        }
        let stated = document["expires_in"]?.identifier.flatMap(Double.init)
        let life = stated.flatMap { $0.isFinite && $0 > 0 ? min($0, 1e9) : nil } ?? Self.usualLife
        let issuedAt = now()
        return AccessToken(
            Secret(value), expiresAt: issuedAt.addingTimeInterval(life), issuedAt: issuedAt,
            refreshToken: document["refresh_token"]?.identifier.map(Secret.init), attributes: attributes)
    }
}

extension Failure {
    /// Whether a login may help after a renewal that failed: the service was there, and did not ask to wait.
    fileprivate var allowsLogin: Bool {
        switch category {
        case .tryAgain, .interrupted, .terminated: false
        case .unavailable: status != nil
        default: true
        }
    }
}
