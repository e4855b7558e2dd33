/// The columns of the platform's shift file, in its order.
package enum ShiftColumn: String, CaseIterable, Sendable {
    case reference = "Reference"
    case startDate = "StartDate"
    case startTime = "StartTime"
    case endDate = "EndDate"
    case endTime = "EndTime"

    /// The column's place, from 0.
    package var index: Int {
        switch self {
        case .reference: 0
        case .startDate: 1
        case .startTime: 2
        case .endDate: 3
        case .endTime: 4
        }
    }

    /// The header line of the documentation.
    static var header: String { allCases.map(\.rawValue).joined(separator: ",") }
}

/// How a user's file of shifts is written.
package struct ShiftFileFormat: Sendable {
    /// Where a column of the platform has another name in the file's header. When this is not empty the file must have a header,
    /// all columns are found by name, and the file may have more columns.
    package var columns: [ShiftColumn: String] = [:]
    package var dateFormat = DatePattern.documented
    package var timeFormat = TimePattern.documented
    /// One ASCII byte.
    package var delimiter = UInt8(ascii: ",")
    package var encoding = TextEncoding.utf8

    package init() {}

    /// Takes one `--column` value, such as `Reference=EmpNo`.
    package mutating func addColumn(_ option: String) throws(ShiftFormatError) {
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw ShiftFormatError(message: "--column \"\(option)\" is not of the form Reference=NAME")
        }
        guard let column = ShiftColumn.allCases.first(where: { $0.rawValue.lowercased() == parts[0].lowercased() })
        else {
            throw ShiftFormatError(
                message:
                    "--column \"\(option)\": there is no column \"\(parts[0])\"; the columns are \(ShiftColumn.header)")
        }
        guard columns.updateValue(String(parts[1]), forKey: column) == nil else {
            throw ShiftFormatError(message: "--column names \(column.rawValue) twice")
        }
    }

    /// The delimiter that a `--delimiter` value names: one ASCII character, or `tab`.
    package static func delimiter(named name: String) throws(ShiftFormatError) -> UInt8 {
        if ["tab", "\\t"].contains(name.lowercased()) { return UInt8(ascii: "\t") }
        let bytes = Array(name.utf8)
        guard bytes.count == 1, bytes[0] == UInt8(ascii: "\t") || (0x20...0x7E).contains(bytes[0]),
            bytes[0] != UInt8(ascii: "\"")
        else {
            throw ShiftFormatError(
                message: "--delimiter \"\(name)\" is not one ASCII character other than a quote; for a tab write tab")
        }
        return bytes[0]
    }
}
