import Foundation
import Testing

@testable import VendorSandbox

struct ParserTests {
    private struct SuiteCase: Decodable {
        let name: String
        let expect: String
        let base64: Data
    }

    // The published suite, kept beside the tests of Delivery.
    @Test("the JSON parsing suite is accepted and refused as it says")
    func parsingSuite() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "DeliveryTests/Fixtures/json-parsing.json")
        for item in try JSONDecoder().decode([SuiteCase].self, from: Data(contentsOf: file))
        where item.expect != "either" {
            let accepted = (try? JSONScanner.parse(Array(item.base64))) != nil
            #expect(accepted == (item.expect == "accept"), "\(item.name)")
        }
    }

    @Test(
        "malformed JSON is refused",
        arguments: [
            "", " ", "{", "[1,]", #"{"a":1,}"#, #"{"a"}"#, "{a:1}", "01", "1.", ".5", "+1", "1e", "-", "nul", "truee",
            "NaN",
            #""a"#, "\"\t\"", #""\x""#, #""\u12g4""#, #""\ud800""#, #""\udc00\ud800""#, "[1] 2", "'a'",
            String(repeating: "[", count: 100_000),
        ])
    func refused(_ text: String) {
        #expect(throws: JSONFault.self) { try JSONScanner.parse(Array(text.utf8)) }
    }

    @Test(
        "invalid UTF-8 in a string is refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xE2, 0x82],
        ])
    func badUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONFault.self) { try JSONScanner.parse([0x22] + bytes + [0x22]) }
    }

    @Test("values keep their digits, their order and their text")
    func values() throws {
        let text = #" { "b" : [ 1.50 , -0e+9 , true , null ] , "a" : "é\u00e9\ud83d\ude00\n\/\"\\" , "b" : {} } "#
        let value = try JSONScanner.parse(Array(text.utf8))
        #expect(
            value
                == .object([
                    JSONMember(name: "b", value: [.number("1.50"), .number("-0e+9"), true, .null]),
                    JSONMember(name: "a", value: "éé😀\n/\"\\"), JSONMember(name: "b", value: .object([])),
                ]))
        #expect(try JSONScanner.parse(Array(value.text.utf8)) == value)
    }

    @Test("a long string with escapes is passed on whole, in pieces")
    func longString() throws {
        let text = String(repeating: "a\r\n\u{1F600}é\"", count: 40_000)
        let bytes = Array(JSONValue.string(text).text.utf8)
        var result: [UInt8] = []
        var pieces = 0
        try bytes.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            let value = try scanner.text()
            scanner.unescape(value) { piece in
                result.append(contentsOf: piece)
                pieces += 1
            }
        }
        #expect(result.elementsEqual(text.utf8))
        #expect(pieces > 5)
    }

    @Test("form fields are decoded")
    func form() {
        #expect(
            FormCoding.pairs("a=1+2&b=%2B%c3%a9&c&=d&&e=%zz%4")
                == [
                    SandboxPair("a", "1 2"), SandboxPair("b", "+é"), SandboxPair("c", ""), SandboxPair("", "d"),
                    SandboxPair("e", "%zz%4"),
                ])
    }

    @Test(
        "a target has a path and a query",
        arguments: [
            ("/a/b%2F?x=1?y", "/a/b%2F", "x=1?y", "/b%2F"), ("/", "/", nil, "/"), ("/a?", "/a", "", "/"),
            ("http://127.0.0.1:80/a/b?c", "/a/b", "c", "/b"), ("http://h", "/", nil, "/"),
            ("http://h?q", "/", "q", "/"),
        ] as [(String, String, String?, String)])
    func target(_ target: String, _ path: String, _ query: String?, _ route: String) {
        let request = SandboxRequest(method: "GET", target: target, headers: [], body: [], receivedAt: Date())
        #expect(request.path == path)
        #expect(request.rawQuery == query)
        #expect(request.route == route)
    }

    @Test("calendar arithmetic agrees with Foundation's")
    func calendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: -100_000, through: 200_000, by: 37) {
            let date = Date(timeIntervalSince1970: TimeInterval(day * 86_400 + (day & 0xFFFF)))
            let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            let time = CivilTime(date)
            #expect([time.year, time.month, time.day] == [parts.year, parts.month, parts.day])
            #expect([time.hour, time.minute, time.second] == [parts.hour, parts.minute, parts.second])
            #expect(time.epochSeconds == Int(date.timeIntervalSince1970))
        }
    }

    @Test(
        "days and times that do not exist are not read",
        arguments: [
            ("29/02/2024", true), ("29/02/2023", false), ("29/02/1900", false), ("29/02/2000", true),
            ("31/04/2024", false),
            ("00/01/2024", false), ("01/13/2024", false), ("1/1/2024", false), ("01-01-2024", false),
            ("01/01/24", false),
            ("01/01/20240", false), ("0a/01/2024", false), ("", false),
        ])
    func dates(_ text: String, _ exists: Bool) {
        #expect((CivilTime(Array(text.utf8), mask: "dd/mm/YYYY") != nil) == exists)
    }
}
