import Foundation
import HTTPCore

/// One exchange in the words of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/). Every text is masked before it
/// becomes JSON: a secret that is also a word of the format must not change it.
struct HAREntry: Encodable {
    struct Pair: Encodable {
        var name: String
        var value: String
    }

    struct Content: Encodable {
        var size: Int
        var mimeType: String
        var text: String?
        var comment: String?
    }

    struct PostData: Encodable {
        var mimeType: String
        /// The pairs of a form, else nil: `text` excludes them.
        var params: [Pair]?
        var text: String?
        var comment: String?
    }

    struct Request: Encodable {
        var method: String
        var url: String
        var httpVersion = "unknown"
        var cookies: [Pair] = []
        var headers: [Pair]
        var queryString: [Pair]
        var postData: PostData?
        var headersSize = -1
        var bodySize: Int
    }

    struct Response: Encodable {
        var status = 0
        var statusText = ""
        var httpVersion = "unknown"
        var cookies: [Pair] = []
        var headers: [Pair] = []
        var content = Content(size: 0, mimeType: "x-unknown")
        var redirectURL = ""
        var headersSize = -1
        var bodySize = -1
        /// Why there is no answer, where browsers put it too.
        var error: String?

        private enum CodingKeys: String, CodingKey {
            case status, statusText, httpVersion, cookies, headers, content, redirectURL, headersSize, bodySize
            case error = "_error"
        }
    }

    struct Cache: Encodable {}

    struct Timings: Encodable {
        var send = 0.0
        var wait: Double
        var receive = 0.0
    }

    /// Of what is longer, only the size is told.
    private static let longestBody = 256 << 10

    var startedDateTime: String
    /// In milliseconds, as all times here.
    var time: Double
    var request: Request
    var response: Response
    var cache = Cache()
    var timings: Timings

    init(_ exchange: Exchange, masker: Masker) {
        startedDateTime = exchange.startedAt.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        time = (exchange.duration.inSeconds * 1_000_000).rounded() / 1000
        timings = Timings(wait: time)
        request = Self.request(exchange.request, masker)
        switch exchange.outcome {
        case .success(let answer): response = Self.response(answer, to: exchange.request, masker)
        case .failure(let error): response = Response(error: masker.mask(error.message))
        }
    }

    private static func request(_ request: HTTPRequest, _ masker: Masker) -> Request {
        let host = Pair(name: "Host", value: request.origin.authority)
        let (size, body) = content(of: request.body)
        return Request(
            method: request.method.rawValue,
            url: masker.mask("\(request.origin)\(RequestText.maskedTarget(of: request))"),
            headers: [host] + pairs(RequestText.maskedFields(of: request), masker),
            queryString: request.query.map { item in
                Pair(name: masker.mask(item.name), value: item.isCredential ? Masker.mask : masker.mask(item.value))
            },
            postData: request.body.contentType.map { postData(body, mimeType: $0, size: size, masker) },
            bodySize: size)
    }

    private static func postData(_ body: Data?, mimeType: String, size: Int, _ masker: Masker) -> PostData {
        var result = PostData(mimeType: mimeType)
        guard let body, let text = String(validating: body, as: UTF8.self) else {
            result.text = ""
            result.comment = "\(size) bytes, not kept"
            return result
        }
        if mimeType == "application/x-www-form-urlencoded" {
            result.params = text.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let texts = parts.map { PercentEncoding.decode($0) ?? String($0) }
                let isSecret = SecretNames.contains(texts[0])
                return Pair(
                    name: masker.mask(texts[0]),
                    value: texts.count < 2 ? "" : isSecret ? Masker.mask : masker.mask(texts[1]))
            }
        } else {
            result.text = masker.mask(RequestText.withoutSecretMembers(text))
        }
        return result
    }

    private static func response(_ response: HTTPResponse, to request: HTTPRequest, _ masker: Masker) -> Response {
        let fields = pairs(RequestText.maskedFields(of: response), masker)
        let type = response.fields["Content-Type"] ?? "x-unknown"
        var content = Content(size: response.body.count, mimeType: masker.mask(type))
        var status = stat()
        if response.isSuccess, case .file(let path) = request.destination {
            if stat(path, &status) == 0 { content.size = Int(status.st_size) }
            content.comment = "written to a file, not kept"
        } else if response.body.count <= longestBody, let text = String(validating: response.body, as: UTF8.self) {
            content.text = masker.mask(RequestText.withoutSecretMembers(text))
        } else {
            content.comment = "\(response.body.count) bytes, not kept"
        }
        return Response(
            status: response.status, headers: fields, content: content,
            redirectURL: masker.mask(response.fields["Location"] ?? ""),
            bodySize: response.fields["Content-Encoding"] == nil ? content.size : -1)
    }

    private static func pairs(_ fields: [(name: String, value: String)], _ masker: Masker) -> [Pair] {
        fields.map { Pair(name: $0.name, value: masker.mask($0.value)) }
    }

    /// The length of a body, and its bytes unless they are too many.
    private static func content(of body: HTTPBody) -> (size: Int, bytes: Data?) {
        switch body {
        case .none: return (0, nil)
        case .data(let data, _): return (data.count, data.count <= longestBody ? data : nil)
        case .file(let path, _):
            var status = stat()
            guard stat(path, &status) == 0 else { return (-1, nil) }
            let size = Int(status.st_size)
            return (size, size <= longestBody ? FileManager.default.contents(atPath: path) : nil)
        }
    }
}
