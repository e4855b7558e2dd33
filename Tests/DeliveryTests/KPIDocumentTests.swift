import Foundation
import Testing
import VendorAPIs

@testable import Delivery

private let timeFault = "must be \"Y-m-d H:i:s\" in UTC (2019-09-10 13:09:23) or whole epoch seconds"

/// An element on a line of its own with `member` in place of the one of that name.
private func element(_ id: Int = 1, _ changes: [String: String?] = [:]) -> String {
    var members: [(String, String?)] = [
        ("id", "\(id)"), ("kpi", "\"bonuses\""), ("object_type", "\"number\""), ("value", "\"150.00\""),
        ("units", "\"Eur\""), ("timestamp", "\"2019-09-10 13:09:23\""),
    ]
    for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
        if let index = members.firstIndex(where: { $0.0 == name }) {
            members[index].1 = value
        } else {
            members.append((name, value))
        }
    }
    return "{" + members.compactMap { name, value in value.map { "\"\(name)\": \($0)" } }.joined(separator: ", ") + "}"
}

private func document(_ elements: String, entry: String = #""user_id": "7","#) -> String {
    """
    {"type": "acme", "version": "1.0.0", "context": "sales", "data": [{\(entry) "elements": [
    \(elements)
    ]}]}

    """
}

@Suite("KPI documents as the vendor prints them")
struct KPIDocumentTests {
    private func faults(_ text: String) throws -> [String] {
        try KPIFile(text).input(.document).check().diagnostics.rendered
    }

    @Test("a document within the limits is sent byte for byte, white space and unknown members too")
    func verbatim() throws {
        let text = """
            { "note" : [1, {"a":"]}"}], "context":"sales","type" : "acme",\t"version":"1.0.0",
              "data": [ {"elements":[\(element(1)) , \(element(2, ["data_from": "\"2019-09-10 13:09:23\""]))], "user_id":"\\u0031" },
                {"location_id":"3","elements":[\(element(3, ["timestamp": "1568120963", "extra": "null"]))]} ]
            }

            """
        let input = try KPIFile("\u{FEFF}" + text).input(.document)
        #expect(try input.check().diagnostics.rendered == [])
        let batches = try input.documents()
        #expect(batches.map(\.text) == [text])
        #expect(batches[0].records.description == "1-3")
        #expect(batches[0].checks.count == 3)
    }

    @Test("a longer document is split under its own envelope, each element byte for byte")
    func split() throws {
        let text = """
            {"type":"acme", "data": [
              {"user_id":"1", "elements":[ \(element(1)), \(element(2)) ], "x":1},
              {"user_id":"1", "elements":[\(element(3))]}
            ], "version":"1", "context":"sales"}
            """
        let input = try KPIFile(text).input(.document, limits: KPIBatchLimits(elements: 2))
        let batches = try input.documents()
        #expect(
            batches.map(\.text) == [
                #"{"type":"acme", "data": [{"user_id":"1", "elements":["# + element(1) + "," + element(2)
                    + #"], "x":1}], "version":"1", "context":"sales"}"#,
                #"{"type":"acme", "data": [{"user_id":"1", "elements":["# + element(3)
                    + #"]}], "version":"1", "context":"sales"}"#,
            ])
        #expect(batches.map(\.records.description) == ["1-2", "3"])
        let bytes = batches[0].payload.count
        let cut = try KPIFile(text).input(.document, limits: KPIBatchLimits(bytes: bytes)).documents()
        #expect(cut.map(\.records.description) == ["1-2", "3"])
        let narrow = try KPIFile(text).input(.document, limits: KPIBatchLimits(bytes: bytes - 1)).documents()
        #expect(narrow.map(\.records.description) == ["1", "2", "3"])
    }

    @Test("what was sent before, or is invalid, is left out of a document that is otherwise whole")
    func partly() throws {
        let text = document(
            [element(1), element(2, ["value": "\"NaN\""]), element(3), element(4)].joined(separator: ",\n"))
        let input = try KPIFile(text).input(.document)
        let check = try input.check()
        #expect(check.invalid.description == "2")
        #expect(check.diagnostics.rendered == [#"kpi:3:63: error: value "NaN" is not a plain decimal"#])
        let sent = try input.documents { $0 != 3 }
        #expect(sent.map(\.records.description) == ["1,4"])
        #expect(
            sent[0].text
                == #"{"type": "acme", "version": "1.0.0", "context": "sales", "data": [{"user_id": "7", "elements": ["#
                + element(1) + "," + element(4) + "]}]}")
    }

    @Test(
        "each element is checked, and the fault is located at the value of the member, or at the element",
        arguments: [
            (["id": nil], "", "id is missing"),
            (["id": "\"1\""], "id", "id must be a whole number, without the quotes"),
            (["id": "\"a\""], "id", "id must be a whole number"), (["id": "1.0"], "id", "id must be a whole number"),
            (["id": "1e2"], "id", "id must be a whole number"), (["id": "-1"], "id", "id must be a whole number"),
            (["id": "null"], "id", "id must be a whole number"), (["kpi": "\" \""], "kpi", "kpi is empty"),
            (["kpi": "5"], "kpi", "kpi must be a string; put the number in quotes"),
            (["object_type": nil], "", "object_type is missing"),
            (["value": "150.00"], "value", "value must be a string; put the number in quotes"),
            (["value": "null"], "value", "value must be a string"),
            (
                ["value": "\"1,5\""], "value",
                "value \"1,5\" is not a plain decimal: write it without grouping, with a point for the fraction"
            ),
            (["units": "5"], "units", "units must be a string"), (["timestamp": nil], "", "timestamp is missing"),
            (["timestamp": "\"2019-09-10T13:09:23Z\""], "timestamp", "timestamp \(timeFault)"),
            (["timestamp": "\"1568120963\""], "timestamp", "timestamp \(timeFault)"),
            (["timestamp": "1568120963.5"], "timestamp", "timestamp \(timeFault)"),
            (["date_from": "\"2019-09-10\""], "date_from", "date_from \(timeFault)"),
            (["data_to": "\"2019-02-30 13:09:23\""], "data_to", "data_to \(timeFault)"),
        ] as [([String: String?], String, String)])
    func elements(changes: [String: String?], member: String, message: String) throws {
        let line = element(1, changes)
        let column = line.range(of: "\"\(member)\": ").map { line[..<$0.upperBound].count + 1 } ?? 1
        #expect(try faults(document(line)) == ["kpi:2:\(column): error: \(message)"])
    }

    @Test("a member that is there twice is a fault, however its name is written")
    func repeated() throws {
        let line = element(1, ["units": #""a", "unit\u0073": "b""#])
        let column = try #require(line.range(of: #""unit\u"#)).lowerBound.utf16Offset(in: line) + 1
        #expect(try faults(document(line)) == [#"kpi:2:\#(column): error: "units" is given twice"#])
    }

    @Test("an id of any length and a value of another object type pass")
    func tolerated() throws {
        #expect(try faults(document(element(1, ["id": "12345678901234567890123"]))) == [])
        #expect(try faults(document(element(1, ["object_type": "\"text\"", "value": "\"n/a\""]))) == [])
        #expect(try faults(document(element(1, ["units": "\"\""]))) == [])
    }

    @Test(
        "an entry needs a user or a location, as strings, and elements; else none of its elements is sent",
        arguments: [
            ("", "1:67", "the entry has neither user_id nor location_id; it needs one of them"),
            (#""user_id": 7,"#, "1:79", "user_id must be a string; put the number in quotes"),
            (#""user_id": null,"#, "1:79", "user_id must be a string"),
            (#""user_id": "1", "location_id": "","#, "1:99", "location_id is empty"),
        ])
    func entries(entry: String, place: String, message: String) throws {
        let check = try KPIFile(document(element(1) + "," + element(2), entry: entry)).input(.document).check()
        #expect(check.diagnostics.rendered == ["kpi:\(place): error: \(message)"])
        #expect(check.invalid.description == "1-2")
    }

    @Test("an entry without elements counts as a record that is not sent")
    func emptyEntries() throws {
        let text =
            #"{"type":"t","version":"1","context":"c","data":[{"user_id":"1","elements":[]},5,{"user_id":"1"},{"user_id":"1","elements":[\#(element(1))]}]}"#
        let input = try KPIFile(text).input(.document)
        let check = try input.check()
        #expect(check.records == 4)
        #expect(check.invalid.description == "1-3")
        #expect(
            check.diagnostics.rendered == [
                "kpi:1:75: error: elements must be a list of at least one element",
                "kpi:1:79: error: an entry of data must be an object", "kpi:1:81: error: elements is missing",
            ])
        #expect(try input.documents().map(\.records.description) == ["4"])
    }

    @Test(
        "a document that is not JSON, or whose envelope is wrong, cannot be used at all",
        arguments: [
            // The vendor's own stand-alone sample ends like this.
            (
                "{\n\"data\": [{\"elements\": [{\"id\": 1,\n}]}]}", "kpi:3:1",
                "expected another member; a comma must not stand before '}'"
            ),
            ("", "kpi:1:1", "expected a value, but the text ends"),
            ("{} x", "kpi:1:4", "unexpected text after the value"),
            (
                "[]", "kpi:1:1",
                "the document must be an object with type, version, context and data; rows go one a line"
            ),
            ("{}", "kpi:1:1", "type is missing"),
            (#"{"type":"","version":"1","context":"c","data":[1]}"#, "kpi:1:9", "type is empty"),
            (
                #"{"type":"t","version":1.0,"context":"c","data":[1]}"#, "kpi:1:23",
                "version must be a string; put the number in quotes"
            ),
            (#"{"type":"t","version":"1","context":"c"}"#, "kpi:1:1", "data is missing"),
            (
                #"{"type":"t","version":"1","context":"c","data":[]}"#, "kpi:1:48",
                "data must be a list of at least one entry"
            ),
            (
                #"{"type":"t","version":"1","context":"c","data":{}}"#, "kpi:1:48",
                "data must be a list of at least one entry"
            ),
            (#"{"type":"t","version":"1","context":"c","data":[1],"data":[2]}"#, "kpi:1:52", "\"data\" is given twice"),
        ])
    func broken(text: String, place: String, message: String) throws {
        let check = try KPIFile(text).input(.document).check()
        #expect(check.isBroken)
        #expect(check.diagnostics.rendered == ["\(place): error: \(message)"])
    }
}
