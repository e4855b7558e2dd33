import Foundation
import HTTPCore
import Testing

@testable import VendorAPIs

private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

private func plan(_ document: String, _ present: String, prunes: Bool = false) throws -> WorkflowPlan {
    var there: [String: [JSONValue]] = [:]
    for member in try json(present).members ?? [] { there[member.name] = member.value.elements }
    return try WorkflowPlan(WorkflowDocument(json(document)), present: there, prunes: prunes)
}

/// A change in a word: `+p`, `~p 1 name`, `-p 1`.
private func words(_ plan: WorkflowPlan) -> [String] {
    plan.changes.map { change in
        switch change.action {
        case .create: "+\(change.entity)"
        case .update(let id, let fields):
            "~\(change.entity) \(id) \(fields.map(\.name).joined(separator: ","))"
        case .delete(let id): "-\(change.entity) \(id)"
        }
    }
}

struct BidCoreWorkflowTests {
    @Test(
        "a document is compared with what is there",
        arguments: [
            (#"[{"id":1,"name":"a"}]"#, []), (#"[{"id":1,"name":"b"}]"#, ["~p 1 name"]),
            (#"[{"id":"1","name":"b","x":null}]"#, ["~p 1 name,x"]), (#"[{"id":1}]"#, []),
            (#"[{"name":"a"}]"#, []), (#"[{"name":"c"}]"#, ["+p"]), (#"[{"name":"a"},{"name":"a"}]"#, ["+p"]),
            (#"[{"name":"a"},{"id":1,"n":1.50}]"#, ["+p"]), (#"[{"name":"b","n":2}]"#, []),
            (#"[{"id":1,"o":{"y":[1,2],"x":1.0}}]"#, []), (#"[{"id":1,"o":{"y":[2,1],"x":1}}]"#, ["~p 1 o"]),
            (#"[{"id":1,"o":{"x":1}}]"#, ["~p 1 o"]), (#"[{"id":1,"name":null}]"#, ["~p 1 name"]),
            ("[]", []),
        ] as [(String, [String])])
    func changes(_ entities: String, _ expected: [String]) throws {
        let present = #"{"p":[{"id":1,"name":"a","n":1.5,"o":{"x":1,"y":[1,2]}},{"id":2,"name":"b","n":2}]}"#
        #expect(words(try plan(#"{"p":\#(entities)}"#, present)) == expected)
    }

    @Test(
        "numbers are compared by their value, to the last digit",
        arguments: [
            ("1.50", "1.5", true), ("15e-1", "1.5", true), ("1E2", "100", true), ("-0", "0", true),
            ("0.10", "0.1", true), ("-1", "1", false), ("9007199254740993", "9007199254740992", false),
            ("0.1", "0.10000000000000001", false), ("1e400", "1e401", false), ("100", "10", false),
            ("1e99999999999999999999", "1e99999999999999999998", false), ("007", "7", true),
        ])
    func numbers(_ left: String, _ right: String, _ areEqual: Bool) {
        #expect(JSONValue.number(left).isEquivalent(to: .number(right)) == areEqual)
    }

    @Test("only what differs is sent, and the old value is shown")
    func fields() throws {
        let plan = try plan(#"{"p":[{"id":1,"a":1,"b":2,"c":3}]}"#, #"{"p":[{"id":1,"a":1,"b":0,"z":9}]}"#)
        #expect(
            plan.changes.map(\.action) == [
                .update(
                    id: "1",
                    [WorkflowPlan.Field(name: "b", old: 0, new: 2), WorkflowPlan.Field(name: "c", old: nil, new: 3)])
            ])
    }

    @Test("what is not in the document stays, or is deleted last, the last kind first")
    func pruning() throws {
        let document = #"{"p":[{"id":1,"n":2}],"q":[{"n":9}]}"#
        let present = #"{"p":[{"id":1,"n":1},{"id":2},{"id":3}],"q":[{"id":7,"n":1},{"id":8,"n":1}]}"#
        let kept = try plan(document, present)
        #expect(words(kept) == ["~p 1 n", "+q"])
        #expect(kept.left == 4)
        let pruned = try plan(document, present, prunes: true)
        #expect(words(pruned) == ["~p 1 n", "+q", "-q 8", "-q 7", "-p 3", "-p 2"])
        #expect(pruned.left == 0)
    }

    @Test("what was created in an earlier run is not created again")
    func resumed() throws {
        let document = #"{"p":[{"name":"a","n":1.0},{"name":"b"}]}"#
        #expect(words(try plan(document, #"{"p":[]}"#)) == ["+p", "+p"])
        #expect(words(try plan(document, #"{"p":[{"id":5,"n":1,"name":"a","more":true}]}"#)) == ["+p"])
        let done = try plan(document, #"{"p":[{"id":5,"n":1,"name":"a"},{"id":6,"name":"b"}]}"#)
        #expect(done.changes.isEmpty && done.unchanged == 2)
    }

    @Test("an id that is not there cannot be created")
    func unknownID() throws {
        let error = #expect(throws: WorkflowDocument.Invalid.self) {
            _ = try plan(#"{"p":[{"id":1},{"id":9},{"id":8}]}"#, #"{"p":[{"id":1}]}"#)
        }
        #expect(error?.faults.count == 2)
        #expect(error?.faults.first?.hasPrefix("p[1]: BidCore has no 9") == true)
    }

    @Test(
        "what is wrong with a document is said, with the place",
        arguments: [
            ("[]", "must be an object of entities"), (#"{"..":[]}"#, #""..""#), (#"{"":[]}"#, #""""#),
            (#"{"p":{}}"#, "p: must be an array, and is an object"), (#"{"p":[7]}"#, "p[0]: must be an object"),
            (#"{"p":[{}]}"#, "p[0]: has no fields"), (#"{"p":[{"id":null}]}"#, "p[0].id: must be"),
            (#"{"p":[{"id":""}]}"#, "p[0].id: must be"), (#"{"p":[{"id":".."}]}"#, "p[0].id: must be"),
            (#"{"p":[{"id":1},{"id":"1"}]}"#, "p[1].id: 1 is p[0] already"),
        ])
    func invalid(_ text: String, _ fault: String) throws {
        let value = try json(text)
        let error = #expect(throws: WorkflowDocument.Invalid.self) { _ = try WorkflowDocument(value) }
        #expect(error?.faults.count == 1)
        #expect(error?.faults.first?.hasPrefix(fault) == true, "\(error?.faults ?? [])")
    }

    @Test("an export has one text, whatever the order it came in")
    func export() throws {
        let one = #"[{"name":"b","id":10},{"z":{"b":1,"a":0.10},"id":9},{"id":"x"}]"#
        let other = #"[{"id":"x"},{"id":9,"z":{"a":0.10,"b":1}},{"id":10,"name":"b"}]"#
        let texts = try [one, other].map { WorkflowDocument([.init("p", try json($0).elements ?? [])]).text }
        #expect(texts[0] == texts[1])
        #expect(
            texts[0] == """
                {
                  "p": [
                    {
                      "id": 9,
                      "z": {
                        "a": 0.10,
                        "b": 1
                      }
                    },
                    {
                      "id": 10,
                      "name": "b"
                    },
                    {
                      "id": "x"
                    }
                  ]
                }

                """)
        #expect(try WorkflowDocument(json(texts[0])).sections.count == 1)
    }
}
