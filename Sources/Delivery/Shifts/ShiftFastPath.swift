/// Recognizes a row that is valid and canonical as it stands: `REFERENCE,DD/MM/YYYY,hh:mm,DD/MM/YYYY,hh:mm` and LF or CRLF, where the
/// reference is printable ASCII without a comma, a quote or a backslash and does not start with a space.
///
/// Whatever is not such a row goes through `CSVReader` and the general checks, which must come to the same result.
struct ShiftFastPath {
    /// Commas, dates, times: what follows the reference.
    static let tailLength = 34

    /// A row's bytes, without and with its line end.
    struct Row {
        var length: Int
        var lengthWithEnd: Int
    }

    /// The row at `at`, which is `nil` if it is not one for this path. Eight bytes past `end` may be loaded.
    @inline(__always)
    static func row(in base: UnsafeRawPointer, at: Int, end: Int) -> Row? {
        let tail = comma(in: base, from: at, to: end)
        guard tail > at, tail + tailLength < end, base.load(fromByteOffset: at, as: UInt8.self) != 0x20,
            base.load(fromByteOffset: tail + 17, as: UInt8.self) == UInt8(ascii: ",")
        else { return nil }
        let begins = moment(in: base, at: tail + 1)
        let ends = moment(in: base, at: tail + 18)
        guard begins != 0, begins <= ends else { return nil }
        let length = tail + tailLength - at
        switch base.load(fromByteOffset: at + length, as: UInt8.self) {
        case UInt8(ascii: "\n"):
            return Row(length: length, lengthWithEnd: length + 1)
        case UInt8(ascii: "\r"):
            guard at + length + 1 < end,
                base.load(fromByteOffset: at + length + 1, as: UInt8.self) == UInt8(ascii: "\n")
            else { return nil }
            return Row(length: length, lengthWithEnd: length + 2)
        default:
            return nil
        }
    }

    /// The first comma from `at` on, if only plain bytes stand before it; else `at` or something not before `end`.
    @inline(__always)
    private static func comma(in base: UnsafeRawPointer, from at: Int, to end: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = at
        while index < end {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            func matches(_ byte: UInt64) -> UInt64 { ((word ^ ones &* byte) &- ones) & ~(word ^ ones &* byte) }
            // As in the reader's scan, the lowest top bit that is set is a true match.
            let control = (word &- ones &* 0x20) & ~word
            let found = (control | word | matches(0x22) | matches(0x2C) | matches(0x5C)) & (ones &* 0x80)
            if found != 0 {
                let stop = index + found.trailingZeroBitCount / 8
                return base.load(fromByteOffset: stop, as: UInt8.self) == UInt8(ascii: ",") ? stop : at
            }
            index += 8
        }
        return index
    }

    /// `DD/MM/YYYY,hh:mm` at `at` as a number that grows with time, or 0 if that is no moment.
    @inline(__always)
    private static func moment(in base: UnsafeRawPointer, at: Int) -> UInt64 {
        // With the expected marks taken away by XOR, digits are 0...9 and marks are 0. Adding 0x76 or 0x7F to what is more sets the
        // byte's top bit.
        let first =
            UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ 0x3030_2F30_302F_3030
        let second =
            UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self)) ^ 0x3030_3A30_302C_3030
        let faults =
            first | (first &+ 0x7676_7F76_767F_7676) | second | (second &+ 0x7676_7F76_767F_7676)
        guard faults & 0x8080_8080_8080_8080 == 0 else { return 0 }

        // In the low byte of each pair of digits: ten times the first and the second.
        let pairs = (first &* 10 &+ first >> 8, second &* 10 &+ second >> 8)
        let day = pairs.0 & 0xFF
        let month = pairs.0 >> 24 & 0xFF
        let year = (pairs.0 >> 48 & 0xFF) * 100 + (pairs.1 & 0xFF)
        let hour = pairs.1 >> 24 & 0xFF
        let minute = pairs.1 >> 48 & 0xFF
        guard month &- 1 < 12, hour < 24, minute < 60, year > 0,
            day &- 1 < 28 || (day > 0 && day <= CalendarDay.lastDay(ofMonth: Int(month), in: Int(year)))
        else { return 0 }
        return year << 32 | month << 24 | day << 16 | hour << 8 | minute
    }
}
