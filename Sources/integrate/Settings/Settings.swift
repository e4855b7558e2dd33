import Authorization
import Foundation
import HTTPCore

/// Where a setting's value comes from.
enum SettingSource: Sendable, Equatable {
    case environment(String)
    case profile(String, file: String)
    case stored(String)
    case fallback

    var description: String {
        switch self {
        case .environment(let name): "environment \(name)"
        case .profile(let name, let file): "profile \(name) in \(file)"
        case .stored(let path): "stored in \(path)"
        case .fallback: "default"
        }
    }
}

extension SettingSource {
    /// What values that belong together have in common.
    enum Kind: Sendable, Equatable {
        /// `isForeign` where the name is another tool's: `AWS_ACCESS_KEY_ID`.
        case environment(isForeign: Bool)
        case profile, stored, fallback
    }

    var kind: Kind {
        switch self {
        case .environment(let name): .environment(isForeign: !name.hasPrefix("INTEGRATE_"))
        case .profile: .profile
        case .stored: .stored
        case .fallback: .fallback
        }
    }
}

extension SettingSpecification {
    /// The environment variable of a value from `source`: where it is, or where it would be looked for first.
    func name(from source: SettingSource) -> String {
        if case .environment(let name) = source { name } else { environment[0] }
    }
}

/// A setting with its value.
struct Setting: Sendable {
    var specification: SettingSpecification
    var value: String
    var source: SettingSource
}

/// The effective settings: environment, then the profile in the settings file, then what `auth login` stored, then defaults.
struct Settings: Sendable {
    let profile: String
    let file: SettingsFile
    let credentials: CredentialStore
    private let variables: [String: String]
    private let masker: Masker

    init(
        profile: String, isProfileNamed: Bool, file: SettingsFile, credentials: CredentialStore,
        variables: [String: String], masker: Masker
    ) throws(Failure) {
        if isProfileNamed, profile != "default", file.profiles[profile] == nil {
            let known = file.profiles.keys.sorted()
            throw Failure(
                .configuration, "there is no profile '\(profile)' in \(file.path)",
                hint: known.isEmpty ? nil : "profiles there: \(known.joined(separator: ", "))")
        }
        self.profile = profile
        self.file = file
        self.credentials = credentials
        self.variables = variables
        self.masker = masker
    }

    /// Every setting of `vendor` that has a value. Secrets among them are known to the masker from here on.
    func resolve(_ vendor: Vendor) throws(Failure) -> VendorSettings {
        let stored = try credentials.read(profile: profile, vendor: vendor)
        let inFile = file.profiles[profile]?[vendor] ?? [:]
        var values: [String: Setting] = [:]
        for specification in SettingCatalog.settings(of: vendor) {
            let found: (value: String, source: SettingSource)?
            if let name = specification.environment.first(where: { variables[$0]?.isEmpty == false }) {
                found = (variables[name] ?? "", .environment(name))
            } else if let value = inFile[specification.key] {
                found = (try read(value, of: specification), .profile(profile, file: file.path))
            } else if let secret = stored[specification.key] {
                found = (secret.reveal(), .stored(credentials.path))
            } else {
                found = specification.fallback.map { ($0, .fallback) }
            }
            guard let found, !found.value.isEmpty else { continue }
            if specification.isSecret { masker.register(found.value, as: specification.name(from: found.source)) }
            values[specification.key] = Setting(
                specification: specification, value: found.value, source: found.source)
        }
        return VendorSettings(vendor: vendor, profile: profile, values: values)
    }

    private func read(_ value: SettingValue, of specification: SettingSpecification) throws(Failure) -> String {
        let place = "profiles.\(profile).\(specification.vendor.rawValue).\(specification.key) in \(file.path)"
        switch value {
        case .text(let text): return text
        case .environment(let name):
            guard let text = variables[name], !text.isEmpty else {
                throw Failure(
                    .configuration, vendor: specification.vendor, "\(place) refers to \(name), which is not set")
            }
            return text
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure(
                    .configuration, vendor: specification.vendor, "\(place) refers to \(path), which cannot be read")
            }
            return Self.withoutFinalLineEnd(data)
        case .command(let words):
            do {
                return Self.withoutFinalLineEnd(try SecretCommand.run(words, variables: variables))
            } catch {
                throw Failure(
                    .configuration, vendor: specification.vendor,
                    "\(place) refers to the command \(words[0]), which failed: \(error.reason)")
            }
        }
    }

    private static func withoutFinalLineEnd(_ data: Data) -> String {
        var text = String(decoding: data, as: UTF8.self)
        while let last = text.unicodeScalars.last, last == "\n" || last == "\r" { text.unicodeScalars.removeLast() }
        return text
    }
}

/// One vendor's effective settings.
struct VendorSettings: Sendable {
    let vendor: Vendor
    let profile: String
    let values: [String: Setting]

    subscript(key: String) -> String? { values[key]?.value }

    /// Checks that every one of `keys` has a value, and names all that have none at once.
    func require(_ keys: [String]) throws(Failure) {
        let missing = SettingCatalog.settings(of: vendor).filter { keys.contains($0.key) && values[$0.key] == nil }
        guard !missing.isEmpty else { return }
        let names = missing.map { "\($0.key) (\($0.environment[0]))" }.joined(separator: ", ")
        throw Failure(
            .configuration, vendor: vendor,
            "\(vendor.title) needs \(missing.count == 1 ? "a setting that is" : "settings that are") missing: \(names)",
            hint: "set the environment, or profile \(profile) in the settings file; to try without an account: "
                + "integrate sandbox -- COMMAND")
    }

    /// The text of a setting that ``require(_:)`` found.
    func text(_ key: String) throws(Failure) -> String {
        try require([key])
        return values[key]?.value ?? ""
    }

    /// Checks that each value is one of its kind: URLs, numbers, choices.
    func checkValues() throws(Failure) {
        for key in values.keys.sorted() {
            guard let setting = values[key] else { continue }
            switch setting.specification.kind {
            case .text, .secret: break
            case .baseURL, .endpoint: _ = try url(key)
            case .integer: _ = try integer(key)
            case .choice(let choices):
                guard choices.contains(setting.value) else {
                    throw wrong(setting, "must be \(choices.joined(separator: " or "))")
                }
            }
        }
    }

    /// The number of an integer setting.
    func integer(_ key: String) throws(Failure) -> Int {
        let text = try text(key)
        guard let setting = values[key], case .integer(let range) = setting.specification.kind else { return 0 }
        guard let number = Int(text), range.contains(number) else {
            throw wrong(setting, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func wrong(_ setting: Setting, _ problem: String) -> Failure {
        Failure(
            .configuration, vendor: vendor,
            "\(setting.specification.key) (\(setting.source.description)) \(problem), not \(setting.value)")
    }

    func secret(_ key: String) throws(Failure) -> Secret { Secret(try text(key)) }

    /// A URL setting, as a base or as a whole endpoint by its kind.
    func url(_ key: String) throws(Failure) -> BaseURL {
        let text = try text(key)
        do throws(BaseURL.ParseError) {
            return values[key]?.specification.kind == .endpoint ? try BaseURL(endpoint: text) : try BaseURL(text)
        } catch {
            let source = values[key]?.source.description ?? ""
            throw Failure(
                .configuration, vendor: vendor, "\(key) (\(source)): the URL \(error.message)")
        }
    }
}
