import Foundation

/// One line on the terminal that is rewritten in place; nothing at all where standard error is no terminal.
struct StatusLine: Sendable {
    let isShown: Bool
    let width: Int

    /// Replaces the line.
    func show(_ text: String) {
        guard isShown else { return }
        write("\r" + String(text.prefix(max(1, width - 1))) + "\u{1B}[K")
    }

    /// Removes the line, so that what comes next begins at the left.
    func clear() {
        guard isShown else { return }
        write("\r\u{1B}[K")
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
