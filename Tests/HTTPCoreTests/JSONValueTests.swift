import Foundation
import HTTPCore
import Testing

struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: text.utf8)
    }

    @Test(
        "what is read is written again byte for byte",
        arguments: [
            "null", "true", "false", "0", "-0", "150.00", "1E+400", "12345678901234567890123456789.10", #""""#,
            #""a/b\"c\\d\n\r\t""#, #""å 😀 \u0001""#, "[]", "{}", #"[1,[2,[]],{"a":{}}]"#,
            #"{"z":1,"a":null,"Z":[true,"x"],"é":"\u007fé"}"#.replacingOccurrences(of: #"\u007f"#, with: "\u{7F}"),
        ])
    func roundTrip(_ text: String) throws {
        #expect(try parse(text).text == text)
        #expect(try parse("\u{FEFF} \r\n\t" + text + " \n") == parse(text))
        #expect(try parse(parse(text).prettyText) == parse(text))
    }

    @Test("escapes are read as the characters they stand for")
    func escapes() throws {
        #expect(try parse(#""\u00e9\uD83D\uDE00\/\b\f""#) == "é😀/\u{8}\u{C}")
    }

    @Test(
        "a fault is told with its line and column",
        arguments: [
            ("", 1, 1, "the text ends where a value is expected"),
            ("{\n  \"a\": 1,\n}", 3, 1, "a comma before '}' is not JSON"),
            ("[1,]", 1, 4, "a comma before ']' is not JSON"),
            ("{\"å\" 1}", 1, 7, "expected ':' after the name \"å\""),
            ("{\"a\":1 \"b\":2}", 1, 8, "expected ',' or '}' after a member"),
            ("{a:1}", 1, 2, "expected a name in double quotes"),
            ("['a']", 1, 2, "strings and names stand in double quotes"),
            ("[1 2]", 1, 4, "expected ',' or ']' after an element"),
            ("{\"a\":1,\r\n \"\\u0061\":2}", 2, 2, "\"a\" is there twice"),
            ("1 2", 1, 3, "there is more after the JSON value"),
            ("[01]", 1, 2, "a number has no leading zeros"), ("-", 1, 2, "expected a digit after '-'"),
            ("1.", 1, 3, "expected a digit after '.'"), ("1e", 1, 3, "expected a digit in the exponent"),
            ("+1", 1, 1, "expected a JSON value"), ("NaN", 1, 1, "expected a JSON value"),
            ("nul", 1, 1, "expected a JSON value; words are only true, false and null"),
            ("\"a\nb\"", 1, 3, "a control character in a string must be escaped"),
            ("[\"abc", 1, 2, "the string that begins here has no end"),
            (#""\x""#, 1, 2, "this escape is not JSON"),
            (#""\u12g4""#, 1, 2, "four hexadecimal digits must follow \\u"),
            (#""\ud800""#, 1, 2, "half of a surrogate pair"), (#""\ud800\u0041""#, 1, 2, "half of a surrogate pair"),
            (#""\udc00""#, 1, 2, "half of a surrogate pair"), ("// x\n1", 1, 1, "expected a JSON value"),
        ])
    func faults(_ text: String, _ line: Int, _ column: Int, _ message: String) {
        #expect(throws: JSONSyntaxError(line: line, column: column, message: message)) { try parse(text) }
    }

    @Test("bytes that are no UTF-8 are refused")
    func invalidUTF8() {
        let bytes = [UInt8](ascii: "[\"a") + [0xC0, 0xAF] + [UInt8](ascii: "\"]")
        #expect(
            throws: JSONSyntaxError(line: 1, column: 2, message: "the string that begins here is not valid UTF-8")
        ) { try JSONValue(parsing: bytes) }
    }

    @Test("depth is bounded")
    func depth() throws {
        let text = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(try parse(text).kind == "an array")
        #expect(throws: JSONSyntaxError(line: 1, column: 130, message: "nested more than 128 deep")) {
            try parse(" [" + text + "]")
        }
        #expect(throws: JSONSyntaxError.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
    }

    @Test("where a vendor repeats a name, the last value counts")
    func repeatedNames() throws {
        let value = try JSONValue(parsing: #"{"a":1,"a":2}"#.utf8, allowsRepeatedNames: true)
        #expect(value["a"] == 2)
        #expect(value.text == #"{"a":1,"a":2}"#)
    }

    @Test("a member is replaced in its place, added at the end, and removed")
    func members() {
        var value: JSONValue = ["a": 1, "b": .null]
        value["a"] = "x"
        value["c"] = [true]
        #expect(value.text == #"{"a":"x","b":null,"c":[true]}"#)
        value["b"] = nil
        #expect(value.text == #"{"a":"x","c":[true]}"#)
        #expect(value["b"] == nil)
        var text: JSONValue = "text"
        text["a"] = 1
        #expect(text == "text")
    }

    @Test("names and strings are compared by code points, numbers by digits")
    func comparison() {
        let composed: JSONValue = ["\u{E9}": "\u{E9}"]
        #expect(composed["e\u{301}"] == nil)
        #expect(composed != ["\u{E9}": "e\u{301}"])
        #expect(JSONValue.number("1.0") != .number("1"))
    }

    @Test("an identifier is a number or a string with content")
    func identifiers() throws {
        #expect(
            try parse(#"[1000,"63b8","",null,true,["a"]]"#).elements?.map(\.identifier) == [
                "1000", "63b8", nil, nil, nil, nil,
            ])
    }

    @Test("for people there is a member a line, and nothing that a terminal obeys")
    func pretty() {
        let value: JSONValue = ["a": [1, [:], []], "b": "\u{9B}31m\u{1B}/å"]
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    {},
                    []
                  ],
                  "b": "\\u009b31m\\u001b/å"
                }
                """)
    }
}

extension [UInt8] {
    fileprivate init(ascii text: String) { self = Array(text.utf8) }
}
