import Foundation
import Testing

@testable import Delivery

@Suite("JSON: flat objects")
struct JSONFlatObjectTests {
    private func emitted(_ text: String) throws -> String {
        String(decoding: try FlatObject(json: Data(text.utf8)).json, as: UTF8.self)
    }

    @Test(
        "a flat object keeps its order, digits and escapes and loses only white space",
        arguments: [
            ("{}", "{}"), (" {\n} ", "{}"),
            ("{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"),
            (
                "{ \"n\" : -0.10e+05 , \"m\":123456789012345678901234567890.10 }",
                "{\"n\":-0.10e+05,\"m\":123456789012345678901234567890.10}"
            ),
            ("{\"e\":1e400,\"z\":-0}", "{\"e\":1e400,\"z\":-0}"),
            (
                "{\"s\": \"a b\\n\\u00e9 é \\\" , \\\\\", \"t\":\"\"}",
                "{\"s\":\"a b\\n\\u00e9 é \\\" , \\\\\",\"t\":\"\"}"
            ),
            ("{\"l\":[ 1 , \"a b\" ,\ttrue,null,false],\r\n\"k\":[ ]}", "{\"l\":[1,\"a b\",true,null,false],\"k\":[]}"),
            ("{\"\":1,\" \":2}", "{\"\":1,\" \":2}"),
            ("{\"\\ud800\":\"\\udfaa\"}", "{\"\\ud800\":\"\\udfaa\"}"),
        ])
    func kept(text: String, compact: String) throws {
        #expect(try emitted(text) == compact)
        #expect(try emitted(compact) == compact)
    }

    @Test(
        "what is nested is refused with its path",
        arguments: [
            ("{\"address\":{\"city\":1}}", "1:12 data.address is an object; only flat values are allowed"),
            ("{\"a\":1,\n\"tags\":[1,2,[3]]}", "2:13 data.tags[2] is an array; only flat values are allowed"),
            ("{\"a\":[{}]}", "1:7 data.a[0] is an object; only flat values are allowed"),
            ("{\"first name\":{}}", "1:15 data[\"first name\"] is an object; only flat values are allowed"),
            ("{\"a.b\":{}}", "1:8 data[\"a.b\"] is an object; only flat values are allowed"),
            ("{\"\\u0007\":{}}", "1:11 data[\"\\u0007\"] is an object; only flat values are allowed"),
            ("{\"förnamn\":{}}", "1:13 data.förnamn is an object; only flat values are allowed"),
            ("{\"\":{}}", "1:5 data[\"\"] is an object; only flat values are allowed"),
            ("[1]", "1:1 data must be an object, not an array"),
            ("\"a\"", "1:1 data must be an object, not a string"),
            (" 12", "1:2 data must be an object, not a number"),
            ("true", "1:1 data must be an object, not a boolean"),
            ("null", "1:1 data must be an object, not null"),
            ("", "1:1 expected an object, but the text ends"),
            ("{\"a\":1,\"b\":2,\"a\":3}", "1:14 data.a is given twice"),
            ("{\"a\":1,\"\\u0061\":3}", "1:8 data[\"\\u0061\"] is given twice"),
            ("{\"é\":1,\"\\u00e9\":3}", "1:9 data[\"\\u00e9\"] is given twice"),
            ("{\"𝄞\":1,\"\\ud834\\udd1e\":3}", "1:11 data[\"\\ud834\\udd1e\"] is given twice"),
            ("{\"a\":1} {}", "1:9 unexpected text after the value"),
            ("{\"a\":1,}", "1:8 expected another member; a comma must not stand before '}'"),
            ("{\"a\":[1,]}", "1:9 expected another element; a comma must not stand before ']'"),
            ("{\"a\":[1 2]}", "1:9 expected ',' or ']' after an element"),
            ("{\"a\":1 2}", "1:8 expected ',' or '}' after a member"),
            ("{\"a\":x}", "1:6 expected a value"),
        ])
    func refused(text: String, fault: String) {
        let error = #expect(throws: JSONTextError.self) { try FlatObject(json: Data(text.utf8)) }
        #expect(error.map { "\($0.line):\($0.column) \($0.message)" } == fault)
    }

    @Test("a long name is cut in messages, and the root has the name that the caller gives it")
    func longName() {
        let text = "{\"\(String(repeating: "n", count: 1000))\":{}}"
        let error = #expect(throws: JSONTextError.self) { try FlatObject(json: Data(text.utf8), root: "event") }
        let name = String(repeating: "n", count: 60) + "…"
        #expect(error?.message == "event.\(name) is an object; only flat values are allowed")
    }

    @Test(
        "a repeated name is found among few and among many, and different names are not taken for one",
        arguments: [2, 24, 25, 26, 300])
    func manyNames(count: Int) throws {
        let members = (0..<count).map { "\"key\($0)\":\($0)" }
        let text = "{" + members.joined(separator: ",") + "}"
        #expect(try FlatObject(json: Data(text.utf8)).members.map(\.name) == (0..<count).map { "key\($0)" })
        for repeated in [0, count / 2, count - 1] {
            let text = "{" + members.joined(separator: ",") + ",\"k\\u0065y\(repeated)\":0}"
            let error = #expect(throws: JSONTextError.self) { try FlatObject(json: Data(text.utf8)) }
            #expect(error?.message == "data[\"k\\u0065y\(repeated)\"] is given twice")
        }
    }

    @Test("halves of surrogate pairs are different names")
    func surrogates() throws {
        #expect(try FlatObject(json: Data(#"{"\ud800":1,"\ud801":2,"\udc00":3,"\ufffd":4}"#.utf8)).members.count == 4)
    }

    @Test("members can be read, names and strings without escapes")
    func members() throws {
        let text = #"{ "\u0061\"b" : "x\n\u20ac\ud834\udd1e\/" , "n":1.50, "t":true,"z":null, "l":["a,b\"]", 2]}"#
        let object = try FlatObject(json: Data(text.utf8))
        let members = object.members
        #expect(members.map(\.name) == ["a\"b", "n", "t", "z", "l"])
        #expect(members.map(\.value.kind) == [.string, .number, .bool, .null, .list])
        #expect(members[0].value.string == "x\n€𝄞/")
        #expect(members[1].value.json == Array("1.50".utf8))
        #expect(members[1].value.string == nil)
        #expect(members[4].value.elements?.map(\.kind) == [.string, .number])
        #expect(members[4].value.elements?.first?.string == "a,b\"]")
        #expect(try FlatObject(json: Data("{\"l\":[]}".utf8)).members[0].value.elements == [])
        #expect(try FlatObject(json: Data("{}".utf8)).members.isEmpty)
    }

    @Test("an object is built from members; what must be escaped is, and the rest stays readable")
    func built() throws {
        let object = try #require(
            FlatObject(members: [
                ("namn", .string("Åsa \"Å\" \\ \n\r\t\u{1}\u{1f}\u{7f}/𝄞")), ("ok", .bool(true)), ("no", .bool(false)),
                ("x", .null), ("n", try FlatValue(json: Data(" 7.0 ".utf8), path: "data.n")),
                ("l", try FlatValue(json: Data("[ 1, \"a b\" ]".utf8), path: "data.l")),
            ]))
        #expect(
            String(decoding: object.json, as: UTF8.self)
                == "{\"namn\":\"Åsa \\\"Å\\\" \\\\ \\n\\r\\t\\u0001\\u001f\u{7f}/𝄞\",\"ok\":true,\"no\":false,\"x\":null,\"n\":7.0,\"l\":[1,\"a b\"]}"
        )
        #expect(try FlatObject(json: object.json) == object)
        #expect(object.members[0].value.string == "Åsa \"Å\" \\ \n\r\t\u{1}\u{1f}\u{7f}/𝄞")
        #expect(FlatObject(members: [("a", .null), ("a", .null)]) == nil)
        #expect(FlatObject(members: [])?.json == Array("{}".utf8))
    }

    @Test(
        "a single value is flat or refused with its path",
        arguments: [
            ("{}", "data.k is an object; only flat values are allowed"),
            ("[1,[2]]", "data.k[1] is an array; only flat values are allowed"),
            ("1 2", "unexpected text after the value"), ("", "expected a value, but the text ends"),
            ("yes", "expected a value"),
        ])
    func singleValues(text: String, message: String) {
        let error = #expect(throws: JSONTextError.self) { try FlatValue(json: Data(text.utf8), path: "data.k") }
        #expect(error?.message == message)
    }
}
