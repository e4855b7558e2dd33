import Foundation

/// What a process that has ended took.
struct Measurement: Sendable {
    /// Seconds from its start to its end, or those it measured itself.
    var seconds: Double
    /// User and system time of it and its children, in seconds.
    var cpuSeconds: Double
    /// Its largest resident set, in bytes.
    ///
    /// On Linux it counts what this process held when it spawned the child, too, so this program stays small.
    var peakMemory: Int
    var exitCode: Int32
}

/// A process whose resources are measured. Foundation's `Process` reaps its children itself and tells nothing of them.
struct Child {
    let identifier: pid_t
    private let startedAt = ContinuousClock.now

    /// - Parameters:
    ///   - program: A path, or a name to be found in `PATH`.
    ///   - environment: Its whole environment.
    ///   - descriptors: What it gets as standard input, output and error.
    init(
        _ program: String, _ arguments: [String], environment: [String: String],
        descriptors: (input: Int32, output: Int32, error: Int32)
    ) throws {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [descriptors.input, descriptors.output, descriptors.error].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawnp(&identifier, program, &actions, nil, &words, &variables)
        guard code == 0 else { throw BenchmarkError("\(program) cannot be run: \(String(cString: strerror(code)))") }
        self.identifier = identifier
    }

    /// Waits until it has ended.
    func wait() -> Measurement {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(identifier, &status, 0, &usage) < 0, errno == EINTR {}
        let duration = startedAt.duration(to: .now)
        #if canImport(Darwin)
            let unit = 1
        #else
            let unit = 1024
        #endif
        let signal = status & 0x7F
        return Measurement(
            seconds: Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18,
            cpuSeconds: usage.ru_utime.seconds + usage.ru_stime.seconds, peakMemory: usage.ru_maxrss * unit,
            exitCode: signal == 0 ? status >> 8 & 0xFF : 128 + signal)
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
