import Foundation
import Testing

@testable import Authorization

@Suite("SigV4: published vectors")
struct SigV4VectorTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var method: String
        var target: String
        var headers: [[String]]
        var body: String
        var accessKeyID: String
        var secretAccessKey: String
        var sessionToken: String?
        var omitSessionTokenFromSignature: Bool
        var normalizePath: Bool
        var addContentSHA256Header: Bool
        var region: String
        var service: String
        var timestamp: String
        var expectedCanonicalRequest: String
        var expectedStringToSign: String
        var expectedSignature: String

        var testDescription: String { name }
    }

    /// Fixtures/README.md names their source.
    static let vectors: [Vector] = {
        guard let url = Bundle.module.url(forResource: "Fixtures/sigv4-vectors", withExtension: "json"),
            let vectors = try? JSONDecoder().decode([Vector].self, from: Data(contentsOf: url))
        else { return [] }
        return vectors
    }()

    @Test("all of the suite's cases are there")
    func complete() {
        #expect(Self.vectors.count == 26)
    }

    @Test("canonical request, string to sign and signature are the published ones", arguments: vectors)
    func vector(_ vector: Vector) throws {
        var options = SigV4Signer.Options()
        options.normalizePath = vector.normalizePath
        options.omitSessionTokenFromSignature = vector.omitSessionTokenFromSignature
        options.addContentSHA256Header = vector.addContentSHA256Header
        let signer = SigV4Signer(
            credentials: SigV4Credentials(
                accessKeyID: vector.accessKeyID, secretAccessKey: vector.secretAccessKey,
                sessionToken: vector.sessionToken),
            region: vector.region, service: vector.service, options: options)
        let parts = vector.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = SigV4Request(
            method: vector.method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
            headers: vector.headers.map { ($0[0], $0[1]) }, body: Data(vector.body.utf8))
        let date = try Date(vector.timestamp, strategy: .iso8601)

        let canonical = signer.canonicalRequest(request, at: date)
        #expect(String(decoding: canonical, as: UTF8.self) == vector.expectedCanonicalRequest)
        let stringToSign = signer.stringToSign(canonicalRequest: canonical, at: date)
        #expect(String(decoding: stringToSign, as: UTF8.self) == vector.expectedStringToSign)
        let signed = signer.sign(request, at: date)
        #expect(signed.signature == vector.expectedSignature)
        #expect(signed.securityToken == vector.sessionToken)
        #expect((signed.contentSHA256 != nil) == vector.addContentSHA256Header)
    }

    struct ForwarderCase: Sendable {
        var region: String
        var host: String
        var path: String
        var canonicalHash: String
        var signature: String
    }

    /// vendor-apis.md, section 6: computed by another signer.
    @Test(
        "a flat event to the forwarder gets the signature of an independent signer",
        arguments: [
            ForwarderCase(
                region: "eu-west-1", host: "api.datatalks.se", path: "/v1/contacts",
                canonicalHash: "a66282f2bc0a606c11888fa449983d331a83cba4929b18a05132b5718657a3ce",
                signature: "8bffb6974355aa9ff41f0ecc5df23cea5098e6271c43215aaba0448a05b845d0"),
            ForwarderCase(
                region: "eu-north-1", host: "api.datatalks.se", path: "/v3/profiles",
                canonicalHash: "0602e41ae128ed2d613b412b2802e88d80885303ef2490fe07a0c35628e8ee7c",
                signature: "0c100354a89138e163a2acef1aa167731469066cb5ac983eebc71b5de811122a"),
            ForwarderCase(
                region: "eu-west-1", host: "htpfdjhk3h.execute-api.eu-west-1.amazonaws.com",
                path: "/Production/contacts",
                canonicalHash: "127170f5863e4104400903708c43d9d73d01b2457c2ae8ec727459c1a0b27307",
                signature: "cde303f1a1777487641d5e00fd635c76b55f36e24d40ebffdc37effdeb01232b"),
        ])
    func forwarder(_ example: ForwarderCase) throws {
        let signer = SigV4Signer(credentials: .example, region: example.region, service: "execute-api")
        let request = SigV4Request(
            method: "POST", path: example.path,
            headers: [("Content-Type", "application/json"), ("Host", example.host)],
            body: Data(#"{"data":{"email":"ada@example.com","name":"Ada"},"group_key":"abc123"}"#.utf8))
        #expect(request.payloadHash == "bb0474b1b42748492640aa4ed41f611188bb693a1f48af882042081b0945fbdf")
        let date = try Date("2021-03-18T11:35:24Z", strategy: .iso8601)
        #expect(SHA256.hash(signer.canonicalRequest(request, at: date)).hexEncoded == example.canonicalHash)
        let signed = signer.sign(request, at: date)
        #expect(signed.signature == example.signature)
        #expect(signed.date == "20210318T113524Z")
        #expect(
            signed.authorization
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20210318/\(example.region)/execute-api/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date, Signature=\(example.signature)")
    }
}

extension SigV4Credentials {
    /// AWS's public dummy keys.
    static let example = SigV4Credentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}
