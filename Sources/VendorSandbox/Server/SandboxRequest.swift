import Foundation

/// One header field as it arrived or as it will be sent.
package struct SandboxHeader: Sendable, Equatable {
    package let name: String
    package let value: String
    /// The name in lower case, by which it is looked up.
    let key: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
        key = name.lowercased()
    }
}

/// One name and value of a query string or of a form, decoded.
package struct SandboxPair: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A request as it arrived: nothing is decoded, folded or reordered, so that signatures can be checked against it.
package struct SandboxRequest: Sendable {
    package let method: String
    /// The request target exactly as on the request line.
    package let target: String
    /// The path of the target, still percent-encoded, with the prefix of the vendor.
    package let path: String
    /// What stands after the first `?`, undecoded; nil when there is no `?`.
    package let rawQuery: String?
    package let headers: [SandboxHeader]
    package internal(set) var body: [UInt8]
    package let receivedAt: Date
    /// The bytes of the body on arrival; the log keeps only the beginning of large bodies.
    package let bodyLength: Int

    package init(method: String, target: String, headers: [SandboxHeader], body: [UInt8], receivedAt: Date) {
        self.method = method
        self.target = target
        (path, rawQuery) = Self.split(target)
        self.headers = headers
        self.body = body
        self.receivedAt = receivedAt
        bodyLength = body.count
    }

    /// The query's pairs, decoded as a form decodes them (`+` is a space); a name without `=` has an empty value.
    package var query: [SandboxPair] {
        FormCoding.pairs(rawQuery ?? "")
    }

    /// The path below the vendor's prefix: `/api/UploadData` for `/upload/api/UploadData`.
    package var route: String {
        guard let slash = path.utf8.dropFirst().firstIndex(of: UInt8(ascii: "/")) else { return "/" }
        return String(path[slash...])
    }

    /// The first value of the header, the name compared without case.
    package func header(_ name: String) -> String? {
        let key = name.lowercased()
        return headers.first { $0.key == key }?.value
    }

    /// Every value of the header in the order of arrival.
    package func headerValues(_ name: String) -> [String] {
        let key = name.lowercased()
        return headers.filter { $0.key == key }.map(\.value)
    }

    /// The media type of `Content-Type`, in lower case and without parameters.
    package var mediaType: String {
        let value = header("Content-Type") ?? ""
        return value.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    }

    /// Path and query of an origin-form target, or of an absolute-form one as a proxy's client sends it.
    private static func split(_ target: String) -> (String, String?) {
        var rest = target.utf8[...]
        if rest.first != UInt8(ascii: "/"), let scheme = target.firstRange(of: "://") {
            rest = rest[scheme.upperBound...]
            rest = rest[(rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex)...]
        }
        let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        let path = rest[..<mark].isEmpty ? "/" : String(Substring(rest[..<mark]))
        return (path, mark == rest.endIndex ? nil : String(Substring(rest[mark...].dropFirst())))
    }
}

/// What a stand-in answers. The server adds `Content-Length`, `Date` and, where it must, `Connection`.
package struct SandboxResponse: Sendable {
    /// How the answer travels; everything but `whole` is a fault.
    package enum Delivery: Sendable, Equatable {
        case whole
        /// The connection is closed without a byte of an answer.
        case dropped
        /// Half of the body, although the whole length was announced; then the connection is closed.
        case truncated
        /// The body in single bytes with a pause between them.
        case dripping(milliseconds: Int)
    }

    package var status: Int
    package var headers: [SandboxHeader]
    package var body: [UInt8]
    package var delivery = Delivery.whole
    /// What the log says about the request, such as which spelling of a field came. Not sent.
    package var notes: [String] = []

    package init(status: Int, headers: [SandboxHeader] = [], body: [UInt8] = [], notes: [String] = []) {
        self.status = status
        self.headers = headers
        self.body = body
        self.notes = notes
    }

    /// An answer in JSON.
    package static func json(
        _ status: Int, _ value: JSONValue, headers: [SandboxHeader] = [], notes: [String] = []
    ) -> SandboxResponse {
        SandboxResponse(
            status: status, headers: [SandboxHeader("Content-Type", "application/json")] + headers,
            body: Array(value.text.utf8), notes: notes)
    }

    /// An answer in plain text.
    package static func text(_ status: Int, _ text: String, type: String = "text/plain; charset=utf-8")
        -> SandboxResponse
    {
        SandboxResponse(status: status, headers: [SandboxHeader("Content-Type", type)], body: Array(text.utf8))
    }
}
