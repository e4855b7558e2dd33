import Authorization
import Delivery
import Foundation
import HTTPCore
import VendorAPIs

/// What is known about an upload, kept so that `poll` and `fetch-results` go on from it, in this process or another.
struct UploadRecord: Codable, Sendable {
    var v = 1
    /// The processing token.
    var token: String
    /// The data set's name.
    var name: String
    /// The uploaded file as the user gave it, and where that was.
    var file: String
    var directory: String
    var rows: Int
    var uploadedAt: Double
    /// From the rows that feedback counts to the lines of the file.
    var lineMap: LineMap
    /// How the file was to be read, so that feedback finds the value in its line.
    var delimiter: UInt8
    var encoding: String
}

/// Uploads in the state directory: a file a token, and one for the newest of each destination.
struct UploadRecords: Sendable {
    /// A record is of no use once the vendor has forgotten the upload.
    private static let longestKept: Double = 90 * 86_400

    let directory: String
    /// What tells destinations apart: profile, API and client.
    let destination: String

    /// Stores `record`, and that it is the newest.
    func store(_ record: UploadRecord) throws(FileError) {
        try PrivateDirectory.create(directory)
        removeOld(before: record.uploadedAt - Self.longestKept)
        guard let data = try? JSONEncoder().encode(record) else { return }
        try AtomicFile.write(data, to: path(of: record.token), mode: 0o600)
        try AtomicFile.write(Data(record.token.utf8), to: newestPath, mode: 0o600)
    }

    /// The record of `token`, if this machine uploaded it.
    func record(of token: ProcessingToken) -> UploadRecord? {
        guard let data = FileManager.default.contents(atPath: path(of: token.description)) else { return nil }
        return try? JSONDecoder().decode(UploadRecord.self, from: data)
    }

    /// The token of the newest upload to this destination.
    func newest() -> ProcessingToken? {
        FileManager.default.contents(atPath: newestPath).flatMap {
            ProcessingToken(String(decoding: $0, as: UTF8.self))
        }
    }

    private func path(of token: String) -> String { "\(directory)/\(token.lowercased()).json" }

    private var newestPath: String {
        "\(directory)/newest-" + Array(SHA256.hash(Array(destination.utf8))[..<8]).hexEncoded
    }

    private func removeOld(before time: Double) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else { return }
        for name in names where name.hasSuffix(".json") {
            var status = stat()
            let path = "\(directory)/\(name)"
            if stat(path, &status) == 0, Double(status.st_mtim.tv_sec) < time { unlink(path) }
        }
    }
}
