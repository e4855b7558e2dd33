import Arguments
import Authorization
import HTTPCore

/// The vendors that `auth` can work with, and what that takes.
enum AuthVendor: String, CaseIterable, Sendable {
    case upload, bidcore

    static let argument = Positional("VENDOR", .choice(of: AuthVendor.self), help: "Whose credentials")
    static let optionalArgument = Positional(
        "VENDOR", .choice(of: AuthVendor.self), help: "Whose credentials; all vendors' if it is left out",
        isOptional: true)

    var vendor: Vendor {
        switch self {
        case .upload: .upload
        case .bidcore: .bidcore
        }
    }

    /// What must be set before the vendor can be used.
    func requiredKeys(_ settings: VendorSettings) -> [String] {
        switch self {
        case .bidcore: BidCoreConnection.requiredKeys(settings)
        case .upload: ["identityURL", "apiURL", "clientID", "clientSecret", "apiKey"]
        }
    }

    /// The secrets that `auth login` asks for.
    var loginKeys: [String] {
        switch self {
        case .upload: ["clientSecret", "apiKey"]
        case .bidcore: ["password"]
        }
    }

    /// Where the vendor's tokens come from.
    func tokenSource(_ settings: VendorSettings, _ environment: Environment) throws(Failure) -> any TokenSource {
        switch self {
        case .upload: try UploadConnection.tokenSource(settings, environment)
        case .bidcore: try BidCoreConnection.tokenSource(settings, environment)
        }
    }
}
