import Authorization
import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// Atobi's tenant as the settings describe it.
struct AtobiConnection {
    /// One of these says where the tenant is.
    static let places = ["clientName", "url"]

    let client: AtobiClient
    /// The whole endpoint, to which a journal belongs.
    let destination: String
    /// Fetches a token where there is none yet, so that no request has to wait for one after its turn has come.
    let prepare: @Sendable () async throws -> Void

    init(_ environment: Environment) throws {
        let settings = try environment.settings().resolve(.atobi)
        try settings.require(["apiVersion", "clientID", "clientSecret"], oneOf: Self.places)
        let base = try Self.base(settings)
        let limiter = try Self.limiter(settings, environment)
        let authorizer: any RequestAuthorizer
        if environment.globals.isDryRun {
            authorizer = PlaceholderAuthorizer(vendor: .atobi, attributes: [:], masker: environment.masker)
            prepare = {}
        } else {
            let pace = TokenPace(limiter)
            let tokens = try environment.tokens(from: try Self.tokenSource(settings, environment, pace))
            authorizer = BearerAuthorizer(tokens)
            prepare = {
                _ = try await tokens.token()
                pace.beginRun()
            }
        }
        let api = APIClient(
            vendor: .atobi, base: base,
            transport: environment.stack().transport(
                authorizer: authorizer, limiter: environment.globals.isDryRun ? nil : limiter),
            timeout: environment.globals.timeout, masker: environment.masker)
        client = AtobiClient(api: api, apiVersion: try settings.text("apiVersion"))
        do throws(TransportError) {
            let request = try client.endpoint(Data()).request(to: base)
            destination = "\(request.origin)\(request.path)"
        } catch {
            throw Failure(.configuration, vendor: .atobi, "apiVersion: \(error.message)")
        }
    }

    /// Where the tenant's tokens come from.
    static func tokenSource(_ settings: VendorSettings, _ environment: Environment) throws(Failure) -> OAuthClient {
        try settings.require(["clientID", "clientSecret"], oneOf: places)
        return try tokenSource(settings, environment, TokenPace(try limiter(settings, environment)))
    }

    private static func tokenSource(
        _ settings: VendorSettings, _ environment: Environment, _ pace: TokenPace
    ) throws(Failure) -> OAuthClient {
        let api = APIClient(
            vendor: .atobi, base: try base(settings),
            transport: environment.stack().transport(limiter: environment.globals.isDryRun ? nil : pace),
            timeout: environment.globals.timeout, masker: environment.masker)
        return AtobiClient.tokenSource(
            api: api, clientID: try settings.text("clientID"), clientSecret: try settings.secret("clientSecret"),
            grantField: try settings.choice("tokenGrantField"), scope: settings["scope"] ?? "",
            now: environment.timing.now)
    }

    static func base(_ settings: VendorSettings) throws(Failure) -> BaseURL {
        if settings["url"] != nil { return try settings.url("url") }
        return try AtobiClient.base(clientName: try settings.text("clientName"))
    }

    /// The tenant's limit, which all its clients of the same id share.
    private static func limiter(
        _ settings: VendorSettings, _ environment: Environment
    ) throws(Failure) -> AtobiRateLimiter {
        let whose = [try base(settings).description, try settings.text("clientID")].joined(separator: "\n")
        return AtobiRateLimiter(
            directory: try environment.paths().limits,
            name: "atobi-" + Array(SHA256.hash(Array(whose.utf8))[..<8]).hexEncoded,
            requestsPerMinute: try settings.integer("requestsPerMinute"), timing: environment.timing,
            warn: { [output = environment.output] in output.warn($0) })
    }
}
