import Foundation
import VendorAPIs

/// How a file of KPI figures is written.
package enum KPIInputFormat: String, CaseIterable, Sendable {
    /// The vendor's own JSON document.
    case document
    /// A row an element, with a header that names the columns.
    case csv
    /// An object a line, with the columns' names.
    case ndjson

    /// The format of a file, from its name or its first bytes; reading starts where the descriptor stands, which stays so.
    ///
    /// What begins with a brace is NDJSON if its first line is a flat object, else a document; all else is CSV.
    package static func detect(descriptor: Int32, named name: String) -> KPIInputFormat {
        switch (name as NSString).pathExtension.lowercased() {
        case "csv", "tsv": return .csv
        case "ndjson", "jsonl": return .ndjson
        default: break
        }
        var head = [UInt8](repeating: 0, count: 64 << 10)
        let count = pread(descriptor, &head, head.count, lseek(descriptor, 0, SEEK_CUR))
        var text = head.prefix(max(count, 0))
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        text = text.drop(while: JSONByte.isWhitespace)
        guard text.first == JSONByte.openObject || text.first == JSONByte.openArray else { return .csv }
        let line = text.prefix { $0 != JSONByte.lineFeed }
        return (try? FlatObject(json: line)) == nil ? .document : .ndjson
    }
}

/// How rows become documents.
package struct KPIRowOptions: Sendable {
    /// How times are sent.
    package enum Timestamps: String, CaseIterable, Sendable {
        /// `Y-m-d H:i:s` in UTC, as the vendor's samples.
        case datetime
        /// Seconds since 1970, as an integer.
        case epoch
    }

    package var envelope: KPIEnvelope
    package var objectType = KPIElement.numberType
    /// The name of a column in the file, where it is not the vendor's.
    package var columns: [KPIColumn: String] = [:]
    /// Between the fields of a CSV file; one ASCII byte.
    package var delimiter = UInt8(ascii: ",")
    /// Of a CSV file.
    package var encoding = TextEncoding.utf8
    /// The id of a row is its number, from 1, the header and blank lines not counted.
    package var assignsIDs = false
    package var timestamps = Timestamps.datetime
    /// What times without a zone are in; nil for UTC.
    package var timeZone: TimeZone?

    package init(envelope: KPIEnvelope) {
        self.envelope = envelope
    }

    /// Takes one `--column` value, such as `value=amount`.
    package mutating func addColumn(_ option: String) throws(KPIOptionError) {
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw KPIOptionError(message: "--column \(quoted(option)) is not of the form value=NAME")
        }
        guard let column = KPIColumn(name: String(parts[0])) else {
            throw KPIOptionError(
                message: "--column \(quoted(option)): there is no column \(quoted(String(parts[0]))); the columns are "
                    + KPIColumn.allNames)
        }
        guard columns.updateValue(String(parts[1]), forKey: column) == nil else {
            throw KPIOptionError(message: "--column names \(column.name) twice")
        }
    }

    /// Takes the `--timezone` value, an IANA name such as `Europe/Copenhagen`.
    package mutating func setTimeZone(_ name: String) throws(KPIOptionError) {
        // Foundation also takes abbreviations such as CET, and reads EST as a zone without daylight saving: too easily mistaken.
        guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else {
            throw KPIOptionError(
                message: "--timezone \(quoted(name)) is no time zone; use a name such as Europe/Copenhagen, or UTC")
        }
        timeZone = name == "UTC" ? nil : zone
    }
}

/// What is wrong with an option's value.
package struct KPIOptionError: Error, Equatable, Sendable {
    /// One line that names the value and what would be right.
    package let message: String
}

/// The most that one request may carry.
package struct KPIBatchLimits: Sendable {
    /// Elements (rows) in a document.
    package var elements: Int
    /// Bytes of an encoded document.
    package var bytes: Int

    package init(elements: Int = 500, bytes: Int = 1_000_000) {
        self.elements = elements
        self.bytes = bytes
    }
}

/// The columns of a file of rows: the members of an entry and of an element, one row an element.
package enum KPIColumn: Int, CaseIterable, Sendable {
    case userID, locationID, id, kpi, value, units, timestamp, dateFrom, dateTo

    /// The column's name in a file, which is the vendor's.
    package var field: KPIField {
        switch self {
        case .userID: .userID
        case .locationID: .locationID
        case .id: .id
        case .kpi: .kpi
        case .value: .value
        case .units: .units
        case .timestamp: .timestamp
        case .dateFrom: .dateFrom
        case .dateTo: .dateTo
        }
    }

    /// The column's name in a file.
    package var name: String { field.rawValue }

    package init?(name: String) {
        guard let column = Self.allCases.first(where: { $0.name == name.lowercased() }) else { return nil }
        self = column
    }

    static let allNames = allCases.map(\.name).joined(separator: ", ")
}
