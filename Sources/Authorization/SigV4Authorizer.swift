import Foundation
import HTTPCore

/// Signs each request afresh with AWS Signature Version 4, over exactly the bytes that are sent.
public struct SigV4Authorizer: RequestAuthorizer {
    private let signer: SigV4Signer
    private let now: @Sendable () -> Date

    /// Creates an authorizer.
    ///
    /// - Parameters:
    ///   - accessKeyID: The access key's id, which is no secret.
    ///   - secretAccessKey: Its secret.
    ///   - sessionToken: Of temporary credentials.
    ///   - region: The region that signatures are valid for.
    ///   - service: The service that signatures are valid for.
    ///   - now: The calendar's time.
    public init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret?, region: String, service: String,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        signer = SigV4Signer(
            credentials: SigV4Credentials(
                accessKeyID: accessKeyID, secretAccessKey: secretAccessKey.reveal(),
                sessionToken: sessionToken?.reveal()),
            region: region, service: service)
        self.now = now
    }

    /// Signs the request as it will be sent.
    public func authorize(_ request: inout HTTPRequest) async throws {
        var headers = request.fields.all.map { (name: $0.name, value: $0.value) }
        headers.append((name: "host", value: request.origin.authority))
        if let type = request.body.contentType { headers.append((name: "content-type", value: type)) }
        let body: Data
        switch request.body {
        case .none: body = Data()
        case .data(let data, _): body = data
        case .file(let path, _):
            guard let content = FileManager.default.contents(atPath: path) else {
                throw TransportError(.invalidRequest, .notSent, "the body's file is not there")
            }
            body = content
        }
        let signed = signer.sign(
            SigV4Request(
                method: request.method.rawValue, path: request.path, query: request.encodedQuery, headers: headers,
                body: body),
            at: now())
        for (name, value) in signed.all {
            request.fields.set(HTTPField(name, value, isCredential: name != "x-amz-date"))
        }
    }

    /// A refused signature stays refused: there is nothing to renew.
    public func renew(after response: HTTPResponse, rejected: HTTPRequest) async throws -> Bool { false }
}
