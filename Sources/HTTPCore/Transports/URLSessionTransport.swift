import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The transport at the bottom: requests over URLSession, by delegates only.
///
/// The built-in async calls of swift-corelibs-foundation 6.3.1 dead-lock on cancel
/// (https://github.com/swiftlang/swift-corelibs-foundation/issues/5412), never finish on a Basic 401 (issues/5456), carry
/// credentials across redirects and lose bodies; see urlsession-linux.md for the measurements. Hence: session-level
/// delegates, no redirect followed, bodies as data or from a file, own deadlines.
public final class URLSessionTransport: HTTPTransport {
    private let dataSessions: DataSessions
    private let downloads: DownloadSession
    private let userAgent: String

    /// Creates a transport with its own connections.
    ///
    /// - Parameters:
    ///   - userAgent: The `User-Agent` of every request.
    ///   - connections: The most connections kept to one host, and so the most requests under way to it.
    public init(userAgent: String, connections: Int = 16) {
        self.userAgent = userAgent
        dataSessions = DataSessions(connections: connections)
        downloads = DownloadSession()
    }

    /// Sends `request` once; also throws ``Failure`` where the answer cannot be written to its file.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let wireRequest = try makeURLRequest(request)
        let limit = try timeLimit(of: request)
        guard !Task.isCancelled else { throw TransportError(.cancelled, .notSent, "cancelled before it was sent") }
        let response: HTTPResponse
        switch request.destination {
        case .memory(let byteLimit):
            response = try await dataSessions.send(
                wireRequest, file: uploadFile(of: request), isLoneWrite: request.isLoneWrite, byteLimit: byteLimit,
                timeLimit: limit)
        case .file(let path):
            response = try await downloads.send(wireRequest, to: path, timeLimit: limit)
        }
        return response
    }

    /// What remains for this attempt: its own time-out or the command's budget, whichever ends first.
    private func timeLimit(of request: HTTPRequest) throws -> TimeLimit {
        guard let deadline = request.deadline else { return TimeLimit(duration: request.timeout, isBudget: false) }
        let remaining = ContinuousClock.now.duration(to: deadline)
        guard remaining > .zero else {
            throw TransportError(.budgetSpent, .notSent, "the time allowed by --max-time is used up")
        }
        return remaining < request.timeout
            ? TimeLimit(duration: remaining, isBudget: true) : TimeLimit(duration: request.timeout, isBudget: false)
    }

    private func uploadFile(of request: HTTPRequest) throws -> URL? {
        guard case .file(let path, _) = request.body else { return nil }
        // URLSession on Linux hangs on a directory (urlsession-linux.md, C2.8).
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw TransportError(.invalidRequest, .notSent, "the body's file is not there")
        }
        return URL(fileURLWithPath: path)
    }

    private func makeURLRequest(_ request: HTTPRequest) throws -> URLRequest {
        if let field = request.fields.firstInvalid {
            throw TransportError(
                .invalidRequest, .notSent,
                "the header field \(field.name.debugDescription) has characters that HTTP does not allow")
        }
        if let type = request.body.contentType, HTTPFields([HTTPField("Content-Type", type)]).firstInvalid != nil {
            throw TransportError(
                .invalidRequest, .notSent, "the content type has characters that HTTP does not allow")
        }
        if case .file = request.body, case .file = request.destination {
            throw TransportError(
                .invalidRequest, .notSent, "URLSession cannot send from a file and answer into one in one request")
        }
        // `encodingInvalidCharacters: false`: what was encoded once must not be encoded again (swift-foundation #1190).
        guard let url = URL(string: request.absoluteURL, encodingInvalidCharacters: false) else {
            throw TransportError(.invalidRequest, .notSent, "the request's URL is malformed")
        }
        var result = URLRequest(url: url)
        result.httpMethod = request.method.rawValue
        // An idle timer in whole seconds is all this is on Linux; the deadline is our own.
        result.timeoutInterval = 86_400
        for field in request.fields.all { result.addValue(field.value, forHTTPHeaderField: field.name) }
        if request.fields["User-Agent"] == nil { result.setValue(userAgent, forHTTPHeaderField: "User-Agent") }
        if request.fields["Accept"] == nil { result.setValue("*/*", forHTTPHeaderField: "Accept") }
        if let type = request.body.contentType { result.setValue(type, forHTTPHeaderField: "Content-Type") }
        if request.isLoneWrite { result.setValue("close", forHTTPHeaderField: "Connection") }
        if case .data(let data, _) = request.body { result.httpBody = data }
        return result
    }
}

extension HTTPRequest {
    /// A write outside a batch gets a connection of its own: on a stale one libcurl would hang or lose the body
    /// (urlsession-linux.md, C2.7).
    fileprivate var isLoneWrite: Bool { method != .get && !keepsConnection }
}

/// The time one attempt may take, and whether it is the command's budget that sets it.
struct TimeLimit: Sendable {
    var duration: Duration
    var isBudget: Bool

    var error: TransportError {
        isBudget
            ? TransportError(.budgetSpent, .ambiguous, "no complete answer within the time allowed by --max-time")
            : TransportError(.timedOut, .ambiguous, "no complete answer within \(duration.forPeople)")
    }
}

extension TransportError {
    /// Classifies a URLSession error by its code and libcurl's words (urlsession-linux.md, C2.10). The error itself is
    /// never shown: its description holds the whole URL.
    init(urlSession error: any Error) {
        let error = error as NSError
        let words = error.localizedDescription
        switch error.code {
        case NSURLErrorCannotFindHost, NSURLErrorDNSLookupFailed:
            self.init(.nameNotResolved, .notSent, "the host name cannot be resolved")
        case _ where Self.isConnectFailure(error):
            self.init(.connectionRefused, .notSent, "no connection could be made (refused or unreachable)")
        case NSURLErrorBadURL, NSURLErrorUnsupportedURL:
            self.init(.invalidRequest, .notSent, "the request's URL is malformed")
        case NSURLErrorTimedOut:
            self.init(.timedOut, .ambiguous, "the connection timed out")
        case NSURLErrorNetworkConnectionLost, NSURLErrorBadServerResponse, NSURLErrorCannotConnectToHost:
            self.init(.connectionLost, .ambiguous, "the connection was closed before the answer was complete")
        case _ where Self.isHandshakeFailure(words):
            self.init(.tls, .notSent, "no trusted TLS connection: \(words)")
        default:
            self.init(.unclassified, .ambiguous, words)
        }
    }

    /// Not by the code alone: on Linux every failure on a connection whose first address was refused (`localhost` as ::1)
    /// is "cannot connect", also one that comes after the request was sent; and an unreachable network is "unknown".
    private static func isConnectFailure(_ error: NSError) -> Bool {
        #if canImport(FoundationNetworking)
            error.localizedDescription.hasPrefix("Failed to connect to")
        #else
            error.code == NSURLErrorCannotConnectToHost
        #endif
    }

    private static func isHandshakeFailure(_ words: String) -> Bool {
        // Once data flows, a TLS error is a lost connection like any other.
        guard !words.contains("SSL_read"), !words.contains("SSL_write"), !words.contains("unexpected eof") else {
            return false
        }
        return words.contains("SSL") || words.contains("certificate")
    }
}

extension HTTPResponse {
    init(_ response: HTTPURLResponse, body: Data) {
        // Duplicate fields arrive joined; `Content-Length` and `Content-Encoding` describe the compressed body.
        let fields = response.allHeaderFields.map { HTTPField("\($0.key)", "\($0.value)") }
            .sorted { $0.name < $1.name }
        self.init(status: response.statusCode, fields: HTTPFields(fields), body: body, receivedAt: Date())
    }
}
