import Arguments
import Authorization
import HTTPCore
import VendorAPIs

/// The vendors that `auth` can work with, and what that takes.
enum AuthVendor: String, CaseIterable, Sendable {
    case upload, atobi, connector, bidcore

    static let argument = Positional("VENDOR", .choice(of: AuthVendor.self), help: "Whose credentials")
    static let optionalArgument = Positional(
        "VENDOR", .choice(of: AuthVendor.self), help: "Whose credentials; all vendors' if it is left out",
        isOptional: true)

    /// The name under which `auth login --with-stdin` takes a one-time code.
    static let codeKey = "code"

    var vendor: Vendor {
        switch self {
        case .upload: .upload
        case .atobi: .atobi
        case .connector: .connector
        case .bidcore: .bidcore
        }
    }

    /// What must be set before the vendor can be used; a permanent token takes the place of other credentials.
    func requiredKeys(in settings: VendorSettings) -> [String] {
        switch self {
        case .upload: ["identityURL", "apiURL", "clientID", "clientSecret", "apiKey"]
        case .atobi: ["apiVersion", "clientID", "clientSecret"]
        case .connector: settings["token"] == nil ? ["url", "email", "password"] : ["url", "token"]
        case .bidcore: BidCoreConnection.requiredKeys(in: settings)
        }
    }

    /// Settings of which exactly one must be there; empty for none.
    var alternativeKeys: [String] { self == .atobi ? AtobiConnection.places : [] }

    /// Sets of secrets, each of which is enough. `auth login` asks for the first.
    var loginAlternatives: [[String]] {
        switch self {
        case .upload: [["clientSecret", "apiKey"]]
        case .connector, .bidcore: [["password"], ["token"]]
        case .atobi: [["clientSecret"]]
        }
    }

    /// Whether a login may want a one-time code besides.
    var mayNeedCode: Bool { self == .connector }

    /// Where the vendor's tokens come from.
    ///
    /// - Parameter code: A one-time code that is known already.
    func tokenSource(
        _ settings: VendorSettings, _ environment: Environment, code: Secret? = nil
    ) throws(Failure) -> any TokenSource {
        switch self {
        case .upload: try UploadConnection.tokenSource(settings, environment)
        case .atobi: try AtobiConnection.tokenSource(settings, environment)
        case .connector: try ConnectorConnection.tokenSource(settings, environment, code: code)
        case .bidcore: try BidCoreConnection.tokenSource(settings, environment)
        }
    }

    /// Uses the credentials once.
    ///
    /// - Returns: The token that they brought.
    func prove(
        _ source: any TokenSource, _ settings: VendorSettings, _ environment: Environment
    ) async throws -> AccessToken {
        // Asked for in any case: what is in the cache proves nothing about these secrets.
        let token = try await source.fetch(replacing: nil)
        guard !source.isCacheable else { return token }
        // A permanent token is proved by a request that reads.
        switch self {
        case .upload, .atobi: break
        case .connector: _ = try await ConnectorConnection(settings, environment).client.sources()
        case .bidcore: try await BidCoreConnection(settings, environment).proveToken()
        }
        return token
    }
}
