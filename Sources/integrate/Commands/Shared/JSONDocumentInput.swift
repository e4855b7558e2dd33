import Arguments
import Delivery
import Foundation
import HTTPCore

/// A JSON object from `--from FILE`, with the members of `--set` on top.
struct JSONDocumentInput: Sendable {
    static let from = Option(
        "from", .path, placeholder: "FILE", help: "Begin with the JSON object in this file; - is standard input")

    /// `--from` and `--set`, for a command's option groups.
    static let options: [any OptionDescriptor] = [from, Assignment.option]

    private static let mostBytes = 64 << 20

    var path: String?
    var assignments: [Assignment]

    init(_ arguments: ParsedArguments) {
        path = arguments[Self.from]
        assignments = arguments[Assignment.option]
    }

    /// Whether the command line gives nothing at all.
    var isEmpty: Bool { path == nil && assignments.isEmpty }

    /// Refuses secrets that stand on the command line in clear, where every user of the machine sees them.
    ///
    /// - Throws: `UsageError`; it names the key, never the value.
    func checkSecrets(_ arguments: ParsedArguments) throws(UsageError) {
        for assignment in assignments {
            let secret: String? =
                switch assignment.value {
                case .file: nil
                case .string: SecretNames.contains(assignment.key) ? assignment.key : nil
                case .json(let text):
                    SecretNames.contains(assignment.key)
                        ? assignment.key
                        : (try? JSONValue(parsing: text.utf8, allowsRepeatedNames: true)).flatMap(SecretNames.first)
                }
            guard let secret else { continue }
            throw arguments.usageError(
                "\(secret) is a secret and must not stand on the command line, where other users see it",
                hint: "use --set \(assignment.key)=@FILE, or --from FILE (- for standard input)")
        }
    }

    /// The object: from the file, or empty, then each assignment in its order.
    ///
    /// - Throws: ``Failure`` with exit code 66 for a file that cannot be read, 64 for a `--set` that is no JSON;
    ///   ``InvalidFile`` (65) for a file that is no JSON object.
    func object() throws -> JSONValue {
        var object = try path.map(Self.object(in:)) ?? .object([])
        try apply(to: &object)
        return object
    }

    /// Applies the assignments alone.
    func apply(to object: inout JSONValue) throws(Failure) {
        for assignment in assignments { object[assignment.key] = try assignment.jsonValue() }
    }

    /// The JSON object in the file at `path`, `-` for standard input.
    static func object(in path: String) throws -> JSONValue {
        let value = try value(in: path)
        guard value.members != nil else {
            throw fault(
                in: path == "-" ? "<stdin>" : path, at: TextPosition(line: 1, column: 1),
                "expected an object, not \(value.kind)")
        }
        return value
    }

    /// The JSON value in the file at `path`, `-` for standard input.
    static func value(in path: String) throws -> JSONValue {
        let file = try InputFile(path)
        let handle = FileHandle(fileDescriptor: file.descriptor, closeOnDealloc: false)
        var data = Data()
        do {
            while let chunk = try handle.read(upToCount: 1 << 16), !chunk.isEmpty {
                data += chunk
                guard data.count <= mostBytes else {
                    throw Failure(.invalidInput, "\(file.displayName) is larger than \(mostBytes >> 20) MiB")
                }
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.missingInput, "\(file.displayName) cannot be read")
        }
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: data)
        } catch {
            throw fault(
                in: file.displayName, at: TextPosition(line: error.line, column: error.column), error.message)
        }
    }

    private static func fault(in file: String, at position: TextPosition, _ message: String) -> InvalidFile {
        var diagnostics = DiagnosticCollector()
        diagnostics.add(Diagnostic(file: file, position: position, message: message))
        return InvalidFile(
            failure: Failure(.invalidInput, "\(file) holds no JSON object; nothing was sent"), diagnostics: diagnostics)
    }
}

extension Assignment {
    /// The value as JSON.
    func jsonValue() throws(Failure) -> JSONValue {
        guard case .json(let json) = value else { return .string(try text() ?? "") }
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: json.utf8)
        } catch {
            // The text itself may be long, or meant for a file.
            throw Failure(
                .usage, "--set \(key):=... is no JSON: at \(error.line):\(error.column) \(error.message)",
                hint: "a string is set with \(key)=TEXT, in JSON with quotation marks of its own")
        }
    }
}
