import Foundation
import HTTPCore

/// Where this user's files are (XDG base directories).
struct Paths: Sendable {
    /// The settings file, unless `--config` or `INTEGRATE_CONFIG` names another.
    let settingsFile: String
    /// `$XDG_CACHE_HOME/integrate`: tokens, and bodies while they are sent.
    let cache: String
    /// `$XDG_STATE_HOME/integrate`: credentials, uploads, limits.
    let state: String

    var tokens: String { cache + "/tokens" }
    var outgoing: String { cache + "/outgoing" }
    var credentials: String { state + "/credentials" }
    var uploads: String { state + "/uploads" }
    var journals: String { state + "/journals" }
    var limits: String { state + "/limits" }

    init(variables: [String: String]) throws(Failure) {
        let home = variables["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? Self.homeOfUser()
        func base(_ name: String, _ folder: String) throws(Failure) -> String {
            // The specification has relative paths ignored.
            if let path = variables[name], path.hasPrefix("/") { return path + "/integrate" }
            guard let home else {
                throw Failure(
                    .configuration, "there is no home folder to keep files in", hint: "set HOME or \(name)")
            }
            return "\(home)/\(folder)/integrate"
        }
        settingsFile = try base("XDG_CONFIG_HOME", ".config") + "/config.json5"
        cache = try base("XDG_CACHE_HOME", ".cache")
        state = try base("XDG_STATE_HOME", ".local/state")
    }

    private static func homeOfUser() -> String? {
        guard let entry = getpwuid(geteuid()), let home = entry.pointee.pw_dir else { return nil }
        let path = String(cString: home)
        return path.hasPrefix("/") ? path : nil
    }
}
