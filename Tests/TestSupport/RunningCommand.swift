import Foundation
import Synchronization

/// A program under way.
///
/// `posix_spawn` on pipes that close on exec: with `Process`, programs started side by side inherit each other's pipes,
/// and an end of file waits for the slowest of them.
package final class RunningCommand: Sendable {
    /// One of the program's outputs.
    package enum Stream: Int, Sendable {
        case output, errors
    }

    private struct State {
        var written: [Data] = [Data(), Data()]
        var openStreams = 2
        var waitStatus: Int32?
        var timedOut = false
        var waiters: [(isReady: @Sendable (State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

        var isOver: Bool { openStreams == 0 && waitStatus != nil }
    }

    /// The program's process identifier, which is also that of its process group.
    package let processID: pid_t
    private let state = Mutex(State())

    init(
        program: String, arguments: [String], environment: [String: String], stdin: Data, directory: String?,
        timeout: Duration
    ) throws {
        let input = try Self.pipeThatClosesOnExec()
        let outputs = [try Self.pipeThatClosesOnExec(), try Self.pipeThatClosesOnExec()]
        defer {
            close(input.reading)
            for output in outputs { close(output.writing) }
        }
        do {
            processID = try Self.spawn(
                program, arguments, environment, directory,
                descriptors: [input.reading, outputs[0].writing, outputs[1].writing])
        } catch {
            close(input.writing)
            for output in outputs { close(output.reading) }
            throw error
        }
        for stream in [Stream.output, .errors] {
            let descriptor = outputs[stream.rawValue].reading
            Thread.detachNewThread { self.drain(descriptor, into: stream) }
        }
        Thread.detachNewThread { Self.feed(stdin, to: input.writing) }
        Thread.detachNewThread { self.wait() }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeoutInSeconds(timeout)) { [weak self] in
            self?.killLate()
        }
    }

    /// Sends a signal to the program alone.
    package func send(signal: Int32) {
        state.withLock { state in
            // Once it was waited for, its number may belong to another.
            if state.waitStatus == nil { kill(processID, signal) }
        }
    }

    /// Kills the program and its children.
    package func killGroup() {
        state.withLock { state in
            if state.waitStatus == nil { kill(-processID, SIGKILL) }
        }
    }

    /// Waits until `stream` holds `text`; false when the program ended without writing it.
    package func waits(for text: String, in stream: Stream) async -> Bool {
        let wanted = Data(text.utf8)
        await wait { $0.isOver || $0.written[stream.rawValue].range(of: wanted) != nil }
        return state.withLock { $0.written[stream.rawValue].range(of: wanted) != nil }
    }

    /// Waits for the end of the program and of its outputs.
    package func result() async -> CommandResult {
        await wait { $0.isOver }
        return state.withLock { state in
            let status = state.waitStatus ?? 0
            let signal = status & 0x7F
            return CommandResult(
                exitCode: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, signal: signal == 0 ? nil : signal,
                timedOut: state.timedOut, standardOutput: state.written[0], standardError: state.written[1])
        }
    }

    private func wait(until isReady: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isReadyNow = state.withLock { state in
                if isReady(state) { return true }
                state.waiters.append((isReady, continuation))
                return false
            }
            if isReadyNow { continuation.resume() }
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let ready = state.withLock { state in
            change(&state)
            let waiters = state.waiters
            state.waiters = waiters.filter { !$0.isReady(state) }
            return waiters.filter { $0.isReady(state) }.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    private func drain(_ descriptor: Int32, into stream: Stream) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            update { $0.written[stream.rawValue].append(contentsOf: buffer[..<count]) }
        }
        close(descriptor)
        update { $0.openStreams -= 1 }
    }

    private static func feed(_ data: Data, to descriptor: Int32) {
        // A program that does not read its input must not end the tests with SIGPIPE.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                rest = rest.dropFirst(count)
            }
        }
        close(descriptor)
    }

    private func wait() {
        // Seen first without reaping, so that no signal goes to a number that was given away meanwhile.
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        update { state in
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0, errno == EINTR {}
            state.waitStatus = status
        }
    }

    private func killLate() {
        state.withLock { state in
            guard !state.isOver else { return }
            state.timedOut = true
            // The group: a grandchild may hold the pipes open.
            kill(-processID, SIGKILL)
        }
    }

    /// Swift does not see `pipe2`; between `pipe` and `fcntl` nothing may be spawned.
    private static let spawning = Mutex(())

    private static func pipeThatClosesOnExec() throws -> (reading: Int32, writing: Int32) {
        try spawning.withLock { _ in
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw SpawnError(code: errno) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return (ends[0], ends[1])
        }
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String: String], _ directory: String?,
        descriptors: [Int32]
    ) throws -> pid_t {
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
            let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
            let flags =
                POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_CLOEXEC_DEFAULT
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigemptyset(&all)
        for signal in [SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT] { sigaddset(&all, signal) }
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))

        var words = [program] + arguments
        if let directory {
            // The file action that changes the directory is out of Swift's sight in Glibc.
            words = ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, directory] + words
        }
        var argv = words.map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var processID: pid_t = 0
        let code = spawning.withLock { _ in posix_spawn(&processID, words[0], &actions, &attributes, &argv, &envp) }
        guard code == 0 else { throw SpawnError(code: code) }
        return processID
    }
}

/// Why a program could not be started.
package struct SpawnError: Error, CustomStringConvertible {
    package var code: Int32
    package var description: String { "cannot start the program: \(String(cString: strerror(code)))" }
}

private func timeoutInSeconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}
