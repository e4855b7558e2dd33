import Foundation

/// Request methods that the vendors' documents use.
public enum HTTPMethod: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
}

/// One name and value of a query, decoded.
public struct QueryItem: Sendable, Equatable {
    /// The name, decoded.
    public var name: String
    /// The value, decoded; empty for a name alone.
    public var value: String
    /// Set where the value is a credential (the upload platform's `key`); every printer masks it.
    public var isCredential: Bool

    /// Creates a query item.
    public init(_ name: String, _ value: String, isCredential: Bool = false) {
        self.name = name
        self.value = value
        self.isCredential = isCredential
    }
}

/// What a request carries.
public enum HTTPBody: Sendable, Equatable {
    case none
    case data(Data, contentType: String)
    /// Sent from a file with its length, in constant memory. The file must not change while it is sent.
    case file(path: String, contentType: String)

    package var contentType: String? {
        switch self {
        case .none: nil
        case .data(_, let type), .file(_, let type): type
        }
    }
}

/// Where an answer's body goes.
public enum BodyDestination: Sendable, Equatable {
    /// Kept in memory; an answer of more bytes than `limit` is an error.
    case memory(limit: Int)
    /// A successful answer is written to this file, in constant memory; other answers stay in memory.
    case file(path: String)
}

/// A request as a value: what is signed, printed, recorded and sent is read from here and nowhere else.
public struct HTTPRequest: Sendable, Equatable {
    /// The request method.
    public var method: HTTPMethod
    /// Where it goes: scheme, host and port.
    public var origin: BaseURL.Origin
    /// Percent-encoded, beginning with `/`; exactly what goes on the wire.
    public var path: String
    /// The query, decoded; encoded in this order.
    public var query: [QueryItem]
    /// Header fields; `Content-Type` comes from the body.
    public var fields: HTTPFields
    /// What the request carries.
    public var body: HTTPBody
    /// Whether the vendor may receive it more than once.
    public var repeatClass: RepeatClass
    /// Where the answer goes; 64 MiB in memory unless told otherwise.
    public var destination: BodyDestination = .memory(limit: 64 << 20)
    /// The longest that one attempt may take, from connecting to the last byte of the answer.
    public var timeout: Duration = .seconds(60)
    /// The moment after which nothing may be begun or awaited any more; set by ``DeadlineTransport``.
    public var deadline: ContinuousClock.Instant?
    /// A write that belongs to a batch may use a connection that was in use a moment ago.
    public var keepsConnection = false

    /// Creates a request for `origin`.
    public init(
        _ method: HTTPMethod, _ origin: BaseURL.Origin, path: String, query: [QueryItem] = [],
        fields: HTTPFields = [:], body: HTTPBody = .none, repeatClass: RepeatClass
    ) {
        self.method = method
        self.origin = origin
        self.path = path.isEmpty ? "/" : path
        self.query = query
        self.fields = fields
        self.body = body
        self.repeatClass = repeatClass
    }

    /// The percent-encoded query without its question mark.
    public var encodedQuery: String {
        query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
    }

    /// The request target as it stands in the request line.
    public var target: String { query.isEmpty ? path : "\(path)?\(encodedQuery)" }

    /// The whole URL, secrets included: for sending, never for printing.
    package var absoluteURL: String { origin.description + target }
}
