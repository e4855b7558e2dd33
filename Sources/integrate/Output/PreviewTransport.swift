import Foundation
import HTTPCore

/// The bottom of the stack under `--dry-run`: prints what would be sent, and ends the command there.
struct PreviewTransport: HTTPTransport {
    private static let longestBody = 64 << 20

    let output: Output
    let masker: Masker

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        masker.registerCredentials(of: request)
        var text = "\(request.method.rawValue) \(RequestText.maskedTarget(of: request)) HTTP/1.1\n"
        text += "Host: \(request.origin.authority)\n"
        for line in RequestText.lines(of: request, bodyLimit: Self.longestBody) { text += line + "\n" }
        try output.write(Data(masker.mask(text).utf8))
        throw TransportError(.previewed, .notSent, "not sent: this is a dry run")
    }
}

/// Stands in for a credential that a dry run does not ask for.
struct PlaceholderAuthorizer: RequestAuthorizer {
    /// No word that could stand elsewhere in a request: whatever is like it is masked, or becomes the token's variable.
    private let token = UUID().uuidString
    private let attributes: [String: String]

    /// - Parameters:
    ///   - vendor: Whose token it stands for, which names its variable.
    ///   - attributes: Header fields that go with the token.
    init(vendor: Vendor, attributes: [String: String], masker: Masker) {
        self.attributes = attributes
        masker.register(token, as: "INTEGRATE_\(vendor.rawValue.uppercased())_TOKEN")
    }

    func authorize(_ request: inout HTTPRequest) async throws {
        request.fields.set(HTTPField("Authorization", "Bearer \(token)", isCredential: true))
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { request.fields.set(HTTPField(name, value)) }
    }

    func renew(after response: HTTPResponse, rejected: HTTPRequest) async throws -> Bool { false }
}
