import Foundation
import HTTPCore

/// A question before something is deleted.
enum Confirmation {
    /// Checks that the answer is there or can be had, before anything is sent.
    ///
    /// - Throws: ``Failure`` with exit code 64 where nobody can be asked.
    static func check(isGiven: Bool, for action: String, _ environment: Environment) throws(Failure) {
        guard !isGiven, !environment.globals.isDryRun, !environment.canPrompt else { return }
        throw Failure(
            .usage, vendor: .bidcore, "there is nobody to ask before \(action)", hint: "say --yes to go ahead")
    }

    /// Asks on the terminal; everything but yes ends the command.
    static func ask(_ question: String, _ environment: Environment) throws(Failure) {
        let text = Array((environment.masker.mask(question) + " [y/N] ").utf8)
        text.withUnsafeBytes { try? writeAll($0, to: STDERR_FILENO, path: "standard error") }
        var answer: [UInt8] = []
        while true {
            // Not in read(2), where an interruption would wait for a key.
            var terminal = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&terminal, 1, 100) != 0 else {
                if Task.isCancelled { throw Failure(.interrupted, vendor: .bidcore, "interrupted") }
                continue
            }
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1, byte != UInt8(ascii: "\n") else { break }
            answer.append(byte)
        }
        let word = String(decoding: answer, as: UTF8.self).trimmingCharacters(in: .whitespaces).lowercased()
        guard word == "y" || word == "yes" else {
            throw Failure(.usage, vendor: .bidcore, "not confirmed; nothing was changed")
        }
    }
}
