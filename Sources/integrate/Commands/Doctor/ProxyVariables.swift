import Foundation
import HTTPCore

/// The proxy settings of the environment, read as libcurl reads them, which sends every request.
struct ProxyVariables: Sendable {
    private static let names = [
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
    ]

    let variables: [String: String]

    /// Each that is set, with user information masked.
    var seen: [(name: String, value: String)] {
        Self.names.compactMap { name in value(name).map { (name, Self.masked($0)) } }
    }

    /// The proxy on the way to `origin`, user information masked; nil for none. `HTTP_PROXY` in capitals is not read: a web
    /// server sets it from a request's header.
    func proxy(for origin: BaseURL.Origin) -> String? {
        let names = origin.scheme == "https" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
        guard let proxy = (names + ["all_proxy", "ALL_PROXY"]).compactMap(value).first, !isExempt(origin.host) else {
            return nil
        }
        return Self.masked(proxy)
    }

    private func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether `no_proxy` names `host`: itself, a domain above it, its IPv4 network, or everything.
    private func isExempt(_ host: String) -> Bool {
        guard let list = value("no_proxy") ?? value("NO_PROXY") else { return false }
        return list.split(whereSeparator: { $0 == "," || $0 == " " }).contains { entry in
            var entry = entry.lowercased()
            if entry == "*" { return true }
            if let network = Self.isIPv4(host, in: entry) { return network }
            if entry.hasPrefix(".") { entry.removeFirst() }
            let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
            return name == entry || (name.hasSuffix("." + entry) && Self.address(name) == nil)
        }
    }

    /// Nil where `entry` is no network of the form `10.0.0.0/8`.
    private static func isIPv4(_ host: String, in entry: String) -> Bool? {
        let parts = entry.split(separator: "/")
        guard parts.count == 2, let network = address(String(parts[0])), let bits = Int(parts[1]), (0...32) ~= bits
        else { return nil }
        guard let address = address(host) else { return false }
        let mask: UInt32 = bits == 0 ? 0 : ~UInt32(0) << UInt32(32 - bits)
        return address & mask == network & mask
    }

    private static func address(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        return parts.reduce(UInt32?.some(0)) { sum, part in
            guard let sum, let part else { return nil }
            return sum << 8 | UInt32(part)
        }
    }

    /// `http://***@host:3128`: what stands before the last `@` of the authority is a user name and password.
    static func masked(_ proxy: String) -> String {
        let start = proxy.firstRange(of: "://")?.upperBound ?? proxy.startIndex
        guard let at = proxy[start...].lastIndex(of: "@") else { return proxy }
        return proxy[..<start] + Masker.mask + proxy[at...]
    }
}
