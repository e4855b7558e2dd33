import Foundation
import HTTPCore

/// A file to read, or standard input where `-` stands for it.
final class InputFile: Sendable {
    let descriptor: Int32
    /// As messages name it.
    let displayName: String

    /// - Throws: ``Failure`` with exit code 66 when there is no such file, or it cannot be read.
    init(_ path: String) throws(Failure) {
        guard path != "-" else {
            descriptor = STDIN_FILENO
            displayName = "<stdin>"
            return
        }
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw Failure(.missingInput, FileError(path: path).message) }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            close(opened)
            throw Failure(.missingInput, FileError(path: path, code: EISDIR).message)
        }
        descriptor = opened
        displayName = path
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }
}
