import Foundation
import Testing

@testable import Delivery

@Suite("The fast path for shifts")
struct ShiftFastPathTests {
    /// A small generator, so that a failure can be repeated.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    private func expectSame(_ bytes: [UInt8], chunkSize: Int = .max, bufferSize: Int = 1 << 16) throws {
        let fast = try readShifts(bytes, chunkSize: chunkSize, bufferSize: bufferSize)
        let general = try readShifts(bytes, bufferSize: bufferSize, usesFastPath: false)
        let text = String(decoding: bytes, as: UTF8.self).debugDescription
        #expect(fast.report.diagnostics.rendered == general.report.diagnostics.rendered, "\(text)")
        #expect(fast.report.rows == general.report.rows, "\(text)")
        #expect(fast.report.bytes == general.report.bytes, "\(text)")
        let rows = 0...fast.report.rows + 2
        #expect(
            rows.map { fast.report.lineMap.line(ofRow: $0) } == rows.map { general.report.lineMap.line(ofRow: $0) },
            "\(text)")
        if general.report.isValid { #expect(fast.output == general.output, "\(text)") }
    }

    @Test("mutated files come to the same report and the same bytes on both paths", arguments: 1...8)
    func mutated(seed: Int) throws {
        var generator = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        let interesting =
            Array("0123456789/:,\"\\\r\n \t;aZ~\u{7F}".utf8) + [0, 0x1F, 0x80, 0xC3, 0xA6, 0xFF, 0x2E, 0x3A]
        for round in 0..<250 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let reference = String(repeating: "User-1_x", count: 3).prefix(
                    Int.random(in: 1...20, using: &generator))
                let day = Int.random(in: 1...28, using: &generator)
                let lineEnd = ["\n", "\r\n", "\r\n", "\r", "\n\n"].randomElement(using: &generator) ?? "\n"
                let start = String(format: "%02d/02/2024,%02d:00", day, Int.random(in: 0...12, using: &generator))
                bytes += Array("\(reference),\(start),\(String(format: "%02d", day))/02/2024,17:59\(lineEnd)".utf8)
            }
            for _ in 0..<Int.random(in: 0...2, using: &generator) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                let byte = interesting.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0...3, using: &generator) {
                case 0: bytes.remove(at: at)
                case 1: bytes.insert(byte, at: at)
                default: bytes[at] = byte
                }
            }
            try expectSame(
                bytes, chunkSize: round % 3 == 0 ? 1 + round % 97 : .max, bufferSize: round % 2 == 0 ? 1 : 1 << 16)
        }
    }

    @Test("every byte at every place of a row is judged alike on both paths")
    func everyByte() throws {
        let row = Array("U 1,28/02/2023,19:59,29/12/2024,20:00\r\n".utf8)
        // The general path takes the first row anyway, so the one that is changed comes second.
        for index in row.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = row
                changed[index] = byte
                try expectSame(row + changed + row)
            }
        }
    }

    @Test(
        "every day of leap and common years is judged alike on both paths",
        arguments: [0, 1, 1900, 2000, 2023, 2024, 9999])
    func everyDay(year: Int) throws {
        var bytes = Array("U,01/01/0001,00:00,31/12/9999,23:59\n".utf8)
        for month in 0...13 {
            for day in 0...32 {
                let date = String(format: "%02d/%02d/%04d", day, month, year)
                bytes += Array("U,\(date),00:00,\(date),00:00\n".utf8)
            }
        }
        try expectSame(bytes)
        let report = try readShifts(bytes).report
        let isLeap = [2000, 2024].contains(year)
        let valid = year == 0 ? 0 : isLeap ? 366 : 365
        #expect(report.diagnostics.count == 2 * (14 * 33 - valid))
    }
}
