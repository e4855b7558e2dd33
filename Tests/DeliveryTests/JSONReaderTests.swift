import Foundation
import Testing

@testable import Delivery

extension JSONRecord {
    var text: String { String(decoding: bytes, as: UTF8.self) }
    /// `line:column@offset text`.
    var summary: String { "\(line):\(column)@\(offset) \(text)" }
}

@Suite("JSON: records of a file")
struct JSONReaderTests {
    // MARK: NDJSON

    @Test(
        "lines are read with any line end, with and without a byte order mark and a last line end",
        arguments: [
            ("", []),
            ("\n\n", []),
            ("\u{feff}", []),
            ("{}", ["1:1@0 {}"]),
            ("\u{feff}{}\n", ["1:1@3 {}"]),
            ("{}\n1\n", ["1:1@0 {}", "2:1@3 1"]),
            ("{}\r\n1\r\n", ["1:1@0 {}", "2:1@4 1"]),
            ("{}\r\n1\r", ["1:1@0 {}", "2:1@4 1"]),
            ("\n \t\r\n{\"a\":\"é\"}\n\n\n[1] \n", ["3:1@5 {\"a\":\"é\"}", "6:1@18 [1] "]),
        ] as [(String, [String])])
    func lineEnds(text: String, records: [String]) throws {
        for readSize in [1, 2, 3, 5, 8, 4096] {
            try withDescriptor(of: Array(text.utf8)) { file in
                let read = try lines(of: NDJSONReader(fileDescriptor: file, readSize: readSize))
                #expect(read.map(\.summary) == records)
                #expect(read.map(\.ordinal) == Array(1..<records.count + 1))
            }
        }
    }

    @Test("a line may be as long as the limit and no longer; reading goes on after it", arguments: [1, 3, 7, 64])
    func lineLimit(readSize: Int) throws {
        let text = "1234567\n12345678\n1234567\r\n123456789\r\n12\n12345678"
        try withDescriptor(of: Array(text.utf8)) { file in
            var reader = NDJSONReader(fileDescriptor: file, lineLimit: 7, readSize: readSize)
            var seen: [String] = []
            for _ in 0..<7 {
                do throws(JSONReadError) {
                    seen.append(try reader.next()?.summary ?? "end")
                } catch {
                    let fault = try #require(error.text)
                    seen.append("\(fault.line):\(fault.column)@\(fault.offset) \(fault.message)")
                }
            }
            #expect(
                seen == [
                    "1:1@0 1234567", "2:1@8 the line is longer than 7 bytes", "3:1@17 1234567",
                    "4:1@26 the line is longer than 7 bytes", "5:1@37 12", "6:1@40 the line is longer than 7 bytes",
                    "end",
                ])
        }
    }

    @Test("a line that is no JSON or no UTF-8 is located in its file and does not end the reading")
    func badLines() throws {
        let text = Array("{\"a\":1}\n{\"a\":}\n{\"a\":\"".utf8) + [0xff] + Array("\"}\n{\"a\":2}\n".utf8)
        try withDescriptor(of: text) { file in
            let results = try lines(of: NDJSONReader(fileDescriptor: file)).map { record in
                do throws(JSONTextError) {
                    return String(decoding: try FlatObject(record).json, as: UTF8.self)
                } catch {
                    return "\(error.line):\(error.column)@\(error.offset) \(error.message)"
                }
            }
            #expect(
                results == ["{\"a\":1}", "2:6@13 expected a value", "3:7@21 invalid UTF-8", "{\"a\":2}"])
        }
    }

    // MARK: Array

    static let array =
        "\u{feff} [ {\"a\" : \"x,]\\\"}\\\\\"} ,\n[1,\r\n {\"é\":[]}], \"\\\\\",-1.5e3,true\n,\n null]\n \r\n"
    static let arrayElements = [
        "{\"a\" : \"x,]\\\"}\\\\\"}", "[1,\r\n {\"é\":[]}]", "\"\\\\\"", "-1.5e3", "true", "null",
    ]

    /// The elements with their places, found by searching instead of by counting as the reader does.
    static let expectedRecords: [String] = {
        let bytes = Array(array.utf8)
        var from = 0
        return arrayElements.map { element in
            let text = Array(element.utf8)
            guard let offset = (from..<bytes.count).first(where: { bytes[$0...].starts(with: text) }) else { return "" }
            from = offset + text.count
            let line = bytes[..<offset].count { $0 == JSONByte.lineFeed } + 1
            // The first line begins after the byte order mark.
            let lineStart = bytes[..<offset].lastIndex(of: JSONByte.lineFeed).map { $0 + 1 } ?? 3
            return "\(line):\(offset - lineStart + 1)@\(offset) \(element)"
        }
    }()

    @Test("elements are the same whatever size the file is read in", arguments: 1...80)
    func chunks(readSize: Int) throws {
        try withDescriptor(of: Array(Self.array.utf8)) { file in
            let read = try elements(of: JSONArrayReader(fileDescriptor: file, readSize: readSize))
            #expect(read.map(\.summary) == Self.expectedRecords)
            #expect(read.map(\.ordinal) == Array(1...6))
        }
    }

    @Test("an empty array has no elements", arguments: ["[]", " [ \n] ", "\u{feff}[]"])
    func emptyArray(text: String) throws {
        try withDescriptor(of: Array(text.utf8)) { file in
            let read = try elements(of: JSONArrayReader(fileDescriptor: file))
            #expect(read.isEmpty)
        }
    }

    @Test(
        "what is no array, or not only one, is refused where it goes wrong",
        arguments: [
            ("", "1:1@0 expected '[' to begin the array, but the text ends"),
            ("{\"a\":1}", "1:1@0 expected '[' to begin the array"),
            ("[1]\n[2]", "2:1@4 unexpected text after the array"),
            ("[],", "1:3@2 unexpected text after the array"),
            ("[1 2]", "1:4@3 expected ',' or ']' after an element"),
            ("[1}", "1:3@2 expected ',' or ']' after an element"),
            ("[1,\n 2", "2:3@6 expected ',' or ']' after an element, but the text ends"),
            ("[", "1:2@1 expected a value, but the text ends"),
            ("[1,", "1:4@3 expected a value, but the text ends"),
            ("[1,]", "1:4@3 expected another element; a comma must not stand before ']'"),
            ("[1,,2]", "1:4@3 expected a value"),
            ("[\n,2]", "2:1@2 expected a value"),
            ("[}", "1:2@1 expected a value"),
            ("[{\"a\":1],2]", "1:8@7 expected ',' or '}' after a member"),
            ("[-]", "1:3@2 expected a digit"),
            ("[tru]", "1:2@1 expected a value; this is none of JSON's words true, false and null"),
            ("[1,\n {\"a\":\n \"x]", "3:2@12 the string that begins here is not closed"),
        ])
    func badArrays(text: String, fault: String) throws {
        for readSize in [1, 2, 5, 4096] {
            try withDescriptor(of: Array(text.utf8)) { file in
                var reader = JSONArrayReader(fileDescriptor: file, readSize: readSize)
                let error = #expect(throws: JSONReadError.self) { while try reader.next() != nil {} }
                let found = try #require(error?.text)
                #expect("\(found.line):\(found.column)@\(found.offset) \(found.message)" == fault)
                // An error is final.
                let again = #expect(throws: JSONReadError.self) { try reader.next() }
                #expect(again == error)
            }
        }
    }

    @Test("an element may be as long as the limit and no longer", arguments: [1, 3, 64])
    func elementLimit(readSize: Int) throws {
        try withDescriptor(of: Array("[\"123456\",\n  \"12345\"]".utf8)) { file in
            let read = try elements(of: JSONArrayReader(fileDescriptor: file, elementLimit: 8, readSize: readSize))
            #expect(read.map(\.text) == ["\"123456\"", "\"12345\""])
        }
        try withDescriptor(of: Array("[\n \"1234567\"]".utf8)) { file in
            var reader = JSONArrayReader(fileDescriptor: file, elementLimit: 8, readSize: readSize)
            let error = #expect(throws: JSONReadError.self) { try reader.next() }
            #expect(error?.text?.message == "the element is longer than 8 bytes")
            #expect(error?.text?.line == 2 && error?.text?.column == 2)
        }
    }

    // MARK: Both

    @Test("UTF-16 is refused by name", arguments: [[0xff, 0xfe, 0x5b, 0x00], [0xfe, 0xff, 0x00, 0x5b]] as [[UInt8]])
    func utf16(bytes: [UInt8]) throws {
        for readSize in [1, 4096] {
            try withDescriptor(of: bytes) { file in
                let error = #expect(throws: JSONReadError.self) {
                    try lines(of: NDJSONReader(fileDescriptor: file, readSize: readSize))
                }
                #expect(error?.text?.message == "the file is UTF-16; convert it to UTF-8")
            }
            try withDescriptor(of: bytes) { file in
                #expect(throws: JSONReadError.self) {
                    try elements(of: JSONArrayReader(fileDescriptor: file, readSize: readSize))
                }
            }
        }
    }

    @Test("a file that cannot be read is an error with its errno")
    func unreadable() {
        #expect(throws: JSONReadError.read(errno: EBADF)) { try lines(of: NDJSONReader(fileDescriptor: -1)) }
        #expect(throws: JSONReadError.read(errno: EBADF)) { try elements(of: JSONArrayReader(fileDescriptor: -1)) }
    }

    @Test("a window never holds more than the record at hand and twice what is read at a time")
    func boundedWindow() throws {
        let record = "{\"a\":\"\(String(repeating: "x", count: 990))\"}\n"
        try withDescriptor(of: Array(String(repeating: record, count: 500).utf8)) { file in
            var input = RecordInput(fileDescriptor: file, readSize: 256)
            var largest = 0
            while true {
                while input.count < record.utf8.count, try input.fill() {}
                if input.count == 0 { break }
                input.drop(min(record.utf8.count, input.count))
                largest = max(largest, input.buffer.count)
            }
            #expect(input.offset == 500 * record.utf8.count)
            #expect(largest <= 2048)
        }
    }

    @Test("a pipe is read to its end, in whatever pieces it gives")
    func pipe() async throws {
        let pipe = Pipe()
        let writer = Task.detached {
            for number in 0..<20_000 {
                try pipe.fileHandleForWriting.write(contentsOf: Data("{\"n\":\(number)}\n".utf8))
            }
            try pipe.fileHandleForWriting.close()
        }
        let read = try lines(of: NDJSONReader(fileDescriptor: pipe.fileHandleForReading.fileDescriptor))
        try await writer.value
        #expect(read.count == 20_000)
        #expect(read.last?.text == "{\"n\":19999}")
    }
}
