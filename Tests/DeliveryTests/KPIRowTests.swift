import Foundation
import HTTPCore
import Testing
import VendorAPIs

@testable import Delivery

private let moment = "2019-09-10 13:09:23"

@Suite("Rows of KPI figures")
struct KPIRowTests {
    static let header = "user_id,location_id,id,kpi,value,units,timestamp,date_from,date_to"

    private func faults(_ text: String, _ format: KPIInputFormat = .csv, _ options: KPIRowOptions = KPIFile.options)
        throws -> [String]
    {
        try KPIFile(text).input(format, options).check().diagnostics.rendered
    }

    @Test("rows of the same user and location share an entry; strings and numbers are as the vendor prints them")
    func document() throws {
        let rows = """
            \(Self.header)
            123,321,1,device_sales,100,Devices sold,\(moment),\(moment),\(moment)
            89,,3,points,100,Points,\(moment),,
            123,321,2,bonuses,150.00,"Bonus, ""earned"" twice",\(moment),,
            ,3,5,points,-0.50,,\(moment),,
            """
        let batches = try KPIFile(rows).input().documents()
        #expect(batches.count == 1)
        #expect(batches[0].records.description == "1-4")
        #expect(
            batches[0].text == """
                {"type":"acme","version":"1.0.0","context":"sales","data":[\
                {"user_id":"123","location_id":"321","elements":[\
                {"id":1,"kpi":"device_sales","object_type":"number","value":"100","units":"Devices sold",\
                "timestamp":"\(moment)","date_from":"\(moment)","date_to":"\(moment)"},\
                {"id":2,"kpi":"bonuses","object_type":"number","value":"150.00","units":"Bonus, \\"earned\\" twice",\
                "timestamp":"\(moment)"}]},\
                {"user_id":"89","elements":[\
                {"id":3,"kpi":"points","object_type":"number","value":"100","units":"Points","timestamp":"\(moment)"}]},\
                {"location_id":"3","elements":[\
                {"id":5,"kpi":"points","object_type":"number","value":"-0.50","timestamp":"\(moment)"}]}]}
                """)
    }

    @Test(
        "digits arrive as they were written",
        arguments: ["150.00", "100", "00.10", "-0", "+5", "0", "12345678901234567890.123456789012345678901"])
    func digits(value: String) throws {
        let csv = "user_id,id,kpi,value,timestamp\n00123,12345678901234567890,k,\(value),\(moment)\n"
        let expected =
            #"{"user_id":"00123","elements":[{"id":12345678901234567890,"kpi":"k","object_type":"number","value":"\#(value)","#
        #expect(try KPIFile(csv).input().documents()[0].text.contains(expected))
        let isJSONNumber = !value.hasPrefix("+") && !value.hasPrefix("00")
        let json =
            #"{"user_id":"00123","id":12345678901234567890,"kpi":"k","value":"#
            + (isJSONNumber ? value : "\"\(value)\"") + ",\"timestamp\":\"\(moment)\"}\n"
        #expect(try KPIFile(json).input(.ndjson).documents()[0].text.contains(expected))
    }

    @Test(
        "a value that is no plain decimal is a located fault",
        arguments: [
            "NaN", "inf", "1,000", "1.000,5", "0x10", "1e3", "1E3", ".5", "5.", "1.2.3", "--1", "+", "-", " 1", "1 ",
            "1 000",
            "١", "½",
        ])
    func notDecimal(value: String) throws {
        let csv = "user_id,value,id,kpi,timestamp\n7,\"\(value)\",1,k,\(moment)\n"
        let faults = try faults(csv)
        #expect(faults.count == 1)
        #expect(
            faults.first?.hasPrefix("kpi:2:3: error: value \"\(value)\" is not a plain decimal") == true, "\(faults)")
    }

    @Test(
        "what a row lacks is told where it should stand",
        arguments: [
            (",,1,k,1,,\(moment),,", "2:1", "neither user_id nor location_id; every row needs one of them"),
            (" ,,1,k,1,,\(moment),,", "2:1", "neither user_id nor location_id; every row needs one of them"),
            ("7,,,k,1,,\(moment),,", "2:4", "id is empty; every row needs one, or --assign-ids takes the row's number"),
            ("7,,abc,k,1,,\(moment),,", "2:4", #"id "abc" is not a whole number (digits alone)"#),
            ("7,,00123,k,1,,\(moment),,", "2:4", #"id "00123" begins with 0, which a number cannot keep"#),
            ("7,,-1,k,1,,\(moment),,", "2:4", #"id "-1" is not a whole number (digits alone)"#),
            ("7,,1,,1,,\(moment),,", "2:6", "kpi is empty; every row needs one"),
            ("7,,1,k,,,\(moment),,", "2:8", "value is empty; every row needs one"),
            ("7,,1,k,1,,,,", "2:11", "timestamp is empty; every row needs one"),
            (
                "7,,1,k,1,,\(moment),x,", "2:31",
                #"date_from "x" is not yyyy-MM-dd HH:mm:ss, an ISO 8601 time or epoch seconds"#
            ),
            ("7,,1,k,1", "2:9", "the row has 5 fields, the header 9"),
            (
                "7,,1,k,1,,\(moment),,,", "2:33",
                "the row has 10 fields, the header 9; a field that holds the delimiter must be in quotes"
            ),
        ])
    func lacking(row: String, place: String, message: String) throws {
        #expect(try faults(Self.header + "\n" + row + "\n") == ["kpi:\(place): error: \(message)"])
    }

    @Test("every fault of a row and of every row is told")
    func allFaults() throws {
        let text = "\(Self.header)\n,,x,,NaN,,never,,\nø,,1,k,1,,\(moment),,\nø,,1,k,1,,soon,,\n"
        let faults = try faults(text)
        #expect(
            faults.map { $0.prefix { $0 != " " } } == [
                "kpi:2:1:", "kpi:2:3:", "kpi:2:5:", "kpi:2:6:", "kpi:2:11:", "kpi:4:11:",
            ])
    }

    @Test("the rows with faults are known by their numbers, and the others can be sent")
    func skipping() throws {
        let rows = (1...6).map { [2, 3, 6].contains($0) ? "7,x\($0),k,1" : "7,\($0),k,1" }.map { "\($0),\(moment)" }
        let input = try KPIFile("user_id,id,kpi,value,timestamp\n" + rows.joined(separator: "\n")).input()
        let check = try input.check()
        #expect(check.records == 6)
        #expect(check.invalid.description == "2-3,6")
        #expect(!check.isBroken)
        let batches = try input.documents()
        #expect(batches.map(\.records.description) == ["1,4-5"])
        #expect(batches[0].checks.count == 3)
        #expect(try input.documents { $0 != 4 }.map(\.records.description) == ["1,5"])
        #expect(try input.documents { _ in false }.isEmpty)
    }

    @Test("columns are found by name, in any order and case, and by --column; what is not sent is told")
    func columns() throws {
        var options = KPIFile.options
        try options.addColumn("value=Amount")
        try options.addColumn("user_id=value")
        let input = try KPIFile("KPI;note;Amount;value;TIMESTAMP;id;data_from\nk;n;5;u1;\(moment);9;\(moment)")
        options.delimiter = UInt8(ascii: ";")
        let kpi = input.input(.csv, options)
        #expect(try kpi.check().unusedColumns == ["note"])
        #expect(
            try kpi.documents()[0].text.contains(
                #"{"user_id":"u1","elements":[{"id":9,"kpi":"k","object_type":"number","value":"5","timestamp":"\#(moment)","date_from":"\#(moment)"}]}"#
            ))
    }

    @Test(
        "a header that cannot be understood ends the reading",
        arguments: [
            ("user_id,kpi,value,timestamp\n", "the header has no column id (or --assign-ids)"),
            ("id,kpi,value,timestamp\n", "the header has no column user_id or location_id"),
            ("user_id;id;kpi;value;timestamp\n", "(is it --delimiter ';'?)"),
            ("user_id,id,kpi,value,timestamp,value\n", #"the header has the column "value" twice"#),
            ("", "the file is empty"), ("user_id,id,kpi,value,timestamp\n", "the file holds no figure"),
            ("user_id,id,kpi,value,timestamp\n1,2,\"k,1,\(moment)\n", "the quote that opens here is not closed"),
        ])
    func headers(text: String, message: String) throws {
        let check = try KPIFile(text).input().check()
        #expect(check.isBroken)
        #expect(check.diagnostics.rendered.count == 1)
        #expect(check.diagnostics.rendered.first?.contains(message) == true, "\(check.diagnostics.rendered)")
    }

    @Test(
        "--column values are checked",
        arguments: [
            ("value", "form value=NAME"), ("value=", "form value=NAME"), ("worth=x", "there is no column \"worth\""),
        ])
    func columnOptions(option: String, message: String) {
        var options = KPIFile.options
        let error = #expect(throws: KPIOptionError.self) { try options.addColumn(option) }
        #expect(error?.message.contains(message) == true)
    }

    @Test("--assign-ids numbers the rows, and keeps ids that are there")
    func assignedIDs() throws {
        var options = KPIFile.options
        options.assignsIDs = true
        let text = "user_id,id,kpi,value,timestamp\n7,,a,1,\(moment)\n\n7,77,b,1,\(moment)\n7,,c,1,\(moment)\n"
        let sent = try KPIFile(text).input(.csv, options).documents()[0].text
        #expect(sent.matches(of: /"id":(\d+)/).map(\.output.1) == ["1", "77", "3"])
        let withoutColumn = "user_id,kpi,value,timestamp\n7,a,1,\(moment)\n"
        #expect(try KPIFile(withoutColumn).input(.csv, options).documents()[0].text.contains(#""id":1,"#))
    }

    @Test("times are sent as integers on demand")
    func epochs() throws {
        var options = KPIFile.options
        options.timestamps = .epoch
        let text = "user_id,id,kpi,value,timestamp,date_to\n7,1,a,1,\(moment),0\n"
        #expect(
            try KPIFile(text).input(.csv, options).documents()[0].text.contains(#""timestamp":1568120963,"date_to":0}"#)
        )
    }

    @Test("another object type takes any text as its value")
    func objectType() throws {
        var options = KPIFile.options
        options.objectType = "text"
        let text = "user_id,id,kpi,value,timestamp\n7,1,a,n/a,\(moment)\n"
        #expect(
            try KPIFile(text).input(.csv, options).documents()[0].text.contains(#""object_type":"text","value":"n/a""#))
    }

    @Test(
        "lines of NDJSON have their faults located, too",
        arguments: [
            (
                #"{"user_id":7,"id":1,"kpi":"k","value":1e3,"timestamp":"2019-09-10 13:09:23"}"#, 39,
                "value \"1e3\" is not a plain decimal"
            ),
            (#"{"user_id":7,"id":1,"kpi":"k","value":true,"timestamp":0}"#, 39, "value must be a string or a number"),
            (#"{"user_id":null,"id":1,"kpi":"k","value":1,"timestamp":0}"#, 12, "neither user_id nor location_id"),
            (#"{"user_id":7,"id":1,"kpi":"k","value":1}"#, 1, "timestamp is empty"),
            (
                #"{"user_id":7,"id":1,"kpi":"k","value":1,"timestamp":0,"date_to":"2019-09-10T13:09:23Z","data_to":0}"#,
                88, "date_to is given twice"
            ),
            (#"{"user_id":"é","id":1.0,"kpi":"k","value":1,"timestamp":0}"#, 21, "id \"1.0\" is not a whole number"),
            (#"{"user_id":{"a":1}}"#, 12, "row.user_id is an object; only flat values are allowed"),
            (#"{"user_id":7,}"#, 14, "expected another member"),
            (#"[1]"#, 1, "row must be an object, not an array"),
        ])
    func ndjson(line: String, column: Int, message: String) throws {
        let good = #"{"user_id":7,"id":1,"kpi":"k","value":"1","timestamp":0,"extra":[]}"#
        let check = try KPIFile(good + "\r\n\n" + line + "\n" + good).input(.ndjson).check()
        #expect(check.records == 3)
        #expect(check.invalid.description == "2")
        #expect(check.unusedColumns == ["extra"])
        let faults = check.diagnostics.rendered
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("kpi:3:\(column): error: \(message)") == true, "\(faults)")
    }

    @Test("a row that no request can carry is a fault; limits count bytes exactly")
    func byteLimit() throws {
        let text =
            "user_id,id,kpi,value,timestamp\n7,1,a,1,\(moment)\n8,2,\(String(repeating: "é", count: 500)),1,\(moment)\n"
        let file = try KPIFile(text)
        let input = file.input(.csv, KPIFile.options, limits: KPIBatchLimits(elements: 500, bytes: 1000))
        let check = try input.check()
        #expect(check.invalid.description == "2")
        #expect(check.diagnostics.rendered[0].hasPrefix("kpi:3:1: error: alone this makes a document of 11"))
        let alone = try file.input(.csv, KPIFile.options).documents { $0 == 2 }[0].payload.count
        #expect(try file.input(.csv, KPIFile.options, limits: KPIBatchLimits(bytes: alone)).check().diagnostics.isEmpty)
        #expect(
            try file.input(.csv, KPIFile.options, limits: KPIBatchLimits(bytes: alone - 1)).check().invalid.count == 1)
    }

    @Test("a file that changes between check and sending is noticed")
    func changed() throws {
        let header = "user_id,id,kpi,value,timestamp\n"
        let file = try KPIFile(header + "7,1,a,1,\(moment)\n")
        let check = try file.input().check()
        let writer = try FileHandle(forWritingTo: URL(fileURLWithPath: file.path))
        try writer.seekToEnd()
        try writer.write(contentsOf: Data("7,2,a,1,\(moment)\n".utf8))
        try withExtendedLifetime(file) {
            let next = try file.input().input.batches(after: check)
            #expect(throws: Failure.self) { while try next() != nil {} }
        }
    }

    @Test("a record is recognised in another file by its checksum")
    func firstChanged() throws {
        let header = "user_id,id,kpi,value,timestamp\n"
        let old = try KPIFile(header + "7,1,a,1,\(moment)\n8,2,a,1,\(moment)\n8,3,a,1,\(moment)\n")
        let checks = [0] + (try old.input().documents().flatMap(\.checks))
        var states = RecordStates(count: 3)
        states.set(RecordRanges([1...2]), to: .sent)
        #expect(try old.input().firstChanged(from: checks, among: states) == nil)
        let new = try KPIFile(header + "7,1,a,1,\(moment)\n9,2,a,1,\(moment)\n8,3,a,2,\(moment)\n")
        let changed = try new.input().firstChanged(from: checks, among: states)
        #expect(changed?.ordinal == 2)
        #expect(changed?.line == 3)
        states.set(RecordRanges(2), to: .rejected)
        #expect(try new.input().firstChanged(from: checks, among: states) == nil)
    }

    @Test(
        "the format comes from the name, else from the content",
        arguments: [
            ("a.csv", "{", KPIInputFormat.csv), ("a.jsonl", "", .ndjson), ("a.json", "{\n \"type\": \"t\"", .document),
            ("a.json", #"{"user_id":1,"id":2}"# + "\n", .ndjson), ("-", "\u{FEFF} \n{\"data\":[{}]}", .document),
            ("-", "user_id,id", .csv), ("-", "", .csv), ("a.json", "[{}]", .document),
        ])
    func detection(name: String, content: String, format: KPIInputFormat) throws {
        let file = try KPIFile(content)
        withExtendedLifetime(file) {
            #expect(KPIInputFormat.detect(descriptor: file.input().input.descriptor, named: name) == format)
        }
    }
}
