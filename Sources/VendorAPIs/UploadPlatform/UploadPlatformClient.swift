import Authorization
import Foundation
import HTTPCore

/// The upload platform's API (vendor-docs/1-upload-platform.txt): a CSV goes up, a processing token comes back, and with
/// it the status and the results are asked for.
public struct UploadPlatformClient: Sendable {
    /// The path of the token endpoint below the identity URL.
    public static let tokenPath = ["connect", "token"]
    /// The scope of this API.
    public static let defaultScope = "platform_upload_api"

    private let api: APIClient
    private let clientID: String
    private let apiKey: Secret

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - api: Sends below the API URL, with a bearer token.
    ///   - clientID: Sent as `Username` (the document: `<Your_ClientId>`).
    ///   - apiKey: The API key: in an upload's body, and in the query of `GetResults`.
    public init(api: APIClient, clientID: String, apiKey: Secret) {
        self.api = api
        self.clientID = clientID
        self.apiKey = apiKey
    }

    /// What surrounds the CSV text in the body of an upload.
    public func envelope(name: String, overwrite: Bool) -> UploadEnvelope {
        UploadEnvelope(name: name, apiKey: apiKey, username: clientID, overwrite: overwrite)
    }

    /// Uploads a data set.
    ///
    /// Never repeated once it may have arrived: without `Overwrite` a second delivery is another data set or a 409.
    ///
    /// - Parameter bodyFile: A file that holds what ``UploadEnvelope`` describes.
    /// - Throws: ``Failure``; its category is `unknownOutcome` when the upload may have arrived.
    public func upload(bodyFile: String) async throws -> ProcessingToken {
        let endpoint = Endpoint(
            "UploadData", .post, path: ["api", "UploadData"], fields: ["Accept": "application/json, text/plain"],
            body: .file(path: bodyFile, contentType: "application/json"), repeatClass: .unsafe
        ) { response throws(UnreadableAnswer) in
            let text = Self.unquoted(response.body)
            guard let token = ProcessingToken(text) else {
                throw UnreadableAnswer(
                    text.isEmpty ? "holds no processing token" : "is no processing token (UUID): \(text.prefix(80))")
            }
            return token
        }
        return try await api.send(endpoint)
    }

    /// How far the processing is.
    public func status(
        of token: ProcessingToken, deadline: ContinuousClock.Instant? = nil
    ) async throws -> ProcessingStatus {
        let endpoint = results(of: token, key: .status, destination: .memory(limit: 1 << 20)) { response in
            ProcessingStatus(Self.unquoted(response.body))
        }
        return try await api.send(endpoint, deadline: deadline)
    }

    /// The result `key` in memory, byte for byte.
    public func result(of token: ProcessingToken, key: ResultKey) async throws -> Data {
        try await api.send(results(of: token, key: key, destination: .memory(limit: 64 << 20)) { $0.body })
    }

    /// The result `key`, byte for byte, in constant memory.
    ///
    /// - Parameter path: The file to write; replaced if it is there.
    public func download(_ key: ResultKey, of token: ProcessingToken, to path: String) async throws {
        try await api.send(results(of: token, key: key, destination: .file(path: path)) { _ in })
    }

    private func results<Answer>(
        of token: ProcessingToken, key: ResultKey, destination: BodyDestination,
        decode: @escaping @Sendable (HTTPResponse) throws(UnreadableAnswer) -> Answer
    ) -> Endpoint<Answer> {
        Endpoint(
            "GetResults (\(key.rawValue))", .get, path: ["api", "GetResults"],
            query: [
                QueryItem("token", token.description), QueryItem("key", apiKey.reveal(), isCredential: true),
                QueryItem("dataKey", key.rawValue),
            ],
            repeatClass: .safe, destination: destination, decode: decode)
    }

    /// The documents do not say whether answers are bare or JSON strings (vendor-apis.md, section 1 e 4): both are read.
    static func unquoted(_ body: Data) -> String {
        let text = String(decoding: body, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines.union(CharacterSet(charactersIn: "\u{FEFF}")))
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        return String(text.dropFirst().dropLast()).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// What an upload is known by at the vendor: a UUID.
public struct ProcessingToken: Sendable, Hashable, CustomStringConvertible {
    /// As the vendor wrote it.
    public let description: String

    /// Nil unless `text` is a UUID.
    public init?(_ text: String) {
        guard UUID(uuidString: text) != nil else { return nil }
        description = text
    }
}

/// A kind of result (`dataKey`). The document names three; any other is passed on.
public struct ResultKey: Sendable, Hashable {
    /// As it stands in the query.
    public let rawValue: String

    /// Creates a key.
    public init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    /// How far the processing is.
    public static let status = ResultKey("status")
    /// What was wrong, a line each: `row|value|message`.
    public static let feedback = ResultKey("feedback")
    /// The processed output.
    public static let resultIDs = ResultKey("tableofresultids")
}

/// The status word, and what it means for whoever waits.
public struct ProcessingStatus: Sendable, Equatable {
    /// What a status word means.
    public enum Meaning: Sendable {
        case pending, succeeded, failed
    }

    /// The word as the vendor wrote it.
    public let word: String

    /// Wraps `word`.
    public init(_ word: String) {
        self.word = word
    }

    /// The document names one word, `completedsuccessfully`. Of the others, those that speak of failure are final, the
    /// rest is taken as pending (vendor-apis.md, section 1, open questions).
    public var meaning: Meaning {
        let word = word.lowercased()
        if word == "completedsuccessfully" { return .succeeded }
        return ["fail", "error", "invalid", "reject", "cancel"].contains(where: word.contains) ? .failed : .pending
    }
}
