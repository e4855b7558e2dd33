import Authorization
import Foundation
import Synchronization

/// Checks AWS Signature Version 4 from the receiving side: everything is derived from the request as it arrived.
final class SigV4Verifier: Sendable {
    /// Why a request is not let in, in the words of the gateway.
    struct Refusal: Error, Equatable {
        let message: String
    }

    /// What the Authorization header says.
    struct Claim: Equatable {
        let accessKeyID: String
        let date: Substring
        let region: Substring
        let service: Substring
        let signedHeaders: [String]
        let signature: Substring
    }

    private static let algorithm = "AWS4-HMAC-SHA256"
    private static let timestampMask: StaticString = "YYYYmmddTHHiissZ"
    /// Seconds.
    private static let window = 300

    private let credentials: ForwarderSettings
    private let signingKey = Mutex<(day: Substring, key: [UInt8])>(("", []))

    init(_ credentials: ForwarderSettings) {
        self.credentials = credentials
    }

    /// Nil when the signature is right. `bodyHash` is the SHA-256 of the body in hexadecimal.
    func refusal(of request: SandboxRequest, bodyHash: String, now: Date) -> Refusal? {
        do throws(Refusal) {
            try verify(request, bodyHash: bodyHash, now: now)
            return nil
        } catch {
            return error
        }
    }

    private func verify(_ request: SandboxRequest, bodyHash: String, now: Date) throws(Refusal) {
        guard let authorization = request.header("Authorization") else {
            throw Refusal(message: "Missing Authentication Token")
        }
        let claim = try Self.claim(authorization)
        guard let timestamp = request.header("X-Amz-Date") else {
            throw Refusal(
                message: "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        try checkScope(claim, timestamp: timestamp)
        try Self.checkTime(timestamp, now: now)
        try checkSignedHeaders(claim, request)
        let payloadHash = request.header("X-Amz-Content-Sha256") ?? bodyHash
        let canonical = Self.canonicalRequest(request, signedHeaders: claim.signedHeaders, payloadHash: payloadHash)
        let scope = "\(claim.date)/\(claim.region)/\(claim.service)/aws4_request"
        let toSign = Self.stringToSign(canonical, timestamp: timestamp, scope: scope)
        let expected = HMACSHA256.authenticate(key: key(for: claim.date), message: Array(toSign.utf8)).hexEncoded
        guard claim.signature == expected, payloadHash == bodyHash else {
            throw Refusal(
                message: """
                    The request signature we calculated does not match the signature you provided. Check your AWS \
                    Secret Access Key and signing method. Consult the service documentation for details.

                    The Canonical String for this request should have been
                    '\(payloadHash == bodyHash ? canonical : "one with the payload hash \(bodyHash)")'

                    The String-to-Sign should have been
                    '\(toSign)'
                    """)
        }
    }

    // MARK: Claim

    static func claim(_ header: String) throws(Refusal) -> Claim {
        var fields: [Substring: Substring] = [:]
        var rest = header[...]
        if rest.hasPrefix(algorithm + " ") {
            rest = rest.dropFirst(algorithm.count + 1)
            for part in rest.split(separator: ",") {
                let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if pair.count == 2 { fields[pair[0]] = pair[1] }
            }
        }
        let missing = ["Credential", "Signature", "SignedHeaders"].filter { fields[Substring($0)] == nil }
        guard missing.isEmpty, let credential = fields["Credential"], let signature = fields["Signature"],
            let signed = fields["SignedHeaders"]
        else {
            throw Refusal(
                message: missing.map { "Authorization header requires '\($0)' parameter." }.joined(separator: " "))
        }
        // The access key comes first and might hold slashes itself, the four parts of the scope cannot.
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 5, parts.last == "aws4_request" else {
            throw Refusal(
                message: "Credential must have exactly 5 slash-delimited elements, e.g. "
                    + "keyid/date/region/service/term, got '\(credential)'")
        }
        return Claim(
            accessKeyID: parts.dropLast(4).joined(separator: "/"), date: parts[parts.count - 4],
            region: parts[parts.count - 3], service: parts[parts.count - 2],
            signedHeaders: signed.split(separator: ";", omittingEmptySubsequences: false).map(String.init),
            signature: signature)
    }

    private func checkScope(_ claim: Claim, timestamp: String) throws(Refusal) {
        guard claim.accessKeyID == credentials.accessKeyID else {
            throw Refusal(message: "The security token included in the request is invalid.")
        }
        guard claim.region == credentials.region else {
            throw Refusal(
                message: "Credential should be scoped to a valid region, not '\(claim.region)'.")
        }
        guard claim.service == credentials.service else {
            throw Refusal(message: "Credential should be scoped to correct service: '\(credentials.service)'.")
        }
        guard claim.date == timestamp.prefix(8) else {
            throw Refusal(
                message: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    + "'\(claim.date)' != '\(timestamp.prefix(8))', from '\(timestamp)'.")
        }
    }

    private static func checkTime(_ timestamp: String, now: Date) throws(Refusal) {
        guard let signed = CivilTime(timestamp.utf8, mask: timestampMask) else {
            throw Refusal(message: "Date must be in ISO-8601 'basic format'. Got '\(timestamp)'.")
        }
        let current = Int(now.timeIntervalSince1970.rounded(.down))
        func text(_ seconds: Int) -> String {
            CivilTime(Date(timeIntervalSince1970: TimeInterval(seconds))).basic
        }
        if signed.epochSeconds < current - window {
            throw Refusal(
                message: "Signature expired: \(timestamp) is now earlier than \(text(current - window)) "
                    + "(\(text(current)) - 5 min.)")
        }
        if signed.epochSeconds > current + window {
            throw Refusal(
                message: "Signature not yet current: \(timestamp) is still later than \(text(current + window)) "
                    + "(\(text(current)) + 5 min.)")
        }
    }

    private func checkSignedHeaders(_ claim: Claim, _ request: SandboxRequest) throws(Refusal) {
        let signed = claim.signedHeaders
        guard signed == signed.map({ $0.lowercased() }).sorted(), Set(signed).count == signed.count else {
            throw Refusal(message: "SignedHeaders must be in lower case, sorted and without repetition.")
        }
        for name in signed where request.header(name) == nil {
            throw Refusal(message: "The signed header '\(name)' is not in the request.")
        }
        let required = ["host"] + request.headers.map(\.key).filter { $0.hasPrefix("x-amz-") }
        for name in required where !signed.contains(name) {
            throw Refusal(message: "'\(name.capitalized)' must be a 'SignedHeader' in the AWS Authorization.")
        }
        let sessionToken = request.header("X-Amz-Security-Token")
        guard sessionToken == credentials.sessionToken else {
            throw Refusal(message: "The security token included in the request is invalid.")
        }
    }

    // MARK: Signature

    private func key(for day: Substring) -> [UInt8] {
        signingKey.withLock { cached in
            if cached.day != day {
                let secret = Array("AWS4".utf8) + Array(credentials.secretAccessKey.utf8)
                let steps = [String(day), credentials.region, credentials.service, "aws4_request"]
                let key = steps.reduce(secret) { HMACSHA256.authenticate(key: $0, message: Array($1.utf8)) }
                cached = (day, key)
            }
            return cached.key
        }
    }

    static func stringToSign(_ canonicalRequest: String, timestamp: String, scope: String) -> String {
        "\(algorithm)\n\(timestamp)\n\(scope)\n\(SHA256.hash(Array(canonicalRequest.utf8)).hexEncoded)"
    }

    static func canonicalRequest(
        _ request: SandboxRequest, signedHeaders: [String], payloadHash: String, normalizes: Bool = true
    ) -> String {
        var result = request.method + "\n" + canonicalPath(request.path, normalizes: normalizes) + "\n"
        result += canonicalQuery(request.rawQuery ?? "") + "\n"
        for name in signedHeaders {
            result += name + ":"
            result += request.headerValues(name).map(folded).joined(separator: ",") + "\n"
        }
        return result + "\n" + signedHeaders.joined(separator: ";") + "\n" + payloadHash
    }

    /// The path on the wire is encoded already, and every service but S3 encodes it once more.
    private static func canonicalPath(_ path: String, normalizes: Bool) -> String {
        var segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        if normalizes {
            var kept: [Substring.UTF8View] = []
            for (index, segment) in segments.enumerated() {
                let isLast = index == segments.count - 1
                switch String(Substring(segment)) {
                case "", ".": if isLast { kept.append(segment.prefix(0)) }
                case "..":
                    _ = kept.popLast()
                    if isLast { kept.append(segment.prefix(0)) }
                default: kept.append(segment)
                }
            }
            segments = kept[...]
        }
        return "/" + segments.map { FormCoding.percentEncode($0) }.joined(separator: "/")
    }

    private static func canonicalQuery(_ query: String) -> String {
        guard !query.isEmpty else { return "" }
        func encoded(_ text: Substring.UTF8View) -> String {
            FormCoding.percentEncode(FormCoding.percentDecode(text).utf8)
        }
        let pairs = query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return (name: encoded(pair[..<equals]), value: encoded(pair[equals...].dropFirst()))
        }
        return pairs.sorted { ($0.name, $0.value) < ($1.name, $1.value) }.map { "\($0.name)=\($0.value)" }
            .joined(separator: "&")
    }

    /// Without blanks at the ends, and with one in place of several.
    private static func folded(_ value: String) -> String {
        guard value.utf8.contains(0x20) || value.utf8.contains(0x09) else { return value }
        return value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }
}
