import Arguments
import Authorization
import HTTPCore

/// The vendors that `auth` can work with, and what that takes.
enum AuthVendor: String, CaseIterable, Sendable {
    case upload, atobi

    static let argument = Positional("VENDOR", .choice(of: AuthVendor.self), help: "Whose credentials")
    static let optionalArgument = Positional(
        "VENDOR", .choice(of: AuthVendor.self), help: "Whose credentials; all vendors' if it is left out",
        isOptional: true)

    var vendor: Vendor {
        switch self {
        case .upload: .upload
        case .atobi: .atobi
        }
    }

    /// What must be set before the vendor can be used.
    var requiredKeys: [String] {
        switch self {
        case .upload: ["identityURL", "apiURL", "clientID", "clientSecret", "apiKey"]
        case .atobi: ["apiVersion", "clientID", "clientSecret"]
        }
    }

    /// Settings of which exactly one must be there; empty for none.
    var alternativeKeys: [String] {
        switch self {
        case .upload: []
        case .atobi: AtobiConnection.places
        }
    }

    /// The secrets that `auth login` asks for.
    var loginKeys: [String] {
        switch self {
        case .upload: ["clientSecret", "apiKey"]
        case .atobi: ["clientSecret"]
        }
    }

    /// Where the vendor's tokens come from.
    func tokenSource(_ settings: VendorSettings, _ environment: Environment) throws(Failure) -> any TokenSource {
        switch self {
        case .upload: try UploadConnection.tokenSource(settings, environment)
        case .atobi: try AtobiConnection.tokenSource(settings, environment)
        }
    }
}
