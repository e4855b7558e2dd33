/// Where a vendor's API begins: scheme, host, port and a path prefix, from a setting.
///
/// `http:` is accepted for loopback addresses only; user information, query and fragment are refused, because they would
/// end up in places where credentials must not be (cli.md, "Settings").
public struct BaseURL: Sendable, Equatable, CustomStringConvertible {
    /// Scheme, host and port: the unit within which a redirect or a page link may be followed.
    public struct Origin: Sendable, Hashable, CustomStringConvertible {
        /// `https`, or `http` for a loopback address.
        public let scheme: String
        /// Lower case; an IPv6 address keeps its brackets.
        public let host: String
        /// From 1 to 65535; the scheme's own where the text names none.
        public let port: Int

        /// `scheme://host`, with the port where it is not the scheme's own.
        public var description: String { "\(scheme)://\(authority)" }

        /// The value of the `Host` header.
        public var authority: String {
            port == (scheme == "https" ? 443 : 80) ? host : "\(host):\(port)"
        }
    }

    /// Scheme, host and port.
    public let origin: Origin
    /// The percent-encoded path without its trailing slash; empty for the root.
    public let path: String

    /// The URL without a trailing slash.
    public var description: String { origin.description + path }

    /// Why a text is no base URL.
    public struct ParseError: Error, Sendable, Equatable {
        /// Completes "the URL ...".
        public let message: String
    }

    /// Parses `text`.
    ///
    /// - Throws: a ``ParseError`` whose message completes "the URL ...".
    public init(_ text: String) throws(ParseError) {
        let (origin, path, query) = try Self.split(text)
        guard query == nil else { throw ParseError(message: "must not have a query or fragment") }
        self.origin = origin
        self.path = String(path.prefix(path.count - path.reversed().prefix { $0 == "/" }.count))
    }

    /// Parses `text` as a whole endpoint: as a base, but a trailing slash is part of it.
    public init(endpoint text: String) throws(ParseError) {
        let (origin, path, query) = try Self.split(text)
        guard query == nil else { throw ParseError(message: "must not have a query or fragment") }
        self.origin = origin
        self.path = path
    }

    static func split(_ text: String) throws(ParseError) -> (Origin, path: String, query: String?) {
        guard let schemeEnd = text.firstRange(of: "://") else {
            throw ParseError(message: "must begin with https://")
        }
        let scheme = text[..<schemeEnd.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { throw ParseError(message: "must begin with https://") }
        let rest = text[schemeEnd.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<authorityEnd]
        guard !authority.contains("@") else { throw ParseError(message: "must not hold a user name or password") }
        let (host, port) = try splitPort(authority, scheme: scheme)
        guard scheme == "https" || isLoopback(host) else {
            throw ParseError(message: "must begin with https:// (http:// is for loopback addresses only)")
        }
        var path = String(rest[authorityEnd...])
        var query: String?
        if let mark = path.firstIndex(where: { $0 == "?" || $0 == "#" }) {
            query = String(path[path.index(after: mark)...])
            path = String(path[..<mark])
        }
        guard path.utf8.allSatisfy(isPathByte), PercentEncoding.decode(path) != nil else {
            throw ParseError(message: "has a path with characters that must be percent-encoded")
        }
        guard !path.split(separator: "/").contains(where: { [".", ".."].contains(PercentEncoding.decode($0)) }) else {
            throw ParseError(message: "must not have '.' or '..' in its path")
        }
        return (Origin(scheme: scheme, host: host, port: port), path, query)
    }

    private static func splitPort(
        _ authority: Substring, scheme: String
    ) throws(ParseError) -> (host: String, port: Int) {
        var host = authority
        var port = scheme == "https" ? 443 : 80
        let hostEnd = authority.hasPrefix("[") ? authority.firstIndex(of: "]") : authority.startIndex
        guard let hostEnd else { throw ParseError(message: "has an IPv6 address without its closing bracket") }
        if let colon = authority[hostEnd...].firstIndex(of: ":") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let number = Int(digits),
                (1...65535).contains(number)
            else {
                throw ParseError(message: "has a port that is not a number from 1 to 65535")
            }
            port = number
            host = authority[..<colon]
        }
        guard !host.isEmpty, host != "[]" else { throw ParseError(message: "has no host") }
        let isAddress = host.hasPrefix("[") && host.hasSuffix("]")
        guard isAddress ? host.dropFirst().dropLast().utf8.allSatisfy(isAddressByte) : host.utf8.allSatisfy(isHostByte)
        else {
            throw ParseError(message: "has a host with characters that are not allowed there")
        }
        return (host.lowercased(), port)
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ".-_".utf8.contains(byte)
        }
    }

    /// Of an IPv6 address; one with a zone has no place in a URL of ours.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        "0123456789abcdefABCDEF:.".utf8.contains(byte)
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~!$&'()*+,;=:@/%".utf8.contains(byte)
        }
    }
}
