import Foundation
import HTTPCore

/// A bearer token and what the token endpoint said about it.
public struct AccessToken: Sendable, Equatable {
    /// The token.
    public var value: Secret
    /// When it ends; nil where the endpoint did not say, and then it is used by this process only.
    public var expiresAt: Date?
    /// When it was issued, by this machine's clock.
    public var issuedAt: Date
    /// For vendors that renew by one (the connector service).
    public var refreshToken: Secret?
    /// Header fields that the vendor wants repeated in each request (the connector service's realm and provider).
    public var attributes: [String: String]

    /// Creates a token.
    public init(
        _ value: Secret, expiresAt: Date?, issuedAt: Date, refreshToken: Secret? = nil,
        attributes: [String: String] = [:]
    ) {
        self.value = value
        self.expiresAt = expiresAt
        self.issuedAt = issuedAt
        self.refreshToken = refreshToken
        self.attributes = attributes
    }

    /// Whether a request begun now may use it: it ends no sooner than in a minute, or a tenth of its life where that is less.
    public func isUsable(at now: Date) -> Bool {
        guard let expiresAt else { return true }
        let margin = min(60, expiresAt.timeIntervalSince(issuedAt) / 10)
        // A token from the future was stored under another clock; it says nothing about this one.
        return now < expiresAt.addingTimeInterval(-margin) && issuedAt <= now.addingTimeInterval(300)
    }
}

/// What makes two token requests the same: endpoint, client and scope.
public struct TokenIdentity: Sendable, Hashable {
    /// The token endpoint's URL.
    public var endpoint: String
    /// Client id or user name.
    public var client: String
    /// The scope asked for.
    public var scope: String

    /// Creates an identity.
    public init(endpoint: String, client: String, scope: String) {
        self.endpoint = endpoint
        self.client = client
        self.scope = scope
    }

    /// The name of its file in the cache: a digest, for any of the three may hold any character.
    package var fileName: String {
        let text = [endpoint, client, scope].map { "\($0.utf8.count):\($0)" }.joined()
        return Array(SHA256.hash(Array(text.utf8))[..<16]).hexEncoded
    }
}

/// Gets tokens from a vendor.
public protocol TokenSource: Sendable {
    /// The vendor whose token endpoint it is.
    var vendor: Vendor { get }
    /// Under what the token is cached.
    var identity: TokenIdentity { get }
    /// Whether tokens are kept in the cache; not those that a setting holds already.
    var isCacheable: Bool { get }
    /// Asks the vendor for a new token.
    ///
    /// - Parameter previous: The token that is being replaced, where there is one; it may hold a refresh token.
    func fetch(replacing previous: AccessToken?) async throws -> AccessToken
}

extension TokenSource {
    /// They are, unless a source says otherwise.
    public var isCacheable: Bool { true }
}

/// A permanent token from the settings: it is used as it is, and a vendor's 401 is final.
public struct PermanentToken: TokenSource {
    /// Whose token it is.
    public let vendor: Vendor
    /// The API that it opens.
    public let identity: TokenIdentity
    /// False: the setting holds it already.
    public let isCacheable = false
    private let token: Secret
    private let now: @Sendable () -> Date

    /// Creates a source of `token` for the API at `endpoint`.
    public init(
        _ token: Secret, vendor: Vendor, endpoint: String, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.vendor = vendor
        self.token = token
        self.now = now
        identity = TokenIdentity(endpoint: endpoint, client: "permanent token", scope: "")
    }

    /// The token, without asking anybody.
    ///
    /// - Throws: ``Failure`` when it holds what cannot stand in a header.
    public func fetch(replacing previous: AccessToken?) async throws -> AccessToken {
        guard HTTPFields([HTTPField("Authorization", token.reveal())]).firstInvalid == nil else {
            throw Failure(
                .configuration, vendor: vendor, "the permanent token cannot stand in a header",
                hint: "see that it has no line end: integrate auth status \(vendor.rawValue)")
        }
        return AccessToken(token, expiresAt: nil, issuedAt: now())
    }
}
