import Foundation
import HTTPCore
import Synchronization

/// One line on the terminal that is rewritten in place; nothing at all where standard error is no terminal.
///
/// The terminal's modes and its cursor are left alone, so that there is nothing to restore but the line itself.
struct StatusLine: Sendable {
    private static let erase = "\r\u{1B}[K"
    /// Whether the line stands on the terminal, where any other text would run into it.
    private static let isOnScreen = Mutex(false)

    let isShown: Bool
    /// The terminal's columns at the start of the command.
    let width: Int

    /// Replaces the line.
    func show(_ text: String) {
        guard isShown else { return }
        // Measured anew: a line longer than a window that was made narrower cannot be rewritten in place.
        var size = winsize()
        let columns = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : width
        Self.isOnScreen.withLock { isOnScreen in
            Self.write("\r" + String(text.prefix(max(1, columns - 1))) + "\u{1B}[K")
            isOnScreen = true
        }
    }

    /// Removes the line, so that what comes next begins at the left.
    func clear() { Self.clear() }

    /// Removes the line of whatever part of the program shows one.
    static func clear() {
        isOnScreen.withLock { isOnScreen in
            if isOnScreen { write(erase) }
            isOnScreen = false
        }
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
