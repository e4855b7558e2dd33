import Foundation
import HTTPCore
import TestSupport
import Testing

@Suite("Dates and Retry-After")
struct HTTPDateTests {
    @Test(
        "the three forms of an HTTP date mean the same",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "sun, 06 nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 08:49:37 UTC",
        ])
    func forms(_ text: String) {
        #expect(HTTPDate.parse(text)?.timeIntervalSince1970 == 784_111_777)
    }

    @Test(
        "what is no HTTP date is none",
        arguments: [
            "", "soon", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 +0200",
            "Sun, 06 Nov 1994 08:49:37 -0500", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
            "Wed, 29 Feb 1995 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT", "Sun, 06 Nov 1994 08:49:37:x GMT", "Sun, 06 Nov 1994 08::37 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT", "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ])
    func notDates(_ text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test(
        "dates are those of Python's email.utils", .enabled(if: Oracle.python != nil, "needs python3"))
    func oracle() async throws {
        let seconds =
            [0, 951_782_399, 951_782_400, 951_868_800, 1_709_164_800, 4_107_542_399, 4_107_542_400]
            + (0..<200).map { $0 * 21_234_567 }
        let texts: [String] = try await Oracle.python(
            "import email.utils\nprint(json.dumps([email.utils.formatdate(x, usegmt=True) for x in data]))", seconds)
        #expect(texts.map { HTTPDate.parse($0)?.timeIntervalSince1970 } == seconds.map { Double($0) })
    }

    private static let received = Date(timeIntervalSince1970: 784_111_777)

    @Test(
        "Retry-After is seconds or a date, never negative",
        arguments: [
            ("0", .zero), ("7", .seconds(7)), (" 7 ", .seconds(7)), ("-1", nil), ("1.5", nil), ("", nil), ("soon", nil),
            ("7, 7", nil), ("٧", nil), ("99999999999999999999", .seconds(1 << 40)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", .seconds(60)), ("Sun, 06 Nov 1994 08:48:37 GMT", .zero),
            ("Sunday, 06-Nov-94 08:50:37 GMT", .seconds(60)),
        ] as [(String, Duration?)])
    func retryAfter(_ text: String, _ duration: Duration?) {
        let response = HTTPResponse(status: 429, fields: ["Retry-After": text], receivedAt: Self.received)
        #expect(response.retryAfter == duration)
    }

    @Test("a Retry-After date is measured by the clock that made it")
    func skew() {
        let response = HTTPResponse(
            status: 429,
            fields: ["Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT", "Date": "Sun, 06 Nov 1994 08:50:27 GMT"],
            receivedAt: Self.received)
        #expect(response.retryAfter == .seconds(10))
    }
}
