import Foundation
import Testing

@testable import Delivery

@Suite("Encodings of CSV files")
struct CSVEncodingTests {
    private static let text = "Navn,Beløb\r\nSøren Ærø,\"€ 12\"\"\"\n"
    private static let records = [["Navn", "Beløb"], ["Søren Ærø", "€ 12\""]]

    @Test(
        "a text in another encoding has the same records",
        arguments: [
            (String.Encoding.windowsCP1252, TextEncoding.windows1252), (.utf16LittleEndian, .utf16), (.utf8, .utf8),
        ])
    func converted(foundation: String.Encoding, encoding: TextEncoding) throws {
        let bytes = try Array(#require(Self.text.data(using: foundation)))
        for chunkSize in 1...bytes.count {
            #expect(try csvRecords(bytes, encoding: encoding, chunkSize: chunkSize) == Self.records)
        }
    }

    @Test("UTF-16 in either byte order, with and without a byte order mark, with surrogate pairs")
    func utf16() throws {
        let text = "a,😀\r\nØ,€"
        for isMarked in [false, true] {
            for isBig in [false, true] {
                let units = Array(((isMarked ? "\u{FEFF}" : "") + text).utf16)
                let bytes = units.flatMap {
                    isBig ? [UInt8($0 >> 8), UInt8($0 & 0xFF)] : [UInt8($0 & 0xFF), UInt8($0 >> 8)]
                }
                for chunkSize in 1...bytes.count {
                    #expect(
                        try csvRecords(bytes, encoding: .utf16, chunkSize: chunkSize) == [["a", "😀"], ["Ø", "€"]])
                }
            }
        }
    }

    @Test("each byte of the single-byte encodings means what Foundation says, or is refused")
    func singleBytes() throws {
        for (encoding, foundation) in [
            (TextEncoding.windows1252, String.Encoding.windowsCP1252), (.iso88591, .isoLatin1),
        ] {
            let undefined: Set<UInt8> = encoding == .windows1252 ? [0x81, 0x8D, 0x8F, 0x90, 0x9D] : []
            for byte in UInt8(1)...255 where ![10, 13, 34, 44].contains(byte) {
                // Long enough that the byte meets both the path for eight plain bytes and the one for single bytes.
                let bytes = Array("abcdefg".utf8) + [byte] + Array("hijklmnop".utf8)
                if undefined.contains(byte) {
                    let fault = try #require(try csvFault([UInt8(ascii: "\n")] + bytes, encoding: encoding))
                    #expect(fault.kind == .wrongEncoding)
                    #expect(fault.position == TextPosition(line: 2, column: 8))
                    #expect(fault.message.contains("byte offset 8"))
                } else {
                    let expected = try #require(String(data: Data(bytes), encoding: foundation))
                    #expect(try csvRecords(bytes, encoding: encoding) == [[expected]])
                }
            }
        }
    }

    @Test(
        "bytes that are not UTF-8 are refused with their offset, line and column",
        arguments: [
            ([0x61, 0x0A, 0xE6], 2, 2, 1), ([0x61, 0xC3], 1, 1, 2), ([0xC3, 0xA6, 0xC0, 0x80], 2, 1, 2),
            ([0x2C, 0xED, 0xA0, 0x80], 1, 1, 2), ([0x22, 0x0A, 0xF5, 0x22], 2, 2, 1), ([0xE2, 0x82, 0x2C], 0, 1, 1),
            ([0xEF, 0xBB, 0xBF, 0x61, 0xFF], 4, 1, 2), ([0xF4, 0x90, 0x80, 0x80], 0, 1, 1),
            ([0xE0, 0x9F, 0xBF], 0, 1, 1),
            ([0x61, 0xF8, 0x22], 1, 1, 2),
        ] as [([UInt8], Int, Int, Int)])
    func invalidUTF8(bytes: [UInt8], offset: Int, line: Int, column: Int) throws {
        for chunkSize in 1...bytes.count {
            let fault = try #require(try csvFault(bytes, chunkSize: chunkSize))
            #expect(fault.kind == .wrongEncoding)
            #expect(fault.position == TextPosition(line: line, column: column))
            #expect(fault.message.contains("byte offset \(offset) "))
            #expect(fault.message.contains("--encoding windows-1252"))
        }
    }

    @Test("the validator agrees with the standard library on random bytes")
    func validator() {
        var generator = SystemRandomNumberGenerator()
        let leads: [UInt8] = [0x41, 0x80, 0xBF, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xA0, 0x9F, 0x90, 0x8F]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in leads.randomElement() ?? 0 }
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            let found = bytes.withUnsafeBytes { firstInvalidUTF8(in: $0) }
            #expect((found == nil) == isValid, "\(bytes)")
            if let found { #expect(String(validating: bytes[..<found], as: UTF8.self) != nil, "\(bytes)") }
        }
    }

    @Test(
        "UTF-16 and UTF-32 show themselves",
        arguments: [
            ([0xFF, 0xFE, 0x61, 0x00], "--encoding utf-16"), ([0xFE, 0xFF, 0x00, 0x61], "--encoding utf-16"),
            ([0x61, 0x00, 0x2C, 0x00], "--encoding utf-16"), ([0x00, 0x61, 0x00, 0x2C], "--encoding utf-16"),
            ([0xFF, 0xFE, 0x00, 0x00, 0x61, 0, 0, 0], "UTF-32"), ([0x00, 0x00, 0xFE, 0xFF], "UTF-32"),
        ] as [([UInt8], String)])
    func wideText(bytes: [UInt8], hint: String) throws {
        for chunkSize in 1...bytes.count {
            let fault = try #require(try csvFault(bytes, chunkSize: chunkSize))
            #expect(fault.kind == .wrongEncoding)
            #expect(fault.position == TextPosition(line: 1, column: 1))
            #expect(fault.message.contains(hint) && fault.message.contains("byte offset"))
        }
    }

    @Test(
        "a file that does not have the encoding asked for is refused where that shows",
        arguments: [
            ([0xEF, 0xBB, 0xBF, 0x61], .windows1252, 1, "leave out --encoding"),
            ([0xFF, 0xFE, 0x61, 0x00], .iso88591, 1, "--encoding utf-16"),
            ([0xEF, 0xBB, 0xBF, 0x61], .utf16, 1, "leave out --encoding"),
            ([0x61, 0x00, 0x62], .utf16, 2, "ends inside"),
            ([0x61, 0x00, 0x3D, 0xD8, 0x62, 0x00], .utf16, 2, "offset 2"),
            ([0x61, 0x00, 0x00, 0xDC], .utf16, 2, "surrogate"), ([0x61, 0x00, 0x3D, 0xD8], .utf16, 2, "offset 2"),
            ([0x61, 0x00], .windows1252, 2, "zero byte"),
        ] as [([UInt8], TextEncoding, Int, String)])
    func wrongOption(bytes: [UInt8], encoding: TextEncoding, column: Int, hint: String) throws {
        for chunkSize in 1...bytes.count {
            let fault = try #require(try csvFault(bytes, encoding: encoding, chunkSize: chunkSize))
            #expect(fault.kind == .wrongEncoding)
            #expect(fault.position == TextPosition(line: 1, column: column))
            #expect(fault.message.contains(hint), "\(fault.message)")
        }
    }

    @Test(
        "encodings go by their usual names",
        arguments: [
            ("UTF-8", .utf8), ("latin1", .iso88591), ("CP1252", .windows1252), ("utf16", .utf16), ("ebcdic", nil),
        ] as [(String, TextEncoding?)])
    func names(name: String, encoding: TextEncoding?) {
        #expect(TextEncoding(name: name) == encoding)
    }
}
