import Arguments
import HTTPCore
import VendorAPIs

/// The upload that a command is about: its token, or `--last`.
enum TokenArgument {
    static let token = Positional(
        "TOKEN",
        ValueFormat<ProcessingToken>(placeholder: "TOKEN") { text throws(ValueError) in
            guard let token = ProcessingToken(text) else { throw ValueError("not a processing token (UUID)") }
            return token
        },
        help: "The processing token that upload-csv printed", isOptional: true)
    static let last = Flag("last", help: "The newest upload of this profile")

    /// Nil for `--last`.
    static func parse(_ arguments: ParsedArguments) throws(UsageError) -> ProcessingToken? {
        let isLast = arguments[last] ?? false
        guard let token = arguments[token] else {
            guard isLast else {
                throw arguments.usageError(
                    "missing argument TOKEN", hint: "give a token, or --last for the newest upload")
            }
            return nil
        }
        guard !isLast else { throw arguments.usageError("a token and --last exclude one another") }
        return token
    }

    static func resolve(_ token: ProcessingToken?, in records: UploadRecords) throws(Failure) -> ProcessingToken {
        if let token { return token }
        guard let newest = records.newest() else {
            throw Failure(
                .missingInput, vendor: .upload, "no upload of this profile is known on this machine",
                hint: "give the processing token that upload-csv printed")
        }
        return newest
    }
}
