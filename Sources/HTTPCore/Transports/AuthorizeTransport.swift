/// Adds a credential to requests, or signs them.
public protocol RequestAuthorizer: Sendable {
    /// Adds the credential and marks it (``HTTPField/isCredential``).
    func authorize(_ request: inout HTTPRequest) async throws

    /// Called after a 401: gets a new credential, unless the one in `rejected` was replaced meanwhile.
    ///
    /// - Returns: Whether one more try with another credential makes sense.
    func renew(after response: HTTPResponse, rejected: HTTPRequest) async throws -> Bool
}

/// Authorizes each try afresh. A 401 leads to exactly one new credential and one replay.
package struct AuthorizeTransport: HTTPTransport {
    package let next: any HTTPTransport
    package let authorizer: any RequestAuthorizer

    package init(next: any HTTPTransport, authorizer: any RequestAuthorizer) {
        self.next = next
        self.authorizer = authorizer
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var authorized = request
        try await authorizer.authorize(&authorized)
        let response = try await next.send(authorized)
        guard response.status == 401, try await authorizer.renew(after: response, rejected: authorized) else {
            return response
        }
        var second = request
        try await authorizer.authorize(&second)
        return try await next.send(second)
    }
}
