import Delivery
import Foundation
import HTTPCore

/// A file of records on its way: checked, announced in its journal, sent, and summed up.
struct FileDelivery: Sendable {
    let path: String
    let options: DeliveryOptions
    let environment: Environment

    /// - Parameter makeJob: What `file`, standard input's copy included, is to be sent as.
    func run(_ makeJob: (_ file: InputFile) throws -> DeliveryJob) async throws {
        let folder = path == "-" ? try WorkingFolder(in: try environment.paths().outgoing) : nil
        defer { withExtendedLifetime(folder) {} }
        let file = try folder.map { try InputFile.spooled(into: $0) } ?? InputFile(path)
        // An input knows only the descriptor.
        defer { withExtendedLifetime(file) {} }
        let job = try makeJob(file)
        let check = try job.input.check()
        if !check.diagnostics.isEmpty, check.isBroken || !options.skipsInvalid {
            let count = check.diagnostics.count
            throw InvalidFile(
                failure: Failure(
                    .invalidInput,
                    "\(file.displayName) has \(count == 1 ? "a fault" : "\(count) faults"); nothing was sent",
                    hint: check.isBroken ? nil : "correct the file, or leave these \(job.unit)s out with --skip-invalid"
                ),
                diagnostics: check.diagnostics)
        }
        if !check.unusedColumns.isEmpty {
            let names = check.unusedColumns.map(\.debugDescription).joined(separator: ", ")
            environment.output.note(
                "\(file.displayName): not sent: the column\(check.unusedColumns.count == 1 ? "" : "s") \(names)")
        }
        let route = try job.connect()
        if environment.globals.isDryRun { return try await DeliveryRun.preview(job.input, check, route) }

        let digest = try sha256(ofFile: file.descriptor, named: file.displayName)
        let header = JournalHeader(
            command: job.command, input: path == "-" ? "-" : absolutePath(path), inputSHA256: digest,
            records: check.records, destination: route.destination, mapping: route.mapping)
        let (journal, content) = try Journal.open(try journalPath(digest))
        var states = RecordStates(count: check.records)
        if let content {
            try content.header.checkMatches(header, journal: journal.path)
            states = content.states
        } else {
            try journal.begin(header)
        }
        try await DeliveryRun(
            job: job, route: route, check: check, journal: journal, options: options, environment: environment
        ).run(states, wanted: options.resendsUnknown ? [.remaining, .unknown] : [.remaining])
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
}

extension JournalHeader {
    /// Refuses a journal of another input, destination or mapping than `new` has.
    func checkMatches(_ new: JournalHeader, journal: String) throws(Failure) {
        var differences: [String] = []
        if command != new.command { differences.append("it was written by \(command)") }
        if destination != new.destination { differences.append("its destination is \(destination)") }
        for name in Set(mapping.keys).union(new.mapping.keys).sorted() where mapping[name] != new.mapping[name] {
            differences.append("its \(name) is \(mapping[name] ?? "not set")")
        }
        let isOtherInput = inputSHA256 != new.inputSHA256
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
