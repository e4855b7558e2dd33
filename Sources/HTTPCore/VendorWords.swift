import Foundation

/// The vendor's own words in an error answer, as one line.
package enum VendorWords {
    /// More of an answer than this is not looked at.
    private static let mostBytes = 64 << 10

    /// Looks for the members in which services put their explanation; falls back on the text itself.
    ///
    /// No vendor here documents its error bodies except the forwarder (`messages[]` and API Gateway's `message`); the
    /// other names are the conventions of vendor-apis.md (OAuth, Laravel, Django REST framework).
    package static func extract(from body: Data) -> String? {
        guard !body.isEmpty else { return nil }
        if let value = try? JSONSerialization.jsonObject(with: body, options: .fragmentsAllowed),
            let words = words(in: value)
        {
            return oneLine(words)
        }
        let text = String(decoding: body.prefix(mostBytes), as: UTF8.self)
        // A proxy's error page says nothing in its mark-up.
        if text.contains("<html") || text.contains("<HTML") || text.contains("<!DOCTYPE") { return title(of: text) }
        return oneLine(text)
    }

    /// The forwarder puts its request's identifier into the body (vendor-apis.md, section 4 a).
    package static func requestID(in body: Data) -> String? {
        ((try? JSONSerialization.jsonObject(with: body)) as? [String: Any])?["requestId"] as? String
    }

    private static func words(in value: Any) -> String? {
        switch value {
        case let text as String: return text
        case let list as [Any]:
            let all = list.compactMap(words)
            return all.isEmpty ? nil : all.joined(separator: "; ")
        case let object as [String: Any]:
            if let error = object["error"] as? String {
                let description = object["error_description"] as? String ?? object["message"] as? String
                return description.map { "\(error): \($0)" } ?? error
            }
            let summary = ["message", "Message", "messages", "error", "detail", "title", "status_detail"]
                .lazy.compactMap { object[$0].flatMap(words) }.first { !$0.isEmpty }
            let fields = (object["errors"] as? [String: Any]) ?? (summary == nil ? object : [:])
            let details = fields.sorted { $0.key < $1.key }
                .compactMap { name, problem in words(in: problem).map { "\(name): \($0)" } }
            let parts = [summary].compactMap(\.self) + details
            return parts.isEmpty ? nil : parts.joined(separator: "; ")
        default: return nil
        }
    }

    private static func title(of page: String) -> String? {
        guard let start = page.firstRange(of: "<title>"), let end = page.firstRange(of: "</title>"),
            start.upperBound < end.lowerBound
        else { return nil }
        return oneLine(String(page[start.upperBound..<end.lowerBound]))
    }

    private static func oneLine(_ text: String) -> String? {
        let words = text.split { $0.isWhitespace || $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }
        let line = words.joined(separator: " ")
        guard !line.isEmpty else { return nil }
        return line
    }
}
