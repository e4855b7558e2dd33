import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// A file of events on its way: checked, announced in its journal, sent, and summed up.
struct EventDelivery: Sendable {
    let path: String
    let format: EventFormat?
    let options: SendEventCommand.Options
    let environment: Environment

    func run() async throws {
        let folder = path == "-" ? try WorkingFolder(in: try environment.paths().outgoing) : nil
        defer { withExtendedLifetime(folder) {} }
        let file = try folder.map { try InputFile.spooled(into: $0) } ?? InputFile(path)
        let input = EventInput(
            descriptor: file.descriptor, name: file.displayName, format: try format ?? detectedFormat(file))
        let check = try input.check()
        if !check.diagnostics.isEmpty, check.isBroken || !options.skipsInvalid {
            let count = check.diagnostics.count
            throw InvalidFile(
                failure: Failure(
                    .invalidInput,
                    "\(file.displayName) has \(count == 1 ? "a fault" : "\(count) faults"); nothing was sent",
                    hint: check.isBroken ? nil : "correct the file, or leave these events out with --skip-invalid"),
                diagnostics: check.diagnostics)
        }
        let connection = try ForwarderConnection(
            groupKey: options.groupKey, rate: options.delivery.rate, environment)
        if environment.globals.isDryRun {
            let invalid = Set(check.invalid.ordinals)
            return try await EventRun.preview(input, count: check.records, connection) { !invalid.contains($0) }
        }

        let digest = try sha256(ofFile: file.descriptor, named: file.displayName)
        let header = JournalHeader(
            command: "send-event", input: path == "-" ? "-" : absolutePath(path), inputSHA256: digest,
            records: check.records, destination: connection.destination,
            mapping: ["format": input.format.rawValue, "groupKey": connection.groupKey])
        let (journal, content) = try Journal.open(try journalPath(digest))
        var states = RecordStates(count: check.records)
        if let content {
            try JournaledInput.checkMatches(content.header, header, journal: journal.path)
            states = content.states
        } else {
            try journal.begin(header)
        }
        try await EventRun(
            input: input, connection: connection, journal: journal, delivery: options.delivery, environment: environment
        ).run(
            states, skipping: check.invalid,
            wanted: options.delivery.resendsUnknown ? [.remaining, .unknown] : [.remaining])
    }

    /// Beside the input; for standard input among this user's state, by its content.
    private func journalPath(_ digest: String) throws(Failure) -> String {
        if let path = options.journalPath { return path }
        guard path == "-" else { return path + ".journal" }
        let directory = try environment.paths().journals
        do throws(FileError) {
            try PrivateDirectory.create(directory)
        } catch {
            throw Failure(.cannotCreateOutput, "the journal \(error.message)", hint: "name a place with --journal")
        }
        return "\(directory)/\(digest.prefix(16)).journal"
    }

    private func absolutePath(_ path: String) -> String {
        path.hasPrefix("/")
            ? path : (FileManager.default.currentDirectoryPath as NSString).appendingPathComponent(path)
    }

    /// By the name's ending, else by the first byte that says something.
    private func detectedFormat(_ file: InputFile) throws(Failure) -> EventFormat {
        if let format = EventFormat(path: path) {
            guard format == .json else { return format }
            return file.firstByte() == UInt8(ascii: "{") ? .ndjson : .json
        }
        switch file.firstByte() {
        case UInt8(ascii: "{")?: return .ndjson
        case UInt8(ascii: "[")?: return .json
        default:
            throw Failure(
                .usage, "the name of \(file.displayName) does not say how it holds its events",
                hint: "say so with --format ndjson, json or csv")
        }
    }
}

/// What `send-event` and `journal retry` ask of a journal.
enum JournaledInput {
    /// Refuses a journal of another input, destination or mapping.
    static func checkMatches(_ old: JournalHeader, _ new: JournalHeader, journal: String) throws(Failure) {
        var differences: [String] = []
        if old.command != new.command { differences.append("it was written by \(old.command)") }
        if old.destination != new.destination { differences.append("its destination is \(old.destination)") }
        for name in Set(old.mapping.keys).union(new.mapping.keys).sorted()
        where old.mapping[name] != new.mapping[name] {
            differences.append("its \(name) is \(old.mapping[name] ?? "not set")")
        }
        let isOtherInput = old.inputSHA256 != new.inputSHA256
        if isOtherInput { differences.append("its input had other content") }
        guard !differences.isEmpty else { return }
        throw Failure(
            .invalidInput, "the journal \(journal) does not belong to this: \(differences.joined(separator: ", "))",
            hint: isOtherInput && differences.count == 1
                ? "after correcting rejected records: integrate journal retry \(shellQuoted(journal)); "
                    + "for another file name another --journal"
                : "name another --journal")
    }
}
