import Arguments
import Foundation
import HTTPCore
import VendorAPIs

/// `fetch-results`: a result of an upload, byte for byte.
enum FetchResultsCommand: Subcommand {
    struct Options: Sendable {
        /// Nil for the newest upload.
        var token: ProcessingToken?
        var key = ResultKey.resultIDs
        var outputPath: String?
    }

    static let knownKeys = [ResultKey.resultIDs, .feedback, .status].map(\.rawValue)

    private static let key = Option(
        "key", .string(suggesting: knownKeys), placeholder: "KEY",
        help: "The kind of result: tableofresultids, feedback, status, or any other the platform knows",
        defaultText: "tableofresultids")
    private static let outputOption = Option(
        "output", short: "o", .path, help: "Write the result to this file, whole or not at all")

    static let path = ["fetch-results"]
    static let command = Command(
        name: "fetch-results", summary: "Fetch a result of an upload", standardOutput: "the result's bytes, unchanged",
        positionals: [TokenArgument.token],
        optionGroups: [OptionGroup("The result", [TokenArgument.last, key, outputOption])],
        exitCodes: [(0, "fetched"), (1, "the platform refused: the token is unknown, or the result is not there yet")],
        examples: [
            Example(
                "The results of an upload, in a file",
                command: """
                    integrate upload-csv Examples/shifts.csv --wait
                    integrate fetch-results --last --output results.csv
                    """),
            Example(
                "The platform's feedback",
                command: """
                    token=$(integrate upload-csv Examples/shifts.csv)
                    integrate poll "$token" && integrate fetch-results "$token" --key feedback
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        let key = arguments[key].map(ResultKey.init) ?? .resultIDs
        guard !key.rawValue.isEmpty else { throw arguments.usageError("--key cannot be empty") }
        return Options(token: try TokenArgument.parse(arguments), key: key, outputPath: arguments[outputOption])
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        try checkOutput(options.outputPath)
        let connection = try UploadConnection(environment)
        let token = try TokenArgument.resolve(options.token, in: connection.records)
        try await fetch(options.key, of: token, to: options.outputPath, connection, environment)
    }

    /// Fetches into a private file first: memory stays constant, and nothing half done is ever seen.
    static func fetch(
        _ key: ResultKey, of token: ProcessingToken, to path: String?, _ connection: UploadConnection,
        _ environment: Environment, status: ProcessingStatus? = nil
    ) async throws {
        let folder = try WorkingFolder(in: try environment.paths().outgoing)
        defer { withExtendedLifetime(folder) {} }
        // URLSession keeps what arrives in the temporary folder, readable by others: this one is private.
        setenv("TMPDIR", folder.path, 1)
        let downloadPath = folder.path + "/result"
        do {
            try await connection.client.download(key, of: token, to: downloadPath)
        } catch var failure as Failure {
            if failure.status == 404 || failure.status == 409 {
                failure.hint = "is the processing over? integrate poll \(token)\(environment.globals.settingsOptions)"
            }
            throw failure
        }
        let file = try InputFile(downloadPath)
        if let path {
            try save(file, to: path)
            if environment.globals.isJSON {
                return try environment.output.json(
                    FetchResult(token: token.description, key: key.rawValue, status: status?.word, output: path))
            }
            return environment.output.note("\(key.rawValue) is in \(path)")
        }
        guard environment.globals.isJSON else { return try copy(file) { bytes in try environment.output.write(bytes) } }
        let data = FileManager.default.contents(atPath: downloadPath) ?? Data()
        var result = FetchResult(token: token.description, key: key.rawValue, status: status?.word)
        result.result = String(validating: data, as: UTF8.self)
        result.resultBase64 = result.result == nil ? data.base64EncodedString() : nil
        try environment.output.json(result)
    }

    private struct FetchResult: Encodable {
        var token: String
        var key: String
        var status: String?
        var output: String?
        /// The result where it is text; otherwise it is in `resultBase64`.
        var result: String?
        var resultBase64: String?
    }

    /// Checks that there is a folder for a result at `path`, before anything is asked of the vendor.
    static func checkOutput(_ path: String?) throws(Failure) {
        guard let path else { return }
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw Failure(.cannotCreateOutput, FileError(path: path, code: EISDIR).message)
        }
        guard access(parentFolder(of: path), W_OK | X_OK) == 0 else {
            throw Failure(.cannotCreateOutput, FileError(path: path).message)
        }
    }

    private static func save(_ file: InputFile, to path: String) throws {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            // A device or a named pipe (/dev/null, /dev/stdout) is written to, not replaced.
            let descriptor = open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Failure(.cannotCreateOutput, FileError(path: path).message) }
            defer { close(descriptor) }
            return try copy(file) { bytes in try writeAll(bytes, to: descriptor, path: path) }
        }
        let result = try newFile(path)
        try copy(file) { bytes in try result.write(bytes) }
        try result.commit()
    }

    private static func newFile(_ path: String) throws(Failure) -> AtomicFile {
        do throws(FileError) {
            return try AtomicFile(path, mode: 0o666)
        } catch {
            throw Failure(.cannotCreateOutput, error.message)
        }
    }

    private static func copy(_ file: InputFile, to write: (UnsafeRawBufferPointer) throws -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(file.descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw Failure(.inputOutput, FileError(path: file.displayName).message)
            }
            try buffer.withUnsafeBytes { try write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}
