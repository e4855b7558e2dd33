import Foundation

#if canImport(CryptoKit)
    import CryptoKit
#else
    import COpenSSL
#endif

/// SHA-256 (FIPS 180-4) of bytes that are in memory.
package enum SHA256 {
    /// Bytes in a digest.
    package static let digestLength = 32

    /// The digest of `bytes` (an array, `Data`, or a raw buffer; read in place).
    package static func hash(_ bytes: some ContiguousBytes) -> [UInt8] {
        bytes.withUnsafeBytes { buffer in
            #if canImport(CryptoKit)
                return [UInt8](CryptoKit.SHA256.hash(data: buffer))
            #else
                return [UInt8](unsafeUninitializedCapacity: digestLength) { digest, count in
                    let done = EVP_Digest(
                        buffer.baseAddress, buffer.count, digest.baseAddress, nil, OpenSSLDigest.sha256, nil)
                    precondition(done == 1, "libcrypto cannot compute SHA-256")
                    count = digestLength
                }
            #endif
        }
    }
}

/// SHA-256 of bytes that arrive piece by piece, such as a file while it is read.
///
/// A move-only value: an object or actor that keeps one as a property can `update` it in place.
package struct SHA256Stream: ~Copyable {
    #if canImport(CryptoKit)
        private var state = CryptoKit.SHA256()
    #else
        private let state: OpaquePointer
    #endif

    /// A digest over no bytes yet.
    package init() {
        #if !canImport(CryptoKit)
            guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
            state = context
            restart()
        #endif
    }

    #if !canImport(CryptoKit)
        deinit { EVP_MD_CTX_free(state) }

        private func restart() {
            let done = EVP_DigestInit_ex(state, OpenSSLDigest.sha256, nil)
            precondition(done == 1, "libcrypto cannot compute SHA-256")
        }
    #endif

    /// Adds `bytes` to what is hashed.
    package mutating func update(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { buffer in
            #if canImport(CryptoKit)
                state.update(bufferPointer: buffer)
            #else
                let done = EVP_DigestUpdate(state, buffer.baseAddress, buffer.count)
                precondition(done == 1, "libcrypto cannot compute SHA-256")
            #endif
        }
    }

    /// The digest of everything added; the stream starts again from nothing.
    package mutating func finish() -> [UInt8] {
        #if canImport(CryptoKit)
            defer { state = CryptoKit.SHA256() }
            return [UInt8](state.finalize())
        #else
            defer { restart() }
            return [UInt8](unsafeUninitializedCapacity: SHA256.digestLength) { digest, count in
                let done = EVP_DigestFinal_ex(state, digest.baseAddress, nil)
                precondition(done == 1, "libcrypto cannot compute SHA-256")
                count = SHA256.digestLength
            }
        #endif
    }
}

#if !canImport(CryptoKit)
    // Sound: the context is an allocation of this value's own, and the value cannot be copied.
    extension SHA256Stream: @unchecked Sendable {}

    private enum OpenSSLDigest {
        /// Fetched once: naming the algorithm in each call (`EVP_sha256()`) makes OpenSSL 3 look it up each time, which
        /// costs as much as hashing a few hundred bytes.
        // Sound: an EVP_MD is immutable and made to be shared between threads; this one is never freed.
        nonisolated(unsafe) static let sha256: OpaquePointer? = EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256()
    }
#endif

/// HMAC (RFC 2104) with SHA-256.
package enum HMACSHA256 {
    private static let blockLength = 64

    /// The authentication code (32 bytes) of `message` under `key`, which may have any length.
    package static func authenticate(key: some ContiguousBytes, message: some ContiguousBytes) -> [UInt8] {
        #if canImport(CryptoKit)
            let code = message.withUnsafeBytes { message in
                CryptoKit.HMAC<CryptoKit.SHA256>.authenticationCode(
                    for: Data(message), using: SymmetricKey(data: key))
            }
            return [UInt8](code)
        #else
            // By hand over the digest: OpenSSL 3's one-shot HMAC() fetches two algorithms each time and takes thrice as long.
            var block = key.withUnsafeBytes { $0.count > blockLength ? SHA256.hash($0) : [UInt8]($0) }
            block.append(contentsOf: repeatElement(0, count: blockLength - block.count))
            for index in block.indices { block[index] ^= 0x36 }
            var inner = block
            message.withUnsafeBytes { inner.append(contentsOf: $0) }
            for index in block.indices { block[index] ^= 0x36 ^ 0x5c }
            block.append(contentsOf: SHA256.hash(inner))
            return SHA256.hash(block)
        #endif
    }
}

extension [UInt8] {
    /// Two lower-case hexadecimal digits a byte.
    package var hexEncoded: String {
        String(unsafeUninitializedCapacity: count * 2) { text in
            for (index, byte) in enumerated() {
                text[index * 2] = Self.hexDigit(byte >> 4)
                text[index * 2 + 1] = Self.hexDigit(byte & 0xf)
            }
            return count * 2
        }
    }

    /// Appends `bytes` as lower-case hexadecimal digits.
    mutating func appendHex(_ bytes: [UInt8]) {
        for byte in bytes {
            append(Self.hexDigit(byte >> 4))
            append(Self.hexDigit(byte & 0xf))
        }
    }

    @inline(__always)
    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }
}
