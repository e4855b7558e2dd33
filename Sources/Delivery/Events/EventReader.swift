import Foundation
import HTTPCore

/// One event of a file, or what is wrong with it.
package struct EventRecord: Sendable {
    /// From 1.
    package var ordinal: Int
    package var line: Int
    /// The event's flat data.
    package var event: Result<FlatObject, EventFault>
}

/// What is wrong with an event, and where.
package struct EventFault: Error, Sendable, Equatable {
    package var position: TextPosition
    package var message: String

    init(_ position: TextPosition, _ message: String) {
        self.position = position
        self.message = message
    }

    init(_ error: JSONTextError) {
        self.init(TextPosition(line: error.line, column: error.column), error.message)
    }
}

/// Reads events from a file one after another, in constant memory.
package struct EventReader {
    /// Why reading cannot go on.
    package enum Problem: Error, Sendable, Equatable {
        case fault(EventFault)
        case unreadable(errno: Int32)
    }

    private enum Source {
        case ndjson(NDJSONReader)
        case json(JSONArrayReader)
        case csv(CSVReader, CSVEventHeader?)
    }

    private var source: Source
    private var ordinal = 0

    /// Reads from where `descriptor` stands.
    package init(descriptor: Int32, format: EventFormat, csv options: CSVReader.Options = CSVReader.Options()) {
        source =
            switch format {
            case .ndjson: .ndjson(NDJSONReader(fileDescriptor: descriptor))
            case .json: .json(JSONArrayReader(fileDescriptor: descriptor))
            case .csv: .csv(CSVReader(CSVDescriptorSource(descriptor), options: options), nil)
            }
    }

    /// The next event; nil at the end. A faulty event does not end the reading unless the fault is the file's structure.
    package mutating func next() throws(Problem) -> EventRecord? {
        switch source {
        case .ndjson(var reader):
            defer { source = .ndjson(reader) }
            return try record { () throws(JSONReadError) in try reader.next() }
        case .json(var reader):
            defer { source = .json(reader) }
            return try record { () throws(JSONReadError) in try reader.next() }
        case .csv(let reader, let header):
            do throws(CSVError) {
                return try nextRow(reader, header)
            } catch {
                switch error {
                case .malformed(let fault): throw .fault(EventFault(fault.position, fault.message))
                case .unreadable(let code): throw .unreadable(errno: code)
                }
            }
        }
    }

    private mutating func record(_ next: () throws(JSONReadError) -> JSONRecord?) throws(Problem) -> EventRecord? {
        let text: JSONRecord
        do throws(JSONReadError) {
            guard let next = try next() else { return nil }
            text = next
        } catch {
            switch error {
            case .text(let error): throw .fault(EventFault(error))
            case .read(let code): throw .unreadable(errno: code)
            }
        }
        ordinal += 1
        do throws(JSONTextError) {
            let object = try FlatObject(text)
            return EventRecord(ordinal: ordinal, line: text.line, event: .success(object))
        } catch {
            return EventRecord(ordinal: ordinal, line: text.line, event: .failure(EventFault(error)))
        }
    }

    private mutating func nextRow(_ reader: CSVReader, _ known: CSVEventHeader?) throws(CSVError) -> EventRecord? {
        let header: CSVEventHeader
        if let known {
            header = known
        } else {
            guard let first = try reader.next() else { return nil }
            header = try CSVEventHeader(first)
            source = .csv(reader, header)
        }
        guard let row = try reader.next() else { return nil }
        ordinal += 1
        return EventRecord(ordinal: ordinal, line: row.line, event: header.event(row))
    }
}

/// The names in a CSV file's header.
struct CSVEventHeader {
    private let names: [String]

    init(_ record: CSVRecord) throws(CSVError) {
        names = record.strings
        for (index, name) in names.enumerated() {
            let problem: String
            if name.isEmpty {
                problem = "a column without a name; every column of the header needs one"
            } else if names[..<index].contains(name) {
                problem = "the column \"\(name)\" is there twice"
            } else {
                continue
            }
            throw .malformed(
                CSVFault(kind: .strayQuote, position: record.position(ofField: index), record: 1, message: problem))
        }
    }

    func event(_ row: CSVRecord) -> Result<FlatObject, EventFault> {
        guard row.count <= names.count else {
            return .failure(
                EventFault(
                    row.position(ofField: names.count),
                    "extra field: the row has \(row.count) fields, the header \(names.count)"))
        }
        guard row.count == names.count else {
            return .failure(
                EventFault(
                    row.endPosition,
                    "missing field \(names[row.count]): the row has \(row.count) fields, the header \(names.count)"))
        }
        let members = names.enumerated().map { index, name in
            (name: name, value: FlatValue.string(row.string(ofField: index)))
        }
        guard let object = FlatObject(members: members) else {
            return .failure(EventFault(row.position(ofField: 0), "the header names a column twice"))
        }
        return .success(object)
    }
}
