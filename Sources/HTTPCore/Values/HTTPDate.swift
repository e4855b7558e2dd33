import Foundation

/// Dates in HTTP header fields (RFC 9110, section 5.6.7): the current form and the two that servers may still send.
public enum HTTPDate {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Parses `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
    public static func parse(_ text: String) -> Date? {
        var words = text.split { $0 == " " || $0 == "," }.flatMap { word in
            // Only the older form has hyphens; elsewhere they would be a time zone's sign.
            word.count { $0 == "-" } == 2 ? word.split(separator: "-") : [word]
        }.map { $0.lowercased() }
        guard words.count >= 5 else { return nil }
        words.removeFirst()
        if months.contains(words[0]), words.count == 4 {
            // asctime: month, day, time, year.
            words = [words[1], words[0], words[3], words[2], "gmt"]
        }
        guard words.count == 5, words[4] == "gmt" || words[4] == "utc" else { return nil }
        guard let day = number(words[0]), let month = months.firstIndex(of: words[1]), var year = number(words[2])
        else { return nil }
        if words[2].count == 2 { year += year < 70 ? 2000 : 1900 }
        let clock = words[3].split(separator: ":", omittingEmptySubsequences: false).map { number($0) ?? -1 }
        let february = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        let length = month == 1 ? february : [3, 5, 8, 10].contains(month) ? 30 : 31
        guard clock.count == 3, (1...length).contains(day), (1...9999).contains(year), (0...23).contains(clock[0]),
            (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        let days = daysSinceEpoch(year: year, month: month + 1, day: day)
        return Date(timeIntervalSince1970: Double(days * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2]))
    }

    /// Digits alone, without a sign.
    private static func number(_ text: some StringProtocol) -> Int? {
        text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) ? Int(text) : nil
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar.
    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
