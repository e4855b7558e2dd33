import Foundation

/// A request in the form both sides of a signature agree on: method, path, query, headers, names of the signed headers and
/// the body's hash, a line each.
struct SigV4CanonicalRequest {
    private(set) var bytes: [UInt8] = []
    /// Where the names of the signed headers stand in `bytes`.
    private(set) var signedHeaders = 0..<0

    init(_ request: SigV4Request, time: SigV4Timestamp, sessionToken: String?, options: SigV4Signer.Options) {
        bytes.reserveCapacity(512)
        bytes += request.method.utf8
        bytes.append(Self.lineFeed)
        appendPath(request.path, normalize: options.normalizePath)
        bytes.append(Self.lineFeed)
        appendQuery(request.query)
        bytes.append(Self.lineFeed)
        appendHeaders(request, time: time, sessionToken: sessionToken, options: options)
        bytes.append(Self.lineFeed)
        bytes += request.payloadHash.utf8
    }

    // MARK: Path

    /// Appends the path encoded once more than it is on the wire, as every service but S3 does.
    private mutating func appendPath(_ path: String, normalize: Bool) {
        guard !path.isEmpty else { return bytes.append(Self.slash) }
        let start = bytes.count
        let wire = Array(path.utf8)
        if normalize, Self.needsNormalizing(wire) {
            appendNormalized(wire)
        } else {
            for byte in wire { appendPathByte(byte) }
        }
        if bytes.count == start { bytes.append(Self.slash) }
    }

    /// Whether a slash is followed by another or by a dot; anything else is normal already.
    private static func needsNormalizing(_ path: [UInt8]) -> Bool {
        guard path.first == slash else { return true }
        var afterSlash = false
        for byte in path {
            if afterSlash, byte == slash || byte == dot { return true }
            afterSlash = byte == slash
        }
        return false
    }

    private mutating func appendNormalized(_ path: [UInt8]) {
        var kept: [ArraySlice<UInt8>] = []
        for segment in path.split(separator: Self.slash) {
            if segment.elementsEqual(CollectionOfOne(Self.dot)) { continue }
            if segment.elementsEqual(repeatElement(Self.dot, count: 2)) {
                _ = kept.popLast()
            } else {
                kept.append(segment)
            }
        }
        for segment in kept {
            bytes.append(Self.slash)
            for byte in segment { appendEncoded(byte) }
        }
        if path.last == Self.slash, !kept.isEmpty { bytes.append(Self.slash) }
    }

    @inline(__always)
    private mutating func appendPathByte(_ byte: UInt8) {
        if byte == Self.slash { bytes.append(byte) } else { appendEncoded(byte) }
    }

    private mutating func appendEncoded(_ byte: UInt8) {
        Self.append(byte, percentEncodedTo: &bytes)
    }

    // MARK: Query

    /// Appends the items sorted by encoded name, then by encoded value; an item without `=` gets one.
    private mutating func appendQuery(_ query: String) {
        guard !query.isEmpty else { return }
        var items = query.utf8.split(separator: Self.ampersand).map { item in
            let name = item.prefix { $0 != Self.equalsSign }
            return (
                name: Self.strictlyEncoded(name), value: Self.strictlyEncoded(item.dropFirst(name.count + 1))
            )
        }
        items.sort { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value)
                : left.name.lexicographicallyPrecedes(right.name)
        }
        for (index, item) in items.enumerated() {
            if index > 0 { bytes.append(Self.ampersand) }
            bytes += item.name
            bytes.append(Self.equalsSign)
            bytes += item.value
        }
    }

    /// A name or value as if it had been decoded and then encoded by the strictest rule, which is what the service compares
    /// with; what our own encoder wrote comes out unchanged.
    private static func strictlyEncoded(_ text: Substring.UTF8View) -> [UInt8] {
        let wire = Array(text)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(wire.count)
        var index = 0
        while index < wire.count {
            if wire[index] == percent, index + 2 < wire.count,
                let high = hexValue(wire[index + 1]), let low = hexValue(wire[index + 2])
            {
                append(high << 4 | low, percentEncodedTo: &encoded)
                index += 3
            } else {
                append(wire[index], percentEncodedTo: &encoded)
                index += 1
            }
        }
        return encoded
    }

    // MARK: Headers

    private enum Value {
        case given(Int)
        case time
        case sessionToken
        case payloadHash
    }

    private struct Header {
        var name: Range<Int>
        var value: Value
    }

    private mutating func appendHeaders(
        _ request: SigV4Request, time: SigV4Timestamp, sessionToken: String?, options: SigV4Signer.Options
    ) {
        var names: [UInt8] = []
        names.reserveCapacity(256)
        var headers: [Header] = []
        headers.reserveCapacity(request.headers.count + 3)

        func add(_ name: [UInt8], _ value: Value) {
            headers.append(Header(name: names.count..<names.count + name.count, value: value))
            names += name
        }
        add(Self.dateName, .time)
        if sessionToken != nil, !options.omitSessionTokenFromSignature { add(Self.tokenName, .sessionToken) }
        if options.addContentSHA256Header { add(Self.payloadHashName, .payloadHash) }
        for (index, header) in request.headers.enumerated() {
            let start = names.count
            for byte in header.name.utf8 { names.append(0x41...0x5a ~= byte ? byte | 0x20 : byte) }
            let name = names[start...]
            if Self.isUnsigned(name) || Self.equal(name, Self.dateName)
                || (sessionToken != nil && Self.equal(name, Self.tokenName))
                || (options.addContentSHA256Header && Self.equal(name, Self.payloadHashName))
            {
                names.removeSubrange(start...)
            } else {
                headers.append(Header(name: start..<names.count, value: .given(index)))
            }
        }
        Self.sort(&headers, names: names)

        var previous = names[0..<0]
        for header in headers {
            let name = names[header.name]
            if !previous.isEmpty, Self.equal(name, previous) {
                bytes.append(Self.comma)
            } else {
                if !previous.isEmpty { bytes.append(Self.lineFeed) }
                bytes += name
                bytes.append(Self.colon)
            }
            previous = name
            switch header.value {
            case .given(let index): appendFolded(request.headers[index].value)
            case .time: bytes += time.text
            case .sessionToken: appendFolded(sessionToken ?? "")
            case .payloadHash: bytes += request.payloadHash.utf8
            }
        }
        bytes.append(Self.lineFeed)
        bytes.append(Self.lineFeed)

        let start = bytes.count
        previous = names[0..<0]
        for header in headers {
            let name = names[header.name]
            if !previous.isEmpty {
                if Self.equal(name, previous) { continue }
                bytes.append(Self.semicolon)
            }
            bytes += name
            previous = name
        }
        signedHeaders = start..<bytes.count
    }

    /// By name; headers of one name keep their order. An insertion sort, since there are a handful.
    private static func sort(_ headers: inout [Header], names: [UInt8]) {
        for index in headers.indices.dropFirst() {
            var place = index
            while place > 0,
                names[headers[place].name].lexicographicallyPrecedes(names[headers[place - 1].name])
            {
                headers.swapAt(place, place - 1)
                place -= 1
            }
        }
    }

    /// Appends a value without white space at its ends and with one space for each run inside, line ends included.
    private mutating func appendFolded(_ value: String) {
        let start = bytes.count
        var pendingSpace = false
        for byte in value.utf8 {
            if byte == Self.space || 0x09...0x0d ~= byte {
                pendingSpace = true
            } else {
                if pendingSpace, bytes.count > start { bytes.append(Self.space) }
                pendingSpace = false
                bytes.append(byte)
            }
        }
    }

    /// Headers that change on the way (hop-by-hop, the library's own), or that the signature cannot cover.
    private static func isUnsigned(_ name: ArraySlice<UInt8>) -> Bool {
        unsignedNames.contains { equal(name, $0) }
    }

    private static func equal(_ left: ArraySlice<UInt8>, _ right: some RandomAccessCollection<UInt8>) -> Bool {
        left.count == right.count && left.elementsEqual(right)
    }

    private static let unsignedNames = [
        "authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
        "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ].map { Array($0.utf8) }
    private static let dateName = Array("x-amz-date".utf8)
    private static let tokenName = Array("x-amz-security-token".utf8)
    private static let payloadHashName = Array("x-amz-content-sha256".utf8)
}

// MARK: Bytes

extension SigV4CanonicalRequest {
    private static let lineFeed = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")
    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")
    private static let percent = UInt8(ascii: "%")
    private static let ampersand = UInt8(ascii: "&")
    private static let equalsSign = UInt8(ascii: "=")
    private static let comma = UInt8(ascii: ",")
    private static let colon = UInt8(ascii: ":")
    private static let semicolon = UInt8(ascii: ";")

    /// RFC 3986's unreserved characters stand for themselves, everything else becomes `%` and two upper-case digits.
    @inline(__always)
    private static func append(_ byte: UInt8, percentEncodedTo bytes: inout [UInt8]) {
        switch byte {
        case 0x41...0x5a, 0x61...0x7a, 0x30...0x39, 0x2d, 0x2e, 0x5f, 0x7e:
            bytes.append(byte)
        default:
            bytes.append(percent)
            bytes.append(upperCaseHexDigit(byte >> 4))
            bytes.append(upperCaseHexDigit(byte & 0xf))
        }
    }

    private static func upperCaseHexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 0x30 + nibble : 0x37 + nibble
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}
