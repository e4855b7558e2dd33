import HTTPCore

/// The names in Atobi's KPI document (vendor-docs/2-atobi-kpi.txt), here and nowhere else.
package enum KPIField: String, CodingKey, CaseIterable, Sendable {
    case type
    case version
    case context
    case data
    case userID = "user_id"
    case locationID = "location_id"
    case elements
    case id
    case kpi
    case objectType = "object_type"
    case value
    case units
    case timestamp
    case dateFrom = "date_from"
    case dateTo = "date_to"

    /// How the document's reference table spells `date_from` and `date_to`, against all its samples. Read, never written.
    package var otherSpelling: String? {
        switch self {
        case .dateFrom: "data_from"
        case .dateTo: "data_to"
        default: nil
        }
    }
}

extension [UInt8] {
    /// Appends `,` unless an object or list begins here, then `"name":`.
    mutating func appendName(_ field: KPIField) {
        if let last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") { append(UInt8(ascii: ",")) }
        append(UInt8(ascii: "\""))
        append(contentsOf: field.rawValue.utf8)
        append(UInt8(ascii: "\""))
        append(UInt8(ascii: ":"))
    }

    mutating func appendMember(_ field: KPIField, _ text: String?) {
        guard let text else { return }
        appendName(field)
        append(contentsOf: JSONText.string(text).utf8)
    }

    mutating func appendMember(_ field: KPIField, _ time: KPITimestamp?) {
        guard let time else { return }
        appendName(field)
        switch time {
        case .dateTime(let text): append(contentsOf: JSONText.string(text).utf8)
        case .epoch(let seconds): append(contentsOf: String(seconds).utf8)
        }
    }
}
