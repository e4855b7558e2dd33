import Authorization
import Foundation
import Testing

@testable import VendorSandbox

struct SigV4VerifierTests {
    private struct Vector: Decodable {
        let name: String
        let method: String
        let target: String
        let headers: [[String]]
        let body: String
        let accessKeyID: String
        let secretAccessKey: String
        let sessionToken: String?
        let omitSessionTokenFromSignature: Bool
        let normalizePath: Bool
        let addContentSHA256Header: Bool
        let region: String
        let service: String
        let timestamp: String
        let expectedCanonicalRequest: String
        let expectedStringToSign: String
        let expectedSignature: String
    }

    // AWS's published vectors, kept beside the tests of Authorization.
    @Test("the published vectors give their canonical request and string to sign, and verify")
    func vectors() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "AuthorizationTests/Fixtures/sigv4-vectors.json")
        let vectors = try JSONDecoder().decode([Vector].self, from: Data(contentsOf: file))
        #expect(vectors.count == 26)
        for vector in vectors {
            let lines = vector.expectedCanonicalRequest.components(separatedBy: "\n")
            let signed = lines[lines.count - 2]
            let hash = lines[lines.count - 1]
            let basic = vector.timestamp.filter { $0 != "-" && $0 != ":" }
            var headers = vector.headers.map { SandboxHeader($0[0], $0[1]) } + [SandboxHeader("X-Amz-Date", basic)]
            if vector.addContentSHA256Header { headers.append(SandboxHeader("x-amz-content-sha256", hash)) }
            if let token = vector.sessionToken, !vector.omitSessionTokenFromSignature {
                headers.append(SandboxHeader("X-Amz-Security-Token", token))
            }
            let scope = "\(basic.prefix(8))/\(vector.region)/\(vector.service)/aws4_request"
            headers.append(
                SandboxHeader(
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=\(vector.accessKeyID)/\(scope), SignedHeaders=\(signed), "
                        + "Signature=\(vector.expectedSignature)"))
            let request = SandboxRequest(
                method: vector.method, target: vector.target, headers: headers, body: Array(vector.body.utf8),
                receivedAt: Date())
            let canonical = SigV4Verifier.canonicalRequest(
                request, signedHeaders: signed.components(separatedBy: ";"), payloadHash: hash,
                normalizes: vector.normalizePath)
            #expect(canonical == vector.expectedCanonicalRequest, "\(vector.name)")
            #expect(SHA256.hash(Array(vector.body.utf8)).hexEncoded == hash, "\(vector.name)")
            let toSign = SigV4Verifier.stringToSign(canonical, timestamp: basic, scope: scope)
            #expect(toSign == vector.expectedStringToSign, "\(vector.name)")
            guard vector.normalizePath else { continue }
            var settings = ForwarderSettings()
            settings.accessKeyID = vector.accessKeyID
            settings.secretAccessKey = vector.secretAccessKey
            settings.region = vector.region
            settings.service = vector.service
            settings.sessionToken = vector.omitSessionTokenFromSignature ? nil : vector.sessionToken
            let now = try Date(vector.timestamp, strategy: .iso8601)
            #expect(
                SigV4Verifier(settings).refusal(of: request, bodyHash: hash, now: now) == nil, "\(vector.name)")
        }
    }

    // vendor-apis.md section 6.
    @Test(
        "the vendor's vectors verify",
        arguments: [
            (
                "eu-west-1", "api.datatalks.se", "/v1/contacts",
                "8bffb6974355aa9ff41f0ecc5df23cea5098e6271c43215aaba0448a05b845d0"
            ),
            (
                "eu-north-1", "api.datatalks.se", "/v3/profiles",
                "0c100354a89138e163a2acef1aa167731469066cb5ac983eebc71b5de811122a"
            ),
            (
                "eu-west-1", "htpfdjhk3h.execute-api.eu-west-1.amazonaws.com", "/Production/contacts",
                "cde303f1a1777487641d5e00fd635c76b55f36e24d40ebffdc37effdeb01232b"
            ),
        ])
    func vendorVectors(_ region: String, _ host: String, _ path: String, _ signature: String) throws {
        var settings = ForwarderSettings()
        settings.accessKeyID = "AKIDEXAMPLE"
        settings.secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        settings.region = region
        let body = Array(#"{"data":{"email":"ada@example.com","name":"Ada"},"group_key":"abc123"}"#.utf8)
        func refusal(_ signature: String) throws -> SigV4Verifier.Refusal? {
            let authorization =
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20210318/\(region)/execute-api/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date, Signature=\(signature)"
            let request = SandboxRequest(
                method: "POST", target: path,
                headers: [
                    SandboxHeader("Host", host), SandboxHeader("Content-Type", "application/json"),
                    SandboxHeader("X-Amz-Date", "20210318T113524Z"), SandboxHeader("Authorization", authorization),
                ], body: body, receivedAt: Date())
            return SigV4Verifier(settings).refusal(
                of: request, bodyHash: SHA256.hash(body).hexEncoded,
                now: try Date("2021-03-18T11:35:24Z", strategy: .iso8601))
        }
        #expect(try refusal(signature) == nil)
        #expect(try refusal(String(signature.reversed())) != nil)
    }
}
