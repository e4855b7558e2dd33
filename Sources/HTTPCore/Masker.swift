import Foundation
import Synchronization

/// Removes known secrets from anything that is printed or kept: as they are, percent-encoded, in base64 and JSON-escaped.
public final class Masker: Sendable {
    /// What stands in place of a secret.
    public static let mask = "***"

    private struct State {
        var secrets: Set<String> = []
        /// Every spelling of every secret, the longest first, so that no part of one is left beside a mask.
        var spellings: [[UInt8]] = []
    }

    private let state = Mutex(State())

    /// Creates a masker that knows no secret.
    public init() {}

    /// Makes `secret` known. An empty text is none.
    public func register(_ secret: String) {
        guard !secret.isEmpty else { return }
        state.withLock { state in
            guard state.secrets.insert(secret).inserted else { return }
            state.spellings = (state.spellings + Self.spellings(of: secret)).sorted {
                ($0.count, $0.description) > ($1.count, $1.description)
            }
        }
    }

    /// Makes the marked credentials of `request` known.
    package func registerCredentials(of request: HTTPRequest) {
        for field in request.fields.all where field.isCredential {
            register(field.value)
            // `Bearer x`, `Basic x`: the part after the scheme is what a vendor might echo.
            if let space = field.value.firstIndex(of: " "), !field.value.hasPrefix("AWS4-") {
                register(String(field.value[field.value.index(after: space)...]))
            }
        }
        for item in request.query where item.isCredential { register(item.value) }
    }

    /// `text` with every known secret replaced.
    public func mask(_ text: String) -> String {
        let spellings = state.withLock { $0.spellings }
        guard !spellings.isEmpty else { return text }
        let masked = Self.replace(spellings, in: Array(text.utf8))
        return masked.map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    /// `data` as text (bytes that are no UTF-8 replaced), with every known secret replaced.
    public func mask(_ data: Data) -> String {
        mask(String(decoding: data, as: UTF8.self))
    }

    /// Nil when nothing was found.
    private static func replace(_ spellings: [[UInt8]], in bytes: [UInt8]) -> [UInt8]? {
        var firstBytes = [Bool](repeating: false, count: 256)
        for spelling in spellings { firstBytes[Int(spelling[0])] = true }
        var result: [UInt8] = []
        var copied = 0
        var index = 0
        while index < bytes.count {
            if firstBytes[Int(bytes[index])],
                let found = spellings.first(where: { bytes[index...].starts(with: $0) })
            {
                result += bytes[copied..<index]
                result += Self.mask.utf8
                index += found.count
                copied = index
            } else {
                index += 1
            }
        }
        guard copied > 0 else { return nil }
        return result + bytes[copied...]
    }

    private static func spellings(of secret: String) -> [[UInt8]] {
        var result: Set<[UInt8]> = []
        func add(_ text: String) { result.insert(Array(text.utf8)) }
        add(secret)
        let encoded = PercentEncoding.encode(secret)
        for percent in [encoded, loweringEscapes(encoded)] {
            add(percent)
            add(percent.replacingOccurrences(of: "%20", with: "+"))
        }
        for json in jsonEscaped(secret) { add(json) }
        for text in [secret, encoded] { result.formUnion(base64Cores(of: Array(text.utf8))) }
        return Array(result)
    }

    private static func loweringEscapes(_ encoded: String) -> String {
        var digits = 0
        return String(
            encoded.map { character in
                if character == "%" {
                    digits = 2
                    return character
                }
                guard digits > 0 else { return character }
                digits -= 1
                return Character(character.lowercased())
            })
    }

    /// As the encoders in use write it: with `/` escaped or not, beyond ASCII as it is or as `\u` in either case.
    private static func jsonEscaped(_ secret: String) -> [String] {
        [(false, nil), (true, nil), (false, "%04x"), (true, "%04x"), (false, "%04X"), (true, "%04X")].map {
            (escapesSlash: Bool, unicodeFormat: String?) in
            var result = ""
            for scalar in secret.unicodeScalars {
                switch scalar {
                case "\"": result += "\\\""
                case "\\": result += "\\\\"
                case "/": result += escapesSlash ? "\\/" : "/"
                case "\n": result += "\\n"
                case "\r": result += "\\r"
                case "\t": result += "\\t"
                case _ where scalar.value < 0x20: result += "\\u" + String(format: "%04x", scalar.value)
                case _ where scalar.value > 0x7E:
                    if let unicodeFormat {
                        for unit in String(scalar).utf16 { result += "\\u" + String(format: unicodeFormat, unit) }
                    } else {
                        result.unicodeScalars.append(scalar)
                    }
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result
        }
    }

    /// The part of a base64 text that `bytes` alone decide, for each position they may begin at: so the secret is found
    /// inside `base64(client:secret)` too. Parts shorter than four characters say too little to be looked for.
    private static func base64Cores(of bytes: [UInt8]) -> Set<[UInt8]> {
        var cores: Set<[UInt8]> = []
        for offset in 0..<3 {
            let padded = [UInt8](repeating: 0, count: offset) + bytes
            let encoded = Array(Data(padded).base64EncodedString().utf8)
            let first = (offset * 8 + 5) / 6
            let last = padded.count * 8 / 6
            guard last - first >= 4 else { continue }
            let core = Array(encoded[first..<last])
            cores.insert(core)
            cores.insert(
                core.map {
                    $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
                })
        }
        return cores
    }
}
