import Foundation

/// Hides secrets in what the log shows: what the stand-ins know as secret, in every usual encoding, and what stands where
/// secrets belong even when it is wrong.
struct SecretMask: Sendable {
    private static let mark = "***"
    /// Longer bodies are shown by their beginning.
    private static let bodyLimit = 16 << 10
    /// Names of form fields, query parameters and JSON members, without case.
    private static let secretNames: Set<String> = [
        "key", "client_secret", "clientsecret", "password", "statickey", "access_token", "refresh_token",
        "token_secret",
    ]

    /// Longest first, so that an encoding is not cut by a shorter one.
    private let spellings: [String]

    init(secrets: [String]) {
        var all: Set<String> = []
        for secret in secrets where !secret.isEmpty {
            let encoded = FormCoding.percentEncode(secret.utf8)
            let quoted = JSONValue.string(secret).text
            all.formUnion([
                secret, encoded, encoded.replacingOccurrences(of: "%20", with: "+"),
                Data(secret.utf8).base64EncodedString(), String(quoted.dropFirst().dropLast()),
            ])
        }
        spellings = all.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    func header(_ header: SandboxHeader) -> String {
        switch header.key {
        case "authorization", "proxy-authorization":
            if let signature = header.value.range(of: "Signature=") {
                return header.value[..<signature.upperBound] + Self.mark
            }
            guard let space = header.value.firstIndex(of: " ") else { return Self.mark }
            return header.value[...space] + Self.mark
        case "x-amz-security-token", "x-refresh-token", "cookie": return Self.mark
        default: return known(header.value)
        }
    }

    func target(_ target: String) -> String {
        guard let query = target.firstIndex(of: "?") else { return known(target) }
        return known(String(target[...query])) + pairs(target[target.index(after: query)...])
    }

    func body(_ request: SandboxRequest) -> String {
        let text = String(decoding: request.body.prefix(Self.bodyLimit), as: UTF8.self)
        let masked = request.mediaType == "application/x-www-form-urlencoded" ? pairs(text[...]) : members(text)
        return masked + (request.bodyLength > Self.bodyLimit ? "..." : "")
    }

    private func known(_ text: String) -> String {
        spellings.reduce(text) { $0.replacingOccurrences(of: $1, with: Self.mark) }
    }

    private func pairs(_ text: Substring) -> String {
        text.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            guard let equals = pair.firstIndex(of: "=") else { return known(String(pair)) }
            let name = FormCoding.decode(pair[..<equals]).lowercased()
            return Self.secretNames.contains(name) ? pair[...equals] + Self.mark : known(String(pair))
        }.joined(separator: "&")
    }

    /// Masks the string values of JSON members with secret names, whether or not the text is whole.
    private func members(_ text: String) -> String {
        var result = ""
        var rest = known(text)[...]
        while let quote = rest.firstIndex(of: "\"") {
            let (string, after) = Self.string(rest[rest.index(after: quote)...])
            result += rest[...quote] + string + (after == nil ? "" : "\"")
            guard let after else { return result }
            rest = after
            let value = rest.drop { $0.isWhitespace || $0 == ":" }
            guard value.startIndex > rest.startIndex, value.first == "\"",
                Self.secretNames.contains(string.lowercased())
            else { continue }
            result += rest[..<value.startIndex] + "\"" + Self.mark
            guard let end = Self.string(value.dropFirst()).after else { return result }
            result += "\""
            rest = end
        }
        return result + rest
    }

    /// What stands up to the closing quote, and what follows it; nil when the text ends first.
    private static func string(_ text: Substring) -> (content: Substring, after: Substring?) {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == "\"" { return (text[..<index], text[text.index(after: index)...]) }
            if text[index] == "\\" { index = text.index(after: index) }
            if index < text.endIndex { index = text.index(after: index) }
        }
        return (text, nil)
    }
}
