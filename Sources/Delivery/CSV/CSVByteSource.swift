#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a source has no more bytes although its end was not reached.
package enum CSVSourceError: Error, Equatable, Sendable {
    /// `read(2)` failed.
    case system(errno: Int32)
    /// The bytes from `offset` (in the file, before any conversion) are not text in the encoding asked for.
    case undecodable(offset: Int, message: String)
}

/// Where a `CSVReader` gets its bytes.
package protocol CSVByteSource {
    /// Fills the start of `buffer` (64 bytes or more) and says how many bytes that were; 0 is the end.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(CSVSourceError) -> Int
}

/// The bytes of an open file descriptor, which stays the caller's to close.
package struct CSVDescriptorSource: CSVByteSource {
    private let descriptor: Int32

    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(CSVSourceError) -> Int {
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #else
                let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 { return count }
            if errno != EINTR { throw .system(errno: errno) }
        }
    }
}

/// Bytes that are in memory already.
package struct CSVMemorySource: CSVByteSource {
    private let bytes: [UInt8]
    private var position = 0
    private let chunkSize: Int

    /// - Parameter chunkSize: the most bytes that one read gives.
    package init(_ bytes: [UInt8], chunkSize: Int = .max) {
        self.bytes = bytes
        self.chunkSize = chunkSize
    }

    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(CSVSourceError) -> Int {
        let count = min(buffer.count, chunkSize, bytes.count - position)
        bytes.withUnsafeBytes { all in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[position..<position + count]))
        }
        position += count
        return count
    }
}
