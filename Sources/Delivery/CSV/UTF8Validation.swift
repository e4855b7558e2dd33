/// The index of the first byte of `bytes` that is not part of well-formed UTF-8, or `nil`.
func firstInvalidUTF8(in bytes: UnsafeRawBufferPointer) -> Int? {
    var index = 0
    let count = bytes.count

    func isContinuation(_ at: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
        at < count && range.contains(bytes[at])
    }

    while index < count {
        if index + 8 <= count,
            bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index += 8
            continue
        }
        // The ranges of the second byte keep out overlong forms, surrogates and what lies past U+10FFFF.
        switch bytes[index] {
        case 0x00...0x7F:
            index += 1
        case 0xC2...0xDF:
            guard isContinuation(index + 1) else { return index }
            index += 2
        case let lead where lead & 0xF0 == 0xE0:
            let second: ClosedRange<UInt8> = lead == 0xE0 ? 0xA0...0xBF : lead == 0xED ? 0x80...0x9F : 0x80...0xBF
            guard isContinuation(index + 1, second), isContinuation(index + 2) else { return index }
            index += 3
        case let lead where (0xF0...0xF4).contains(lead):
            let second: ClosedRange<UInt8> = lead == 0xF0 ? 0x90...0xBF : lead == 0xF4 ? 0x80...0x8F : 0x80...0xBF
            guard isContinuation(index + 1, second), isContinuation(index + 2), isContinuation(index + 3) else {
                return index
            }
            index += 4
        default:
            return index
        }
    }
    return nil
}

/// How many Unicode scalars start in `bytes`.
func scalarCount(of bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    return count
}
