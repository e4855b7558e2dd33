import Foundation

/// A regular file's bytes without reading them into memory of the process's own. The file must not be cut short meanwhile.
final class MappedFile {
    let bytes: UnsafeRawBufferPointer

    /// - Throws: `KPIInputError.unreadable`, also for what is no regular file.
    init(descriptor: Int32) throws(KPIInputError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(errno: ESPIPE) }
        // An empty file cannot be mapped.
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let address = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw .unreadable(errno: errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: Int(status.st_size))
    }

    deinit {
        if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
    }
}
