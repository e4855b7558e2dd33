import Foundation

/// What one request to Atobi carries: figures for users and locations (vendor-docs/2-atobi-kpi.txt, "Sending KPI Data").
public struct KPIDocument: Sendable, Equatable {
    /// Which integration sends, and which figures belong together.
    public var envelope: KPIEnvelope
    /// The figures by whom they concern.
    public var data: [KPIEntry]

    /// Creates a document.
    public init(envelope: KPIEnvelope, data: [KPIEntry]) {
        self.envelope = envelope
        self.data = data
    }

    /// The document as JSON, every digit as it was given.
    public func encoded() -> Data {
        var writer = KPIDocumentWriter(envelope)
        for (number, entry) in data.enumerated() {
            let frame = KPIEntryFrame(userID: entry.userID, locationID: entry.locationID, number: number)
            for element in entry.elements { writer.add(element.encoded(), to: frame) }
        }
        return Data(writer.finish())
    }
}

/// The members of a document besides its figures.
public struct KPIEnvelope: Sendable, Equatable {
    /// The integration's identifier, issued by Atobi.
    public var type: String
    /// The integration's own version, such as `1.0.0`; not the API's version, which stands in the path.
    public var version: String
    /// Groups figures that belong together: each unique KPI has a context of its own.
    public var context: String

    /// Creates an envelope.
    public init(type: String, version: String = "1.0.0", context: String) {
        self.type = type
        self.version = version
        self.context = context
    }
}

/// The figures of a user, of a location (department, shop, country), or of a user at a location.
public struct KPIEntry: Sendable, Equatable {
    /// The user, as a string even where it is all digits.
    public let userID: String?
    /// The location, as a string even where it is all digits.
    public let locationID: String?
    /// The figures, at least one.
    public var elements: [KPIElement]

    /// Nil when there is neither a user nor a location: Atobi wants one of them.
    public init?(userID: String?, locationID: String?, elements: [KPIElement]) {
        guard userID != nil || locationID != nil else { return nil }
        self.userID = userID
        self.locationID = locationID
        self.elements = elements
    }
}

/// One figure.
public struct KPIElement: Sendable, Equatable {
    /// The type of object that the vendor documents, the only one.
    public static let numberType = "number"

    /// The object's id in the sending platform.
    public var id: KPIIdentifier
    /// The KPI's identifier, by which figures are grouped.
    public var kpi: String
    /// How the vendor reads ``value``.
    public var objectType: String
    /// The figure's text, sent as it is; for ``numberType`` see ``isDecimal(_:)``.
    public var value: String
    /// A label for the value, such as `%`, `Eur`, `Points`.
    public var units: String?
    /// When the figure was taken.
    public var timestamp: KPITimestamp
    /// The beginning of the period that the figure covers.
    public var dateFrom: KPITimestamp?
    /// The end of the period that the figure covers.
    public var dateTo: KPITimestamp?

    /// Creates an element.
    public init(
        id: KPIIdentifier, kpi: String, objectType: String = numberType, value: String, units: String? = nil,
        timestamp: KPITimestamp, dateFrom: KPITimestamp? = nil, dateTo: KPITimestamp? = nil
    ) {
        self.id = id
        self.kpi = kpi
        self.objectType = objectType
        self.value = value
        self.units = units
        self.timestamp = timestamp
        self.dateFrom = dateFrom
        self.dateTo = dateTo
    }

    /// Whether `text` is a plain decimal: an optional sign, digits, and digits behind a point.
    ///
    /// The vendor casts what it names "integer, float, real, double" and says no more; what only some casts read (an exponent, a
    /// point without digits on both sides, grouping, hexadecimal, NaN) is therefore not a decimal here.
    public static func isDecimal(_ text: some StringProtocol) -> Bool {
        var digits = 0
        var hasPoint = false
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
            case UInt8(ascii: ".") where !hasPoint && digits > 0:
                hasPoint = true
                digits = 0
            case UInt8(ascii: "+") where index == 0, UInt8(ascii: "-") where index == 0:
                break
            default:
                return false
            }
        }
        return digits > 0
    }

    /// The element as a JSON object.
    package func encoded() -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(256)
        json.append(UInt8(ascii: "{"))
        json.appendName(.id)
        json.append(contentsOf: id.digits.utf8)
        json.appendMember(.kpi, kpi)
        json.appendMember(.objectType, objectType)
        json.appendMember(.value, value)
        json.appendMember(.units, units)
        json.appendMember(.timestamp, timestamp)
        json.appendMember(.dateFrom, dateFrom)
        json.appendMember(.dateTo, dateTo)
        json.append(UInt8(ascii: "}"))
        return json
    }
}

/// An element's id: a JSON number of any length, unlike the other ids, which are strings.
public struct KPIIdentifier: Sendable, Hashable, CustomStringConvertible {
    /// Decimal digits without a superfluous 0 before them.
    public let digits: String

    /// The digits.
    public var description: String { digits }

    /// Nil unless `digits` are digits that a JSON number can have: `00123` cannot be sent as a number and stay what it is.
    public init?(_ digits: String) {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }), digits == "0" || !digits.hasPrefix("0")
        else { return nil }
        self.digits = digits
    }

    /// The id of a whole number.
    public init(_ number: UInt) {
        digits = String(number)
    }
}

/// A moment as Atobi takes it. The document wants "DATETIME format" and "Unix Epoch time" at once and shows
/// `2019-09-10 13:09:23`; a date and time in UTC is both (vendor-apis.md, section 2 e 3).
public enum KPITimestamp: Sendable, Hashable {
    /// `Y-m-d H:i:s` in UTC.
    case dateTime(String)
    /// Seconds since 1970 as an integer.
    case epoch(Int64)
}
