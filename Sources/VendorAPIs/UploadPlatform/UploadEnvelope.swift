import Authorization
import Foundation

/// The body of `UploadData` without its data: what stands before and after the CSV text. Every field is a JSON string,
/// `Overwrite` too (vendor-docs/1-upload-platform.txt, step 3).
public struct UploadEnvelope: Sendable {
    private struct Tail: Encodable {
        var apiKey: String
        var username: String
        var overwrite: String

        enum CodingKeys: String, CodingKey {
            case apiKey = "Key"
            case username = "Username"
            case overwrite = "Overwrite"
        }
    }

    private let name: String
    private let tail: Tail

    init(name: String, apiKey: Secret, username: String, overwrite: Bool) {
        self.name = name
        tail = Tail(apiKey: apiKey.reveal(), username: username, overwrite: overwrite ? "true" : "false")
    }

    /// Up to and including the quotation mark before the CSV text, which follows escaped as in a JSON string.
    public var prefix: Data {
        Data("{\"Name\":".utf8) + Self.json(name) + Data(",\"Data\":\"".utf8)
    }

    /// From the quotation mark after the CSV text. It holds the API key.
    public var suffix: Data {
        Data("\",".utf8) + Self.json(tail).dropFirst()
    }

    private static func json(_ value: some Encodable) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // Strings always encode.
        return (try? encoder.encode(value)) ?? Data()
    }
}
