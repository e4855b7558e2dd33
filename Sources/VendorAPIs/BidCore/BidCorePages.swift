import Foundation
import HTTPCore

/// A page of a list.
public struct BidCorePage: Sendable {
    /// The entities as the vendor wrote them.
    public let entities: [JSONValue]
    /// How many entities the whole list has, where the vendor says so.
    public let count: Int?
    /// Whether there are further pages.
    public var hasNext: Bool { next != nil }
    /// Where the next page is, as the vendor wrote it.
    let next: String?

    /// Reads `{"count":...,"next":...,"previous":...,"results":[...]}`, or a list that comes without pages as an array.
    init(_ response: HTTPResponse) throws(UnreadableAnswer) {
        let value = try BidCoreClient.json(response)
        if let elements = value.elements {
            (entities, count, next) = (elements, elements.count, nil)
            return
        }
        guard let results = value["results"]?.elements else {
            throw UnreadableAnswer("is \(value.kind) without a list of results")
        }
        entities = results
        count = value["count"]?.identifier.flatMap(Int.init)
        switch value["next"] {
        case nil, .null?: next = nil
        case .string(let text)?: next = text.isEmpty ? nil : text
        case let other?: throw UnreadableAnswer("has \(other.kind) where the next page's URL should be")
        }
    }
}

/// The pages of a list, each fetched when it is asked for. The vendor's `next` is followed only while scheme, host and port
/// stay the same, because each request carries the token, and only to pages that were not there before.
public struct BidCorePages: Sendable {
    private let client: BidCoreClient
    private let entity: String
    private var place: (endpoint: Endpoint<BidCorePage>, base: BaseURL)
    /// Where the page after `place` is; nil before the first page.
    private var link: String?
    private var isOver = false
    private var seen: Set<String> = []

    init(client: BidCoreClient, entity: String, filters: [QueryItem]) {
        self.client = client
        self.entity = entity
        place = client.firstPage(entity, filters: filters)
    }

    /// The next page; nil after the last one.
    ///
    /// - Throws: ``Failure``; with category `unreadableAnswer` when the list leads elsewhere or in a circle.
    public mutating func next() async throws -> BidCorePage? {
        guard !isOver else { return nil }
        if let link {
            let current = try place.endpoint.request(to: place.base)
            seen.insert(current.target)
            place = try follow(link, from: current)
            guard !seen.contains(try place.endpoint.request(to: place.base).target) else {
                throw failure("the list goes in a circle: the next page is one that was there before", hint: nil)
            }
        }
        let page = try await client.page(place.endpoint, at: place.base)
        link = page.next
        isOver = link == nil
        return page
    }

    static func operation(_ entity: String) -> String { "list \(entity)" }

    private func follow(
        _ link: String, from current: HTTPRequest
    ) throws(Failure) -> (endpoint: Endpoint<BidCorePage>, base: BaseURL) {
        let here = URL(string: current.origin.description + current.target, encodingInvalidCharacters: false)
        guard let url = URL(string: link, relativeTo: here)?.absoluteURL,
            let parts = URLComponents(url: url, resolvingAgainstBaseURL: true), let host = parts.percentEncodedHost,
            let scheme = parts.scheme?.lowercased()
        else { throw failure("the next page's URL is none", hint: nil) }
        let port = parts.port ?? (scheme == "https" ? 443 : 80)
        let origin = current.origin
        guard scheme == origin.scheme, host.lowercased() == origin.host, port == origin.port else {
            let authority = parts.port.map { "\(host):\($0)" } ?? host
            throw failure(
                "the next page is at \(scheme)://\(authority)\(parts.percentEncodedPath), and not at \(origin): "
                    + "the token is not sent there",
                hint: "if that is where the API is, set url (INTEGRATE_BIDCORE_URL) to it")
        }
        guard parts.user == nil, parts.password == nil else {
            throw failure("the next page's URL holds a user name", hint: nil)
        }
        var next = place.endpoint
        next.path = []
        next.hasTrailingSlash = false
        next.query = []
        for pair in (parts.percentEncodedQuery ?? "").split(separator: "&") {
            let pieces = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                // A query is a form: `+` is a space.
                .map { PercentEncoding.decode($0.replacingOccurrences(of: "+", with: "%20")) }
            guard let name = pieces[0], let value = pieces.count > 1 ? pieces[1] : "" else {
                throw failure("the next page's URL is not encoded properly", hint: nil)
            }
            next.query.append(QueryItem(name, value))
        }
        do throws(BaseURL.ParseError) {
            return (next, try BaseURL(endpoint: origin.description + parts.percentEncodedPath))
        } catch {
            throw failure("the next page's URL \(error.message)", hint: nil)
        }
    }

    private func failure(_ message: String, hint: String?) -> Failure {
        Failure(
            .unreadableAnswer, vendor: .bidcore,
            "\(Self.operation(entity)) at \(Vendor.bidcore.title): \(message)", hint: hint)
    }
}
