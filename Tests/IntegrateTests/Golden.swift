import Foundation
import Testing

/// Texts that are kept in files, one file a text, so that a change of what users read is seen in a review.
///
/// To record them anew after a change that is wanted:
///
///     INTEGRATE_RECORD=1 swift test --filter 'Golden|Documentation'
enum Golden {
    /// The tests' own folder: recording writes to the sources, not to the copy that the build made.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    static let repository = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static var isRecording: Bool { ProcessInfo.processInfo.environment["INTEGRATE_RECORD"] == "1" }

    /// Compares `text` with the file `name`, or writes that.
    static func expect(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = folder.appendingPathComponent(name)
        if isRecording {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            return
        }
        let recorded = try? String(contentsOf: file, encoding: .utf8)
        #expect(
            recorded == text, "Golden/\(name) is stale or missing: INTEGRATE_RECORD=1 swift test --filter Golden",
            sourceLocation: sourceLocation)
    }

    /// The names of the files there.
    static var recorded: Set<String> {
        Set(((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") })
    }
}
