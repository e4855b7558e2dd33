import Foundation
import Testing

@testable import Authorization

@Suite("SHA-256 and HMAC")
struct HashingTests {
    /// Messages and digests of NIST's examples for FIPS 180-4.
    @Test(
        "NIST's examples hash to their published digests",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ])
    func publishedDigests(message: String, digest: String) {
        let bytes = Array(message.utf8)
        #expect(SHA256.hash(bytes).hexEncoded == digest)
        #expect(SHA256.hash(Data(bytes)).hexEncoded == digest)
        #expect(bytes.withUnsafeBytes { SHA256.hash($0) }.hexEncoded == digest)
    }

    @Test(
        "pieces of any size hash like the whole, and a finished stream starts again",
        arguments: [1, 3, 63, 64, 65, 200])
    func pieces(size: Int) {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var stream = SHA256Stream()
        for _ in 0..<2 {
            for start in stride(from: 0, to: bytes.count, by: size) {
                stream.update(bytes[start..<min(start + size, bytes.count)])
            }
            stream.update([UInt8]())
            #expect(stream.finish() == SHA256.hash(bytes))
        }
    }

    struct CodeCase: Sendable {
        var key: [UInt8]
        var message: [UInt8]
        var code: String
    }

    /// RFC 4231, section 4; case 5 publishes the first 16 bytes only.
    static let rfc4231 = [
        CodeCase(
            key: Array(repeating: 0x0b, count: 20), message: Array("Hi There".utf8),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        CodeCase(
            key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        CodeCase(
            key: Array(repeating: 0xaa, count: 20), message: Array(repeating: 0xdd, count: 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        CodeCase(
            key: Array(0x01...0x19), message: Array(repeating: 0xcd, count: 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        CodeCase(
            key: Array(repeating: 0x0c, count: 20), message: Array("Test With Truncation".utf8),
            code: "a3b6167473100ee06e0c796c2955552b"),
        CodeCase(
            key: Array(repeating: 0xaa, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        CodeCase(
            key: Array(repeating: 0xaa, count: 131),
            message: Array(
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm."
                    .utf8),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ]

    @Test("RFC 4231's messages get their published codes", arguments: rfc4231)
    func publishedCodes(example: CodeCase) {
        let code = HMACSHA256.authenticate(key: example.key, message: example.message)
        #expect(code.hexEncoded.hasPrefix(example.code))
        #expect(HMACSHA256.authenticate(key: Data(example.key), message: Data(example.message)) == code)
    }

    @Test("hexadecimal is lower case, two digits a byte")
    func hexadecimal() {
        #expect([UInt8]([0x00, 0x09, 0x0a, 0x1f, 0xf0, 0xff]).hexEncoded == "00090a1ff0ff")
        #expect([UInt8]().hexEncoded == "")
    }

    /// Skipped where there is no openssl command.
    @Test("openssl dgst agrees on files of 0 to 260 bytes", .enabled(if: Oracle.hasOpenSSL))
    func opensslDigests() throws {
        let folder = try Oracle.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let contents = (0...260).map { count in (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) } }
        for (index, bytes) in contents.enumerated() {
            try Data(bytes).write(to: folder.appending(path: "\(index)"))
        }
        let paths = contents.indices.map { folder.appending(path: "\($0)").path }
        let digests = try Oracle.run(["openssl", "dgst", "-sha256", "-r"] + paths)
            .split(separator: "\n").map { String($0.prefix(64)) }
        #expect(digests == contents.map { SHA256.hash($0).hexEncoded })

        // Keys on both sides of the block length.
        for length in [1, 63, 64, 65, 200] {
            let key = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ 1) }
            let codes = try Oracle.run(
                ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(key.hexEncoded)", "-r"] + paths
            ).split(separator: "\n").map { String($0.prefix(64)) }
            #expect(codes == contents.map { HMACSHA256.authenticate(key: key, message: $0).hexEncoded })
        }
    }
}
