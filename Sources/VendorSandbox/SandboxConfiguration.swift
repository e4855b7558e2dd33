import Foundation

/// How the box is set up. Every default works as it stands.
package struct SandboxConfiguration: Sendable {
    /// The port on 127.0.0.1; 0 takes a free one.
    package var port: UInt16 = 0
    /// Makes tokens, ids and faults repeatable; nil differs from run to run.
    package var seed: UInt64?
    /// The clock of all stand-ins and of the `Date` header.
    package var now: @Sendable () -> Date = { Date() }
    package var upload = UploadPlatformSettings()
    package var forwarder = ForwarderSettings()
    package var atobi = AtobiSettings()
    package var bidcore = BidCoreSettings()
    package var connector = ConnectorSettings()
    /// How the vendors misbehave; every rule is tried on every request.
    package var faults: [FaultRule] = []

    package init() {}
}

/// The identity service and the upload platform.
package struct UploadPlatformSettings: Sendable {
    /// How the processing token is written in the answer to an upload.
    package enum TokenStyle: String, Sendable {
        /// As a JSON string.
        case quoted
        /// As plain text.
        case bare
    }

    package var clientID = "sandbox-client"
    /// Full of characters that must be encoded inside Basic.
    package var clientSecret = "s+c/r=t %&"
    /// Full of characters that must be encoded inside a query.
    package var apiKey = "k+y/9=8 %41&é"
    package var scope = "platform_upload_api"
    /// Seconds until an access token expires.
    package var tokenLifetime = 3600
    /// The status is final at this poll: `queued`, then `processing`, then the outcome.
    package var polls = 3
    package var tokenStyle = TokenStyle.quoted
    /// Between the lines of `feedback`.
    package var feedbackLineEnd = "\r\n"

    package init() {}
}

/// The flat-data forwarder.
package struct ForwarderSettings: Sendable {
    package var accessKeyID = "AKIDSANDBOX"
    /// As long and as awkward as those of AWS.
    package var secretAccessKey = "sandbox/Secret+Access/Key+0123456789abcd"
    /// Required in requests when there is one, refused when there is none.
    package var sessionToken: String?
    package var region = "eu-west-1"
    package var service = "execute-api"
    /// What the settings suggest; the stand-in takes any that is not empty.
    package var groupKey = "sandbox-group"

    package init() {}
}

/// Atobi's tenant.
package struct AtobiSettings: Sendable {
    package var clientID = "sandbox-kpi"
    /// Full of characters that must be encoded inside a form.
    package var clientSecret = "a+t/o=b i%&;é"
    package var apiVersion = "v1"
    /// The identifier of the integration.
    package var type = "sandbox-integration"
    /// Seconds until an access token expires.
    package var tokenLifetime = 3600
    /// KPI requests let through in any 60 seconds.
    package var requestsPerMinute = 180

    package init() {}
}

/// BidCore's workflow API and the token service before it.
package struct BidCoreSettings: Sendable {
    package var username = "trader@example.com"
    /// Full of characters that must be encoded inside a form.
    package var password = "b+i/d=c o%&;é"
    package var scope = "service_id=my.bidcore.iponweb.com"
    /// Valid for ever, beside the tokens that the token endpoint issues.
    package var permanentToken = "sandbox-permanent-token"
    /// Seconds until an access token expires.
    package var tokenLifetime = 3600
    /// `expires_in` as the string that a sibling product's document shows.
    package var writesLifetimeAsString = false
    /// The most entities in one answer to a list.
    package var pageSize = 3
    /// Requests let through in any 60 seconds; nil for any number.
    package var requestsPerMinute: Int?
    /// A PUT drops the fields that it does not give, where the document has it change those that it does.
    package var replacesOnPut = false

    package init() {}
}
