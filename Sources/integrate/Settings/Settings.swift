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
            switch source(of: specification, inFile: inFile, stored: stored) {
            case .environment(let name): found = (variables[name] ?? "", .environment(name))
            case .profile(let name, let file):
                guard let value = inFile[specification.key] else { continue }
                found = (try read(value, of: specification), .profile(name, file: file))
            case .stored(let path): found = stored[specification.key].map { ($0.reveal(), .stored(path)) }
            case .fallback: found = specification.fallback.map { ($0, .fallback) }
            case nil: found = nil
            }
            guard let found, !found.value.isEmpty else { continue }
            if specification.isSecret { masker.register(found.value, as: specification.name(from: found.source)) }
            values[specification.key] = Setting(
                specification: specification, value: found.value, source: found.source)
        }
        return VendorSettings(vendor: vendor, profile: profile, values: values)
    }

    /// Where each setting of `vendor` comes from, without looking up any value: no reference is followed, no command is run.
    func sources(of vendor: Vendor) throws(Failure) -> [(key: String, source: SettingSource)] {
        let stored = try credentials.read(profile: profile, vendor: vendor)
        let inFile = file.profiles[profile]?[vendor] ?? [:]
        return SettingCatalog.settings(of: vendor).compactMap { specification in
            source(of: specification, inFile: inFile, stored: stored).map { (specification.key, $0) }
        }
    }

    private func source(
        of specification: SettingSpecification, inFile: [String: SettingValue], stored: [String: Secret]
    ) -> SettingSource? {
        if let name = specification.environment.first(where: { variables[$0]?.isEmpty == false }) {
            return .environment(name)
        }
        if inFile[specification.key] != nil { return .profile(profile, file: file.path) }
        if stored[specification.key] != nil { return .stored(credentials.path) }
        return specification.fallback == nil ? nil : .fallback
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

    /// Whether anything is set by somebody.
    var isConfigured: Bool { values.values.contains { $0.source != .fallback } }

    /// Checks that every one of `keys` has a value, and names all that have none at once.
    ///
    /// - Parameter alternatives: Settings of which exactly one must have a value.
    func require(_ keys: [String], oneOf alternatives: [String] = []) throws(Failure) {
        func name(_ setting: SettingSpecification) -> String { "\(setting.key) (\(setting.environment[0]))" }
        let all = SettingCatalog.settings(of: vendor)
        var missing = all.filter { keys.contains($0.key) && values[$0.key] == nil }.map(name)
        let given = alternatives.compactMap { values[$0] }
        if given.count > 1 {
            let both = given.map { "\($0.specification.key) (\($0.source.description))" }
            throw Failure(
                .configuration, vendor: vendor,
                "\(vendor.title) takes one of these settings, not both: \(both.joined(separator: ", "))",
                hint: "remove one of them")
        }
        if given.isEmpty, !alternatives.isEmpty {
            missing.insert(all.filter { alternatives.contains($0.key) }.map(name).joined(separator: " or "), at: 0)
        }
        guard !missing.isEmpty else { return }
        let names = missing.joined(separator: ", ")
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
            case .choice: _ = try choice(key)
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

    /// The value of a setting that is one of a few.
    func choice(_ key: String) throws(Failure) -> String {
        let text = try text(key)
        guard let setting = values[key], case .choice(let choices) = setting.specification.kind else { return text }
        guard choices.contains(text) else { throw wrong(setting, "must be \(choices.joined(separator: " or "))") }
        return text
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
