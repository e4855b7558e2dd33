import Arguments
import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// How often to ask, and how long.
struct PollPace: Sendable {
    static let interval = Option(
        "interval", .seconds(in: 0.05...3600), help: "The first wait between polls", defaultText: "2")
    static let maxInterval = Option(
        "max-interval", .seconds(in: 0.05...3600), help: "The wait grows to this", defaultText: "15")
    static let deadline = Option(
        "deadline", .seconds(in: 0.05...1e9), help: "Stop waiting after this time", defaultText: "600")

    static let options: [any OptionDescriptor] = [interval, maxInterval, deadline]

    var interval = Duration.seconds(2)
    var maxInterval = Duration.seconds(15)
    var deadline = Duration.seconds(600)

    init() {}

    init(_ arguments: ParsedArguments) {
        interval = arguments[Self.interval] ?? interval
        // An interval longer than the default ceiling raises it.
        maxInterval = max(arguments[Self.maxInterval] ?? maxInterval, interval)
        deadline = arguments[Self.deadline] ?? deadline
    }
}

/// Asks for an upload's status until it is final.
struct Polling {
    private static let growth = 1.5

    let connection: UploadConnection
    let environment: Environment
    let pace: PollPace

    /// The final status of `token`.
    ///
    /// - Throws: ``Failure`` with exit code 75 when it is still pending at the deadline; when the processing failed, what
    ///   the platform's feedback says, with exit code 1.
    func untilFinal(_ token: ProcessingToken) async throws -> ProcessingStatus {
        let timing = environment.timing
        let start = timing.instant()
        let end = start + pace.deadline
        var wait = pace.interval
        let line = environment.statusLine
        defer { line.clear() }
        var last: ProcessingStatus?
        while true {
            let status: ProcessingStatus
            do {
                status = try await connection.client.status(of: token, deadline: end)
            } catch var failure as Failure {
                guard timing.instant() < end else { throw stillPending(token, last) }
                if failure.category == .unavailable || failure.category == .tryAgain {
                    failure.hint = "to go on: \(continuation(of: token))"
                }
                throw failure
            }
            last = status
            switch status.meaning {
            case .succeeded: return status
            case .failed:
                line.clear()
                throw try await processingFailure(of: token, status)
            case .pending: break
            }
            let remaining = timing.instant().duration(to: end)
            guard remaining > .zero else { throw stillPending(token, status) }
            let pause = min(wait, remaining)
            line.show("\(status.word), \(start.duration(to: timing.instant()).forPeople) so far")
            try await timing.sleep(pause)
            wait = min(wait * Self.growth, pace.maxInterval)
        }
    }

    private func stillPending(_ token: ProcessingToken, _ status: ProcessingStatus?) -> Failure {
        let word = status.map { " (status: \($0.word))" } ?? ""
        return Failure(
            .tryAgain, vendor: .upload, "still processing after \(pace.deadline.forPeople)\(word)",
            hint: "to go on: \(continuation(of: token))")
    }

    /// The command that goes on waiting.
    func continuation(of token: ProcessingToken) -> String {
        "integrate poll \(token)\(environment.globals.settingsOptions)"
    }

    /// The platform's feedback as faults in the file that was uploaded.
    private func processingFailure(of token: ProcessingToken, _ status: ProcessingStatus) async throws -> any Error {
        let failure = Failure(
            .refused, vendor: .upload, "the processing ended as '\(status.word)'",
            hint: "correct the file and send it again with --overwrite and the same --name")
        let feedback: [FeedbackLine]
        do {
            let data = try await connection.client.result(of: token, key: .feedback)
            feedback = FeedbackLine.parse(String(decoding: data, as: UTF8.self))
        } catch let feedbackFailure as Failure {
            var failure = failure
            failure.message += "; its feedback could not be had: \(feedbackFailure.message)"
            return failure
        }
        let diagnostics = diagnostics(from: feedback, record: connection.records.record(of: token))
        var collector = DiagnosticCollector(limit: Int.max)
        for diagnostic in diagnostics { collector.add(diagnostic) }
        return InvalidFile(failure: failure, diagnostics: collector)
    }

    private func diagnostics(from feedback: [FeedbackLine], record: UploadRecord?) -> [Diagnostic] {
        guard let record, record.file != "-" else {
            return feedbackDiagnostics(feedback, file: "feedback", lineMap: LineMap())
        }
        let path =
            record.file.hasPrefix("/")
            ? record.file : (record.directory as NSString).appendingPathComponent(record.file)
        // The name that works from here: as the user gave it, unless the folder is another now.
        let isHere = record.directory == FileManager.default.currentDirectoryPath
        var format = ShiftFileFormat()
        format.delimiter = record.delimiter
        format.encoding = TextEncoding(rawValue: record.encoding) ?? .utf8
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        return feedbackDiagnostics(
            feedback, file: isHere ? record.file : path, lineMap: record.lineMap,
            descriptor: descriptor >= 0 ? descriptor : nil, format: format)
    }
}
