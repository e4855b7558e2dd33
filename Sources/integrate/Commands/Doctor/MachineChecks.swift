import Arguments
import Foundation
import HTTPCore

/// What `doctor` says about this machine, whatever the vendor: the program, its files, proxies, certificates.
struct MachineChecks {
    let environment: Environment

    var program: Check {
        var parts = [CommandTable.tree.version]
        let runtime = _SwiftStdlibVersion.current
        parts.append("Swift runtime \(runtime)")
        if let curl = Self.curlVersion { parts.append(curl) }
        return Check("program", "versions", .ok, parts.joined(separator: ", "))
    }

    /// What libcurl says of itself; URLSession on Linux has it loaded.
    private static var curlVersion: String? {
        #if os(Linux)
            typealias VersionFunction = @convention(c) () -> UnsafePointer<CChar>?
            guard let symbol = dlsym(nil, "curl_version"),
                let text = unsafeBitCast(symbol, to: VersionFunction.self)()
            else { return nil }
            return String(cString: text).split(separator: " ").prefix(2).joined(separator: " ")
        #else
            return nil
        #endif
    }

    /// The settings file, the stored credentials, the cached tokens, and whether state can be kept.
    func files() throws(Failure) -> [Check] {
        let paths = try environment.paths()
        return [settingsFile(try environment.settingsPath())]
            + [privateFile(paths.credentials, name: "credentials", title: "stored credentials")].compactMap(\.self)
            + [tokens(paths.tokens)].compactMap(\.self)
            + [("state", paths.state), ("cache", paths.cache)].compactMap { Self.folder($0.0, $0.1) }
    }

    private func settingsFile(_ place: (path: String, isNamed: Bool)) -> Check {
        do throws(Failure) {
            let file = try SettingsFile(path: place.path, isRequired: place.isNamed)
            guard let mode = Self.mode(of: place.path) else {
                return Check("files", "settings", .ok, "no settings file (it would be \(place.path))")
            }
            let count = file.profiles.count
            return Check(
                "files", "settings", .ok,
                "settings file \(place.path), mode \(mode.octal), \(count == 1 ? "1 profile" : "\(count) profiles")")
        } catch {
            return .failed("files", "settings", error)
        }
    }

    private func privateFile(_ path: String, name: String, title: String) -> Check? {
        guard let mode = Self.mode(of: path) else { return nil }
        guard mode & 0o077 == 0 else {
            return .failed(
                "files", name, .configuration, "\(title) \(path) can be read by others (mode \(mode.octal))",
                hint: "chmod 600 \(shellQuoted(path))")
        }
        return Check("files", name, .ok, "\(title) \(path), mode \(mode.octal)")
    }

    private func tokens(_ folder: String) -> Check? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        let files = names.filter { !$0.hasSuffix(".lock") }.sorted()
        for name in files {
            let path = "\(folder)/\(name)"
            guard let mode = Self.mode(of: path), mode & 0o077 != 0 else { continue }
            return .failed(
                "files", "tokens", .configuration,
                "the cached token \(path) can be read by others (mode \(mode.octal)), so it is not used",
                hint: "rm \(shellQuoted(path))")
        }
        return Check(
            "files", "tokens", .ok,
            "\(files.count == 1 ? "1 cached token" : "\(files.count) cached tokens") in \(folder), private")
    }

    /// A warning where `path` cannot be written or made.
    private static func folder(_ name: String, _ path: String) -> Check? {
        var existing = path
        while access(existing, F_OK) != 0, existing != "/", existing != "." { existing = parentFolder(of: existing) }
        var status = stat()
        let isFolder = stat(existing, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        guard !isFolder || access(existing, W_OK | X_OK) != 0 else { return nil }
        let use = name == "state" ? "journals of standard input, uploads and logins" : "tokens and bodies under way"
        return Check(
            "files", name, .warning, "nothing can be written in \(path): \(use) cannot be kept there",
            hint: "make it writable, or set XDG_\(name.uppercased())_HOME to a folder that is")
    }

    private static func mode(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    var proxies: Check {
        let seen = ProxyVariables(variables: environment.variables).seen
        guard !seen.isEmpty else { return Check("network", "proxy", .ok, "no proxy in the environment") }
        let list = seen.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        return Check("network", "proxy", .ok, "proxies from the environment: \(list)")
    }

    /// The bundles that distributions have libcurl read.
    private static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    var certificates: [Check] {
        #if os(Linux)
            var checks: [Check] = []
            let found = Self.bundles.lazy.compactMap { path in
                FileManager.default.contents(atPath: path).map { (path, $0) }
            }.first
            if let (path, data) = found {
                let count = data.count(of: Data("BEGIN CERTIFICATE".utf8))
                checks.append(Check("network", "certificates", .ok, "\(count) trusted certificates in \(path)"))
            } else {
                checks.append(
                    Check(
                        "network", "certificates", .warning, "no bundle of trusted certificates was found",
                        hint: "install the package ca-certificates"))
            }
            let ignored = [
                "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "URLSessionCertificateAuthorityInfoFile",
            ].filter { name in
                // One that leads to the system's own bundle makes no difference.
                guard let value = environment.variables[name], !value.isEmpty else { return false }
                return found.map { $0.0 != value && parentFolder(of: $0.0) != value } ?? true
            }
            if !ignored.isEmpty {
                checks.append(
                    Check(
                        "network", "certificates", .warning,
                        "without effect, for only the system's certificates are trusted: "
                            + ignored.joined(separator: ", "),
                        hint:
                            "add your CA to the system's: /usr/local/share/ca-certificates, then update-ca-certificates"
                    ))
            }
            return checks
        #else
            return [Check("network", "certificates", .ok, "the system's keychain decides what is trusted")]
        #endif
    }
}

extension mode_t {
    fileprivate var octal: String { "0" + String(self, radix: 8) }
}

extension Data {
    fileprivate func count(of needle: Data) -> Int {
        var count = 0
        var rest = startIndex..<endIndex
        while let range = range(of: needle, in: rest) {
            count += 1
            rest = range.upperBound..<endIndex
        }
        return count
    }
}
