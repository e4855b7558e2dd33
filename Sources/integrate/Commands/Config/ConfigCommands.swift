import Arguments
import Foundation
import HTTPCore

/// `config path`: where the settings file is looked for.
enum ConfigPathCommand: Subcommand {
    static let path = ["config", "path"]
    static let command = Command(
        name: "path", summary: "Print the path of the settings file", standardOutput: "the path, there or not",
        exitCodes: [(0, "printed")],
        examples: [
            Example("Edit it", command: "${EDITOR:-cat} \"$(integrate config path)\""),
            Example("For a script", command: "integrate config path --json"),
        ])

    static func parse(_ arguments: ParsedArguments) throws {}

    static func run(_ options: Void, _ environment: Environment) async throws {
        let path = try environment.settingsPath().path
        guard environment.globals.isJSON else { return try environment.output.line(path) }
        try environment.output.json(["path": path])
    }
}

/// `config init`: writes a commented template.
enum ConfigInitCommand: Subcommand {
    struct Options: Sendable {
        var overwrites: Bool
    }

    private static let force = Flag("force", help: "Replace a settings file that is there")

    static let path = ["config", "init"]
    static let command = Command(
        name: "init", summary: "Write a commented settings file to fill in", standardOutput: "the file's path",
        optionGroups: [OptionGroup("The file", [force])],
        exitCodes: [(0, "written, with mode 0600"), (73, "it cannot be written, or is there already")],
        examples: [
            Example("Begin, in a file of the project's own", command: "integrate config init --config settings.json5"),
            Example("Begin again", command: "integrate config init --config settings.json5 --force"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        Options(overwrites: arguments[force] ?? false)
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        let path = try environment.settingsPath().path
        guard options.overwrites || access(path, F_OK) != 0 else {
            throw Failure(
                .cannotCreateOutput, "the settings file \(path) is there already", hint: "--force replaces it")
        }
        do throws(FileError) {
            let folder = (path as NSString).deletingLastPathComponent
            if !folder.isEmpty, access(folder, F_OK) != 0 { try PrivateDirectory.create(folder) }
            try AtomicFile.write(Data(SettingsTemplate.text.utf8), to: path, mode: 0o600)
        } catch {
            throw Failure(.cannotCreateOutput, "the settings file \(error.message)")
        }
        try environment.output.line(path)
    }
}

/// `config check`: validates every key of the settings file.
enum ConfigCheckCommand: Subcommand {
    static let path = ["config", "check"]
    static let command = Command(
        name: "check", summary: "Validate every key and reference of the settings file",
        exitCodes: [
            (0, "everything in it is known and can be read"), (78, "something is wrong; the message says what"),
        ],
        examples: [
            Example("In CI", command: "integrate config check"),
            Example(
                "Another file than the usual one",
                command: """
                    integrate config init --config draft.json5
                    integrate config check --config draft.json5
                    """),
        ])

    static func parse(_ arguments: ParsedArguments) throws {}

    static func run(_ options: Void, _ environment: Environment) async throws {
        let place = try environment.settingsPath()
        let file = try SettingsFile(path: place.path, isRequired: place.isNamed)
        for profile in file.profiles.keys.sorted() {
            let settings = try environment.settings(profile: profile)
            for vendor in file.profiles[profile, default: [:]].keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                try settings.resolve(vendor).checkValues()
            }
        }
        let count = file.profiles.count
        environment.output.note(
            access(place.path, F_OK) == 0
                ? "\(place.path): \(count == 1 ? "1 profile" : "\(count) profiles"), no fault"
                : "there is no settings file; it would be \(place.path)")
    }
}

/// `config show`: the effective settings, each with where it comes from.
enum ConfigShowCommand: Subcommand {
    static let path = ["config", "show"]
    static let command = Command(
        name: "show", summary: "Show the effective settings and where each comes from, secrets masked",
        standardOutput: "a line a setting; with --json an object a setting",
        exitCodes: [(0, "shown"), (78, "the settings file is wrong")],
        examples: [
            Example("Which value wins", command: "integrate config show"),
            Example("For a script, a setting a line", command: "integrate config show --json"),
        ])

    static func parse(_ arguments: ParsedArguments) throws {}

    private struct Entry: Encodable {
        var setting: String
        var value: String
        var source: String
    }

    static func run(_ options: Void, _ environment: Environment) async throws {
        let settings = try environment.settings()
        for vendor in Vendor.allCases {
            let resolved = try settings.resolve(vendor)
            for specification in SettingCatalog.settings(of: vendor) {
                guard let setting = resolved.values[specification.key] else { continue }
                let value = specification.isSecret ? Masker.mask : environment.masker.mask(setting.value)
                let name = "\(vendor.rawValue).\(specification.key)"
                if environment.globals.isJSON {
                    try environment.output.json(
                        Entry(setting: name, value: value, source: setting.source.description))
                } else {
                    try environment.output.line("\(name) = \(value)  (\(setting.source.description))")
                }
            }
        }
    }
}
