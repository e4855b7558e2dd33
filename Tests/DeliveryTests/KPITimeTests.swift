import Foundation
import Testing
import VendorAPIs

@testable import Delivery

@Suite("Times of KPI figures")
struct KPITimeTests {
    private func sent(
        _ text: String, zone: String? = nil, as form: KPIRowOptions.Timestamps = .datetime
    ) throws -> KPITimestamp {
        let zone = try zone.map { try #require(TimeZone(identifier: $0)) }
        return try KPITime.timestamp(text, zone: zone, as: form)
    }

    @Test(
        "each accepted form is sent as Y-m-d H:i:s in UTC and as epoch seconds",
        arguments: [
            ("2019-09-10 13:09:23", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10T13:09:23", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10T13:09:23Z", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10 13:09:23z", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10T13:09:23.987Z", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10T13:09:23,5+00:00", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10T15:09:23+02:00", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10T15:09:23+0200", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10T15:09:23+02", "2019-09-10 13:09:23", 1_568_120_963),
            ("2019-09-10T07:39:23-05:30", "2019-09-10 13:09:23", 1_568_120_963),
            ("2020-01-01T01:00:00+02:00", "2019-12-31 23:00:00", 1_577_833_200),
            ("1568120963", "2019-09-10 13:09:23", 1_568_120_963),
            ("0", "1970-01-01 00:00:00", 0),
            ("951782400", "2000-02-29 00:00:00", 951_782_400),
            ("2000-02-29 00:00:00", "2000-02-29 00:00:00", 951_782_400),
            ("253402300799", "9999-12-31 23:59:59", 253_402_300_799),
        ])
    func forms(text: String, dateTime: String, epoch: Int64) throws {
        #expect(try sent(text) == .dateTime(dateTime))
        #expect(try sent(text, as: .epoch) == .epoch(epoch))
    }

    @Test(
        "a text that is no time, or one that is easily mistaken, is refused with the reason",
        arguments: [
            ("", "is not yyyy-MM-dd"), ("today", "is not yyyy-MM-dd"), ("2019-09-10", "is not yyyy-MM-dd"),
            ("10/09/2019 13:09:23", "is not yyyy-MM-dd"), ("2019-09-10 13:09", "is not yyyy-MM-dd"),
            ("2019-09-10_13:09:23", "is not yyyy-MM-dd"), ("2019-09-10 13:09:2x", "is not yyyy-MM-dd"),
            ("+019-09-10 13:09:23", "is not yyyy-MM-dd"), ("2019-09-10T13:09:23.Z", "is not yyyy-MM-dd"),
            ("-1", "is not yyyy-MM-dd"), ("1568120963.5", "is not yyyy-MM-dd"), ("1e9", "is not yyyy-MM-dd"),
            ("2019-02-29 00:00:00", "has a day that does not exist"),
            ("1900-02-29 00:00:00", "has a day that does not exist"),
            ("2019-13-01 00:00:00", "has a day that does not exist"),
            ("0000-01-01 00:00:00", "has a day that does not exist"),
            ("2019-09-10 24:00:00", "has a time of day that does not exist"),
            ("2019-09-10 13:60:00", "has a time of day that does not exist"),
            ("2016-12-31 23:59:60", "has a time of day that does not exist"),
            ("2019-09-10 13:09:23 CET", "does not end with a zone"),
            ("2019-09-10 13:09:23 ", "does not end with a zone"),
            ("2019-09-10 13:09:23+2", "does not end with a zone"),
            ("2019-09-10 13:09:23+24:00", "does not end with a zone"),
            ("2019-09-10 13:09:23+02:0", "does not end with a zone"),
            ("1568120963000", "milliseconds"), ("253402300800", "milliseconds"),
            ("99999999999999999999", "milliseconds"), ("20190910", "a date without a time"),
        ])
    func refused(text: String, reason: String) {
        let error = #expect(throws: KPITime.Fault.self) { try sent(text) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test(
        "a time without a zone is in the one that is given",
        arguments: [
            ("Europe/Copenhagen", "2019-09-10 13:09:23", "2019-09-10 11:09:23"),
            ("Europe/Copenhagen", "2019-01-10T13:09:23", "2019-01-10 12:09:23"),
            // The clock shows 02:30 twice; the first one, still in summer time, is meant.
            ("Europe/Copenhagen", "2019-10-27 02:30:00", "2019-10-27 00:30:00"),
            ("Europe/Copenhagen", "2019-10-27 03:00:00", "2019-10-27 02:00:00"),
            ("Europe/Copenhagen", "2019-03-31 01:59:59", "2019-03-31 00:59:59"),
            ("Europe/Copenhagen", "2019-03-31 03:00:00", "2019-03-31 01:00:00"),
            ("America/New_York", "2019-11-03 01:30:00", "2019-11-03 05:30:00"),
            ("Asia/Kathmandu", "2019-09-10 13:09:23", "2019-09-10 07:24:23"),
            ("Pacific/Kiritimati", "2019-09-10 13:09:23", "2019-09-09 23:09:23"),
            ("Pacific/Pago_Pago", "2019-09-10 13:09:23", "2019-09-11 00:09:23"),
            // An offset in the text, or epoch seconds, say more than the option.
            ("America/New_York", "2019-09-10T13:09:23Z", "2019-09-10 13:09:23"),
            ("America/New_York", "1568120963", "2019-09-10 13:09:23"),
        ])
    func zones(zone: String, text: String, expected: String) throws {
        #expect(try sent(text, zone: zone) == .dateTime(expected))
    }

    @Test(
        "a time that the zone's clock skipped is refused",
        arguments: [
            ("Europe/Copenhagen", "2019-03-31 02:00:00"), ("Europe/Copenhagen", "2019-03-31 02:59:59"),
            ("America/New_York", "2019-03-10 02:30:00"), ("Australia/Lord_Howe", "2019-10-06 02:15:00"),
            ("Pacific/Apia", "2011-12-30 12:00:00"),
        ])
    func gaps(zone: String, text: String) {
        let error = #expect(throws: KPITime.Fault.self) { try sent(text, zone: zone) }
        #expect(error?.message == "does not exist in \(zone): the clock was set forward past it")
    }

    @Test("what a form has no room for is refused")
    func outOfRange() {
        #expect(throws: KPITime.Fault.self) { try sent("9999-12-31T23:59:59-01:00") }
        #expect(throws: KPITime.Fault.self) { try sent("0001-01-01T00:00:00+01:00") }
        #expect(throws: KPITime.Fault.self) { try sent("1969-12-31 23:59:59", as: .epoch) }
    }

    @Test("every day of eight centuries is the one Foundation counts")
    func calendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in stride(from: -86_400 * 25_567, to: 86_400 * 266_000, by: 86_400 * 17) {
            let parts = calendar.dateComponents([.year, .month, .day], from: Date(timeIntervalSince1970: Double(day)))
            let text = String(
                format: "%04d-%02d-%02d 12:34:56", try #require(parts.year), try #require(parts.month),
                try #require(parts.day))
            #expect(KPITime.dateTime(Int64(day + 45_296)) == text)
            #expect(try sent(text + "Z") == .dateTime(text))
        }
    }

    @Test(
        "only names of zones and UTC are taken for --timezone",
        arguments: [
            ("Europe/Copenhagen", true), ("UTC", true), ("CET", false), ("EST", false), ("Europe/Nowhere", false),
            ("", false),
        ])
    func zoneNames(name: String, isTaken: Bool) {
        var options = KPIRowOptions(envelope: KPIEnvelope(type: "t", context: "c"))
        if isTaken {
            #expect(throws: Never.self) { try options.setTimeZone(name) }
        } else {
            #expect(throws: KPIOptionError.self) { try options.setTimeZone(name) }
        }
    }
}
