import Foundation

/// A moment as signatures write it, in UTC and whole seconds: `20150830T123600Z`.
struct SigV4Timestamp {
    let text: [UInt8]

    /// The first eight characters: the day that a signing key belongs to.
    var day: ArraySlice<UInt8> { text[..<8] }

    /// Moments outside the years 1970 to 9999 become the nearest one inside.
    init(_ date: Date) {
        let interval = date.timeIntervalSince1970
        let seconds = interval > 0 ? Int(min(interval, 253_402_300_799)) : 0
        let (days, time) = seconds.quotientAndRemainder(dividingBy: 86400)

        // Days since 0000-03-01 in eras of 400 years: with the leap day last, lengths of years and months are regular.
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

        text = [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            var end = 0
            func put(_ byte: UInt8) {
                buffer[end] = byte
                end += 1
            }
            func put(twoDigits value: Int) {
                put(UInt8(0x30 + value / 10))
                put(UInt8(0x30 + value % 10))
            }
            put(twoDigits: year / 100)
            put(twoDigits: year % 100)
            put(twoDigits: month)
            put(twoDigits: day)
            put(UInt8(ascii: "T"))
            put(twoDigits: time / 3600)
            put(twoDigits: time / 60 % 60)
            put(twoDigits: time % 60)
            put(UInt8(ascii: "Z"))
            count = end
        }
    }
}
