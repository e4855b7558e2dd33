import HTTPCore
import Synchronization

/// The vendor's limit of requests, shared by all of this machine's processes through a file of the state directory; kept
/// by this process alone, after a warning, where the file cannot be written.
final class AtobiRateLimiter: RateLimiter {
    private struct State {
        var isPrepared = false
        /// In place of the file.
        var local: LocalRateLimiter?
    }

    /// The vendor counts within any 60 seconds.
    private static let window = Duration.seconds(60)

    private let directory: String
    private let shared: SharedRateLimiter
    private let requestsPerMinute: Int
    private let timing: Timing
    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - directory: Where limits are kept; made (mode 0700) when there is none.
    ///   - name: The file's name, the same for whatever the vendor counts together.
    ///   - requestsPerMinute: The vendor's limit.
    ///   - warn: Told once when the limit cannot be shared.
    init(
        directory: String, name: String, requestsPerMinute: Int, timing: Timing,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.directory = directory
        self.requestsPerMinute = requestsPerMinute
        self.timing = timing
        self.warn = warn
        shared = SharedRateLimiter(
            path: "\(directory)/\(name)", requestsPerMinute: requestsPerMinute, timing: timing)
    }

    func reserve() -> Duration {
        state.withLock { state in
            if let wait = sharing(&state, { try shared.reserve() }) { return wait }
            return local(&state).reserve()
        }
    }

    func holdOff(for duration: Duration) {
        // Without Retry-After the window's end is waited for.
        let duration = duration > .zero ? duration : Self.window
        state.withLock { state in
            if sharing(&state, { try shared.holdOff(for: duration) }) == nil {
                local(&state).holdOff(for: duration)
            }
        }
    }

    /// What `body` does with the file; nil where it cannot be used, from then on.
    private func sharing<Result>(_ state: inout State, _ body: () throws -> Result) -> Result? {
        guard state.local == nil else { return nil }
        do {
            if !state.isPrepared { try PrivateDirectory.create(directory) }
            state.isPrepared = true
            return try body()
        } catch {
            warn("the request limit is not shared with other processes: \(Self.reason(error))")
            return nil
        }
    }

    private func local(_ state: inout State) -> LocalRateLimiter {
        let local = state.local ?? LocalRateLimiter(perSecond: perSecond, timing: timing)
        state.local = local
        return local
    }

    /// As the shared limit's: a window's two ends may each hold a request.
    private var perSecond: Double { Double(max(1, requestsPerMinute - 1)) / Self.window.inSeconds }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as FileError: error.message
        case FileLock.AcquireError.unavailable(let path, let reason): "\(path): \(reason)"
        default: "its file cannot be used"
        }
    }
}

/// Paces token requests, which the vendor may count too. Before a run they wait their turn. During one, the requests that
/// wait for a token hold slots before any that is free: it takes a slot but does not wait for it, or they would all leave
/// at once behind it.
final class TokenPace: RateLimiter {
    private let limiter: any RateLimiter
    private let isRunning = Mutex(false)

    init(_ limiter: any RateLimiter) {
        self.limiter = limiter
    }

    /// From here on requests wait for tokens.
    func beginRun() { isRunning.withLock { $0 = true } }

    func reserve() throws -> Duration {
        let wait = try limiter.reserve()
        return isRunning.withLock { $0 ? .zero : wait }
    }

    func holdOff(for duration: Duration) throws { try limiter.holdOff(for: duration) }
}
