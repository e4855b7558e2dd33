import Authorization
import Foundation
import HTTPCore
import VendorAPIs

/// The connector service as the settings describe it.
struct ConnectorConnection {
    let client: ConnectorServiceClient

    init(_ environment: Environment) throws(Failure) {
        try self.init(environment.settings().resolve(.connector), environment)
    }

    init(_ settings: VendorSettings, _ environment: Environment) throws(Failure) {
        let source = try Self.tokenSource(settings, environment)
        client = ConnectorServiceClient(
            api: APIClient(
                vendor: .connector, base: try settings.url("url"),
                transport: environment.stack().transport(authorizer: try environment.bearer(source)),
                timeout: environment.globals.timeout))
    }

    /// A permanent token where one is set, else tokens for e-mail address and password.
    ///
    /// - Parameter code: The one-time code, where it is known before the service asks for it.
    static func tokenSource(
        _ settings: VendorSettings, _ environment: Environment, code: Secret? = nil
    ) throws(Failure) -> any TokenSource {
        let base = try settings.url("url")
        if settings["token"] != nil {
            return PermanentToken(
                try settings.secret("token"), vendor: .connector, endpoint: base.description,
                now: environment.timing.now)
        }
        try settings.require(["email", "password"])
        let api = APIClient(
            vendor: .connector, base: base, transport: environment.stack().transport(),
            timeout: environment.globals.timeout)
        return ConnectorLogin(
            api: api, email: try settings.text("email"), password: try settings.secret("password"),
            now: environment.timing.now, code: { try code?.reveal() ?? promptForCode(environment) })
    }

    private static func promptForCode(_ environment: Environment) throws(Failure) -> String {
        guard environment.canPrompt else {
            throw Failure(
                .configuration, vendor: .connector,
                "the connector service asks for a one-time code, and there is nobody to ask",
                hint: "log in on a terminal, after which the token renews itself: integrate auth login connector")
        }
        let code = try Prompt.secret("\(Vendor.connector.title): one-time code")
        guard !code.isEmpty else { throw Failure(.configuration, vendor: .connector, "the one-time code is empty") }
        environment.masker.register(code)
        return code
    }
}
