import Arguments
import Authorization
import HTTPCore

/// The vendors that `auth` can work with, and what that takes.
enum AuthVendor: String, CaseIterable, Sendable {
    case upload

    static let argument = Positional("VENDOR", .choice(of: AuthVendor.self), help: "Whose credentials")
    static let optionalArgument = Positional(
        "VENDOR", .choice(of: AuthVendor.self), help: "Whose credentials; all vendors' if it is left out",
        isOptional: true)

    var vendor: Vendor {
        switch self {
        case .upload: .upload
        }
    }

    /// What must be set before the vendor can be used.
    var requiredKeys: [String] {
        switch self {
        case .upload: ["identityURL", "apiURL", "clientID", "clientSecret", "apiKey"]
        }
    }

    /// The secrets that `auth login` asks for.
    var loginKeys: [String] {
        switch self {
        case .upload: ["clientSecret", "apiKey"]
        }
    }

    /// Where the vendor's tokens come from.
    func tokenSource(_ settings: VendorSettings, _ environment: Environment) throws(Failure) -> any TokenSource {
        switch self {
        case .upload: try UploadConnection.tokenSource(settings, environment)
        }
    }
}
