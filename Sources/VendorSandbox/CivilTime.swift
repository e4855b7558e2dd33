import Foundation

/// The Gregorian calendar in UTC, by arithmetic: strict, and fast enough to stand in every answer.
struct CivilTime: Equatable {
    var year: Int
    var month: Int
    var day: Int
    var hour = 0
    var minute = 0
    var second = 0

    init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...Self.daysInMonth(month, of: year)).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    init(_ date: Date) {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        // Counted from March, so that the leap day is the last day of its year.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    static func daysInMonth(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1 January 1970.
    var days: Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Seconds since 1 January 1970, UTC.
    var epochSeconds: Int { days * 86_400 + hour * 3600 + minute * 60 + second }

    /// Reads text by a mask of `Y`, `m`, `d`, `H`, `i`, `s`, each standing for one digit; other characters stand for
    /// themselves. Nil when the text differs or the day or time does not exist.
    init?(_ text: some Collection<UInt8>, mask: StaticString) {
        guard text.count == mask.utf8CodeUnitCount else { return nil }
        var parts = (year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0)
        func add(_ digit: UInt8, to part: inout Int, first: Int) { part = part * first + Int(digit) }
        var seen: UInt8 = 0
        for (offset, byte) in text.enumerated() {
            let letter = mask.utf8Start[offset]
            let digit = byte &- UInt8(ascii: "0")
            let again = letter == seen ? 10 : 0
            seen = letter
            switch letter {
            case UInt8(ascii: "Y"): add(digit, to: &parts.year, first: again)
            case UInt8(ascii: "m"): add(digit, to: &parts.month, first: again)
            case UInt8(ascii: "d"): add(digit, to: &parts.day, first: again)
            case UInt8(ascii: "H"): add(digit, to: &parts.hour, first: again)
            case UInt8(ascii: "i"): add(digit, to: &parts.minute, first: again)
            case UInt8(ascii: "s"): add(digit, to: &parts.second, first: again)
            default:
                guard byte == letter else { return nil }
                continue
            }
            guard digit < 10 else { return nil }
        }
        self.init(
            year: parts.year, month: parts.month, day: parts.day, hour: parts.hour, minute: parts.minute,
            second: parts.second)
    }

    /// `value` in decimal digits, with zeros in front up to `width`.
    static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// `2026-11-21T07:41:00Z`.
    var iso8601: String {
        "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T\(clock)Z"
    }

    /// `20261121T074100Z`.
    var basic: String { iso8601.filter { $0 != "-" && $0 != ":" } }

    /// `07:41:00`.
    var clock: String { "\(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2))" }
}

/// The date format of HTTP.
enum HTTPDate {
    /// `Sat, 21 Nov 2026 07:41:00 GMT`.
    static func text(_ date: Date) -> String {
        let time = CivilTime(date)
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = days[(time.days % 7 + 7) % 7]
        let day = CivilTime.padded(time.day, 2)
        return "\(weekday), \(day) \(months[time.month - 1]) \(CivilTime.padded(time.year, 4)) \(time.clock) GMT"
    }

    /// The text of the current second.
    struct Cache {
        private var second = Int.min
        private var cached = ""

        mutating func text(_ date: Date) -> String {
            let current = Int(date.timeIntervalSince1970.rounded(.down))
            if current != second { (second, cached) = (current, HTTPDate.text(date)) }
            return cached
        }
    }
}
