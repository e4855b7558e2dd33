import Foundation
import Testing

@testable import VendorAPIs

@Suite("Atobi's KPI document")
struct AtobiDocumentTests {
    private static let time = KPITimestamp.dateTime("2019-09-10 13:09:23")

    private func element(_ id: UInt, _ kpi: String, _ value: String, _ units: String) -> KPIElement {
        KPIElement(
            id: KPIIdentifier(id), kpi: kpi, value: value, units: units, timestamp: Self.time, dateFrom: Self.time,
            dateTo: Self.time)
    }

    @Test("the vendor's sample is written as the vendor writes it: the same members, in the same types")
    func sample() throws {
        let document = KPIDocument(
            envelope: KPIEnvelope(type: "{{unique_integration_identifier}}", context: "sales"),
            data: [
                try #require(
                    KPIEntry(
                        userID: "123", locationID: "321",
                        elements: [
                            element(1, "device_sales", "100", "Devices sold"),
                            element(2, "bonuses", "150.00", "Bonus earned"),
                        ])),
                try #require(
                    KPIEntry(
                        userID: "89", locationID: nil,
                        elements: [element(3, "points", "100", "Points"), element(4, "profit", "250.00", "Eur")])),
                try #require(KPIEntry(userID: nil, locationID: "3", elements: [element(5, "points", "100", "Points")])),
            ])
        func printed(_ id: Int, _ kpi: String, _ value: String, _ units: String) -> [String: Any] {
            let time = "2019-09-10 13:09:23"
            return [
                "id": id, "kpi": kpi, "object_type": "number", "value": value, "units": units, "timestamp": time,
                "date_from": time, "date_to": time,
            ]
        }
        let expected: [String: Any] = [
            "type": "{{unique_integration_identifier}}", "version": "1.0.0", "context": "sales",
            "data": [
                [
                    "user_id": "123", "location_id": "321",
                    "elements": [
                        printed(1, "device_sales", "100", "Devices sold"),
                        printed(2, "bonuses", "150.00", "Bonus earned"),
                    ],
                ],
                [
                    "user_id": "89",
                    "elements": [printed(3, "points", "100", "Points"), printed(4, "profit", "250.00", "Eur")],
                ],
                ["location_id": "3", "elements": [printed(5, "points", "100", "Points")]],
            ],
        ]
        let decoded = try JSONSerialization.jsonObject(with: document.encoded())
        #expect((decoded as? NSDictionary) == (expected as NSDictionary))
    }

    @Test("entries that read the same stay apart in a document that is put together by hand")
    func equalEntries() throws {
        let entry = try #require(KPIEntry(userID: "1", locationID: nil, elements: [element(1, "k", "1", "u")]))
        let document = KPIDocument(envelope: KPIEnvelope(type: "t", context: "c"), data: [entry, entry])
        let decoded = try JSONSerialization.jsonObject(with: document.encoded()) as? [String: Any]
        #expect((decoded?["data"] as? [Any])?.count == 2)
    }

    @Test("an entry needs a user or a location")
    func owner() {
        #expect(KPIEntry(userID: nil, locationID: nil, elements: []) == nil)
    }

    @Test("what is not set is not sent, and epoch times are integers")
    func optionals() {
        let element = KPIElement(
            id: KPIIdentifier(7), kpi: "k", objectType: "text", value: "n/a", timestamp: .epoch(1_568_120_963))
        #expect(
            String(decoding: element.encoded(), as: UTF8.self)
                == #"{"id":7,"kpi":"k","object_type":"text","value":"n/a","timestamp":1568120963}"#)
    }

    @Test(
        "an id is digits of any length that a JSON number can have",
        arguments: [
            ("0", true), ("1", true), ("12345678901234567890123", true), ("00123", false), ("00", false), ("", false),
            ("-1", false), ("+1", false), ("1.0", false), ("1e2", false), ("١", false), (" 1", false),
        ])
    func identifiers(text: String, isValid: Bool) {
        #expect(KPIIdentifier(text)?.digits == (isValid ? text : nil))
    }

    @Test(
        "a plain decimal is a sign at most, digits, and digits behind a point",
        arguments: [
            ("0", true), ("150.00", true), ("-1", true), ("+1.5", true), ("007", true),
            ("1234567890123456789012345.5", true),
            ("", false), ("-", false), (".5", false), ("5.", false), ("1.2.3", false), ("1-1", false), ("1e3", false),
            ("0x1F", false), ("NaN", false), ("Infinity", false), ("1,5", false), ("1 000", false), ("١", false),
            ("1\n", false), ("-.5", false), ("+-1", false),
        ])
    func decimals(text: String, isDecimal: Bool) {
        #expect(KPIElement.isDecimal(text) == isDecimal)
    }

    @Test("a writer knows the length of its document in advance, to the byte")
    func byteCount() {
        var writer = KPIDocumentWriter(KPIEnvelope(type: "é\"\\\n", context: "c"))
        for index in 0..<50 {
            let frame = KPIEntryFrame(userID: "\(index % 7)", locationID: index % 2 == 0 ? nil : "ø")
            let element = element(UInt(index), "k", String(index * 1000), "%").encoded()
            let expected = writer.byteCount(addingElementOf: element.count, to: frame)
            writer.add(element, to: frame)
            #expect(writer.byteCount == expected)
            var copy = writer
            #expect(copy.finish().count == expected)
            #expect(copy.elementCount == 0)
        }
    }
}
