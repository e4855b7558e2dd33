import Arguments
import Authorization
import Foundation
import HTTPCore
import Synchronization

/// Facts about the terminal, injected so that tests need none.
struct Terminal: Sendable {
    var isInputTerminal: Bool
    var isErrorTerminal: Bool
    var isOutputTerminal: Bool
    var width: Int

    /// Whether what goes to standard output is emphasised. `always` is a person's word and comes before the variables.
    func isStyled(_ color: GlobalOptions.Color, _ variables: [String: String]) -> Bool {
        switch color {
        case .always: true
        case .never: false
        case .auto: isOutputTerminal && variables["NO_COLOR", default: ""].isEmpty && variables["TERM"] != "dumb"
        }
    }

    static func current(_ variables: [String: String]) -> Terminal {
        var size = winsize()
        let columns = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
        return Terminal(
            isInputTerminal: isatty(STDIN_FILENO) == 1, isErrorTerminal: isatty(STDERR_FILENO) == 1,
            isOutputTerminal: isatty(STDOUT_FILENO) == 1,
            width: columns > 0 ? columns : variables["COLUMNS"].flatMap(Int.init) ?? 80)
    }
}

/// Everything a subcommand needs of the world. Above the transport nothing else is used, so that all of it is tested
/// without a network and without waiting.
struct Environment: Sendable {
    var variables: [String: String]
    var terminal: Terminal
    var timing: Timing
    var globals: GlobalOptions
    var masker: Masker
    var output: Output
    /// What sends at last.
    var network: any HTTPTransport
    /// The file of `--har`.
    var har: HARFile?
    /// What was said of retries.
    let notices = RetryNotices()
    /// When the budget of network time ends (`--max-time`).
    var deadline: ContinuousClock.Instant?
    var interruption: Interruption

    func paths() throws(Failure) -> Paths { try Paths(variables: variables) }

    /// The settings file, and whether it was asked for by name and so must be there.
    func settingsPath() throws(Failure) -> (path: String, isNamed: Bool) {
        let named = globals.settingsFile ?? variables["INTEGRATE_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        if let named { return (named, true) }
        return (try paths().settingsFile, false)
    }

    /// The settings of `profile`, else of the one that option or environment name.
    func settings(profile: String? = nil) throws(Failure) -> Settings {
        let place = try settingsPath()
        let file = try SettingsFile(path: place.path, isRequired: place.isNamed)
        let named = profile ?? globals.profile ?? variables["INTEGRATE_PROFILE"].flatMap { $0.isEmpty ? nil : $0 }
        return try Settings(
            profile: named ?? "default", isProfileNamed: named != nil, file: file,
            credentials: CredentialStore(path: try paths().credentials), variables: variables, masker: masker)
    }

    /// Whether a person can be asked: never in CI, and only where the question is seen and the answer typed.
    var canPrompt: Bool {
        !globals.forbidsInput && variables["CI", default: ""].isEmpty && terminal.isInputTerminal
            && terminal.isErrorTerminal
    }

    /// A line for progress on the terminal.
    var statusLine: StatusLine {
        StatusLine(
            isShown: terminal.isErrorTerminal && !globals.isQuiet && !globals.isJSON && variables["TERM"] != "dumb",
            width: terminal.width)
    }

    /// The transports that every request of the command goes through.
    func stack() -> TransportStack {
        var recorders: [any ExchangeRecorder] =
            globals.verbosity > 0 ? [ExchangeLog(output: output, showsContent: globals.verbosity > 1)] : []
        if let har { recorders.append(har) }
        return TransportStack(
            network: globals.isDryRun ? preview : network,
            retryPolicy: RetryPolicy(retries: globals.retries), deadline: deadline, timing: timing, masker: masker,
            recorders: recorders,
            retryNotice: { [notices, output, timing] notice in
                guard notices.isNews(notice, at: timing.instant()) else { return }
                output.note(
                    "integrate: warning: \(notice.reason); retry \(notice.retry) of \(notice.retries) in "
                        + notice.wait.forPeople)
            })
    }

    /// What shows requests in place of sending them.
    private var preview: any HTTPTransport {
        guard globals.printsCurl else { return PreviewTransport(output: output, masker: masker) }
        return CurlTransport(output: output, masker: masker, settingsOptions: globals.settingsOptions)
    }

    /// A provider of `source`'s tokens, from the cache that all processes share.
    func tokens(from source: any TokenSource) throws(Failure) -> TokenProvider {
        TokenProvider(
            source: source, cache: TokenCache(directory: try paths().tokens, timing: timing), masker: masker,
            timing: timing, warn: { [output] in output.warn($0) })
    }

    /// The authorizer for `source`'s tokens; in a dry run a placeholder, which asks nobody for a token.
    func bearer(_ source: any TokenSource) throws(Failure) -> any RequestAuthorizer {
        guard globals.isDryRun else { return BearerAuthorizer(try tokens(from: source)) }
        // What goes with a token is known without asking for one where one is in the cache.
        let cached =
            source.isCacheable ? try? TokenCache(directory: paths().tokens, timing: timing).read(source.identity) : nil
        return PlaceholderAuthorizer(vendor: source.vendor, attributes: cached?.attributes ?? [:], masker: masker)
    }
}

/// Of many requests that fail alike at the same time, only one is spoken of.
final class RetryNotices: Sendable {
    private let last = Mutex<(retry: Int, reason: String, at: ContinuousClock.Instant)?>(nil)

    func isNews(_ notice: RetryNotice, at now: ContinuousClock.Instant) -> Bool {
        last.withLock { last in
            if let last, last.reason == notice.reason, last.retry >= notice.retry,
                last.at.duration(to: now) < .seconds(2)
            {
                return false
            }
            last = (notice.retry, notice.reason, now)
            return true
        }
    }
}
