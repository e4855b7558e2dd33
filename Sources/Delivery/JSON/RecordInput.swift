import Foundation

/// A file read through a window that holds the record at hand, from its first byte on, and what was read beyond.
struct RecordInput: Sendable {
    private let fileDescriptor: Int32
    private let readSize: Int
    private(set) var buffer: [UInt8]
    /// The first byte still wanted, and the end of what was read, in `buffer`.
    private(set) var start = 0
    private(set) var end = 0
    /// The file's offset of `buffer[start]`.
    private(set) var offset = 0

    init(fileDescriptor: Int32, readSize: Int) {
        self.fileDescriptor = fileDescriptor
        self.readSize = max(readSize, 1)
        buffer = [UInt8](repeating: 0, count: self.readSize)
    }

    /// Bytes read and not yet dropped.
    var count: Int { end - start }

    /// Lets go of the first `count` bytes.
    mutating func drop(_ count: Int) {
        start += count
        offset += count
    }

    /// Reads more; false at the end of the file.
    mutating func fill() throws(JSONReadError) -> Bool {
        makeRoom()
        while true {
            let got = buffer.withUnsafeMutableBytes { bytes in
                read(fileDescriptor, bytes.baseAddress.map { $0 + end }, readSize)
            }
            if got >= 0 {
                end += got
                return got > 0
            }
            guard errno == EINTR else { throw .read(errno: errno) }
        }
    }

    private mutating func makeRoom() {
        if buffer.count - end >= readSize { return }
        if start > 0 {
            buffer.withUnsafeMutableBytes { bytes in
                bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            end -= start
            start = 0
        }
        if buffer.count - end < readSize {
            buffer.append(contentsOf: repeatElement(0, count: max(buffer.count, readSize)))
        }
    }

    /// Drops a UTF-8 byte order mark at the start of the file and refuses UTF-16.
    mutating func skipByteOrderMark() throws(JSONReadError) {
        while count < 3, try fill() {}
        let head = buffer[start..<min(start + 3, end)]
        if head.starts(with: [0xff, 0xfe]) || head.starts(with: [0xfe, 0xff]) {
            throw .text(
                JSONTextError(offset: 0, line: 1, column: 1, message: "the file is UTF-16; convert it to UTF-8"))
        }
        if head.elementsEqual([0xef, 0xbb, 0xbf]) { drop(3) }
    }
}
