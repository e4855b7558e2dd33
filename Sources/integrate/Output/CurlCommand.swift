import Foundation
import HTTPCore
import Synchronization

/// The bottom of the stack under `--curl`: prints a command that would send the same bytes, and ends the command there.
final class CurlTransport: HTTPTransport {
    private let output: Output
    private let masker: Masker
    private let settingsOptions: String
    /// Comments and functions that stand before an earlier command.
    private let printed = Mutex<Set<String>>([])

    init(output: Output, masker: Masker, settingsOptions: String) {
        self.output = output
        self.masker = masker
        self.settingsOptions = settingsOptions
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let command = try CurlCommand(request, masker: masker, settingsOptions: settingsOptions)
        let preamble = printed.withLock { printed in command.preamble.filter { printed.insert($0).inserted } }
        try output.write(Data((preamble + [command.text, ""]).joined(separator: "\n").utf8))
        throw TransportError(.previewed, .notSent, "not sent: this prints a curl command")
    }
}

/// A request as a `curl` command for a POSIX shell, over several lines.
struct CurlCommand {
    /// A longer body is no longer one that somebody reads, or that a shell should.
    private static let longestBody = 1 << 20
    /// Linux takes 128 KiB as one argument of a program; a longer body goes through a pipe.
    private static let longestArgument = 100 << 10

    /// Comments that say what must be set, and functions that the command calls.
    let preamble: [String]
    let text: String

    init(_ request: HTTPRequest, masker: Masker, settingsOptions: String) throws(Failure) {
        var shell = ShellText(masker: masker)
        var options: [String] = []
        let body = try Self.body(of: request)
        if request.method != (body == nil ? .get : .post) { options.append("--request \(request.method.rawValue)") }
        for field in request.fields.all {
            options += try Self.options(for: field, &shell)
        }
        if let type = request.body.contentType {
            options.append("--header " + (try shell.word("Content-Type: \(type)".utf8, usual: .raw)))
        }
        var pipe = ""
        if let body {
            let isForm = request.body.contentType == "application/x-www-form-urlencoded"
            let word = try shell.word(body, usual: isForm ? .percent : .json)
            if word.utf8.count > Self.longestArgument {
                pipe = "printf %s \(word) |\n"
                options.append("--data-binary @-")
            } else {
                options.append("--data-raw \(word)")
            }
        }
        // Brackets and braces are patterns to curl; an IPv6 address is none.
        if request.path.contains(where: { "[]{}".contains($0) }) { options.append("--globoff") }
        options.append(try shell.word(request.absoluteURL.utf8, usual: .percent))
        text = pipe + "curl " + options.joined(separator: " \\\n    ")
        preamble = Self.preamble(shell, settingsOptions)
    }

    private static func body(of request: HTTPRequest) throws(Failure) -> Data? {
        let body: Data
        switch request.body {
        case .none: return nil
        case .data(let data, _): body = data
        case .file(let path, _):
            guard let handle = FileHandle(forReadingAtPath: path),
                let data = try? handle.read(upToCount: longestBody + 1)
            else { throw Failure(.inputOutput, "the request's body cannot be read") }
            body = data
        }
        guard body.count <= longestBody else {
            throw Failure(
                .invalidInput, "the request is too large for a command line: its body is over \(longestBody) bytes",
                hint: "try a smaller file, or see the request with --dry-run")
        }
        return body
    }

    private static func options(for field: HTTPField, _ shell: inout ShellText) throws(Failure) -> [String] {
        switch field.name.lowercased() {
        case "authorization" where field.value.hasPrefix("AWS4-"):
            return try signing(field.value, &shell)
        case "x-amz-date": return []
        case "authorization" where field.value.hasPrefix("Basic "):
            // curl puts the pair into base64 itself, so that the secret can be a variable.
            guard let pair = Data(base64Encoded: String(field.value.dropFirst("Basic ".count))) else { break }
            return ["--user " + (try shell.word(pair, usual: .percent))]
        default: break
        }
        // A field without a value is written with a semicolon; with a colon it would be left out.
        let line = field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)"
        return ["--header " + (try shell.word(line.utf8, usual: .raw))]
    }

    /// A signature is good for minutes and for one request: curl makes its own.
    private static func signing(_ authorization: String, _ shell: inout ShellText) throws(Failure) -> [String] {
        let scope = authorization.prefix { $0 != "," }.split(separator: "/").suffix(4)
        guard scope.count == 4, let region = scope.dropFirst().first, let service = scope.dropFirst(2).first else {
            throw Failure(.internalFault, "the signature's scope is malformed")
        }
        let secretName = shell.name(endingIn: "SECRET_ACCESS_KEY") ?? "AWS_SECRET_ACCESS_KEY"
        let keyName = secretName.replacing("SECRET_ACCESS_KEY", with: "ACCESS_KEY_ID")
        let pair = shell.reference(to: [keyName, secretName])
        return ["--aws-sigv4 " + shellQuoted("aws:amz:\(region):\(service)"), "--user \(pair)"]
    }

    private static func preamble(_ shell: ShellText, _ settingsOptions: String) -> [String] {
        var lines: [String] = []
        for name in shell.names {
            if let vendor = name.wholeMatch(of: /INTEGRATE_([A-Z]+)_TOKEN/)?.1.lowercased() {
                lines.append("# \(name)=$(integrate auth token \(vendor)\(settingsOptions))")
            } else {
                lines.append("# \(name) must be set in the environment")
            }
        }
        return lines + ShellText.Spelling.allCases.filter(shell.spellings.contains).compactMap(\.function)
    }
}
