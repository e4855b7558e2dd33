import Authorization
import Foundation
import HTTPCore
import VendorAPIs

/// The data forwarder as the settings describe it.
struct ForwarderConnection {
    let client: DataForwarderClient
    /// The whole endpoint, to which a journal belongs.
    let destination: String
    let groupKey: String

    /// - Parameters:
    ///   - groupKey: Given on the command line; otherwise it comes from the settings.
    ///   - rate: At most so many requests a second; nil for no limit.
    init(groupKey: String?, rate: Double?, _ environment: Environment) throws(Failure) {
        let settings = try environment.settings().resolve(.forwarder)
        var needed = ["url", "region", "accessKeyID", "secretAccessKey"]
        if groupKey == nil { needed.append("groupKey") }
        try settings.require(needed)
        let url = try settings.url("url")
        // A session token belongs to its key: one from elsewhere would spoil the signature.
        let keySource = settings.values["accessKeyID"]?.source.kind
        let token = settings.values["sessionToken"].flatMap { $0.source.kind == keySource ? Secret($0.value) : nil }
        let authorizer: any RequestAuthorizer = SigV4Authorizer(
            accessKeyID: try settings.text("accessKeyID"), secretAccessKey: try settings.secret("secretAccessKey"),
            sessionToken: token, region: try settings.text("region"), service: settings["service"] ?? "execute-api",
            now: environment.timing.now)
        let transport = environment.stack().transport(
            authorizer: authorizer, limiter: rate.map { LocalRateLimiter(perSecond: $0, timing: environment.timing) })
        let key = if let groupKey { groupKey } else { try settings.text("groupKey") }
        let api = APIClient(
            vendor: .forwarder, base: url, transport: transport, timeout: environment.globals.timeout,
            masker: environment.masker)
        client = DataForwarderClient(api: api, groupKey: key, now: environment.timing.now)
        destination = url.description
        self.groupKey = key
    }
}
