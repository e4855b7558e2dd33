import Foundation
import Synchronization

/// An access key with which requests are signed.
///
/// Its descriptions and its mirror show the access key id and nothing else.
package struct SigV4Credentials: Sendable, Equatable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Of temporary credentials; it travels as `x-amz-security-token`.
    package let sessionToken: String?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}

extension SigV4Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SigV4Credentials(accessKeyID: \(accessKeyID))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// What the signature covers, exactly as it goes over the wire.
package struct SigV4Request: Sendable {
    package var method: String
    /// Percent-encoded, with its leading slash; without the query.
    package var path: String
    /// Percent-encoded, without the question mark; empty if there is none. A `+` in it stands for a plus sign.
    package var query: String
    /// Must hold `host`, with the port if that is not the scheme's own. Hop-by-hop headers and those that proxies or the
    /// HTTP library write (`user-agent`, `connection`, ...) may be here and are not signed.
    package var headers: [(name: String, value: String)]
    /// The body's SHA-256 in lower-case hexadecimal, or a word the service defines, such as `UNSIGNED-PAYLOAD`.
    package var payloadHash: String

    package init(
        method: String, path: String, query: String = "", headers: [(name: String, value: String)], payloadHash: String
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.payloadHash = payloadHash
    }

    /// A request whose body is in memory.
    package init(
        method: String, path: String, query: String = "", headers: [(name: String, value: String)],
        body: some ContiguousBytes
    ) {
        self.init(
            method: method, path: path, query: query, headers: headers, payloadHash: SHA256.hash(body).hexEncoded)
    }
}

/// The headers a signed request needs besides those it had; each replaces one of the same name.
package struct SignedHeaders: Sendable, Equatable {
    /// `authorization`. Not a secret that outlives some minutes, but nothing to print either.
    package let authorization: String
    /// `x-amz-date`, such as `20150830T123600Z`.
    package let date: String
    /// `x-amz-security-token`, if the credentials are temporary.
    package let securityToken: String?
    /// `x-amz-content-sha256`, if the signer was asked for it.
    package let contentSHA256: String?

    /// All of them as names (lower case) and values.
    package var all: [(name: String, value: String)] {
        var all = [(name: "x-amz-date", value: date), (name: "authorization", value: authorization)]
        if let securityToken { all.append((name: "x-amz-security-token", value: securityToken)) }
        if let contentSHA256 { all.append((name: "x-amz-content-sha256", value: contentSHA256)) }
        return all
    }

    /// The signature alone: 64 lower-case hexadecimal digits.
    package var signature: Substring { authorization.suffix(64) }
}

/// AWS Signature Version 4 in the `Authorization` header, for every service but S3 (whose paths are encoded otherwise).
///
/// It knows requests as text and bytes only, so that what is signed is what the caller sends. Safe to share between tasks.
package struct SigV4Signer: Sendable {
    /// Deviations from what nearly every service wants.
    package struct Options: Sendable {
        /// Resolve `.` and `..` and merge repeated slashes in the canonical path.
        package var normalizePath = true
        /// Send the session token but leave it out of the signature.
        package var omitSessionTokenFromSignature = false
        /// Add and sign `x-amz-content-sha256`.
        package var addContentSHA256Header = false

        package init() {}
    }

    package let credentials: SigV4Credentials
    package let options: Options
    /// `/region/service/aws4_request`: the credential scope after its day.
    private let scopeSuffix: [UInt8]
    private let authorizationPrefix: [UInt8]
    private let keys: SigningKeyCache

    /// A signer for one service in one region.
    package init(credentials: SigV4Credentials, region: String, service: String, options: Options = Options()) {
        self.credentials = credentials
        self.options = options
        scopeSuffix = Array("/\(region)/\(service)/aws4_request".utf8)
        authorizationPrefix = Array("\(Self.algorithm) Credential=\(credentials.accessKeyID)/".utf8)
        keys = SigningKeyCache(secretAccessKey: credentials.secretAccessKey, region: region, service: service)
    }

    /// Signs `request` as sent at `date`. What it already holds of the headers that the signer adds is disregarded, so a
    /// retry may pass the headers of the attempt before.
    package func sign(_ request: SigV4Request, at date: Date) -> SignedHeaders {
        let time = SigV4Timestamp(date)
        let canonical = SigV4CanonicalRequest(
            request, time: time, sessionToken: credentials.sessionToken, options: options)
        let signature = HMACSHA256.authenticate(
            key: keys.key(for: time), message: stringToSign(canonicalRequest: canonical.bytes, time: time))

        var authorization: [UInt8] = []
        authorization.reserveCapacity(320)
        authorization += authorizationPrefix
        authorization += time.day
        authorization += scopeSuffix
        authorization += Self.signedHeadersLabel
        authorization += canonical.bytes[canonical.signedHeaders]
        authorization += Self.signatureLabel
        authorization.appendHex(signature)
        return SignedHeaders(
            authorization: String(decoding: authorization, as: UTF8.self),
            date: String(decoding: time.text, as: UTF8.self),
            securityToken: credentials.sessionToken,
            contentSHA256: options.addContentSHA256Header ? request.payloadHash : nil)
    }

    /// The first step of signing by itself: the request in its one canonical form.
    package func canonicalRequest(_ request: SigV4Request, at date: Date) -> [UInt8] {
        SigV4CanonicalRequest(
            request, time: SigV4Timestamp(date), sessionToken: credentials.sessionToken, options: options
        ).bytes
    }

    /// The second step by itself: what the signing key authenticates.
    package func stringToSign(canonicalRequest: [UInt8], at date: Date) -> [UInt8] {
        stringToSign(canonicalRequest: canonicalRequest, time: SigV4Timestamp(date))
    }

    private func stringToSign(canonicalRequest: [UInt8], time: SigV4Timestamp) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text += Self.algorithm.utf8
        text.append(0x0a)
        text += time.text
        text.append(0x0a)
        text += time.day
        text += scopeSuffix
        text.append(0x0a)
        text.appendHex(SHA256.hash(canonicalRequest))
        return text
    }

    private static let algorithm = "AWS4-HMAC-SHA256"
    private static let signedHeadersLabel = Array(", SignedHeaders=".utf8)
    private static let signatureLabel = Array(", Signature=".utf8)
}

/// The signing key of the day it was last asked for; deriving one takes four HMACs.
private final class SigningKeyCache: Sendable, CustomReflectable {
    private let secret: [UInt8]
    private let region: [UInt8]
    private let service: [UInt8]
    private let latest = Mutex<(day: [UInt8], key: [UInt8])?>(nil)

    init(secretAccessKey: String, region: String, service: String) {
        secret = Array("AWS4\(secretAccessKey)".utf8)
        self.region = Array(region.utf8)
        self.service = Array(service.utf8)
    }

    func key(for time: SigV4Timestamp) -> [UInt8] {
        latest.withLock { latest in
            if let latest, latest.day.elementsEqual(time.day) { return latest.key }
            let day = Array(time.day)
            var key = HMACSHA256.authenticate(key: secret, message: day)
            key = HMACSHA256.authenticate(key: key, message: region)
            key = HMACSHA256.authenticate(key: key, message: service)
            key = HMACSHA256.authenticate(key: key, message: Self.terminator)
            latest = (day, key)
            return key
        }
    }

    /// Shows nothing: whoever dumps a signer must not see the secret.
    var customMirror: Mirror { Mirror(self, children: []) }

    private static let terminator = Array("aws4_request".utf8)
}
