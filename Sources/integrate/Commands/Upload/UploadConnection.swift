import Authorization
import Foundation
import HTTPCore
import VendorAPIs

/// The upload platform as the settings describe it.
struct UploadConnection {
    let client: UploadPlatformClient
    let records: UploadRecords

    init(_ environment: Environment) throws(Failure) {
        let settings = try environment.settings().resolve(.upload)
        try settings.require(["identityURL", "apiURL", "clientID", "clientSecret", "apiKey"])
        let base = try settings.url("apiURL")
        let clientID = try settings.text("clientID")
        let stack = environment.stack()
        let source = try Self.tokenSource(settings, environment)
        let api = APIClient(
            vendor: .upload, base: base, transport: stack.transport(authorizer: try environment.bearer(source)),
            timeout: environment.globals.timeout, masker: environment.masker)
        client = UploadPlatformClient(api: api, clientID: clientID, apiKey: try settings.secret("apiKey"))
        records = UploadRecords(
            directory: try environment.paths().uploads,
            destination: [settings.profile, base.description, clientID].joined(separator: "\n"))
    }

    /// Where the platform's tokens come from; needs neither the API's URL nor its key.
    static func tokenSource(_ settings: VendorSettings, _ environment: Environment) throws(Failure) -> OAuthClient {
        try settings.require(["identityURL", "clientID", "clientSecret"])
        let api = APIClient(
            vendor: .upload, base: try settings.url("identityURL"), transport: environment.stack().transport(),
            timeout: environment.globals.timeout, masker: environment.masker)
        return OAuthClient(
            api: api, path: UploadPlatformClient.tokenPath,
            grant: .clientCredentialsInHeader(
                clientID: try settings.text("clientID"), clientSecret: try settings.secret("clientSecret")),
            scope: settings["scope"] ?? UploadPlatformClient.defaultScope, now: environment.timing.now)
    }
}
