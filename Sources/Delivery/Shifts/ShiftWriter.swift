/// Receives pieces of the canonical CSV, escaped as the inside of a JSON string; the bytes are valid during the call only.
package typealias ShiftSink = (UnsafeRawBufferPointer) throws -> Void

/// Collects the canonical CSV (documented header, CRLF between rows, none after the last) as the inside of a JSON string.
final class ShiftWriter {
    private let sink: ShiftSink
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private var count = 0
    /// A line end between rows, JSON-escaped: `\r\n`, as four bytes.
    private static var lineEnd: UInt32 { 0x6E5C_725C }

    init(capacity: Int, sink: @escaping ShiftSink) throws {
        self.sink = sink
        self.capacity = max(capacity, 256)
        base = .allocate(byteCount: self.capacity, alignment: 64)
        try write(ShiftColumn.header.utf8)
    }

    deinit {
        base.deallocate()
    }

    /// Hands on what is collected.
    func flush() throws {
        guard count > 0 else { return }
        let filled = count
        count = 0
        try sink(UnsafeRawBufferPointer(start: base, count: filled))
    }

    /// Writes a row that is canonical CSV already and needs no escape. It is at most `capacity - 4` long.
    @inline(__always)
    func writeRow(verbatim row: UnsafeRawPointer, count length: Int) throws {
        if count + length + 4 > capacity { try flush() }
        base.storeBytes(of: Self.lineEnd.littleEndian, toByteOffset: count, as: UInt32.self)
        (base + count + 4).copyMemory(from: row, byteCount: length)
        count += length + 4
    }

    /// The longest row that `writeRow(verbatim:count:)` takes.
    var longestVerbatimRow: Int { capacity - 4 }

    /// Writes a row from its parts. `reference` holds doubled quotes if `isEscaped`.
    func writeRow(reference: UnsafeRawBufferPointer, isEscaped: Bool, start: ShiftMoment, end: ShiftMoment) throws {
        if count + 4 > capacity { try flush() }
        base.storeBytes(of: Self.lineEnd.littleEndian, toByteOffset: count, as: UInt32.self)
        count += 4
        let isQuoted =
            isEscaped
            || reference.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        if isQuoted { try write(#"\""#.utf8) }
        try writeEscaped(reference)
        if isQuoted { try write(#"\""#.utf8) }
        try write(start)
        try write(end)
    }

    private func write(_ moment: ShiftMoment) throws {
        if count + 17 > capacity { try flush() }
        let bytes = base.assumingMemoryBound(to: UInt8.self) + count
        count += 17
        func put(_ mark: Unicode.Scalar, _ number: Int, at index: Int) {
            bytes[index] = UInt8(ascii: mark)
            bytes[index + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10)
            bytes[index + 2] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10)
        }
        put(",", moment.day.day, at: 0)
        put("/", moment.day.month, at: 3)
        // The last two digits of the year first: the mark before them then gives way to the first two.
        put("/", moment.day.year % 100, at: 8)
        put("/", moment.day.year / 100, at: 6)
        put(",", moment.minute / 60, at: 11)
        put(":", moment.minute % 60, at: 14)
    }

    private func write(_ text: some Sequence<UInt8>) throws {
        for byte in text {
            if count == capacity { try flush() }
            base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count += 1
        }
    }

    private func writeEscaped(_ text: UnsafeRawBufferPointer) throws {
        for byte in text {
            if count + 6 > capacity { try flush() }
            let bytes = base.assumingMemoryBound(to: UInt8.self) + count
            let escape: UInt8
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): escape = byte
            case UInt8(ascii: "\r"): escape = UInt8(ascii: "r")
            case UInt8(ascii: "\n"): escape = UInt8(ascii: "n")
            case ..<0x20:
                try write("\\u00".utf8)
                let digits = String(byte, radix: 16, uppercase: true)
                try write((digits.count == 1 ? "0" + digits : digits).utf8)
                continue
            default:
                bytes[0] = byte
                count += 1
                continue
            }
            bytes[0] = UInt8(ascii: "\\")
            bytes[1] = escape
            count += 2
        }
    }
}

/// A minute of a day.
struct ShiftMoment: Hashable, Comparable {
    var day: CalendarDay
    /// 0 to 1439.
    var minute: Int

    static func < (left: ShiftMoment, right: ShiftMoment) -> Bool {
        (left.day, left.minute) < (right.day, right.minute)
    }
}
