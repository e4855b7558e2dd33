import Foundation
import HTTPCore

/// A request as text for people, its marked credentials masked. Whoever prints it masks the known secrets besides.
enum RequestText {
    /// The request target with credentials in its query replaced.
    static func maskedTarget(of request: HTTPRequest) -> String {
        guard !request.query.isEmpty else { return request.path }
        let query = request.query.map { item in
            let value = item.isCredential ? Masker.mask : PercentEncoding.encode(item.value)
            return "\(PercentEncoding.encode(item.name))=\(value)"
        }
        return "\(request.path)?\(query.joined(separator: "&"))"
    }

    /// Header fields and body.
    static func lines(of request: HTTPRequest, bodyLimit: Int) -> [String] {
        var lines = request.fields.all.map { field in
            "\(field.name): \(field.isCredential ? maskedCredential(field.value) : field.value)"
        }
        if let type = request.body.contentType { lines.append("Content-Type: \(type)") }
        switch request.body {
        case .none: break
        case .data(let data, _): lines += ["", excerpt(data, limit: bodyLimit)]
        case .file(let path, _):
            guard let handle = FileHandle(forReadingAtPath: path) else { break }
            defer { try? handle.close() }
            let length = (try? handle.seekToEnd()) ?? 0
            // A cut could leave half a secret: of what is longer, only the length is told.
            guard length <= bodyLimit else {
                lines += ["", "(\(length) bytes)"]
                break
            }
            try? handle.seek(toOffset: 0)
            lines += ["", String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)]
        }
        return lines
    }

    /// The beginning of `data` as text; all of it where it is short enough.
    static func excerpt(_ data: Data, limit: Int) -> String {
        guard data.count > limit else { return String(decoding: data, as: UTF8.self) }
        // A cut could leave half a secret at the end: stop where no secret is long enough to reach.
        return "(\(data.count) bytes)"
    }

    /// `text` without the tokens that a token endpoint has just issued, and without secrets that the connector service
    /// echoes: nobody has told the masker of them yet.
    static func withoutIssuedTokens(_ text: String) -> String {
        text.replacing(issuedToken) { match in match.1 + Masker.mask + "\"" }
    }

    nonisolated(unsafe) private static let issuedToken =
        /("(?:access_token|refresh_token|id_token|token|session|clientSecret|staticKey|password)"\s*:\s*")(?:[^"\\]|\\.)*"/

    private static func maskedCredential(_ value: String) -> String {
        guard let space = value.firstIndex(of: " "), value.hasPrefix("B") else { return Masker.mask }
        return value[...space] + Masker.mask
    }
}
