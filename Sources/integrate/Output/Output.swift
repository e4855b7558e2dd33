import Foundation
import HTTPCore

/// Standard output and standard error over `write(2)`: `print` loses data silently on a full disk, `FileHandle.write`
/// traps (urlsession-linux.md, C4). Results go to the one, everything for people to the other.
struct Output: Sendable {
    let isQuiet: Bool
    let masker: Masker

    /// Writes a result, byte for byte.
    ///
    /// - Throws: ``Failure`` when standard output is closed or full.
    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        do throws(FileError) {
            try writeAll(bytes, to: STDOUT_FILENO, path: "standard output")
        } catch {
            throw Failure(.inputOutput, "standard output: \(error.reason)", hint: "part of the result may be missing")
        }
    }

    /// Writes `data`.
    func write(_ data: Data) throws(Failure) {
        try data.withUnsafeBytesTyped { bytes throws(Failure) in try write(bytes) }
    }

    /// Writes a line.
    func line(_ text: String) throws(Failure) {
        try write(Data((text + "\n").utf8))
    }

    /// Writes one JSON value on a line.
    func json(_ value: some Encodable) throws(Failure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            throw Failure(.internalFault, "the result cannot be written as JSON")
        }
        try write(data + Data("\n".utf8))
    }

    /// Writes a JSON value on a line, as it is.
    func json(_ value: JSONValue) throws(Failure) {
        try line(value.text)
    }

    /// Tells a person something; silent under `--quiet`.
    func note(_ text: String) {
        if !isQuiet { standardError(text) }
    }

    /// Warns a person; heard under `--quiet` too.
    func warn(_ text: String) {
        standardError("integrate: warning: \(text)")
    }

    /// Writes a line to standard error, masked, and without what a vendor's words could do to a terminal.
    func standardError(_ text: String) {
        standardError(line: Data(Self.printable(masker.mask(text)).utf8))
    }

    /// Writes `line`, which is masked, to standard error. Where that is gone there is nobody to tell.
    func standardError(line: Data) {
        let line = line + Data("\n".utf8)
        StatusLine.clear()
        line.withUnsafeBytes { try? writeAll($0, to: STDERR_FILENO, path: "standard error") }
    }

    private static func printable(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.replacingOccurrences(of: "\r\n", with: "\n").unicodeScalars {
            result.unicodeScalars.append(isControl(scalar) ? "\u{FFFD}" : scalar)
        }
        return result
    }
}
