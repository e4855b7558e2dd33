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

    /// The header fields, credentials in them replaced.
    static func maskedFields(of request: HTTPRequest) -> [(name: String, value: String)] {
        var fields = request.fields.all.map { field in
            (field.name, field.isCredential ? maskedCredential(field.value) : field.value)
        }
        if let type = request.body.contentType { fields.append(("Content-Type", type)) }
        return fields
    }

    /// The header fields; a cookie is a credential of the vendor's making.
    static func maskedFields(of response: HTTPResponse) -> [(name: String, value: String)] {
        response.fields.all.map { field in
            (field.name, field.name.lowercased() == "set-cookie" ? Masker.mask : field.value)
        }
    }

    /// Header fields and body.
    static func lines(of request: HTTPRequest, bodyLimit: Int) -> [String] {
        var lines = maskedFields(of: request).map { "\($0.name): \($0.value)" }
        switch request.body {
        case .none: break
        case .data(let data, _): lines += ["", withoutSecretMembers(excerpt(data, limit: bodyLimit))]
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
            lines += ["", withoutSecretMembers(String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self))]
        }
        return lines
    }

    /// The beginning of `data` as text; all of it where it is short enough.
    static func excerpt(_ data: Data, limit: Int) -> String {
        guard data.count > limit else { return String(decoding: data, as: UTF8.self) }
        // A cut could leave half a secret at the end: stop where no secret is long enough to reach.
        return "(\(data.count) bytes)"
    }

    /// `text` without the values of members whose names say that they hold a secret: tokens that are just being issued or
    /// renewed, the session of a login, secrets that a vendor echoes. Nobody has told the masker of them yet.
    static func withoutSecretMembers(_ text: String) -> String {
        text.replacing(member) { match in
            guard SecretNames.contains(String(match.2)) || match.2 == "session" else { return String(match.0) }
            return match.1 + Masker.mask + "\""
        }
    }

    /// Sound: a regular expression without transformations of its own is never changed.
    nonisolated(unsafe) private static let member = /("([A-Za-z0-9_-]+)"\s*:\s*")(?:[^"\\]|\\.)+"/

    private static func maskedCredential(_ value: String) -> String {
        guard let space = value.firstIndex(of: " "), value.hasPrefix("B") else { return Masker.mask }
        return value[...space] + Masker.mask
    }
}
