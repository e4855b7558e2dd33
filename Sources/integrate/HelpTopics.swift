import Arguments
import HTTPCore

/// Pages of help that are not about one subcommand.
enum HelpTopics {
    static var all: [HelpTopic] { [exitCodes, environment, secrets] }

    /// Every exit code of the program, for this topic and README's table.
    static var exitCodeRows: [(code: Int, meaning: String)] {
        [(0, "done: every record is delivered")]
            + FailureCategory.allCases.map { (Int($0.exitCode), $0.meaning) }
    }

    private static var exitCodes: HelpTopic {
        let lines = exitCodeRows.map { "    " + "\($0.code)".padded(to: 5) + $0.meaning }
        return HelpTopic(
            name: "exit-codes", summary: "What a script can tell from the exit code",
            text: lines.joined(separator: "\n"))
    }

    private static var environment: HelpTopic {
        var text = """
            Settings are taken, from the highest: an option, the environment, the profile in the settings file, what \
            auth login stored, a default.

                INTEGRATE_PROFILE    the profile (--profile)
                INTEGRATE_CONFIG     the settings file (--config)
                XDG_CONFIG_HOME      where integrate/config.json5 is looked for (else ~/.config)
                XDG_CACHE_HOME       where tokens and bodies under way are kept (else ~/.cache)
                XDG_STATE_HOME       where logins and uploads are kept (else ~/.local/state)
                NO_COLOR             no colour
                TERM                 with dumb: no colour, no progress line
                COLUMNS              the width of help where there is no terminal
                CI                   never ask
                GITHUB_ACTIONS       with true: faults in files as workflow annotations too
                HTTPS_PROXY, NO_PROXY, ...    proxies, as curl reads them
            """
        for vendor in Vendor.allCases {
            text += "\n\n\(vendor.title) (\(vendor.rawValue)):\n"
            for setting in SettingCatalog.settings(of: vendor) {
                text += "\n    \(setting.environment.joined(separator: ", else "))"
                text += "\n        \(setting.key): \(setting.meaning)"
                if let fallback = setting.fallback { text += " (default \(fallback))" }
            }
        }
        return HelpTopic(name: "environment", summary: "The variables that integrate reads", text: text)
    }

    private static let secrets = HelpTopic(
        name: "secrets", summary: "Where secrets come from, and where they never go",
        text: """
            A secret is never an option: other users see a process's arguments. It comes from

            - the environment: INTEGRATE_UPLOAD_CLIENT_SECRET and the like (see integrate help environment)
            - what integrate auth login VENDOR stored, with mode 0600
            - the settings file, by reference or, in a file that nobody else can read, literally:

                { profiles: { default: { upload: {
                    clientSecret: { command: ["pass", "show", "upload"] },
                    apiKey: { file: "/run/secrets/upload-key" },
                } } } }

            Secrets are masked in every message, also percent-encoded, in base64 and JSON-escaped. No redirect carries \
            one. Tokens are cached in $XDG_CACHE_HOME/integrate/tokens with mode 0600.
            """)

    /// The page about journals: that of the subcommands of this name, for help cannot have two of one name.
    static let journal = """
        A batch keeps a journal beside its input, FILE.journal, or where --journal says: one JSON object a line, only ever \
        added to. That a record is about to be sent is on disk before its request leaves; what became of it is there \
        afterwards. Every record ends as one of

        - sent: the vendor took it
        - rejected: the vendor refused it
        - unknown: the answer was lost, so it may have been taken
        - skipped: it is invalid, and --skip-invalid left it out

        and the four add up to what was read. Killed at any moment and run again, the same command sends what is left: \
        nothing that was sent is sent again, nothing is left out, and what was under way is unknown.

        A journal belongs to one input (by its SHA-256), one destination and one mapping; with another it is refused. It \
        holds no secrets and none of the records' data, but what the vendor said about them. The unknown are sent again \
        only with --resend-unknown: look at the vendor first. To begin afresh, remove the journal.
        """
}

extension FailureCategory {
    /// What a script learns from the code (cli.md, "Exit codes").
    var meaning: String {
        switch self {
        case .refused: "the vendor refused the request or the data, or processing failed: fix the data"
        case .partlyRefused: "some records were delivered and some refused: fix those, then journal retry"
        case .unknownOutcome: "the outcome of a write is unknown, it may have been applied: look at the vendor"
        case .usage: "wrong usage: fix the command"
        case .invalidInput: "input is invalid, nothing was sent: fix the file"
        case .missingInput: "an input file is missing or unreadable"
        case .unavailable: "the vendor is unreachable or answers 5xx, after retries: try later"
        case .internalFault: "a fault in integrate itself: report it"
        case .cannotCreateOutput: "output cannot be created"
        case .inputOutput: "reading or writing failed"
        case .tryAgain: "still processing at the deadline, or still throttled: the same command continues"
        case .unreadableAnswer: "the vendor's answer makes no sense: report it"
        case .credentials: "credentials are wrong or lack permission: fix them"
        case .configuration: "settings are missing or wrong: fix them"
        case .interrupted: "interrupted (SIGINT): run it again"
        case .terminated: "terminated (SIGTERM): run it again"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
