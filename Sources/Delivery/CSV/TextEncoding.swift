/// The encodings that a user's file may have; everything behind the reader is UTF-8.
package enum TextEncoding: String, CaseIterable, Sendable, Codable {
    case utf8 = "utf-8"
    /// The byte order comes from the byte order mark, else from where the first character's zero byte stands, else it is
    /// little endian, as Windows writes it.
    case utf16 = "utf-16"
    /// The five bytes that Windows-1252 leaves undefined are refused.
    case windows1252 = "windows-1252"
    case iso88591 = "iso-8859-1"

    /// The encoding by its name or a common alias, in any case.
    package init?(name: String) {
        switch name.lowercased() {
        case "utf-8", "utf8": self = .utf8
        case "utf-16", "utf16": self = .utf16
        case "windows-1252", "windows1252", "cp1252", "1252": self = .windows1252
        case "iso-8859-1", "iso8859-1", "latin1", "latin-1": self = .iso88591
        default: return nil
        }
    }
}

/// Converts another source to UTF-8, a piece at a time.
struct TranscodingSource: CSVByteSource {
    private var upstream: any CSVByteSource
    private let encoding: TextEncoding
    private var input = [UInt8](repeating: 0, count: 64 * 1024)
    private var next = 0
    private var end = 0
    private var atEnd = false
    /// The offset in the file of `input[0]`.
    private var inputOffset = 0
    private var started = false
    private var bigEndian = false
    /// A fault waits here until the good bytes before it are delivered.
    private var failure: CSVSourceError?

    init(_ upstream: any CSVByteSource, from encoding: TextEncoding) {
        self.upstream = upstream
        self.encoding = encoding
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(CSVSourceError) -> Int {
        if !started { try start() }
        while true {
            if let failure { throw failure }
            let written = convert(into: buffer)
            if written > 0 { return written }
            if failure != nil { continue }
            if atEnd { return 0 }
            try refill()
        }
    }

    /// Looks at the first bytes for a byte order mark.
    private mutating func start() throws(CSVSourceError) {
        started = true
        while end < 4, !atEnd { try refill() }
        let head = Array(input[..<min(end, 4)])
        if head.starts(with: [0xEF, 0xBB, 0xBF]) {
            let message = "the file starts with a UTF-8 byte order mark: leave out --encoding \(encoding.rawValue)"
            throw .undecodable(offset: 0, message: message)
        }
        let hasMark = head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF])
        if encoding == .utf16 {
            bigEndian = head.starts(with: [0xFE, 0xFF]) || (head.count >= 2 && head[0] == 0 && head[1] != 0)
            if hasMark { next = 2 }
        } else if hasMark {
            throw .undecodable(
                offset: 0, message: "the file starts with a UTF-16 byte order mark: use --encoding utf-16")
        }
    }

    /// Moves what is left to the front and reads more behind it.
    private mutating func refill() throws(CSVSourceError) {
        if next > 0 {
            input.replaceSubrange(0..<end - next, with: Array(input[next..<end]))
            inputOffset += next
            end -= next
            next = 0
        }
        let from = end
        let result = input.withUnsafeMutableBytes { bytes in
            Result { () throws(CSVSourceError) in
                try upstream.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[from...]))
            }
        }
        let count = try result.get()
        end += count
        if count == 0 { atEnd = true }
    }

    private mutating func convert(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        encoding == .utf16 ? convertUTF16(into: buffer) : convertSingleByte(into: buffer)
    }

    private mutating func convertSingleByte(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        var position = next
        let isWindows = encoding == .windows1252
        let limit = end
        var undefined = false
        input.withUnsafeBytes { bytes in
            while position < limit, written + 8 <= buffer.count {
                if position + 8 <= limit {
                    let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                    if word & 0x8080_8080_8080_8080 == 0 {
                        buffer.storeBytes(of: word, toByteOffset: written, as: UInt64.self)
                        position += 8
                        written += 8
                        continue
                    }
                }
                let byte = bytes[position]
                var scalar = UInt32(byte)
                if isWindows, byte & 0xE0 == 0x80 {
                    scalar = UInt32(windows1252[Int(byte & 0x1F)])
                    if scalar == 0 {
                        undefined = true
                        break
                    }
                }
                written += store(scalar, in: buffer, at: written)
                position += 1
            }
        }
        next = position
        if undefined {
            let byte = String(input[position], radix: 16, uppercase: true)
            failure = .undecodable(
                offset: inputOffset + position,
                message: "byte 0x\(byte) at byte offset \(inputOffset + position) is not defined in windows-1252; "
                    + "use the --encoding that the file has")
        }
        return written
    }

    private mutating func convertUTF16(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        var fault: String?
        while next < end, written + 4 <= buffer.count {
            guard let unit = unit(at: next) else {
                if atEnd { fault = "the file ends inside a UTF-16 character" }
                break
            }
            var scalar = UInt32(unit)
            var length = 2
            if unit & 0xF800 == 0xD800 {
                let low = self.unit(at: next + 2)
                if low == nil, !atEnd { break }
                guard unit < 0xDC00, let low, low & 0xFC00 == 0xDC00 else {
                    fault = "half a UTF-16 surrogate pair"
                    break
                }
                scalar = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF))
                length = 4
            }
            written += store(scalar, in: buffer, at: written)
            next += length
        }
        if let fault {
            failure = .undecodable(
                offset: inputOffset + next,
                message: "\(fault) at byte offset \(inputOffset + next): the file is damaged or not UTF-16")
        }
        return written
    }

    private func unit(at index: Int) -> UInt16? {
        guard index + 2 <= end else { return nil }
        let (first, second) = (UInt16(input[index]), UInt16(input[index + 1]))
        return bigEndian ? first << 8 | second : second << 8 | first
    }
}

/// Writes a scalar as UTF-8 and says how many bytes it took.
private func store(_ scalar: UInt32, in buffer: UnsafeMutableRawBufferPointer, at index: Int) -> Int {
    func continuation(_ shift: UInt32) -> UInt8 { UInt8(0x80 | (scalar >> shift) & 0x3F) }
    switch scalar {
    case ..<0x80:
        buffer[index] = UInt8(scalar)
        return 1
    case ..<0x800:
        buffer[index] = UInt8(0xC0 | scalar >> 6)
        buffer[index + 1] = continuation(0)
        return 2
    case ..<0x10000:
        buffer[index] = UInt8(0xE0 | scalar >> 12)
        buffer[index + 1] = continuation(6)
        buffer[index + 2] = continuation(0)
        return 3
    default:
        buffer[index] = UInt8(0xF0 | scalar >> 18)
        buffer[index + 1] = continuation(12)
        buffer[index + 2] = continuation(6)
        buffer[index + 3] = continuation(0)
        return 4
    }
}

/// What the bytes 0x80...0x9F mean in Windows-1252; 0 where nothing is defined.
private let windows1252: [UInt16] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
    0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E,
    0x0178,
]
