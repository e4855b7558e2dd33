import HTTPCore

/// One setting of a vendor, as cli.md's table names it.
struct SettingSpecification: Sendable {
    enum Kind: Sendable, Equatable {
        case text
        case secret
        /// A base to which the vendor's paths are added.
        case baseURL
        /// A whole endpoint.
        case endpoint
        case integer(ClosedRange<Int>)
        case choice([String])
    }

    var vendor: Vendor
    /// The key in the settings file.
    var key: String
    var kind: Kind
    /// The environment names, the vendor's own first, then what other tools call the same thing.
    var environment: [String]
    var fallback: String?
    /// What it is, for `help environment` and the settings template.
    var meaning: String

    var isSecret: Bool { kind == .secret }
}

/// Every setting of every vendor, declared once: environment, settings file, `auth status`, `config` and help read this.
enum SettingCatalog {
    static func settings(of vendor: Vendor) -> [SettingSpecification] { all.filter { $0.vendor == vendor } }

    static let all: [SettingSpecification] = {
        var result: [SettingSpecification] = []
        func add(
            _ vendor: Vendor, _ key: String, _ kind: SettingSpecification.Kind = .text, also: [String] = [],
            fallback: String? = nil, is meaning: String
        ) {
            result.append(
                SettingSpecification(
                    vendor: vendor, key: key, kind: kind, environment: [environmentName(vendor, key)] + also,
                    fallback: fallback, meaning: meaning))
        }
        add(.upload, "identityURL", .baseURL, is: "the identity service, to which /connect/token is added")
        add(.upload, "apiURL", .baseURL, is: "the API, to which /api/UploadData and /api/GetResults are added")
        add(.upload, "clientID", is: "the client id")
        add(.upload, "clientSecret", .secret, is: "the client secret")
        add(.upload, "apiKey", .secret, is: "the API key")
        add(.upload, "scope", fallback: "platform_upload_api", is: "the OAuth scope")

        add(.atobi, "clientName", is: "the tenant: the host is https://{clientName}.erapp.dk")
        add(.atobi, "url", .baseURL, is: "the host, where it is not the tenant's usual one")
        add(.atobi, "apiVersion", is: "the version in the path, such as v1")
        add(.atobi, "clientID", is: "the client id")
        add(.atobi, "clientSecret", .secret, is: "the client secret")
        add(.atobi, "scope", is: "the OAuth scope, if one is wanted")
        add(.atobi, "type", is: "the integration identifier that Atobi issued")
        add(.atobi, "requestsPerMinute", .integer(1...100_000), fallback: "180", is: "the vendor's limit")
        add(
            .atobi, "tokenGrantField", .choice(["grant_type", "grant-type"]), fallback: "grant_type",
            is: "the name of the grant's form field; grant-type as Atobi's document prints it")

        add(
            .connector, "url", .baseURL, fallback: "https://headless.dataddo.com/customer-api/v1", is: "the API's base")
        add(.connector, "email", is: "the user's e-mail address")
        add(.connector, "password", .secret, is: "the user's password")
        add(.connector, "token", .secret, is: "a permanent token, in place of e-mail and password")

        add(.forwarder, "url", .endpoint, is: "the whole endpoint, such as https://api.datatalks.se/v1/contacts")
        add(.forwarder, "region", also: ["AWS_REGION"], is: "the AWS region that requests are signed for")
        add(.forwarder, "service", fallback: "execute-api", is: "the AWS service that requests are signed for")
        add(.forwarder, "accessKeyID", also: ["AWS_ACCESS_KEY_ID"], is: "the access key id")
        add(.forwarder, "secretAccessKey", .secret, also: ["AWS_SECRET_ACCESS_KEY"], is: "the secret access key")
        add(.forwarder, "sessionToken", .secret, also: ["AWS_SESSION_TOKEN"], is: "the session token, if there is one")
        add(.forwarder, "groupKey", is: "the group key, part of every event")

        add(.bidcore, "url", .baseURL, is: "the API's base, to which /{entity}/ is added")
        add(
            .bidcore, "tokenURL", .endpoint, fallback: "https://uauth.iponweb.com/oauth2/token/",
            is: "the whole token endpoint")
        add(.bidcore, "username", is: "the BidCore user name")
        add(.bidcore, "password", .secret, is: "the password")
        add(.bidcore, "scope", fallback: "service_id=my.bidcore.iponweb.com", is: "the scope of the token")
        add(.bidcore, "token", .secret, is: "a permanent token, in place of user name and password")
        return result
    }()

    /// `clientID` of `upload` is `INTEGRATE_UPLOAD_CLIENT_ID`, `identityURL` is `INTEGRATE_UPLOAD_IDENTITY_URL`.
    private static func environmentName(_ vendor: Vendor, _ key: String) -> String {
        var name = ""
        var previousIsLower = false
        for character in key {
            if character.isUppercase, previousIsLower { name += "_" }
            previousIsLower = character.isLowercase
            name += character.uppercased()
        }
        return "INTEGRATE_\(vendor.rawValue.uppercased())_\(name)"
    }
}
