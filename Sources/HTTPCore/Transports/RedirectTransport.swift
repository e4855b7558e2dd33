import Foundation

/// Follows redirects by hand: reads only, and only to the same scheme, host and port, so that no credential and no body
/// ever goes elsewhere (urlsession-linux.md, C2.4). Anything else is an error that names the new place.
package struct RedirectTransport: HTTPTransport {
    private static let mostRedirects = 5

    package let next: any HTTPTransport

    package init(next: any HTTPTransport) {
        self.next = next
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var current = request
        var seen: Set<String> = [current.target]
        for _ in 0...Self.mostRedirects {
            let response = try await next.send(current)
            guard [301, 302, 303, 307, 308].contains(response.status), let location = response.fields["Location"]
            else { return response }
            guard let place = Self.resolve(location, from: current) else {
                throw TransportError(
                    .redirected(to: ""), .rejected, "answered \(response.status) with a Location that is no URL")
            }
            let name = "\(place.origin)\(place.path)"
            guard request.method == .get else {
                throw TransportError(
                    .redirected(to: name), .rejected,
                    "answered \(response.status): a \(request.method.rawValue) was redirected to \(name), "
                        + "and writes are not sent elsewhere")
            }
            guard place.origin == request.origin else {
                throw TransportError(
                    .redirected(to: name), .rejected,
                    "answered \(response.status): redirected to \(name), which is another host; "
                        + "credentials are not sent there")
            }
            current.path = place.path
            current.query = place.query
            guard seen.insert(current.target).inserted else {
                throw TransportError(.redirected(to: name), .rejected, "redirected in a circle at \(name)")
            }
        }
        throw TransportError(
            .redirected(to: current.path), .rejected, "redirected more than \(Self.mostRedirects) times")
    }

    private static func resolve(
        _ location: String, from request: HTTPRequest
    ) -> (origin: BaseURL.Origin, path: String, query: [QueryItem])? {
        // Foundation would encode what is not allowed in a URL, and with it once more what is encoded already.
        let isURL = location.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }
        guard isURL, !location.isEmpty, PercentEncoding.decode(location) != nil,
            let base = URL(string: request.absoluteURL, encodingInvalidCharacters: false),
            let url = URL(string: location, relativeTo: base)?.absoluteURL,
            let components = URLComponents(url: url, resolvingAgainstBaseURL: true),
            let scheme = components.scheme?.lowercased(), let host = components.percentEncodedHost?.lowercased(),
            !host.isEmpty
        else { return nil }
        let port = components.port ?? (scheme == "https" ? 443 : 80)
        // A credential in the query of the first hop is still one in the next.
        let credentials = Set(request.query.filter(\.isCredential).map(\.name))
        var query: [QueryItem] = []
        for pair in (components.percentEncodedQuery ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decodeFormText(parts[0]), let value = decodeFormText(parts.count > 1 ? parts[1] : "")
            else { return nil }
            query.append(QueryItem(name, value, isCredential: credentials.contains(name)))
        }
        let path = components.percentEncodedPath
        return (BaseURL.Origin(scheme: scheme, host: host, port: port), path.isEmpty ? "/" : path, query)
    }

    /// Servers write a space in a query as `+`, too.
    private static func decodeFormText(_ text: Substring) -> String? {
        PercentEncoding.decode(text.replacing("+", with: " "))
    }
}
