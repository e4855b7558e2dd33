import Foundation
import Synchronization

/// Removes known secrets from anything that is printed or kept: as they are, percent-encoded (any part of them, either
/// case, space as `+`), JSON-escaped (any part of them), and in base64.
public final class Masker: Sendable {
    /// What stands in place of a secret.
    public static let mask = "***"

    private struct State {
        var secrets: Set<String> = []
        /// What a printed command may call a secret: the name of an environment variable.
        var names: [String: String] = [:]
        /// By the bytes that a spelling may begin with.
        var patterns = [[Pattern]](repeating: [], count: 256)
    }

    private let state = Mutex(State())

    /// Creates a masker that knows no secret.
    public init() {}

    /// Makes `secret` known. An empty text is none.
    ///
    /// - Parameter name: The environment variable by which a printed command may refer to it.
    public func register(_ secret: String, as name: String? = nil) {
        guard !secret.isEmpty else { return }
        state.withLock { state in
            if let name, state.names[secret] == nil { state.names[secret] = name }
            guard state.secrets.insert(secret).inserted else { return }
            // Base64 is looked for as it is, also of the percent-encoded secret (Basic credentials of OAuth).
            let encoded = PercentEncoding.encode(secret)
            let cores = Self.base64Cores(of: Array(secret.utf8)).union(Self.base64Cores(of: Array(encoded.utf8)))
            for pattern in [Pattern(escapable: secret)] + cores.map(Pattern.init(literal:)) {
                for byte in pattern.firstBytes { state.patterns[Int(byte)].append(pattern) }
            }
        }
    }

    /// The secrets that have a name, by which a printed command may refer to them.
    package var names: [String: String] { state.withLock { $0.names } }

    /// Makes the marked credentials of `request` known.
    package func registerCredentials(of request: HTTPRequest) {
        for field in request.fields.all where field.isCredential {
            // A signature is new in each request and good for that one only: kept, a million of them would be a million
            // patterns. What it was made with is known from the settings.
            if field.value.hasPrefix("AWS4-") { continue }
            register(field.value)
            // `Bearer x`, `Basic x`: the part after the scheme is what a vendor might echo.
            if let space = field.value.firstIndex(of: " ") {
                register(String(field.value[field.value.index(after: space)...]))
            }
        }
        for item in request.query where item.isCredential { register(item.value) }
    }

    /// `text` with every known secret replaced.
    public func mask(_ text: String) -> String {
        let patterns = state.withLock { $0.patterns }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var copied = 0
        // Where the mask ends that is being extended; spellings that overlap share one.
        var masked: Int?
        for index in bytes.indices {
            if let end = masked, index >= end {
                result += Self.mask.utf8
                (copied, masked) = (end, nil)
            }
            let ends = patterns[Int(bytes[index])].compactMap { $0.end(in: bytes, from: index) }
            guard let end = ends.max() else { continue }
            if masked == nil { result += bytes[copied..<index] }
            masked = max(masked ?? 0, end)
        }
        if let masked {
            result += Self.mask.utf8
            copied = masked
        }
        return copied == 0 ? text : String(decoding: result + bytes[copied...], as: UTF8.self)
    }

    /// `data` as text (bytes that are no UTF-8 replaced), with every known secret replaced.
    public func mask(_ data: Data) -> String {
        mask(String(decoding: data, as: UTF8.self))
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

/// What one secret looks like in a text.
private struct Pattern: Sendable {
    /// For each character of the secret, the byte sequences that stand for it.
    private let characters: [[[UInt8]]]

    /// The bytes as they are.
    init(literal bytes: [UInt8]) {
        characters = bytes.map { [[$0]] }
    }

    /// Each character as it is or escaped, whatever its neighbours are: encoders differ in what they leave alone.
    init(escapable secret: String) {
        characters = secret.unicodeScalars.map { scalar in
            let utf8 = Array(String(scalar).utf8)
            var spellings: Set<[UInt8]> = [utf8]
            for uppercase in [true, false] {
                let percent = utf8.map { Self.escape("%", $0, digits: 2, uppercase: uppercase) }
                let unicode = scalar.utf16.map { Self.escape("\\u", $0, digits: 4, uppercase: uppercase) }
                spellings.insert(Array(percent.joined().utf8))
                spellings.insert(Array(unicode.joined().utf8))
            }
            if scalar == " " { spellings.insert(Array("+".utf8)) }
            if let short = Self.shortEscapes[scalar] { spellings.insert(Array("\\\(short)".utf8)) }
            return Array(spellings)
        }
    }

    private static func escape(
        _ lead: String, _ value: some BinaryInteger, digits: Int, uppercase: Bool
    ) -> String {
        let text = String(value, radix: 16, uppercase: uppercase)
        return lead + String(repeating: "0", count: digits - text.count) + text
    }

    private static let shortEscapes: [Unicode.Scalar: Character] = [
        "\"": "\"", "\\": "\\", "/": "/", "\n": "n", "\r": "r", "\t": "t", "\u{8}": "b", "\u{C}": "f",
    ]

    var firstBytes: Set<UInt8> { Set(characters.first?.compactMap(\.first) ?? []) }

    /// Where the secret that begins at `start` ends, at the furthest; nil if none begins there.
    func end(in bytes: [UInt8], from start: Int) -> Int? {
        // More than one where a backslash may stand for itself or begin an escape.
        var ends: Set<Int> = [start]
        for spellings in characters {
            var next: Set<Int> = []
            for end in ends {
                for spelling in spellings where bytes[end...].starts(with: spelling) {
                    next.insert(end + spelling.count)
                }
            }
            if next.isEmpty { return nil }
            ends = next
        }
        return ends.max()
    }
}
