import Foundation
import HTTPCore
import Synchronization

/// Asks on the terminal for something that must not be seen.
enum Prompt {
    /// The terminal's state before echo was turned off, while it is off.
    private static let saved = Mutex<termios?>(nil)

    /// Whether an answer is being waited for: a read that no cancellation reaches.
    static var isAsking: Bool { saved.withLock { $0 != nil } }

    /// Puts the terminal back as it was; also called when a signal ends the process in the middle of a prompt.
    static func restoreTerminal() {
        saved.withLock { state in
            guard var original = state else { return }
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &original)
            state = nil
        }
    }

    /// Shows `label` on standard error and reads a line without echo.
    static func secret(_ label: String) throws(Failure) -> String {
        var attributes = termios()
        guard tcgetattr(STDIN_FILENO, &attributes) == 0 else {
            throw Failure(.configuration, "there is no terminal to ask on", hint: "use --with-stdin")
        }
        saved.withLock { $0 = attributes }
        attributes.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &attributes)
        defer { restoreTerminal() }
        write(label + ": ")
        var bytes: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1, byte != UInt8(ascii: "\n") else { break }
            bytes.append(byte)
        }
        write("\n")
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { try? writeAll($0, to: STDERR_FILENO, path: "standard error") }
    }
}
