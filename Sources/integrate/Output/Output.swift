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

    /// Writes a line to standard error, masked. Where standard error is gone there is nobody to tell.
    func standardError(_ text: String) {
        let line = Data((masker.mask(text) + "\n").utf8)
        line.withUnsafeBytes { try? writeAll($0, to: STDERR_FILENO, path: "standard error") }
    }
}
