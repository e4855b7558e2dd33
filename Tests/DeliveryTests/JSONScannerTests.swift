import Foundation
import Testing

@testable import Delivery

@Suite("JSON: validation")
struct JSONScannerTests {
    struct Text: Decodable, Sendable, CustomTestStringConvertible {
        enum Expectation: String, Decodable {
            case accept
            case reject
            case either
        }
        var name: String
        var expect: Expectation
        var base64: Data

        var testDescription: String { name }
    }

    /// Fixtures/README.md names their source.
    static let texts: [Text] = {
        guard let url = Bundle.module.url(forResource: "Fixtures/json-parsing", withExtension: "json"),
            let texts = try? JSONDecoder().decode([Text].self, from: Data(contentsOf: url))
        else { return [] }
        return texts
    }()

    @Test("all of the published texts are there")
    func complete() {
        #expect(Self.texts.count == 157)
        #expect(Self.texts.contains { $0.expect == .accept } && Self.texts.contains { $0.expect == .reject })
    }

    @Test("published texts are accepted and refused as they should be", arguments: texts)
    func published(text: Text) {
        let accepted = (try? JSONScanner().validate(text.base64)) != nil
        switch text.expect {
        case .accept: #expect(accepted)
        case .reject: #expect(!accepted)
        case .either: break
        }
        // Whatever the text, the stricter parser accepts nothing that the scanner refuses.
        if (try? FlatObject(json: text.base64)) != nil { #expect(accepted) }
    }

    @Test(
        "a published array is read by elements, or refused, as it is as a whole",
        arguments: texts.filter { $0.base64.first == JSONByte.openArray && $0.expect != .either })
    func publishedArrays(text: Text) throws {
        try withDescriptor(of: Array(text.base64)) { file in
            let count = try? elements(of: JSONArrayReader(fileDescriptor: file, readSize: 3)).count
            #expect((count != nil) == (text.expect == .accept))
        }
    }

    @Test(
        "a fault is named and located",
        arguments: [
            ("", 1, 1, "expected a value, but the text ends"),
            (" \n ", 2, 2, "expected a value, but the text ends"),
            ("{\"a\":1 \"b\"}", 1, 8, "expected ',' or '}' after a member"),
            ("{\"a\":1", 1, 7, "expected ',' or '}' after a member, but the text ends"),
            ("[1,\n 2 3]", 2, 4, "expected ',' or ']' after an element"),
            ("[1}", 1, 3, "expected ',' or ']' after an element"),
            ("{\"a\" 1}", 1, 6, "expected ':' after the name of a member"),
            ("{a:1}", 1, 2, "expected a name in double quotes or '}'"),
            ("{\"a\":1,}", 1, 8, "expected another member; a comma must not stand before '}'"),
            ("[1,]", 1, 4, "expected another element; a comma must not stand before ']'"),
            ("[,1]", 1, 2, "expected a value"),
            ("{\"a\":}", 1, 6, "expected a value"),
            ("[NaN]", 1, 2, "expected a value"),
            ("[nul]", 1, 2, "expected a value; this is none of JSON's words true, false and null"),
            ("[tru", 1, 5, "expected true, but the text ends"),
            ("[01]", 1, 3, "a number must not begin with a superfluous 0"),
            ("[1.]", 1, 4, "expected a digit"),
            ("[-", 1, 3, "expected a digit, but the text ends"),
            ("[1e+]", 1, 5, "expected a digit"),
            ("{} x", 1, 4, "unexpected text after the value"),
            ("[\"abc]", 1, 2, "the string that begins here is not closed"),
            ("[\"abc\\", 1, 2, "the string that begins here is not closed"),
            ("[\"a\nb\"]", 1, 4, "a line end inside a string must be written as an escape"),
            ("[\"a\tb\"]", 1, 4, "a control character inside a string must be written as an escape"),
            ("[\"\\x\"]", 1, 3, "no such escape in JSON; a backslash itself is written \\\\"),
            ("[\"é\\u12g4\"]", 1, 5, "\\u must be followed by four hexadecimal digits"),
        ])
    func faults(text: String, line: Int, column: Int, message: String) {
        let error = #expect(throws: JSONTextError.self) { try JSONScanner().validate(Data(text.utf8)) }
        #expect(error?.message == message)
        #expect(error?.line == line)
        #expect(error?.column == column)
        let lineStart = text.utf8.prefix(error?.offset ?? 0).lastIndex(of: JSONByte.lineFeed)
        let before = lineStart.map { text.utf8.distance(from: text.startIndex, to: $0) + 1 } ?? 0
        #expect(error?.offset == before + column - 1)
    }

    @Test(
        "bytes that are not UTF-8 are refused where they stand, whatever surrounds them",
        arguments: [
            [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xc3], [0xe0, 0x9f, 0xbf], [0xe2, 0x82], [0xed, 0xa0, 0x80],
            [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xe2, 0x28, 0xa1],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        for padding in 0..<17 {
            let text = Array("\"".utf8) + Array(repeating: 0x61, count: padding) + bytes + Array("a\"".utf8)
            let error = #expect(throws: JSONTextError.self) { try JSONScanner().validate(text) }
            #expect(error?.message == "invalid UTF-8")
            #expect(error?.offset == padding + 1)
        }
    }

    @Test("every Unicode scalar may stand in a string as itself")
    func validUTF8() throws {
        var text = "\""
        for value in 0x80...0x10ffff {
            if let scalar = Unicode.Scalar(UInt32(value)) { text.unicodeScalars.append(scalar) }
        }
        try JSONScanner().validate(Data((text + "\"").utf8))
    }

    @Test("a special byte is seen at every place within a word of eight")
    func specialBytes() {
        for place in 0..<23 {
            for byte in 0..<0x80 as Range<UInt8>
            where byte < 0x20 || byte == JSONByte.quote || byte == JSONByte.backslash {
                var text = Array(repeating: UInt8(ascii: "a"), count: 26)
                text[0] = JSONByte.quote
                text[25] = JSONByte.quote
                text[place + 1] = byte
                let error = #expect(throws: JSONTextError.self) { try JSONScanner().validate(text) }
                #expect(error?.offset == (byte == JSONByte.quote ? place + 2 : place + 1))
            }
        }
    }

    @Test("100,000 levels of nesting are refused, or accepted if the limit allows, and never crash")
    func deepNesting() throws {
        let depth = 100_000
        let arrays = Array(repeating: JSONByte.openArray, count: depth)
        let closed = arrays + Array(repeating: JSONByte.closeArray, count: depth)
        let objects = Array(String(repeating: "{\"a\":", count: depth).utf8)
        for text in [arrays, closed, objects] {
            let error = #expect(throws: JSONTextError.self) { try JSONScanner().validate(text) }
            #expect(error?.message == "nested deeper than 512 levels")
        }
        try JSONScanner(maximumDepth: depth).validate(closed)
        #expect(throws: JSONTextError.self) { try JSONScanner(maximumDepth: depth).validate(arrays) }
        let error = #expect(throws: JSONTextError.self) { try FlatObject(json: objects) }
        #expect(error?.message == "data.a is an object; only flat values are allowed")
        try withDescriptor(of: closed) { file in
            let error = #expect(throws: JSONReadError.self) {
                try elements(of: JSONArrayReader(fileDescriptor: file))
            }
            #expect(error?.text?.message == "nested deeper than 512 levels")
        }
    }
}

extension JSONReadError {
    var text: JSONTextError? { if case .text(let error) = self { error } else { nil } }
}

/// Lends a file that holds `bytes`, read from its start.
@discardableResult
func withDescriptor<Result>(of bytes: [UInt8], _ body: (Int32) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "integrate-\(UUID().uuidString)").path
    try Data(bytes).write(to: URL(filePath: path))
    let file = open(path, O_RDONLY)
    try #require(file >= 0)
    defer { close(file) }
    unlink(path)
    return try body(file)
}

func elements(of reader: JSONArrayReader) throws(JSONReadError) -> [JSONRecord] {
    var reader = reader
    var records: [JSONRecord] = []
    while let record = try reader.next() { records.append(record) }
    return records
}

func lines(of reader: NDJSONReader) throws(JSONReadError) -> [JSONRecord] {
    var reader = reader
    var records: [JSONRecord] = []
    while let record = try reader.next() { records.append(record) }
    return records
}
