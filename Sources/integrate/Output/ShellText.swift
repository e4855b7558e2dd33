import Foundation
import HTTPCore

/// Text for a POSIX shell in which secrets are environment variables: expanded, it has the very bytes it was made from.
struct ShellText {
    /// How a secret stands in the bytes, and so what the shell has to make of its variable.
    enum Spelling: String, CaseIterable {
        case raw, percent, json

        /// As ``PercentEncoding`` and ``JSONText`` write it.
        fileprivate func apply(to secret: String) -> String {
            switch self {
            case .raw: secret
            case .percent: PercentEncoding.encode(secret)
            case .json: String(JSONText.string(secret).dropFirst().dropLast())
            }
        }

        /// The shell function that does the same; `od` and `awk` work on bytes, whatever the locale.
        var function: String? {
            switch self {
            case .raw: nil
            case .percent:
                """
                percent() {
                    printf %s "$1" | od -An -v -tu1 | LC_ALL=C awk '{ for (i = 1; i <= NF; i++) {
                        c = sprintf("%c", $i + 0); printf "%s", c ~ /[A-Za-z0-9._~-]/ ? c : sprintf("%%%02X", $i)
                    } }'
                }
                """
            case .json:
                #"""
                json() { printf %s "$1" | LC_ALL=C sed 's/["\\]/\\&/g'; }
                """#
            }
        }
    }

    private struct Candidate {
        var bytes: [UInt8]
        var name: String
        var spelling: Spelling
    }

    private enum Piece {
        case literal([UInt8])
        case reference(name: String, Spelling)
    }

    private let masker: Masker
    /// By their first byte, the longest first.
    private let candidates: [UInt8: [Candidate]]
    /// The variables that were referred to, in order.
    private(set) var names: [String] = []
    /// The spellings for which a function is needed.
    private(set) var spellings: Set<Spelling> = []

    init(masker: Masker) {
        self.masker = masker
        var candidates: [Candidate] = []
        // A secret with control characters does not go through `$(...)` unharmed.
        for (secret, name) in masker.names where !secret.unicodeScalars.contains(where: { $0.value < 0x20 }) {
            for spelling in Spelling.allCases {
                candidates.append(
                    Candidate(bytes: Array(spelling.apply(to: secret).utf8), name: name, spelling: spelling))
            }
        }
        candidates.sort { ($1.bytes.count, $0.name) < ($0.bytes.count, $1.name) }
        self.candidates = Dictionary(grouping: candidates) { $0.bytes[0] }
    }

    /// `text` as one word.
    ///
    /// - Parameter usual: How secrets are spelled in this place, where more than one spelling has the same bytes: the
    ///   command is right for other secrets too.
    /// - Throws: ``Failure`` where a secret would be seen.
    mutating func word(_ text: some Sequence<UInt8>, usual: Spelling) throws(Failure) -> String {
        let pieces = split(Array(text), usual: usual)
        var texts: [(text: String, isReference: Bool)] = []
        for piece in pieces {
            switch piece {
            case .literal(let bytes):
                guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
                    throw Failure(
                        .invalidInput, "the request is no text, which a shell command cannot hold",
                        hint: "see it with --dry-run")
                }
                guard masker.mask(text) == text else {
                    throw Failure(
                        .configuration, "the request holds a secret that a shell command cannot refer to",
                        hint: "see it, masked, with --dry-run")
                }
                texts.append((text, false))
            case .reference(let name, let spelling):
                if !names.contains(name) { names.append(name) }
                if spelling == .raw {
                    texts.append(("$" + name, true))
                } else {
                    spellings.insert(spelling)
                    texts.append(("$(\(spelling.rawValue) \"$\(name)\")", true))
                }
            }
        }
        return Self.quoted(texts)
    }

    /// The name of a known secret's variable.
    func name(endingIn suffix: String) -> String? { masker.names.values.sorted().first { $0.hasSuffix(suffix) } }

    /// Variables joined by colons, as a word.
    mutating func reference(to variables: [String]) -> String {
        for name in variables where !names.contains(name) { names.append(name) }
        return "\"" + variables.map { "$" + $0 }.joined(separator: ":") + "\""
    }

    private func split(_ bytes: [UInt8], usual: Spelling) -> [Piece] {
        var pieces: [Piece] = []
        var literalStart = 0
        var index = 0
        while index < bytes.count {
            let matches = (candidates[bytes[index]] ?? []).filter { bytes[index...].starts(with: $0.bytes) }
            guard let longest = matches.first else {
                index += 1
                continue
            }
            let match = matches.first { $0.spelling == usual && $0.bytes == longest.bytes } ?? longest
            if literalStart < index { pieces.append(.literal(Array(bytes[literalStart..<index]))) }
            pieces.append(.reference(name: match.name, match.spelling))
            index += match.bytes.count
            literalStart = index
        }
        if literalStart < bytes.count { pieces.append(.literal(Array(bytes[literalStart...]))) }
        return pieces
    }

    /// In one pair of double quotes where nothing in it means anything there, else each part in quotes of its own.
    private static func quoted(_ texts: [(text: String, isReference: Bool)]) -> String {
        guard texts.contains(where: \.isReference) else { return shellQuoted(texts.map(\.text).joined()) }
        let literals = texts.lazy.filter { !$0.isReference }
        guard literals.allSatisfy({ !$0.text.contains { "\"$`\\!".contains($0) } }) else {
            return texts.map { $0.isReference ? "\"\($0.text)\"" : shellQuoted($0.text) }.joined()
        }
        var result = ""
        for (index, part) in texts.enumerated() {
            let next = index + 1 < texts.count ? texts[index + 1].text.first : nil
            let isGlued = next.map { $0 == "_" || $0.isLetter || $0.isNumber } ?? false
            let isPlainName = part.isReference && !part.text.hasPrefix("$(")
            result += isPlainName && isGlued ? "${\(part.text.dropFirst())}" : part.text
        }
        return "\"\(result)\""
    }
}
