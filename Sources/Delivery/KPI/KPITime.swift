import Foundation
import VendorAPIs

/// A second on the clock and calendar, in no zone or in one, as a user's file has it.
struct KPITime: Equatable {
    /// Why a text is no time.
    struct Fault: Error, Equatable {
        /// Completes "timestamp "..." ".
        var message: String

        init(_ message: String) {
            self.message = message
        }
    }

    /// Seconds since 1970 of what the text reads, as if it were UTC.
    private var seconds: Int64
    /// East of UTC, where the text says it.
    private var offset: Int64?
    /// The text has the vendor's form.
    private var isPlain = false

    private static let dateTimeLength = 19
    /// The end of the year 9999, beyond which `Y-m-d` has no room.
    private static let latestEpoch: Int64 = 253_402_300_799

    /// The moment that `text` means, in the form in which it is sent.
    ///
    /// Taken are `yyyy-MM-dd HH:mm:ss` (with `T` too), the same with an offset (`Z`, `+02:00`, `+0200`, `+02`) as ISO 8601 has it,
    /// and seconds since 1970. Fractions of a second are cut off: the vendor's form has none. A time without an offset is in `zone`;
    /// of a time that a zone's clock shows twice, the first is meant.
    static func timestamp(
        _ text: String, zone: TimeZone?, as form: KPIRowOptions.Timestamps
    ) throws(Fault) -> KPITimestamp {
        var text = text
        let time = try text.withUTF8 { bytes in
            Result { () throws(Fault) in try KPITime(bytes) }
        }.get()
        // Nearly every time: it can be sent as it stands.
        if time.isPlain, zone == nil, form == .datetime { return .dateTime(text) }
        let epoch = try time.epoch(in: zone)
        switch form {
        case .datetime:
            guard let text = dateTime(epoch) else { throw Fault("lies outside the years 1 to 9999") }
            return .dateTime(text)
        case .epoch:
            guard epoch >= 0 else { throw Fault("lies before 1970, which epoch seconds cannot say") }
            return .epoch(epoch)
        }
    }

    /// Whether `text` is `Y-m-d H:i:s` of a second that exists.
    static func isDateTime(_ text: UnsafeRawBufferPointer) -> Bool {
        text.withMemoryRebound(to: UInt8.self) { (try? KPITime($0))?.isPlain ?? false }
    }

    private init(_ text: UnsafeBufferPointer<UInt8>) throws(Fault) {
        if !text.isEmpty, text.allSatisfy(JSONByte.isDigit) {
            seconds = try Self.epoch(text)
            offset = 0
            return
        }
        let expected = "is not yyyy-MM-dd HH:mm:ss, an ISO 8601 time or epoch seconds"
        guard text.count >= Self.dateTimeLength, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            [UInt8(ascii: " "), UInt8(ascii: "T"), UInt8(ascii: "t")].contains(text[10]),
            text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let year = Self.number(text[0..<4]), let month = Self.number(text[5..<7]),
            let day = Self.number(text[8..<10]), let hour = Self.number(text[11..<13]),
            let minute = Self.number(text[14..<16]), let second = Self.number(text[17..<19])
        else { throw Fault(expected) }
        guard CalendarDay(year: Int(year), month: Int(month), day: Int(day)) != nil else {
            throw Fault("has a day that does not exist")
        }
        guard hour < 24, minute < 60, second < 60 else { throw Fault("has a time of day that does not exist") }
        seconds = Self.days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
        isPlain = text.count == Self.dateTimeLength && text[10] == UInt8(ascii: " ")
        var rest = text[Self.dateTimeLength...]
        if rest.first == UInt8(ascii: ".") || rest.first == UInt8(ascii: ",") {
            let fraction = rest.dropFirst().prefix(while: JSONByte.isDigit)
            guard !fraction.isEmpty else { throw Fault(expected) }
            rest = rest[fraction.endIndex...]
        }
        guard !rest.isEmpty else { return }
        guard let offset = Self.offset(rest) else {
            throw Fault("does not end with a zone as ISO 8601 has it: Z, +02:00, +0200 or +02")
        }
        self.offset = offset
    }

    /// Digits alone, as seconds since 1970.
    private static func epoch(_ text: UnsafeBufferPointer<UInt8>) throws(Fault) -> Int64 {
        guard text.count <= 18, let seconds = number(text[...]), seconds <= latestEpoch else {
            throw Fault("is too large for epoch seconds; are they milliseconds?")
        }
        // 20190910 would be an evening in 1970.
        if text.count == 8,
            CalendarDay(year: Int(seconds / 10000), month: Int(seconds / 100 % 100), day: Int(seconds % 100)) != nil
        {
            throw Fault("is a date without a time, or epoch seconds of 1970; write it as yyyy-MM-dd HH:mm:ss")
        }
        return seconds
    }

    private static func offset(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        if text.count == 1, let byte = text.first, byte | 0x20 == UInt8(ascii: "z") { return 0 }
        guard let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        var digits = Array(text.dropFirst())
        if digits.count == 5, digits[2] == UInt8(ascii: ":") { digits.remove(at: 2) }
        guard digits.count == 2 || digits.count == 4, let hours = number(digits.prefix(2)),
            let minutes = digits.count == 2 ? 0 : number(digits.suffix(2)), hours < 24, minutes < 60
        else { return nil }
        let offset = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -offset : offset
    }

    /// At most 18 digits as a number.
    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        var number: Int64 = 0
        for byte in digits {
            guard JSONByte.isDigit(byte) else { return nil }
            number = number * 10 + Int64(byte &- 0x30)
        }
        return number
    }

    // MARK: The moment

    private func epoch(in zone: TimeZone?) throws(Fault) -> Int64 {
        if let offset { return seconds - offset }
        guard let zone else { return seconds }
        func shift(at epoch: Int64) -> Int64 {
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(epoch))))
        }
        // No zone is further from UTC than this, so the moment lies between the two, and one of their offsets is right.
        let before = shift(at: seconds - 15 * 3600)
        let after = shift(at: seconds + 15 * 3600)
        // With the larger offset the moment is the earlier one.
        for candidate in [max(before, after), min(before, after)] where shift(at: seconds - candidate) == candidate {
            return seconds - candidate
        }
        throw Fault("does not exist in \(zone.identifier): the clock was set forward past it")
    }

    /// `Y-m-d H:i:s` in UTC; nil outside the years 1 to 9999.
    static func dateTime(_ epoch: Int64) -> String? {
        let time = mod(epoch, 86400)
        let (year, month, day) = civil((epoch - time) / 86400)
        guard (1...9999).contains(year) else { return nil }
        var text: [UInt8] = []
        text.reserveCapacity(dateTimeLength)
        func add(_ number: Int64, endingWith mark: UnicodeScalar?) {
            text.append(0x30 + UInt8(number / 10))
            text.append(0x30 + UInt8(number % 10))
            if let mark { text.append(UInt8(ascii: mark)) }
        }
        add(year / 100, endingWith: nil)
        add(year % 100, endingWith: "-")
        add(month, endingWith: "-")
        add(day, endingWith: " ")
        add(time / 3600, endingWith: ":")
        add(time / 60 % 60, endingWith: ":")
        add(time % 60, endingWith: nil)
        return String(decoding: text, as: UTF8.self)
    }

    private static func mod(_ number: Int64, _ divisor: Int64) -> Int64 {
        let rest = number % divisor
        return rest < 0 ? rest + divisor : rest
    }

    /// Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap day is the last.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    }

    /// The day that is `days` after 1970-01-01.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let sinceMarch0 = days + 719_468
        let era = (sinceMarch0 - mod(sinceMarch0, 146_097)) / 146_097
        let dayOfEra = mod(sinceMarch0, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
