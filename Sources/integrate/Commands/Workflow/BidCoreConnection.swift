import Authorization
import Foundation
import HTTPCore
import VendorAPIs

/// BidCore as the settings describe it.
struct BidCoreConnection {
    let client: BidCoreClient

    init(_ environment: Environment) throws(Failure) {
        let settings = try environment.settings().resolve(.bidcore)
        try settings.require(Self.requiredKeys(settings))
        let source = try Self.tokenSource(settings, environment)
        client = BidCoreClient(
            base: try settings.url("url"), stack: environment.stack(), authorizer: try environment.bearer(source),
            timeout: environment.globals.timeout)
    }

    /// A permanent token needs no user, a user no permanent token.
    static func requiredKeys(_ settings: VendorSettings) -> [String] {
        settings["token"] == nil ? ["url", "tokenURL", "username", "password"] : ["url"]
    }

    /// Where BidCore's tokens come from; needs no URL of the API.
    static func tokenSource(
        _ settings: VendorSettings, _ environment: Environment
    ) throws(Failure) -> any TokenSource {
        if let token = settings["token"] { return PermanentToken(vendor: .bidcore, token: Secret(token)) }
        try settings.require(["tokenURL", "username", "password"])
        let api = APIClient(
            vendor: .bidcore, base: try settings.url("tokenURL"), transport: environment.stack().transport(),
            timeout: environment.globals.timeout)
        return OAuthClient(
            api: api, path: [],
            grant: .password(username: try settings.text("username"), password: try settings.secret("password")),
            scope: settings["scope"] ?? "", now: environment.timing.now)
    }
}

/// A token from the settings: asking for another brings the same one, so a 401 is final.
private struct PermanentToken: TokenSource {
    let vendor: Vendor
    let token: Secret

    var identity: TokenIdentity { TokenIdentity(endpoint: "", client: "permanent token", scope: vendor.rawValue) }

    func fetch(replacing previous: AccessToken?) async throws -> AccessToken {
        AccessToken(token, expiresAt: nil, issuedAt: Date())
    }
}
