import Foundation
import Testing

@testable import Delivery

/// All records of `bytes`, read in pieces of `chunkSize` through a buffer that is as small as it can be.
func csvRecords(
    _ bytes: [UInt8], delimiter: UInt8 = UInt8(ascii: ","), encoding: TextEncoding = .utf8, chunkSize: Int = .max,
    bufferSize: Int = 1, maximumRecordSize: Int = 1 << 20
) throws -> [[String]] {
    var options = CSVReader.Options()
    options.delimiter = delimiter
    options.encoding = encoding
    options.bufferSize = bufferSize
    options.maximumRecordSize = maximumRecordSize
    let reader = CSVReader(CSVMemorySource(bytes, chunkSize: chunkSize), options: options)
    var records: [[String]] = []
    while let record = try reader.next() { records.append(record.strings) }
    return records
}

func csvRecords(_ text: String, delimiter: UInt8 = UInt8(ascii: ",")) throws -> [[String]] {
    try csvRecords(Array(text.utf8), delimiter: delimiter)
}

func csvFault(_ bytes: [UInt8], encoding: TextEncoding = .utf8, chunkSize: Int = .max) throws -> CSVFault? {
    do {
        _ = try csvRecords(bytes, encoding: encoding, chunkSize: chunkSize)
        return nil
    } catch CSVError.malformed(let fault) {
        return fault
    }
}

@Suite("Reading CSV")
struct CSVReaderTests {
    @Test(
        "records are found whatever ends them and whatever their fields hold",
        arguments: [
            ("", []),
            ("a", [["a"]]),
            ("a\n", [["a"]]),
            ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]),
            ("a,b\rc,d", [["a", "b"], ["c", "d"]]),
            ("a\nb\rc\r\nd", [["a"], ["b"], ["c"], ["d"]]),
            ("\n\r\n\ra\n\n\nb\r\r\n", [["a"], ["b"]]),
            (",", [["", ""]]),
            ("a,\n,b\n", [["a", ""], ["", "b"]]),
            ("\"\"\n", [[""]]),
            ("\"a,b\",\"c\"\"d\"", [["a,b", "c\"d"]]),
            ("\"\"\"\",x", [["\"", "x"]]),
            ("\"a\r\nb\rc\nd\",e\r\n", [["a\r\nb\rc\nd", "e"]]),
            (" a , b ", [[" a ", " b "]]),
            ("æ,ø\nå,€😀", [["æ", "ø"], ["å", "€😀"]]),
            ("\u{FEFF}a,b", [["a", "b"]]),
            ("\u{FEFF}\"a\",b", [["a", "b"]]),
            ("a\tb,\u{1}c", [["a\tb", "\u{1}c"]]),
        ] as [(String, [[String]])])
    func records(text: String, expected: [[String]]) throws {
        for chunkSize in 1...max(text.utf8.count, 1) {
            #expect(try csvRecords(Array(text.utf8), chunkSize: chunkSize) == expected, "chunks of \(chunkSize)")
        }
    }

    @Test("the delimiter may be any ASCII byte", arguments: [";", "\t", "|", "x", " "] as [Character])
    func delimiters(delimiter: Character) throws {
        let text = "a\(delimiter)\"b\(delimiter)\"\(delimiter),\n1\(delimiter)2"
        let byte = try #require(delimiter.asciiValue)
        #expect(try csvRecords(text, delimiter: byte) == [["a", "b\(delimiter)", ","], ["1", "2"]])
    }

    @Test("more fields than the reader first has room for")
    func manyFields() throws {
        let fields = (0..<1000).map { "field \($0)" }
        #expect(try csvRecords(fields.joined(separator: ",") + "\nx") == [fields, ["x"]])
    }

    @Test("a record may be many times the buffer")
    func longRecord() throws {
        let long = String(repeating: "0123456789\r\n", count: 10_000)
        let text = "a,b\n\"\(long)\",2\nc,d"
        #expect(
            try csvRecords(Array(text.utf8), chunkSize: 1000) == [["a", "b"], [long, "2"], ["c", "d"]])
    }

    @Test("a record over the limit is refused, with an open quote's place when there is one")
    func recordLimit() throws {
        let filler = String(repeating: "x", count: 5000)
        for (text, kind, column) in [
            ("a\nb,\(filler)", CSVFault.Kind.recordTooLong, 1), ("a\nb,\"\(filler)", .unclosedQuote, 3),
            ("a\nb,\"\(filler)\"\nc", .unclosedQuote, 3), ("a\n\(filler)\nb", .recordTooLong, 1),
        ] {
            #expect {
                try csvRecords(Array(text.utf8), maximumRecordSize: 2000)
            } throws: { error in
                guard case CSVError.malformed(let fault) = error else { return false }
                return fault.kind == kind && fault.position == TextPosition(line: 2, column: column)
            }
        }
        let short = String(repeating: "x", count: 2000)
        #expect(try csvRecords(Array("a\n\(short)\nb".utf8), maximumRecordSize: 2000) == [["a"], [short], ["b"]])
        #expect(throws: CSVError.self) {
            try csvRecords(Array("a\n\(short)x\nb".utf8), bufferSize: 1 << 16, maximumRecordSize: 2000)
        }
    }

    @Test(
        "a fault has its kind and its place",
        arguments: [
            ("a,b\n\"c,d\ne,f\n", .unclosedQuote, 2, 1),
            ("a,\"b\nc\",\"d\n\n", .unclosedQuote, 2, 4),
            ("æ,\"", .unclosedQuote, 1, 3),
            ("a,b\nc,d\"e\n", .strayQuote, 2, 4),
            ("æøå \"x\"", .strayQuote, 1, 5),
            ("a\n\n\r\n\"b\"c,d", .textAfterQuote, 4, 4),
            ("\"a\r\nb\rc\n\" ,d", .textAfterQuote, 4, 2),
            ("a,b\u{0}c\n", .wrongEncoding, 1, 4),
            ("abc,\"b\n\u{0}c\"\n", .wrongEncoding, 2, 1),
        ] as [(String, CSVFault.Kind, Int, Int)])
    func faults(text: String, kind: CSVFault.Kind, line: Int, column: Int) throws {
        for chunkSize in 1...text.utf8.count {
            let fault = try #require(try csvFault(Array(text.utf8), chunkSize: chunkSize))
            #expect(fault.kind == kind)
            #expect(fault.position == TextPosition(line: line, column: column))
        }
    }

    @Test("a quote that is only closed by another field's opening quote is named too")
    func quoteClosedTooLate() throws {
        let fault = try #require(try csvFault(Array("h\na,\"b\nc,d\n\"e\",f\n".utf8)))
        #expect(fault.kind == .textAfterQuote)
        #expect(fault.position == TextPosition(line: 4, column: 2))
        #expect(fault.message.contains("a field that opens at 2:3,"))
        let near = try #require(try csvFault(Array("h\n\"a\"b\n".utf8)))
        #expect(!near.message.contains("opens at"))
    }

    @Test("after a fault there are no more records")
    func stopsAfterFault() throws {
        let reader = CSVReader(CSVMemorySource(Array("a\"\nb\n".utf8)))
        #expect(throws: CSVError.self) { try reader.next() }
        #expect(try reader.next() == nil)
    }

    @Test("a record knows its line, its ordinal and the place of each field")
    func positions() throws {
        let text = "\u{FEFF}h1,h2\r\n\r\nå,\"x\r\ny\",\"z\"\"\"\rlast,\n"
        let reader = CSVReader(CSVMemorySource(Array(text.utf8), chunkSize: 1))
        var seen: [[Int]] = []
        while let record = try reader.next() {
            var row = [record.ordinal, record.line]
            for field in 0..<record.count {
                let place = record.position(ofField: field)
                row += [place.line, place.column]
            }
            seen.append(row + [record.endPosition.line, record.endPosition.column])
        }
        #expect(
            seen == [
                [1, 1, 1, 1, 1, 4, 1, 6], [2, 3, 3, 1, 3, 3, 4, 4, 4, 9], [3, 5, 5, 1, 5, 6, 5, 6],
            ])
    }

    @Test("a field says whether it stands in quotes and whether it holds doubled ones")
    func fieldFlags() throws {
        let reader = CSVReader(CSVMemorySource(Array("a,\"b\",\"c\"\"d\"".utf8)))
        let record = try #require(try reader.next())
        #expect((0..<3).map(record.isQuoted(field:)) == [false, true, true])
        #expect((0..<3).map(record.isEscaped(field:)) == [false, false, true])
        #expect(Array(record.bytes(ofField: 2)) == Array("c\"\"d".utf8))
    }

    @Test("a descriptor is read to its end, and a failing one reports its errno")
    func descriptor() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("csv-\(UUID().uuidString)")
        try Data("a,b\n1,2\n".utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let handle = try FileHandle(forReadingFrom: url)
        let reader = CSVReader(CSVDescriptorSource(handle.fileDescriptor))
        var records: [[String]] = []
        while let record = try reader.next() { records.append(record.strings) }
        #expect(records == [["a", "b"], ["1", "2"]])
        #expect(reader.bytesConsumed == 8)
        try handle.close()

        #expect(throws: CSVError.unreadable(errno: EBADF)) { try CSVReader(CSVDescriptorSource(-1)).next() }
    }

    @Test(
        "csv-spectrum is read as its JSON says",
        arguments: [
            "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf",
            "quotes_and_newlines", "simple", "simple_crlf", "utf8",
        ])
    func csvSpectrum(name: String) throws {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/csv-spectrum")
        let csv = try Data(contentsOf: folder.appendingPathComponent("\(name).csv"))
        let json = try Data(contentsOf: folder.appendingPathComponent("\(name).json"))
        let expected = try #require(JSONSerialization.jsonObject(with: json) as? [[String: String]])
        // The stored copies of the `_crlf` files have lost their carriage returns, so each file is read with each line end,
        // which then stands inside the quoted fields too.
        func withEnds(_ text: String, _ lineEnd: String) -> String {
            text.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\n", with: lineEnd)
        }
        for lineEnd in ["\n", "\r\n", "\r"] {
            let text = withEnds(String(decoding: csv, as: UTF8.self), lineEnd)
            for chunkSize in [1, 2, 3, 7, .max] {
                let records = try csvRecords(Array(text.utf8), chunkSize: chunkSize)
                let header = try #require(records.first)
                let objects = records.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
                #expect(objects == expected.map { $0.mapValues { withEnds($0, lineEnd) } })
            }
        }
    }
}
