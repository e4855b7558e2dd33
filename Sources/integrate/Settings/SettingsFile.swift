import Arguments
import Foundation
import HTTPCore

/// A value as the settings file holds it.
enum SettingValue: Sendable, Equatable {
    case text(String)
    /// `{ "env": "NAME" }`
    case environment(String)
    /// `{ "file": "/run/secrets/x" }`
    case file(String)
    /// `{ "command": ["pass", "show", "x"] }`
    case command([String])
}

/// The settings file: JSON5, `{ profiles: { NAME: { VENDOR: { KEY: VALUE } } } }`. Every key is checked.
struct SettingsFile: Sendable {
    let path: String
    private(set) var profiles: [String: [Vendor: [String: SettingValue]]] = [:]

    /// Reads the file at `path`; a file that is not there is empty, unless it was asked for by name.
    init(path: String, isRequired: Bool) throws(Failure) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR, !isRequired { return }
            throw Failure(.configuration, "the settings file \(path): \(String(cString: strerror(errno)))")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, let data = try? handle.readToEnd() ?? Data() else {
            throw Failure(.configuration, "the settings file \(path) cannot be read")
        }
        let root: JSON5Value
        do {
            let decoder = JSONDecoder()
            decoder.allowsJSON5 = true
            root = try decoder.decode(JSON5Value.self, from: data)
        } catch {
            throw Self.syntaxFailure(error, path: path)
        }
        profiles = try Self.profiles(in: root, path: path)
        let holdsLiteralSecret = profiles.values.contains { vendors in
            vendors.contains { vendor, values in
                SettingCatalog.settings(of: vendor).contains { specification in
                    guard specification.isSecret, case .text = values[specification.key] else { return false }
                    return true
                }
            }
        }
        if holdsLiteralSecret, status.st_mode & 0o077 != 0 {
            throw Failure(
                .configuration, "the settings file \(path) holds a secret and can be read by others",
                hint: "chmod 600 \(path)")
        }
    }

    private static func syntaxFailure(_ error: any Error, path: String) -> Failure {
        var reason = "not valid JSON5"
        if case DecodingError.dataCorrupted(let context) = error {
            let detail = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
            reason = detail ?? context.debugDescription
        }
        return Failure(.configuration, "the settings file \(path): \(reason)")
    }

    private static func profiles(
        in root: JSON5Value, path: String
    ) throws(Failure) -> [String: [Vendor: [String: SettingValue]]] {
        guard case .object(let top) = root else {
            throw Failure(.configuration, "the settings file \(path) must be an object: { profiles: { ... } }")
        }
        for key in top.keys.sorted() where key != "profiles" {
            throw unknown(key, among: ["profiles"], where: "at the top", path)
        }
        var result: [String: [Vendor: [String: SettingValue]]] = [:]
        for (name, profile) in try members(of: top["profiles"] ?? .object([:]), "profiles", path) {
            var vendors: [Vendor: [String: SettingValue]] = [:]
            for (vendorName, settings) in try members(of: profile, "profiles.\(name)", path) {
                guard let vendor = Vendor(rawValue: vendorName) else {
                    throw unknown(
                        vendorName, among: Vendor.allCases.map(\.rawValue), where: "in profiles.\(name)", path)
                }
                let place = "profiles.\(name).\(vendorName)"
                let known = SettingCatalog.settings(of: vendor).map(\.key)
                for (key, value) in try members(of: settings, place, path) {
                    guard known.contains(key) else { throw unknown(key, among: known, where: "in \(place)", path) }
                    vendors[vendor, default: [:]][key] = try setting(value, "\(place).\(key)", path)
                }
            }
            result[name] = vendors
        }
        return result
    }

    private static func members(
        of value: JSON5Value, _ place: String, _ path: String
    ) throws(Failure) -> [(key: String, value: JSON5Value)] {
        guard case .object(let members) = value else {
            throw Failure(.configuration, "the settings file \(path): \(place) must be an object")
        }
        return members.sorted { $0.key < $1.key }
    }

    private static func unknown(
        _ key: String, among known: [String], where place: String, _ path: String
    ) -> Failure {
        let nearest = Suggestions.nearest(to: key, among: known)
        return Failure(
            .configuration, "the settings file \(path): unknown key '\(key)' \(place)",
            hint: nearest.isEmpty
                ? "known keys: \(known.joined(separator: ", "))" : "did you mean \(Suggestions.quotedList(nearest))?")
    }

    private static func setting(_ value: JSON5Value, _ place: String, _ path: String) throws(Failure) -> SettingValue {
        switch value {
        case .text(let text): return .text(text)
        case .integer(let number): return .text(String(number))
        case .object(let members) where members.count == 1:
            switch members.first {
            case ("env", .text(let name))?: return .environment(name)
            case ("file", .text(let file))?: return .file(file)
            case ("command", .list(let words))?:
                let command = words.compactMap { if case .text(let word) = $0 { word } else { nil } }
                if command.count == words.count, !command.isEmpty { return .command(command) }
            default: break
            }
        default: break
        }
        throw Failure(
            .configuration, "the settings file \(path): \(place) is neither a text nor a reference",
            hint: #"a reference is { env: "NAME" }, { file: "/path" } or { command: ["program", "argument"] }"#)
    }
}

/// Any JSON5 value that the settings file may hold.
private enum JSON5Value: Decodable {
    case text(String)
    case integer(Int)
    case list([JSON5Value])
    case object([String: JSON5Value])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let number = try? container.decode(Int.self) {
            self = .integer(number)
        } else if let list = try? container.decode([JSON5Value].self) {
            self = .list(list)
        } else if let object = try? container.decode([String: JSON5Value].self) {
            self = .object(object)
        } else {
            self = .other
        }
    }
}
