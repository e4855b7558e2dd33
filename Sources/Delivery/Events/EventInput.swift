import Foundation
import HTTPCore

/// A file of events that can be read twice: first every event is checked, then they are sent.
package struct EventInput: DeliveryInput {
    package let descriptor: Int32
    package let name: String
    package let format: EventFormat
    private let csv: CSVReader.Options

    /// - Parameters:
    ///   - descriptor: A file that can be read from its start again.
    ///   - name: As diagnostics show it.
    package init(
        descriptor: Int32, name: String, format: EventFormat, csv: CSVReader.Options = CSVReader.Options()
    ) {
        self.descriptor = descriptor
        self.name = name
        self.format = format
        self.csv = csv
    }

    package typealias Check = InputCheck

    /// Checks every event.
    package func check() throws(Failure) -> Check {
        var check = Check()
        var reader = try reader()
        do throws(EventReader.Problem) {
            while let record = try reader.next() {
                check.records += 1
                guard case .failure(let fault) = record.event else { continue }
                check.invalid.append(record.ordinal)
                check.diagnostics.add(diagnostic(fault))
            }
        } catch {
            guard case .fault(let fault) = error else { throw failure(error) }
            check.isBroken = true
            check.diagnostics.add(diagnostic(fault))
        }
        if check.records == 0, check.diagnostics.isEmpty {
            check.isBroken = true
            check.diagnostics.add(
                Diagnostic(
                    file: name, position: TextPosition(line: 1, column: 1), message: "the file holds no event"))
        }
        return check
    }

    /// A source of the events that `isWanted`, each a batch of its own.
    ///
    /// - Parameters:
    ///   - count: How many events there were when they were checked; a file that has grown since is refused.
    ///   - isWanted: Asked with each event's ordinal.
    package func batches(
        count: Int, where isWanted: @escaping (Int) -> Bool
    ) throws(Failure) -> Delivery.Source {
        var reader = try reader()
        return {
            do {
                while let record = try reader.next() {
                    guard record.ordinal <= count else { throw hasChanged() }
                    guard isWanted(record.ordinal) else { continue }
                    guard case .success(let event) = record.event else { throw hasChanged() }
                    return DeliveryBatch(
                        records: RecordRanges(record.ordinal), checks: [recordCheck(event.json)], payload: event.json)
                }
                return nil
            } catch {
                throw error as? Failure ?? (error as? EventReader.Problem).map(failure) ?? hasChanged()
            }
        }
    }

    package func batches(
        after check: Check, where isWanted: @escaping (Int) -> Bool
    ) throws(Failure) -> Delivery.Source {
        let invalid = Set(check.invalid.ordinals)
        return try batches(count: check.records) { isWanted($0) && !invalid.contains($0) }
    }

    private func hasChanged() -> Failure {
        Failure(.invalidInput, "\(name) was changed while its events were being sent")
    }

    /// The first event that was sent, or may have been, and is not what `checks` (by ordinal; 0 for any) says; nil when all
    /// are.
    package func firstChanged(from checks: [UInt32], among states: RecordStates) throws(Failure) -> (
        ordinal: Int, line: Int
    )? {
        var reader = try reader()
        do throws(EventReader.Problem) {
            while let record = try reader.next() {
                guard record.ordinal < checks.count, checks[record.ordinal] != 0,
                    [.sent, .unknown].contains(states[record.ordinal])
                else { continue }
                guard case .success(let event) = record.event, recordCheck(event.json) == checks[record.ordinal] else {
                    return (record.ordinal, record.line)
                }
            }
        } catch {
            throw failure(error)
        }
        return nil
    }

    private func reader() throws(Failure) -> EventReader {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw Failure(.inputOutput, FileError(path: name).message)
        }
        return EventReader(descriptor: descriptor, format: format, csv: csv)
    }

    private func diagnostic(_ fault: EventFault) -> Diagnostic {
        Diagnostic(file: name, position: fault.position, message: fault.message)
    }

    private func failure(_ problem: EventReader.Problem) -> Failure {
        switch problem {
        case .fault(let fault): Failure(.invalidInput, diagnostic(fault).rendered)
        case .unreadable(let code): Failure(.inputOutput, FileError(path: name, code: code).message)
        }
    }
}
