import Authorization
import Foundation
import HTTPCore

/// The SHA-256 of a file, in constant memory. It is what a journal knows its input by.
package func sha256(ofFile descriptor: Int32, named name: String) throws(Failure) -> String {
    var stream = SHA256Stream()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var offset: off_t = 0
    while true {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
        if count == 0 { return stream.finish().hexEncoded }
        guard count > 0 else {
            if errno == EINTR { continue }
            throw Failure(.inputOutput, FileError(path: name).message)
        }
        stream.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        offset += off_t(count)
    }
}
