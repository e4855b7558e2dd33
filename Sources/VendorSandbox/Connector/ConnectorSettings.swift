/// The connector service.
package struct ConnectorSettings: Sendable {
    /// Which form of the token's renewal there is; the documents contradict each other.
    package enum Refresh: String, Sendable {
        /// `POST /refresh` with the old bearer token and the refresh token in JSON.
        case post
        /// `GET /refresh` with `X-Realm-Id`, `X-Refresh-Token` and `X-Provider`.
        case get
        /// Neither.
        case none
    }

    /// How the id of an authorizer is written.
    package enum AuthorizerID: String, Sendable {
        /// `{"id":1000}`
        case number
        /// `{"id":"1000"}`
        case string
        /// `{"oAuthId":"1000"}`
        case oAuthID
    }

    package var email = "system+api@example.com"
    /// Full of characters that must be escaped in JSON.
    package var password = #"p"ä\ss/w+rd %41&"#
    /// Accepted besides the tokens issued, when there is one.
    package var permanentToken: String?
    /// Asked for after the password, when there is one.
    package var oneTimeCode: String?
    /// Seconds until an access token expires.
    package var tokenLifetime = 3600
    package var refresh = Refresh.post
    /// Whether a login's answer holds `realm_id` and `provider`.
    package var givesRealm = true
    /// Whether each call must repeat them.
    package var requiresRealm = false
    package var authorizerID = AuthorizerID.number
    /// Whether the answer to `POST /services` holds the client secret, as the vendor's OpenAPI file says it may.
    package var echoesSecrets = true

    package init() {}
}
