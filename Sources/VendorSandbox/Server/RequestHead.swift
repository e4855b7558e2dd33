#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Request line and header fields, as RFC 9112 writes them.
struct RequestHead {
    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
    }

    struct Fault: Error, Equatable {
        let status: Int
        let message: String

        static func malformed(_ message: String) -> Fault { Fault(status: 400, message: message) }
    }

    let method: String
    let target: String
    let headers: [SandboxHeader]
    let body: Body
    let keepAlive: Bool
    let expectsContinue: Bool

    /// The length of the head at the beginning of `bytes`, up to and with the empty line; nil when it has not all arrived.
    /// `scanned` is where the last unfinished line begins, for the next call.
    static func length(_ bytes: UnsafeBufferPointer<UInt8>, from scanned: inout Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        // Empty lines before the request line are skipped by every server.
        var seenLine = scanned > 0
        while scanned < bytes.count, let found = memchr(base + scanned, 0x0A, bytes.count - scanned) {
            let index = UnsafeRawPointer(found) - UnsafeRawPointer(base)
            let length = index - scanned
            if length > 1 || length == 1 && bytes[scanned] != 0x0D {
                seenLine = true
            } else if seenLine {
                return index + 1
            }
            scanned = index + 1
        }
        return nil
    }

    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<RequestHead, Fault> {
        Result { () throws(Fault) in try RequestHead(bytes) }
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>) throws(Fault) {
        var lines = Lines(bytes: bytes)
        var requestLine = try lines.next()
        while let line = requestLine, line.isEmpty { requestLine = try lines.next() }
        guard let requestLine else { throw .malformed("an empty request") }
        let minorVersion: UInt8
        (method, target, minorVersion) = try Self.parseRequestLine(bytes, requestLine)

        var headers: [SandboxHeader] = []
        headers.reserveCapacity(12)
        while let line = try lines.next(), !line.isEmpty { headers.append(try Self.parseField(bytes, line)) }
        self.headers = headers

        var connection: [String] = []
        var lengths: [String] = []
        var encodings: [String] = []
        var hosts = 0
        var expects = false
        for header in headers {
            switch header.key {
            case "connection": connection += Self.list(header.value)
            case "content-length": lengths += Self.list(header.value)
            case "transfer-encoding": encodings += Self.list(header.value)
            case "host": hosts += 1
            case "expect": expects = header.value.lowercased() == "100-continue"
            default: break
            }
        }
        if hosts > 1 || hosts == 0 && minorVersion > 0 { throw .malformed("exactly one Host is required") }
        keepAlive = minorVersion > 0 ? !connection.contains("close") : connection.contains("keep-alive")
        expectsContinue = expects && minorVersion > 0
        body = try Self.framing(lengths: lengths, encodings: encodings)
    }

    private static func framing(lengths: [String], encodings: [String]) throws(Fault) -> Body {
        if !encodings.isEmpty {
            guard lengths.isEmpty else { throw .malformed("both Content-Length and Transfer-Encoding") }
            guard encodings == ["chunked"] else { throw Fault(status: 501, message: "an unknown transfer encoding") }
            return .chunked
        }
        guard let first = lengths.first else { return .none }
        guard lengths.allSatisfy({ $0 == first }), first.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(first)
        else { throw .malformed("Content-Length is not one number") }
        return length == 0 ? .none : .length(length)
    }

    private static func list(_ value: String) -> [String] {
        value.lowercased().split(separator: ",", omittingEmptySubsequences: false).map { item in
            String(item.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        }
    }

    private static func parseRequestLine(
        _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>
    ) throws(Fault) -> (String, String, UInt8) {
        guard let first = bytes[line].firstIndex(of: 0x20), let last = bytes[line].lastIndex(of: 0x20), first < last
        else { throw .malformed("a request line has method, target and version") }
        let version = bytes[last + 1..<line.upperBound]
        guard version.elementsEqual("HTTP/1.1".utf8) || version.elementsEqual("HTTP/1.0".utf8) else {
            if version.starts(with: "HTTP/".utf8) { throw Fault(status: 505, message: "not HTTP/1.1") }
            throw .malformed("a request line ends with HTTP/1.1")
        }
        guard first > line.lowerBound, bytes[line.lowerBound..<first].allSatisfy(isToken) else {
            throw .malformed("the method is not a token")
        }
        guard last > first + 1, bytes[first + 1..<last].allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw .malformed("the target holds white space or control characters")
        }
        let target = bytes[first + 1..<last]
        guard target.first == UInt8(ascii: "/") || target.starts(with: "http://".utf8) || target.elementsEqual("*".utf8)
        else { throw .malformed("the target is no path") }
        return (
            text(bytes, line.lowerBound..<first), text(bytes, target.startIndex..<target.endIndex),
            bytes[line.upperBound - 1] - UInt8(ascii: "0")
        )
    }

    private static func parseField(
        _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>
    ) throws(Fault) -> SandboxHeader {
        guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")), colon > line.lowerBound,
            bytes[line.lowerBound..<colon].allSatisfy(isToken)
        else { throw .malformed("a header line is not name: value") }
        var value = colon + 1..<line.upperBound
        while let first = value.first, isBlank(bytes[first]) { value = first + 1..<value.upperBound }
        while let last = value.last, isBlank(bytes[last]) { value = value.lowerBound..<last }
        guard bytes[value].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw .malformed("a header value holds control characters")
        }
        return SandboxHeader(text(bytes, line.lowerBound..<colon), text(bytes, value))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func text(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    /// Walks the lines; each has to end with CR LF.
    private struct Lines {
        let bytes: UnsafeBufferPointer<UInt8>
        var position = 0

        mutating func next() throws(Fault) -> Range<Int>? {
            guard position < bytes.count, let end = bytes[position...].firstIndex(of: 0x0A) else { return nil }
            guard end > position, bytes[end - 1] == 0x0D else { throw .malformed("a line ends without CR") }
            defer { position = end + 1 }
            return position..<end - 1
        }
    }
}

/// Status line and header fields of an answer.
enum ResponseHead {
    static func bytes(_ response: SandboxResponse, hasBody: Bool, keepAlive: Bool, date: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(512 + response.body.count)
        func add(_ text: String) { result.append(contentsOf: text.utf8) }
        add("HTTP/1.1 ")
        add(String(response.status))
        add(" ")
        add(reason(response.status))
        add("\r\nDate: ")
        add(date)
        for header in response.headers {
            add("\r\n")
            add(header.name)
            add(": ")
            add(header.value)
        }
        if hasBody {
            add("\r\nContent-Length: ")
            add(String(response.body.count))
        }
        add(keepAlive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n")
        return result
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
