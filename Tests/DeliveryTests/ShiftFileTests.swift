import Foundation
import Testing

@testable import Delivery

/// What one pass over a file came to, and the JSON-escaped text that the sink received.
func readShifts(
    _ bytes: [UInt8], format: ShiftFileFormat = ShiftFileFormat(), chunkSize: Int = .max, bufferSize: Int = 1,
    usesFastPath: Bool = true
) throws -> (report: ShiftFileReport, output: [UInt8]) {
    var output: [UInt8] = []
    let reading = try ShiftFileReading(
        CSVMemorySource(bytes, chunkSize: chunkSize), named: "s.csv", format: format, sink: { output += $0 },
        bufferSize: bufferSize, usesFastPath: usesFastPath)
    return (try reading.run(), output)
}

private let header = "Reference,StartDate,StartTime,EndDate,EndTime"
private let shift = "U1,01/07/2024,09:00,01/07/2024,17:00"

/// The diagnostics on a text, without the file's name.
private func faults(_ text: String, format: ShiftFileFormat = ShiftFileFormat()) throws -> [String] {
    try readShifts(Array(text.utf8), format: format).report.diagnostics.rendered
        .map { $0.replacingOccurrences(of: "s.csv:", with: "").replacingOccurrences(of: ": error:", with: "") }
}

private func format(_ columns: String..., date: String? = nil, time: String? = nil, delimiter: String = ",") throws
    -> ShiftFileFormat
{
    var format = ShiftFileFormat()
    for column in columns { try format.addColumn(column) }
    if let date { format.dateFormat = try DatePattern(date) }
    if let time { format.timeFormat = try TimePattern(time) }
    format.delimiter = try ShiftFileFormat.delimiter(named: delimiter)
    return format
}

/// The text that the sink's bytes stand for.
private func unescaped(_ output: [UInt8]) throws -> String {
    let json = Data(Array("[\"".utf8) + output + Array("\"]".utf8))
    let value = try JSONSerialization.jsonObject(with: json) as? [String]
    return try #require(value?.first)
}

@Suite("Files of shifts: what is sent")
struct ShiftFileOutputTests {
    @Test(
        "whatever the file looks like, the documented header and canonical rows leave",
        arguments: [
            "\(header)\r\n\(shift)\r\n", shift, "\u{FEFF}\(header)\n\n\(shift)\n\n",
            "reference, StartDate ,STARTTIME,EndDate,EndTime\n\(shift)",
            "\"U1\",\"01/07/2024\",\"09:00\",01/07/2024,17:00",
        ])
    func canonical(text: String) throws {
        for chunkSize in [1, 3, 50, .max] {
            let (report, output) = try readShifts(Array(text.utf8), chunkSize: chunkSize)
            #expect(report.diagnostics.rendered == [])
            #expect(report.rows == 1)
            #expect(report.bytes == text.utf8.count)
            #expect(report.headerPresent == text.lowercased().contains("starttime"))
            #expect(try unescaped(output) == "\(header)\r\n\(shift)")
        }
    }

    @Test("formats, delimiter and columns are converted")
    func converted() throws {
        let text = "To;From;Note;Who;start;end\n2024-07-02;2024-07-01;\"x;\ny\";A,B;9:30 pm;12:00 AM\n"
        let format = try format(
            "Reference=Who", "StartDate=From", "EndDate=to", "StartTime=start", "EndTime=end", date: "yyyy-MM-dd",
            time: "h:mm a", delimiter: ";")
        let (report, output) = try readShifts(Array(text.utf8), format: format)
        #expect(report.diagnostics.rendered == [])
        #expect(try unescaped(output) == "\(header)\r\n\"A,B\",01/07/2024,21:30,02/07/2024,00:00")
    }

    @Test("columns that are not named are found under their own names, and one may serve twice")
    func partlyMapped() throws {
        let text = "Day,EndTime,StartTime,REFERENCE\n01/07/2024,17:00,09:00,U1"
        let (report, output) = try readShifts(
            Array(text.utf8), format: format("StartDate=Day", "EndDate=Day"))
        #expect(report.diagnostics.rendered == [])
        #expect(try unescaped(output) == "\(header)\r\n\(shift)")
    }

    @Test(
        "a reference leaves quoted when it must be, and escaped for JSON",
        arguments: [
            ("\"a,b\"", #"\"a,b\""#), ("\"a\"\"b\"", #"\"a\"\"b\""#), ("\"a\r\nb\"", #"\"a\r\nb\""#),
            ("a\\b", #"a\\b"#),
            ("æ€😀/", "æ€😀/"), ("a\tb\u{1}\u{1F}\u{7F}", "a\\u0009b\\u0001\\u001F\u{7F}"), ("\"plain\"", "plain"),
            (" a ", " a "),
            ("\"a\rb\"", #"\"a\rb\""#), ("\"\"\"\"", #"\"\"\"\""#),
        ])
    func references(field: String, escaped: String) throws {
        let tail = ",01/07/2024,09:00,01/07/2024,17:00"
        let (report, output) = try readShifts(Array("\(shift)\n\(field)\(tail)".utf8))
        #expect(report.diagnostics.rendered == [])
        #expect(String(decoding: output, as: UTF8.self) == #"\#(header)\r\n\#(shift)\r\n\#(escaped)\#(tail)"#)
        // Read back as JSON and as CSV it is the field's value again.
        let value = try #require(csvRecords(field).first?.first)
        #expect(try csvRecords(unescaped(output)).last?.first == value)
    }

    @Test("what the sink throws ends the reading")
    func sinkFails() throws {
        struct Full: Error {}
        let text = String(repeating: shift + "\n", count: 100)
        #expect(throws: Full.self) {
            let reading = try ShiftFileReading(
                CSVMemorySource(Array(text.utf8)), named: "s.csv", format: ShiftFileFormat(),
                sink: { _ in throw Full() },
                bufferSize: 1)
            _ = try reading.run()
        }
    }

    @Test("rows are mapped to lines, with fields over many lines, blank lines, and no header")
    func lineMap() throws {
        let text = "\n\(shift)\n\(shift)\n\n\n\"a\nb\r\nc\",01/07/2024,09:00,01/07/2024,17:00\r\(shift)\r\n\(shift)"
        for usesFastPath in [true, false] {
            let bare = try readShifts(Array(text.utf8), usesFastPath: usesFastPath).report
            #expect((1...7).map { bare.lineMap.line(ofRow: $0) } == [nil, 2, 3, 6, 9, 10, nil])
            let headed = try readShifts(Array("\n\(header)\(text)".utf8), usesFastPath: usesFastPath).report
            #expect((1...7).map { headed.lineMap.line(ofRow: $0) } == [2, 3, 4, 7, 10, 11, nil])
        }
    }
}

@Suite("Files of shifts: what is refused")
struct ShiftFileFaultTests {
    @Test(
        "a fault in a row has its place and its reason",
        arguments: [
            ("U1,31/02/2024,09:00,01/07/2024,17:00", ["2:4 StartDate \"31/02/2024\" is not a date (DD/MM/YYYY)"]),
            (
                "U1,01/07/2024,09:00,07/13/2024,17:00",
                ["2:21 EndDate \"07/13/2024\" is not a date (DD/MM/YYYY); is it month first? --date-format MM/dd/yyyy"]
            ),
            (
                "U1,2024-07-01,09:00,01/07/2024,17:00",
                ["2:4 StartDate \"2024-07-01\" is not a date (DD/MM/YYYY); --date-format yyyy-MM-dd takes it"]
            ),
            (
                "U1,01/07/2024,24:00,02/07/2024,17:00",
                ["2:15 StartTime \"24:00\" is not a time (hh:mm, 00:00 to 23:59)"]
            ),
            (
                "U1,01/07/2024,9:00,01/07/2024,5:00 PM",
                [
                    "2:15 StartTime \"9:00\" is not a time (hh:mm, 00:00 to 23:59); --time-format H:mm takes it",
                    "2:31 EndTime \"5:00 PM\" is not a time (hh:mm, 00:00 to 23:59); --time-format 'h:mm a' takes it",
                ]
            ),
            (",01/07/2024,09:00,01/07/2024,17:00", ["2:1 Reference is empty; every shift needs one"]),
            (" ,01/07/2024,09:00,01/07/2024,17:00", ["2:1 Reference is empty; every shift needs one"]),
            (
                "U1,,09:00,01/07/2024,",
                [
                    "2:4 StartDate is empty; every shift needs one (DD/MM/YYYY)",
                    "2:22 EndTime is empty; every shift needs one (hh:mm, 00:00 to 23:59)",
                ]
            ),
            ("æ,01/07/2024,09:00,01/07/2024", ["2:30 missing field EndTime: the row has 4 fields, not 5"]),
            ("U1", ["2:3 missing fields StartDate, StartTime, EndDate, EndTime: the row has 1 field, not 5"]),
            (
                "Doe, J,01/07/2024,09:00,01/07/2024,17:00",
                [
                    "2:36 extra field \"17:00\": the row has 6 fields, not 5; a field that holds the delimiter must be in quotes"
                ]
            ),
            (
                "U1,02/07/2024,09:00,01/07/2024,17:00",
                ["2:21 the shift ends (01/07/2024 17:00) before it starts (02/07/2024 09:00)"]
            ),
            (
                "U1,01/07/2024,09:00,01/07/2024,08:59",
                ["2:32 the shift ends (01/07/2024 08:59) before it starts (01/07/2024 09:00)"]
            ),
            ("U1,01/07/2024,09:00,01/07/2024,09:00", []),
            ("U1,29/02/2024,09:00,29/02/2100,09:00", ["2:21 EndDate \"29/02/2100\" is not a date (DD/MM/YYYY)"]),
            (
                "\"a\nb\",01/07/2024,\"x\n\",01/07/2024,09:00",
                ["3:15 StartTime \"x\\n\" is not a time (hh:mm, 00:00 to 23:59)"]
            ),
            ("U1,01/07/2024,09:00,\"01/07/2024,17:00\n\(shift)\n", ["2:21 the quote that opens here is not closed"]),
            (
                "U\"1,01/07/2024,09:00,01/07/2024,17:00",
                ["2:2 a quote inside a field without quotes; put the field in quotes and double the quotes inside it"]
            ),
        ] as [(String, [String])])
    func rows(row: String, expected: [String]) throws {
        #expect(try faults("\(header)\n\(row)\n") == expected)
    }

    @Test("all faults are reported, in order, up to 50 and then counted")
    func many() throws {
        let text = String(repeating: "\(shift)\nU1,1,09:00,01/07/2024,2\n", count: 40)
        let found = try faults(text)
        #expect(found.count == 51)
        #expect(found[0] == "2:4 StartDate \"1\" is not a date (DD/MM/YYYY)")
        #expect(found[49].hasPrefix("50:"))
        #expect(found[50] == "... and 30 more errors")
    }

    @Test(
        "a file without shifts",
        arguments: [
            ("", "1:1 the file is empty"), ("\u{FEFF}", "1:1 the file is empty"),
            ("\n\r\n", "1:1 the file has nothing but blank lines"), (header, "1:1 there is no row after the header"),
            ("\n\(header)\n\n", "2:1 there is no row after the header"),
        ])
    func empty(text: String, expected: String) throws {
        #expect(try faults(text) == [expected])
    }

    @Test("seconds are refused when they are not 00")
    func seconds() throws {
        let format = try format(time: "HH:mm:ss")
        #expect(try faults("U1,01/07/2024,09:00:00,01/07/2024,17:00:00", format: format) == [])
        #expect(
            try faults("U1,01/07/2024,09:00:30,01/07/2024,17:00:00", format: format) == [
                "1:15 StartTime \"09:00:30\" has seconds, which the platform does not take; round it to the minute"
            ])
    }

    @Test("a Windows text is located and its option named")
    func windowsText() throws {
        let bytes = Array("\(header)\nS".utf8) + [0xF8] + Array("ren,01/07/2024,09:00,01/07/2024,17:00\n".utf8)
        let report = try readShifts(bytes).report
        #expect(
            report.diagnostics.rendered == [
                "s.csv:2:2: error: byte 0xF8 at byte offset 47 is not UTF-8; if the file is from Windows, "
                    + "use --encoding windows-1252"
            ])
        var format = ShiftFileFormat()
        format.encoding = .windows1252
        let (converted, output) = try readShifts(bytes, format: format)
        #expect(converted.isValid)
        #expect(String(decoding: output, as: UTF8.self).contains("Søren,"))
    }
}

@Suite("Files of shifts: the header")
struct ShiftHeaderTests {
    @Test("a header in another order shows the order, and the option it gives works")
    func reordered() throws {
        let text = "Reference,StartTime,StartDate,EndDate,EndTime\nU1,09:00,01/07/2024,01/07/2024,17:00"
        let found = try faults(text)
        #expect(
            found == [
                "1:11 the columns stand in another order: the order is \(header); change the file, or have columns found by "
                    + "name with --column Reference=Reference"
            ])
        #expect(try faults(text, format: format("Reference=Reference")) == [])
    }

    @Test("a header with a column too many")
    func tooMany() throws {
        let text = "\(header),Note\n\(shift),x"
        #expect(try faults(text).first?.hasPrefix("1:47 the header has a column too many: the order is") == true)
        #expect(try faults(text, format: format("Reference=Reference")) == [])
    }

    @Test(
        "unknown names are matched with what is missing",
        arguments: [
            ("EmpNo,StartDate,StartTime,EndDate,EndTime", "1:1", "add --column Reference=EmpNo"),
            (
                "Emp No,From,At,To,Till", "1:1",
                "add --column 'Reference=Emp No' --column StartDate=From --column StartTime=At --column EndDate=To --column EndTime=Till"
            ),
            ("Reference,StartDate,StartTime,EndDate", "1:1", "add --column EndTime=NAME"),
            ("hello", "1:1", "expected the header \(header)"),
        ])
    func unknown(first: String, place: String, hint: String) throws {
        let found = try faults("\(first)\n\(shift)\n")
        #expect(found.count == 1)
        #expect(found[0].hasPrefix(place) && found[0].hasSuffix(hint) || found[0].contains("expected the header"))
        #expect(found[0].contains(hint))
    }

    @Test("a first row with a wrong date is a shift, not a header")
    func badFirstRow() throws {
        #expect(
            try faults("U1,31/02/2024,09:00,01/07/2024,17:00") == [
                "1:4 StartDate \"31/02/2024\" is not a date (DD/MM/YYYY)"
            ])
    }

    @Test(
        "another delimiter is recognized",
        arguments: [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
    func delimiters(delimiter: String, option: String) throws {
        for text in ["\(header)\n\(shift)", shift] {
            let other = text.replacingOccurrences(of: ",", with: delimiter)
            let found = try faults(other)
            #expect(found.count == 1)
            #expect(found[0].hasPrefix("1:1 ") && found[0].hasSuffix("add --delimiter \(option)"))
            #expect(try faults(other, format: format(delimiter: delimiter == "\t" ? "tab" : delimiter)) == [])
        }
    }

    @Test("names that the header lacks or has twice are all reported with what it has")
    func mapped() throws {
        let text = "EmpNo,StartDate,Start,StartDate\n\(shift)"
        #expect(
            try faults(text, format: format("Reference=Emp", "StartTime=start")) == [
                "1:1 the header has no column \"Emp\" (for Reference); it has \"EmpNo\", \"StartDate\", \"Start\", \"StartDate\"",
                "1:23 the header has the column \"StartDate\" twice",
                "1:1 the header has no column \"EndDate\"; it has \"EmpNo\", \"StartDate\", \"Start\", \"StartDate\"; "
                    + "add --column EndDate=NAME",
                "1:1 the header has no column \"EndTime\"; it has \"EmpNo\", \"StartDate\", \"Start\", \"StartDate\"; "
                    + "add --column EndTime=NAME",
            ])
    }

    @Test("with a mapping, a row has as many fields as the header")
    func mappedRagged() throws {
        let text = "EmpNo,StartDate,StartTime,EndDate,EndTime,Note\n\(shift)\n\(shift),a,b\n\(shift),n"
        #expect(
            try faults(text, format: format("Reference=EmpNo")) == [
                "2:37 missing field Note: the row has 5 fields, not 6",
                "3:40 extra field \"b\": the row has 7 fields, not 6; a field that holds the delimiter must be in quotes",
            ])
    }
}
