import Foundation

/// How a file holds its events.
package enum EventFormat: String, CaseIterable, Sendable {
    /// A JSON object a line.
    case ndjson
    /// One JSON array of objects.
    case json
    /// A header with the names, then a row an event; every value is a string.
    case csv

    /// By the name's ending; nil where it says nothing.
    package init?(path: String) {
        switch (path as NSString).pathExtension.lowercased() {
        case "ndjson", "jsonl": self = .ndjson
        case "json": self = .json
        case "csv": self = .csv
        default: return nil
        }
    }
}
