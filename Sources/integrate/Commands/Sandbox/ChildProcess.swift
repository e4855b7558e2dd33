import Foundation
import HTTPCore

/// A command that runs in the foreground with this process's terminal and streams.
struct ChildProcess {
    private let id: pid_t

    /// Starts `words`, the program looked up in PATH.
    ///
    /// - Throws: ``Failure`` when it cannot be started.
    init(_ words: [String], environment: [String: String]) throws(Failure) {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this process ignores or handles, its child is to take as usual.
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        var id = pid_t()
        let code = posix_spawnp(&id, words[0], nil, &attributes, &arguments, &variables)
        guard code == 0 else {
            throw Failure(.usage, "\(words[0]): \(String(cString: strerror(code)))")
        }
        self.id = id
    }

    /// Passes a signal on.
    func send(_ signal: Int32) { kill(id, signal) }

    /// Waits for the end; a signal's number plus 128 where one ended it, as a shell has it.
    func exitCode() async -> Int32 {
        await withCheckedContinuation { continuation in
            // Waiting blocks a thread: one of its own, not one of the few that run tasks.
            Thread.detachNewThread { [id] in
                var status: Int32 = 0
                while waitpid(id, &status, 0) < 0, errno == EINTR {}
                let signal = status & 0x7F
                continuation.resume(returning: signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
            }
        }
    }
}
