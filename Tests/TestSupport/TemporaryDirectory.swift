import Foundation

/// A directory of mode 0700 that goes away, with what is in it, when the last reference does.
package final class TemporaryDirectory: Sendable {
    /// Its absolute path, without a trailing slash.
    package let path: String

    /// Creates the directory below the system's temporary one.
    package init() throws {
        let parent = FileManager.default.temporaryDirectory.path
        path = "\(parent)/integrate-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of `name` in here; nothing is created.
    package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and returns its path.
    @discardableResult
    package func write(_ contents: Data, to name: String) throws -> String {
        let file = self(name)
        try contents.write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Writes a UTF-8 file and returns its path.
    @discardableResult
    package func write(_ contents: String, to name: String) throws -> String {
        try write(Data(contents.utf8), to: name)
    }

    /// The bytes of `name`; nil when there is no such file.
    package func read(_ name: String) -> Data? { FileManager.default.contents(atPath: self(name)) }

    /// The names of all entries, sorted.
    package var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}
