import Foundation

/// A vendor's operation as a value: what is sent, who may see it, how often it may be sent, and how the answer reads.
/// Dry runs, tests and the retry rule read it without sending.
public struct Endpoint<Response: Sendable>: Sendable {
    /// The operation as the vendor calls it, for messages: `UploadData`.
    public var operation: String
    /// The request method.
    public var method: HTTPMethod
    /// Path segments below the base, decoded; each is encoded as one segment and cannot leave it.
    public var path: [String]
    /// Whether the path ends in a slash, which some vendors insist on.
    public var hasTrailingSlash: Bool
    /// The query, decoded; encoded in this order.
    public var query: [QueryItem]
    /// Header fields beside those that authorization and the transport add.
    public var fields: HTTPFields
    /// What the request carries, with its content type.
    public var body: HTTPBody
    /// Whether the vendor may receive it more than once.
    public var repeatClass: RepeatClass
    /// Where the answer goes.
    public var destination: BodyDestination
    /// A write that belongs to a batch may use a connection that was in use a moment ago.
    public var keepsConnection = false
    /// Where a vendor can refuse in an answer whose status says success: its words, or nil.
    public var refusal: @Sendable (HTTPResponse) -> String? = { _ in nil }
    /// Reads a successful answer; throws what makes it unreadable.
    public var decode: @Sendable (HTTPResponse) throws(UnreadableAnswer) -> Response

    /// Creates an endpoint.
    public init(
        _ operation: String, _ method: HTTPMethod, path: [String] = [], hasTrailingSlash: Bool = false,
        query: [QueryItem] = [], fields: HTTPFields = [:], body: HTTPBody = .none, repeatClass: RepeatClass,
        destination: BodyDestination = .memory(limit: 64 << 20),
        decode: @escaping @Sendable (HTTPResponse) throws(UnreadableAnswer) -> Response
    ) {
        self.operation = operation
        self.method = method
        self.path = path
        self.hasTrailingSlash = hasTrailingSlash
        self.query = query
        self.fields = fields
        self.body = body
        self.repeatClass = repeatClass
        self.destination = destination
        self.decode = decode
    }

    /// The request to `base`.
    ///
    /// - Throws: ``TransportError`` for a segment that is empty or consists of dots: it would change the path's meaning.
    public func request(to base: BaseURL) throws(TransportError) -> HTTPRequest {
        var encoded = base.path
        for segment in path {
            guard !segment.isEmpty, segment != ".", segment != ".." else {
                throw TransportError(
                    .invalidRequest, .notSent, "\(segment.debugDescription) cannot be part of a path")
            }
            encoded += "/" + PercentEncoding.encode(segment)
        }
        if hasTrailingSlash { encoded += "/" }
        var request = HTTPRequest(
            method, base.origin, path: encoded, query: query, fields: fields, body: body, repeatClass: repeatClass)
        request.destination = destination
        request.keepsConnection = keepsConnection
        return request
    }
}

/// Why a successful answer makes no sense.
public struct UnreadableAnswer: Error, Sendable, Equatable {
    /// Completes "the answer ...".
    public var message: String

    /// Creates the error.
    public init(_ message: String) {
        self.message = message
    }
}
