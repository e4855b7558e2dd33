import Arguments

/// The whole grammar, and who does the work: help, completions, the manual and README's tables come from here.
enum CommandTable {
    static let version = "0.1.0"
    /// Of the manual page.
    static let releaseDate = "2026-11-21"

    /// In the order of help.
    static let subcommands: [any Subcommand.Type] = [
        AuthLoginCommand.self,
        AuthTokenCommand.self,
        AuthStatusCommand.self,
        AuthLogoutCommand.self,
        AuthorizeServiceCommand.self,
        UploadCSVCommand.self,
        PollCommand.self,
        FetchResultsCommand.self,
        SendKPICommand.self,
        CreateSourceCommand.self,
        CreateFlowCommand.self,
        SendEventCommand.self,
        WorkflowListCommand.self,
        WorkflowGetCommand.self,
        WorkflowCreateCommand.self,
        WorkflowUpdateCommand.self,
        WorkflowDeleteCommand.self,
        WorkflowExportCommand.self,
        WorkflowApplyCommand.self,
        JournalShowCommand.self,
        JournalRetryCommand.self,
        SandboxCommand.self,
        ConfigInitCommand.self,
        ConfigShowCommand.self,
        ConfigPathCommand.self,
        ConfigCheckCommand.self,
        DoctorCommand.self,
        CompletionsCommand.self,
        ManCommand.self,
    ]

    /// Names that group others.
    private static let groups = [
        "auth": "Log in, log out, and see what is configured",
        "workflow": "Manage the entities of BidCore's workflow API",
        "config": "Write, show and check the settings",
        "journal": "See what became of a batch's records, and send the rejected again",
    ]

    /// Of those groups whose help is a topic as well.
    private static let discussions = ["journal": HelpTopics.journal]

    static var tree: CommandTree {
        var commands: [Command] = []
        var seen: Set<String> = []
        for subcommand in subcommands {
            let name = subcommand.path[0]
            guard subcommand.path.count > 1 else {
                commands.append(subcommand.command)
                continue
            }
            guard seen.insert(name).inserted else { continue }
            let members = subcommands.filter { $0.path.count > 1 && $0.path[0] == name }.map { $0.command }
            commands.append(
                Command(
                    name: name, summary: groups[name] ?? "", discussion: discussions[name] ?? "", subcommands: members))
        }
        return CommandTree(
            root: Command(
                name: "integrate",
                summary:
                    "Move an organisation's data into vendor services, each record once, and say plainly what happened",
                optionGroups: GlobalOptions.groups,
                examples: [
                    Example(
                        "Try everything without an account",
                        command:
                            "integrate sandbox -- integrate upload-csv Examples/shifts.csv --fetch tableofresultids"),
                    Example("Which settings are there", command: "integrate auth status"),
                ],
                subcommands: commands),
            topics: HelpTopics.all, version: versionText)
    }

    private static var versionText: String {
        #if os(Linux)
            let system = "Linux"
        #else
            let system = "macOS"
        #endif
        #if arch(arm64)
            let machine = "arm64"
        #else
            let machine = "x86_64"
        #endif
        return "integrate \(version) (\(system) \(machine))"
    }

    static func subcommand(at path: [String]) -> (any Subcommand.Type)? {
        subcommands.first { $0.path == path }
    }
}
