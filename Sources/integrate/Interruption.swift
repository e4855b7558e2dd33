import Dispatch
import Foundation
import HTTPCore
import Synchronization

/// SIGINT and SIGTERM: the first cancels the command, which ends in its own time but within seconds; a second SIGINT
/// ends the process at once.
final class Interruption: Sendable {
    private static let grace = DispatchTimeInterval.seconds(5)

    private let signal = Mutex<Int32?>(nil)
    private let lastWork = Mutex<(@Sendable () -> Void)?>(nil)

    /// The signal that came, if one did.
    var category: FailureCategory? {
        switch number {
        case SIGINT?: .interrupted
        case .some: .terminated
        case nil: nil
        }
    }

    /// The number of the signal that came, if one did.
    var number: Int32? { signal.withLock { $0 } }

    /// Has `work` done also when the process is ended here and now.
    func atEnd(_ work: @escaping @Sendable () -> Void) { lastWork.withLock { $0 = work } }

    /// Handles both signals from here on.
    func start(cancelling task: Task<Int32, Never>) {
        let queue = DispatchQueue(label: "integrate.signals")
        for number in [SIGINT, SIGTERM] {
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [self] in
                // The handler holds its source, which so lasts as long as the process.
                _ = source
                let isFirst = signal.withLock { first in
                    defer { first = first ?? number }
                    return first == nil
                }
                let code: Int32 = number == SIGINT ? 130 : 143
                guard isFirst else {
                    if number == SIGINT { self.end(code) }
                    return
                }
                // Nothing is under way while a question is open.
                guard !Prompt.isAsking else { return end(code) }
                task.cancel()
                queue.asyncAfter(deadline: .now() + Self.grace) { self.end(code) }
            }
            source.resume()
        }
    }

    private func end(_ code: Int32) {
        StatusLine.clear()
        lastWork.withLock { $0 }?()
        Prompt.restoreTerminal()
        _exit(code)
    }
}
