/// Finds the next byte that may end something, eight bytes at a time.
private struct SpecialBytes {
    private let quotes: UInt64
    private let delimiters: UInt64

    @inline(__always)
    init(delimiter: UInt8) {
        quotes = 0x0101_0101_0101_0101 &* UInt64(UInt8(ascii: "\""))
        delimiters = 0x0101_0101_0101_0101 &* UInt64(delimiter)
    }

    /// The index of the first control character, quote or delimiter from `index` on, or one not before `end`.
    ///
    /// `highBits` collects what was looked at, for the question whether all of it was ASCII.
    @inline(__always)
    func first(in base: UnsafeMutablePointer<UInt8>, from index: Int, to end: Int, highBits: inout UInt64) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        var at = index
        while at < end {
            let word = UInt64(
                littleEndian: UnsafeRawPointer(base).loadUnaligned(fromByteOffset: at, as: UInt64.self))
            highBits |= word
            // Each term has the top bit of a byte set where the byte matches. A borrow may set it too high up as well, but
            // only above a true match, so that the lowest is always true.
            let control = (word &- ones &* 0x20) & ~word
            let quote = ((word ^ quotes) &- ones) & ~(word ^ quotes)
            let delimiter = ((word ^ delimiters) &- ones) & ~(word ^ delimiters)
            let found = (control | quote | delimiter) & tops
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        return at
    }
}

extension CSVReader {
    private static var quote: UInt8 { UInt8(ascii: "\"") }
    private static var lineFeed: UInt8 { UInt8(ascii: "\n") }
    private static var carriageReturn: UInt8 { UInt8(ascii: "\r") }

    /// Takes the record that starts at `start` apart, if all of it is buffered.
    func scan() -> Scan {
        let (base, end, atEnd, delimiter) = (base, end, atEnd, options.delimiter)
        let special = SpecialBytes(delimiter: delimiter)
        var highBits: UInt64 = 0
        var lineEnds = 0
        var at = start
        var count = 0
        scanned.openQuote = nil

        fields: while true {
            guard at < end || atEnd else { return .incomplete }
            if at < end, base[at] == Self.quote {
                let open = at
                var isEscaped = false
                at += 1
                quoted: while true {
                    at = special.first(in: base, from: at, to: end, highBits: &highBits)
                    guard at < end else {
                        scanned.openQuote = open
                        return atEnd ? .fault(.unclosedQuote, at: open) : .incomplete
                    }
                    switch base[at] {
                    case Self.quote:
                        guard at + 1 < end else {
                            if atEnd { break quoted }
                            return .incomplete
                        }
                        guard base[at + 1] == Self.quote else { break quoted }
                        isEscaped = true
                        at += 2
                    case Self.carriageReturn:
                        guard at + 1 < end || atEnd else { return .incomplete }
                        at += at + 1 < end && base[at + 1] == Self.lineFeed ? 2 : 1
                        lineEnds += 1
                    case Self.lineFeed:
                        at += 1
                        lineEnds += 1
                    case 0:
                        return .fault(.wrongEncoding, at: at)
                    default:
                        at += 1
                    }
                }
                append(
                    CSVRecord.Slot(from: open + 1 - start, to: at - start, isQuoted: true, isEscaped: isEscaped),
                    at: &count)
                at += 1
                guard at < end else {
                    if atEnd { break fields }
                    return .incomplete
                }
                switch base[at] {
                case delimiter: at += 1
                case Self.lineFeed, Self.carriageReturn: break fields
                default:
                    scanned.openQuote = open
                    return .fault(.textAfterQuote, at: at)
                }
            } else {
                let from = at
                unquoted: while true {
                    at = special.first(in: base, from: at, to: end, highBits: &highBits)
                    guard at < end else {
                        guard atEnd else { return .incomplete }
                        at = end
                        break unquoted
                    }
                    switch base[at] {
                    case delimiter, Self.lineFeed, Self.carriageReturn: break unquoted
                    case Self.quote: return .fault(.strayQuote, at: at)
                    case 0: return .fault(.wrongEncoding, at: at)
                    default: at += 1
                    }
                }
                append(
                    CSVRecord.Slot(from: from - start, to: at - start, isQuoted: false, isEscaped: false), at: &count)
                guard at < end, base[at] == delimiter else { break fields }
                at += 1
            }
        }

        let recordEnd = at
        if at < end {
            if base[at] == Self.carriageReturn {
                guard at + 1 < end || atEnd else { return .incomplete }
                if at + 1 < end, base[at + 1] == Self.lineFeed { at += 1 }
            }
            at += 1
            lineEnds += 1
        }
        scanned = ScanNotes(
            recordEnd: recordEnd, fieldCount: count, next: at, lineEnds: lineEnds,
            hasNonASCII: highBits & 0x8080_8080_8080_8080 != 0)
        return .record
    }

    @inline(__always)
    private func append(_ slot: CSVRecord.Slot, at count: inout Int) {
        if count == slotCapacity { growSlots() }
        slots[count] = slot
        count += 1
    }

    private func growSlots() {
        let larger = UnsafeMutablePointer<CSVRecord.Slot>.allocate(capacity: 2 * slotCapacity)
        larger.update(from: slots, count: slotCapacity)
        slots.deallocate()
        slots = larger
        slotCapacity *= 2
    }
}

extension CSVRecord.Slot {
    @inline(__always)
    fileprivate init(from: Int, to: Int, isQuoted: Bool, isEscaped: Bool) {
        self.init(
            start: UInt32(truncatingIfNeeded: from), end: UInt32(truncatingIfNeeded: to), isQuoted: isQuoted,
            isEscaped: isEscaped)
    }
}
