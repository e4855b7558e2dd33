import Testing

@testable import Delivery

private func day(_ pattern: String, _ value: String) throws -> CalendarDay? {
    let pattern = try DatePattern(pattern)
    return Array(value.utf8).withUnsafeBytes { pattern.day(in: $0) }
}

private func minute(_ pattern: String, _ value: String) throws -> Int? {
    let pattern = try TimePattern(pattern)
    return Array(value.utf8).withUnsafeBytes { pattern.minute(in: $0) }
}

@Suite("Patterns of dates and times")
struct ShiftPatternTests {
    @Test(
        "a date is read as its pattern says",
        arguments: [
            ("dd/MM/yyyy", "01/07/2024"), ("yyyy-MM-dd", "2024-07-01"), ("dd.MM.yyyy", "01.07.2024"),
            ("MM/dd/yyyy", "07/01/2024"), ("d/M/yyyy", "1/7/2024"), ("d/M/yyyy", "01/07/2024"),
            ("yyyyMMdd", "20240701"),
            ("DD/MM/YYYY", "01/07/2024"), ("yyyy年M月d日", "2024年7月1日"),
        ])
    func dates(pattern: String, value: String) throws {
        #expect(try day(pattern, value) == CalendarDay(year: 2024, month: 7, day: 1))
    }

    @Test(
        "what does not follow the pattern or does not exist is no date",
        arguments: [
            ("dd/MM/yyyy", "1/07/2024"), ("dd/MM/yyyy", "01/07/24"), ("dd/MM/yyyy", "01/07/2024 "), ("dd/MM/yyyy", ""),
            ("dd/MM/yyyy", "01-07-2024"), ("dd/MM/yyyy", "31/02/2024"), ("dd/MM/yyyy", "00/01/2024"),
            ("dd/MM/yyyy", "01/00/2024"), ("dd/MM/yyyy", "01/13/2024"), ("dd/MM/yyyy", "01/01/0000"),
            ("dd/MM/yyyy", "٠١/٠٧/٢٠٢٤"), ("dd/MM/yyyy", "+1/07/2024"), ("d/M/yyyy", "001/7/2024"),
        ])
    func notDates(pattern: String, value: String) throws {
        #expect(try day(pattern, value) == nil)
    }

    @Test("the last day of each month, in leap years too")
    func lastDays() {
        let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        for (year, isLeap) in [
            (2023, false), (2024, true), (1900, false), (2000, true), (2100, false), (4, true), (9999, false),
        ] {
            for month in 1...12 {
                let last = days[month - 1] + (month == 2 && isLeap ? 1 : 0)
                #expect(CalendarDay(year: year, month: month, day: last) != nil)
                #expect(CalendarDay(year: year, month: month, day: last + 1) == nil)
            }
        }
        #expect(CalendarDay(year: 10_000, month: 1, day: 1) == nil)
    }

    @Test(
        "a time is read as its pattern says",
        arguments: [
            ("HH:mm", "00:00", 0), ("HH:mm", "23:59", 1439), ("HH:mm", "24:00", nil), ("HH:mm", "9:00", nil),
            ("HH:mm", "09:60", nil), ("hh:mm", "17:30", 1050), ("H:mm", "9:05", 545), ("H:mm", "19:05", 1145),
            ("HH:mm:ss", "09:00:00", 540), ("HH:mm:ss", "09:00:01", nil), ("h:mm a", "9:00 am", 540),
            ("h:mm a", "12:00 AM", 0), ("h:mm a", "12:30 PM", 750), ("h:mm a", "1:30 pM", 810),
            ("h:mm a", "13:00 PM", nil),
            ("h:mm a", "0:30 AM", nil), ("h:mm a", "9:00", nil), ("HHmm", "0915", 555), ("HH.mm", "09.15", 555),
            ("h:mm a", "9:00 xm", nil), ("h:mm a", "9:00 a", nil),
        ] as [(String, String, Int?)])
    func times(pattern: String, value: String, expected: Int?) throws {
        #expect(try minute(pattern, value) == expected)
    }

    @Test(
        "a pattern that cannot work says why",
        arguments: [
            ("", "needs yyyy, MM and dd"), ("dd/MM", "needs yyyy"), ("dd/MM/yy", "\"yy\" has no meaning"),
            ("dd/MMM/yyyy", "\"MMM\""), ("dd/dd/yyyy", "once each"), ("dMyyyy", "fixed length"), ("%d/%m/%Y", "\"Y\""),
        ])
    func badDatePatterns(text: String, reason: String) {
        #expect {
            try DatePattern(text)
        } throws: { error in
            (error as? ShiftFormatError)?.message.contains(reason) == true
                && (error as? ShiftFormatError)?.message.hasPrefix("--date-format \"\(text)\"") == true
        }
    }

    @Test(
        "a time pattern that cannot work says why",
        arguments: [
            ("", "needs an hour and mm"), ("HH", "needs an hour and mm"), ("HH:mm:ss.SSS", "\"SSS\""),
            ("HH:mm a", "write hh or h"),
            ("hh:HH:mm", "once each"), ("Hmm", "fixed length"), ("x", "\"x\""),
        ])
    func badTimePatterns(text: String, reason: String) {
        #expect {
            try TimePattern(text)
        } throws: { error in
            (error as? ShiftFormatError)?.message.contains(reason) == true
        }
    }

    @Test("options of the format are checked")
    func options() throws {
        var format = ShiftFileFormat()
        try format.addColumn("Reference=EmpNo")
        try format.addColumn("startdate=From = date")
        #expect(format.columns == [.reference: "EmpNo", .startDate: "From = date"])
        for bad in ["Reference", "Reference=", "Ref=x", "=x", "Reference=Again"] {
            #expect(throws: ShiftFormatError.self) { try format.addColumn(bad) }
        }
        #expect(try ShiftFileFormat.delimiter(named: ";") == UInt8(ascii: ";"))
        #expect(try ShiftFileFormat.delimiter(named: "tab") == 9)
        #expect(try ShiftFileFormat.delimiter(named: "\t") == 9)
        for bad in ["", "::", "\"", "\n", "æ", "\u{0}"] {
            #expect(throws: ShiftFormatError.self) { try ShiftFileFormat.delimiter(named: bad) }
        }
    }
}
