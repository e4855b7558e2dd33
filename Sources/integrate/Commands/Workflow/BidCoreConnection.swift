import Authorization
import Foundation
import HTTPCore
import VendorAPIs

/// BidCore as the settings describe it.
struct BidCoreConnection {
    let client: BidCoreClient

    init(_ environment: Environment) throws(Failure) {
        try self.init(environment.settings().resolve(.bidcore), environment)
    }

    init(_ settings: VendorSettings, _ environment: Environment) throws(Failure) {
        try settings.require(Self.requiredKeys(in: settings))
        let source = try Self.tokenSource(settings, environment)
        client = BidCoreClient(
            base: try settings.url("url"), stack: environment.stack(), authorizer: try environment.bearer(source),
            timeout: environment.globals.timeout)
    }

    /// Uses the token once, on the only entity that the documents name.
    func proveToken() async throws {
        var pages = client.list("publishers")
        do {
            _ = try await pages.next()
        } catch let failure as Failure where failure.status == 403 || failure.status == 404 {
            // The token was taken; what it may see is another matter.
        }
    }

    /// A permanent token needs no user, a user no permanent token.
    static func requiredKeys(in settings: VendorSettings) -> [String] {
        settings["token"] == nil ? ["url", "tokenURL", "username", "password"] : ["url", "token"]
    }

    /// Where BidCore's tokens come from; needs no URL of the API.
    static func tokenSource(
        _ settings: VendorSettings, _ environment: Environment
    ) throws(Failure) -> any TokenSource {
        if settings["token"] != nil {
            return PermanentToken(
                try settings.secret("token"), vendor: .bidcore, endpoint: "", now: environment.timing.now)
        }
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
