/// What is wrong with a value given for `--date-format`, `--time-format`, `--column` or `--delimiter`.
package struct ShiftFormatError: Error, Equatable, Sendable {
    /// One line that names the value and what would be right.
    package let message: String
}

/// A day of the Gregorian calendar that exists, in the years 1 to 9999.
package struct CalendarDay: Hashable, Comparable, Sendable {
    package let year: Int
    package let month: Int
    package let day: Int

    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.lastDay(ofMonth: month, in: year)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    static func lastDay(ofMonth month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    package static func < (left: CalendarDay, right: CalendarDay) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

/// A field of a pattern.
private enum PatternElement: Hashable {
    case literal(UInt8)
    /// As many digits as `digits` says: exactly, or at most that many when it is `flexible`.
    case number(PatternUnit, digits: Int, flexible: Bool)
    /// AM or PM in any case.
    case meridiem
}

private enum PatternUnit: Hashable {
    case year, month, day, hour, hourOfHalfDay, minute, second
}

extension [PatternElement] {
    /// Reads `bytes` from the first to the last as this pattern says.
    fileprivate func values(in bytes: UnsafeRawBufferPointer) -> PatternValues? {
        var values = PatternValues()
        var at = 0
        for element in self {
            switch element {
            case .literal(let byte):
                guard at < bytes.count, bytes[at] == byte else { return nil }
                at += 1
            case .number(let unit, let digits, let flexible):
                var number = 0
                var count = 0
                while count < digits, at < bytes.count, bytes[at] &- UInt8(ascii: "0") <= 9 {
                    number = number * 10 + Int(bytes[at] - UInt8(ascii: "0"))
                    at += 1
                    count += 1
                }
                guard count == digits || (flexible && count > 0) else { return nil }
                values.set(unit, number)
            case .meridiem:
                guard at + 2 <= bytes.count, bytes[at + 1] | 0x20 == UInt8(ascii: "m") else { return nil }
                switch bytes[at] | 0x20 {
                case UInt8(ascii: "a"): values.isAfternoon = false
                case UInt8(ascii: "p"): values.isAfternoon = true
                default: return nil
                }
                at += 2
            }
        }
        return at == bytes.count ? values : nil
    }

    /// Takes a pattern apart; `number` says what a run of one letter means.
    fileprivate init(
        _ text: String, option: String, example: String, number: (Character, Int) -> PatternElement?
    ) throws(ShiftFormatError) {
        self = []
        var rest = text[...]
        while let letter = rest.first {
            let run = rest.prefix { $0 == letter }
            rest = rest[run.endIndex...]
            guard letter.isASCII, letter.isLetter else {
                append(contentsOf: run.utf8.map(PatternElement.literal))
                continue
            }
            guard let element = number(letter, run.count) else {
                throw ShiftFormatError(
                    message: "\(option) \"\(text)\": \"\(run)\" has no meaning here; write it like \(example)")
            }
            if case .number(_, _, flexible: true)? = last, case .number = element {
                throw ShiftFormatError(
                    message:
                        "\(option) \"\(text)\": the number before \"\(run)\" needs a fixed length; double its letter")
            }
            append(element)
        }
    }

    /// How often one of `units` occurs.
    fileprivate func count(of units: Set<PatternUnit>) -> Int {
        count { if case .number(let unit, _, _) = $0 { units.contains(unit) } else { false } }
    }
}

private struct PatternValues {
    var year = 0
    var month = 0
    var day = 0
    var hour = 0
    var minute = 0
    var second = 0
    var isAfternoon: Bool?

    mutating func set(_ unit: PatternUnit, _ number: Int) {
        switch unit {
        case .year: year = number
        case .month: month = number
        case .day: day = number
        case .hour, .hourOfHalfDay: hour = number
        case .minute: minute = number
        case .second: second = number
        }
    }
}

/// How dates are written in a user's file: `yyyy`, `MM` or `M`, `dd` or `d` in any case and order, and what stands between them.
package struct DatePattern: Hashable, Sendable {
    /// The pattern as it was given.
    package let text: String
    private let elements: [PatternElement]

    package init(_ text: String) throws(ShiftFormatError) {
        let option = "--date-format"
        let example = "dd/MM/yyyy or yyyy-MM-dd"
        self.text = text
        elements = try [PatternElement](text, option: option, example: example) { letter, count in
            switch (letter, count) {
            case ("y", 4), ("Y", 4): .number(.year, digits: 4, flexible: false)
            case ("m", 1...2), ("M", 1...2): .number(.month, digits: 2, flexible: count == 1)
            case ("d", 1...2), ("D", 1...2): .number(.day, digits: 2, flexible: count == 1)
            default: nil
            }
        }
        guard [PatternUnit.year, .month, .day].allSatisfy({ elements.count(of: [$0]) == 1 }) else {
            throw ShiftFormatError(
                message: "\(option) \"\(text)\" needs yyyy, MM and dd once each; write it like \(example)")
        }
    }

    private init(documented elements: [PatternElement]) {
        text = "dd/MM/yyyy"
        self.elements = elements
    }

    /// What the platform takes: DD/MM/YYYY.
    package static let documented = DatePattern(documented: [
        .number(.day, digits: 2, flexible: false), .literal(UInt8(ascii: "/")),
        .number(.month, digits: 2, flexible: false), .literal(UInt8(ascii: "/")),
        .number(.year, digits: 4, flexible: false),
    ])

    /// The pattern as messages show it.
    package var description: String { isDocumented ? "DD/MM/YYYY" : text }

    var isDocumented: Bool { elements == Self.documented.elements }

    /// The month stands before the day and the year at the end, as in the USA.
    var isMonthFirst: Bool {
        let units = elements.compactMap { if case .number(let unit, _, _) = $0 { unit } else { nil } }
        return units == [.month, .day, .year]
    }

    /// The day that `bytes` name, if they follow the pattern and the day exists.
    package func day(in bytes: UnsafeRawBufferPointer) -> CalendarDay? {
        elements.values(in: bytes).flatMap { CalendarDay(year: $0.year, month: $0.month, day: $0.day) }
    }
}

/// How times of day are written in a user's file: `HH` or `H` (24 hours), or `hh` or `h` with `a` for AM or PM; `mm`; perhaps `ss`,
/// which must be 00 in the file, because the platform takes no seconds.
package struct TimePattern: Hashable, Sendable {
    /// The pattern as it was given.
    package let text: String
    private let elements: [PatternElement]

    package init(_ text: String) throws(ShiftFormatError) {
        let option = "--time-format"
        let example = "HH:mm, HH:mm:ss or h:mm a"
        self.text = text
        var elements = try [PatternElement](text, option: option, example: example) { letter, count in
            switch (letter, count) {
            case ("H", 1...2): .number(.hour, digits: 2, flexible: count == 1)
            case ("h", 1...2): .number(.hourOfHalfDay, digits: 2, flexible: count == 1)
            case ("m", 1...2), ("M", 1...2): .number(.minute, digits: 2, flexible: count == 1)
            case ("s", 1...2), ("S", 1...2): .number(.second, digits: 2, flexible: count == 1)
            case ("a", 1), ("A", 1): .meridiem
            default: nil
            }
        }
        let halves = elements.count { $0 == .meridiem }
        guard elements.count(of: [.hour, .hourOfHalfDay]) == 1, elements.count(of: [.minute]) == 1,
            elements.count(of: [.second]) <= 1, halves <= 1
        else {
            throw ShiftFormatError(
                message: "\(option) \"\(text)\" needs an hour and mm once each; write it like \(example)")
        }
        if halves == 1, elements.count(of: [.hour]) == 1 {
            throw ShiftFormatError(message: "\(option) \"\(text)\": HH counts to 23; with a (AM or PM) write hh or h")
        }
        if halves == 0 {
            // The platform's own documentation writes hh:mm for a clock of 24 hours.
            elements = elements.map {
                guard case .number(.hourOfHalfDay, let digits, let flexible) = $0 else { return $0 }
                return .number(.hour, digits: digits, flexible: flexible)
            }
        }
        self.elements = elements
    }

    private init(documented elements: [PatternElement]) {
        text = "HH:mm"
        self.elements = elements
    }

    /// What the platform takes: hh:mm, 00:00 to 23:59.
    package static let documented = TimePattern(documented: [
        .number(.hour, digits: 2, flexible: false), .literal(UInt8(ascii: ":")),
        .number(.minute, digits: 2, flexible: false),
    ])

    /// The pattern as messages show it.
    package var description: String { isDocumented ? "hh:mm, 00:00 to 23:59" : text }

    var isDocumented: Bool { elements == Self.documented.elements }

    /// The minute of the day that `bytes` name, 0 to 1439.
    package func minute(in bytes: UnsafeRawBufferPointer) -> Int? {
        guard var values = elements.values(in: bytes), values.minute < 60, values.second == 0 else { return nil }
        if let isAfternoon = values.isAfternoon {
            guard (1...12).contains(values.hour) else { return nil }
            values.hour = values.hour % 12 + (isAfternoon ? 12 : 0)
        }
        return values.hour < 24 ? values.hour * 60 + values.minute : nil
    }

    /// Follows the pattern and is a time of day but for its seconds, which are not 00.
    func hasSeconds(_ bytes: UnsafeRawBufferPointer) -> Bool {
        elements.values(in: bytes).map { (1...59).contains($0.second) && $0.minute < 60 && $0.hour < 24 } ?? false
    }
}
