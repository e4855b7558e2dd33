import Foundation
import HTTPCore
import Synchronization

/// `--har`: every exchange as a HAR 1.2 file, secrets masked. Entries go to disk as they come, beside the file's final
/// place, so that a million of them need no memory.
final class HARFile: ExchangeRecorder {
    private struct State: ~Copyable {
        /// Nil once the file is in its place.
        var file: AtomicFile?
        var isEmpty = true
        var problem: FileError?
    }

    private let path: String
    private let masker: Masker
    private let state: Mutex<State>

    /// - Throws: ``Failure`` with exit code 73 where there can be no file at `path`.
    init(_ path: String, masker: Masker) throws(Failure) {
        self.path = path
        self.masker = masker
        do throws(FileError) {
            let file = try AtomicFile(path, mode: 0o600)
            let creator = #"{"name":"integrate","version":"\#(CommandTable.version)"}"#
            try Data(#"{"log":{"version":"1.2","creator":\#(creator),"entries":["#.utf8)
                .withUnsafeBytesTyped { bytes throws(FileError) in try file.write(bytes) }
            state = Mutex(State(file: file))
        } catch {
            throw Failure(.cannotCreateOutput, "the HAR file \(error.message)")
        }
    }

    func record(_ exchange: Exchange) {
        // What was only shown is no exchange.
        if case .failure(let error) = exchange.outcome, error.reason == .previewed { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        guard let entry = try? encoder.encode(HAREntry(exchange, masker: masker)) else { return }
        state.withLock { state in
            let separator = state.isEmpty ? "\n" : ",\n"
            state.isEmpty = false
            Self.write(Data(separator.utf8) + entry, to: &state)
        }
    }

    /// Puts the file in its place; once.
    ///
    /// - Throws: ``Failure`` with exit code 74 where it cannot be written in full.
    func close() throws(Failure) {
        let problem = state.withLock { state -> FileError? in
            guard state.file != nil else { return nil }
            Self.write(Data("\n]}}\n".utf8), to: &state)
            guard let file = state.file.take(), state.problem == nil else { return state.problem }
            do throws(FileError) {
                try file.commit()
                return nil
            } catch {
                return error
            }
        }
        if let problem { throw Failure(.inputOutput, "the HAR file \(path) is not written: \(problem.reason)") }
    }

    /// Notes the first problem: a full disk ends the file, not the command.
    private static func write(_ data: Data, to state: inout State) {
        guard state.problem == nil else { return }
        do throws(FileError) {
            try data.withUnsafeBytesTyped { bytes throws(FileError) in try state.file?.write(bytes) }
        } catch {
            state.problem = error
        }
    }
}
