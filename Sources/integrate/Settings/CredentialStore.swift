import Authorization
import Foundation
import HTTPCore

/// Secrets that `auth login` stored: one file, mode 0600, by profile, vendor and setting.
struct CredentialStore: Sendable {
    private typealias Content = [String: [String: [String: String]]]

    let path: String

    /// What is stored for `vendor` in `profile`.
    func read(profile: String, vendor: Vendor) throws(Failure) -> [String: Secret] {
        try content()[profile]?[vendor.rawValue]?.mapValues(Secret.init) ?? [:]
    }

    /// Replaces what is stored for `vendor` in `profile`; nothing removes it.
    ///
    /// - Returns: Whether anything was stored before.
    @discardableResult
    func replace(profile: String, vendor: Vendor, with secrets: [String: Secret]) throws(Failure) -> Bool {
        do {
            try PrivateDirectory.create(parentFolder(of: path))
            return try FileLock.withLockedFile(path + ".lock") { _ in
                var content = try content()
                let had = content[profile]?[vendor.rawValue]?.isEmpty == false
                guard had || !secrets.isEmpty else { return false }
                content[profile, default: [:]][vendor.rawValue] =
                    secrets.isEmpty ? nil : secrets.mapValues { $0.reveal() }
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                try AtomicFile.write(try encoder.encode(content), to: path, mode: 0o600)
                return had
            }
        } catch let failure as Failure {
            throw failure
        } catch let error as FileError {
            throw Failure(.cannotCreateOutput, "the credentials cannot be stored: \(error.message)")
        } catch {
            throw Failure(.cannotCreateOutput, "the credentials cannot be stored in \(path)")
        }
    }

    private func content() throws(Failure) -> Content {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return [:] }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw Failure(
                .configuration, "the stored credentials \(path) can be read by others", hint: "chmod 600 \(path)")
        }
        guard let data = try? handle.readToEnd(), let content = try? JSONDecoder().decode(Content.self, from: data)
        else {
            throw Failure(
                .configuration, "the stored credentials \(path) cannot be read",
                hint: "remove the file and run integrate auth login again")
        }
        return content
    }
}
