import Foundation

/// One way in which a vendor misbehaves, as `--fault` writes it.
///
///     VENDOR[.OPERATION]:KIND[=RATE]
///
/// - `VENDOR` is a stand-in's name, `OPERATION` one of its operations (`upload.results`); all but the token request are
///   meant when it is left out of `expired-token`, and all otherwise.
/// - `KIND` is one of
///   - a status from 400 to 599, answered without processing. 429 and 503 say `Retry-After: 1`; `429;retry-after=5` says
///     something else (seconds, or an HTTP date), `503;retry-after=none` nothing;
///   - `delay:MILLISECONDS` before processing;
///   - `drop-before`, `drop-after`: the connection closes without an answer, before or after processing;
///   - `truncate`: half of the answer's body; `drip` or `drip:MILLISECONDS`: its bytes one by one (10 ms apart);
///   - `expired-token`: the credential is treated as expired, and access tokens do expire;
///   - `broken-json`: processed, but answered with something that is no JSON.
/// - `RATE` is the share of requests hit, from 0 to 1, or `*COUNT` for the first COUNT requests. Left out: all.
package struct FaultRule: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case status(Int, retryAfter: String?)
        case delay(milliseconds: Int)
        case dropBefore
        case dropAfter
        case truncate
        case drip(milliseconds: Int)
        case expiredToken
        case brokenJSON
    }

    package enum Rate: Sendable, Equatable {
        case share(Double)
        case first(Int)
    }

    package let vendor: String
    package let operation: String?
    package let kind: Kind
    package let rate: Rate
    /// As it was written.
    package let text: String

    /// - Throws: ``SandboxError/faultSyntax(_:_:)``; whether the vendor exists is checked by ``VendorSandbox``.
    package init(parsing text: String) throws(SandboxError) {
        self.text = text
        func fault(_ reason: String) -> SandboxError { .faultSyntax(text, reason) }
        guard let colon = text.firstIndex(of: ":") else {
            throw fault("expected VENDOR:KIND=RATE, such as atobi:429=0.1")
        }
        let place = text[..<colon].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        vendor = String(place[0])
        operation = place.count == 2 ? String(place[1]) : nil
        // The parameter of a kind may hold an equals sign, the rate cannot.
        var kindText = text[text.index(after: colon)...]
        let equals = kindText.lastIndex(of: "=")
        if let equals, !kindText[..<equals].hasSuffix(";retry-after") {
            guard let rate = Self.rate(kindText[kindText.index(after: equals)...]) else {
                throw fault("the rate must be a number from 0 to 1, or *COUNT")
            }
            self.rate = rate
            kindText = kindText[..<equals]
        } else {
            rate = .share(1)
        }
        guard let kind = Self.kind(kindText) else {
            throw fault(
                "unknown kind; there are a status from 400 to 599, delay:MILLISECONDS, drop-before, drop-after, truncate, "
                    + "drip, expired-token and broken-json")
        }
        self.kind = kind
    }

    private static func rate(_ text: Substring) -> Rate? {
        if text.first == "*" { return Int(text.dropFirst()).flatMap { $0 >= 0 ? .first($0) : nil } }
        return Double(text).flatMap { (0...1).contains($0) ? .share($0) : nil }
    }

    private static func kind(_ text: Substring) -> Kind? {
        switch text {
        case "drop-before": return .dropBefore
        case "drop-after": return .dropAfter
        case "truncate": return .truncate
        case "drip": return .drip(milliseconds: 10)
        case "expired-token": return .expiredToken
        case "broken-json": return .brokenJSON
        default: break
        }
        if let pause = milliseconds(text, after: "delay:") { return .delay(milliseconds: pause) }
        if let pause = milliseconds(text, after: "drip:") { return .drip(milliseconds: pause) }
        let parts = text.split(separator: ";", maxSplits: 1)
        guard let first = parts.first, first.count == 3, let status = Int(first), (400...599).contains(status) else {
            return nil
        }
        guard parts.count == 2 else {
            return .status(status, retryAfter: status == 429 || status == 503 ? "1" : nil)
        }
        let name = "retry-after="
        guard parts[1].hasPrefix(name), parts[1].count > name.count else { return nil }
        let value = String(parts[1].dropFirst(name.count))
        return .status(status, retryAfter: value == "none" ? nil : value)
    }

    private static func milliseconds(_ text: Substring, after prefix: String) -> Int? {
        guard text.hasPrefix(prefix) else { return nil }
        return Int(text.dropFirst(prefix.count)).flatMap { (0...3_600_000).contains($0) ? $0 : nil }
    }
}
