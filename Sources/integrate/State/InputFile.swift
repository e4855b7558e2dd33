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

    private init(descriptor: Int32, displayName: String) {
        self.descriptor = descriptor
        self.displayName = displayName
    }

    /// Standard input, read to its end into a private file, so that it can be read twice.
    static func spooled(into folder: WorkingFolder) throws(Failure) -> InputFile {
        let path = folder.path + "/input"
        let copy = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard copy >= 0 else { throw Failure(.cannotCreateOutput, FileError(path: path).message) }
        let file = InputFile(descriptor: copy, displayName: "<stdin>")
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count == 0 {
                lseek(copy, 0, SEEK_SET)
                return file
            }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw Failure(.inputOutput, FileError(path: "<stdin>").message)
            }
            do throws(FileError) {
                try Data(buffer[..<count]).withUnsafeBytesTyped { bytes throws(FileError) in
                    try writeAll(bytes, to: copy, path: path)
                }
            } catch {
                throw Failure(.cannotCreateOutput, "standard input cannot be kept: \(error.message)")
            }
        }
    }

    /// The first byte that is no white space; nil in an empty file. Where the file is read from stays as it was.
    func firstByte() -> UInt8? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return nil }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let content = bytes[..<count]
        return content.dropFirst(content.starts(with: byteOrderMark) ? 3 : 0)
            .first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    /// Whether it can be read twice.
    var isRegular: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }
}
