import Arguments
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The least that sends events with URLSession: so many tasks at once, each started by the end of another. No signature,
/// no journal, no check of the file, no retries.
enum URLSessionWorker: Benchmark {
    private static let url = Positional("URL", .string, help: "Where to")
    private static let file = Positional("FILE", .path, help: "An event a line")
    private static let width = Option("width", .integer(in: 1...1_000), placeholder: "N", help: "Requests at once")

    static var command: Command {
        Command(
            name: "urlsession", summary: "A bare URLSession loop", positionals: [url, file],
            optionGroups: [OptionGroup("Loop", [width])], isHidden: true)
    }

    static func run(_ arguments: ParsedArguments) throws {
        guard let url = URL(string: try arguments.require(url)) else { throw BenchmarkError("no URL") }
        let lines = try Data(contentsOf: URL(fileURLWithPath: try arguments.require(file)))
            .split(separator: UInt8(ascii: "\n"))
        let loop = Loop(url: url, lines: lines, width: arguments[width] ?? 16)
        guard loop.run() == lines.count else { throw BenchmarkError("not every event was taken") }
    }

    private final class Loop: Sendable {
        private struct State {
            var next = 0
            var taken = 0
        }

        private let url: URL
        private let lines: [Data]
        private let width: Int
        private let session: URLSession
        private let state = Mutex(State())
        private let group = DispatchGroup()

        init(url: URL, lines: [Data], width: Int) {
            self.url = url
            self.lines = lines
            self.width = width
            let configuration = URLSessionConfiguration.ephemeral
            configuration.httpMaximumConnectionsPerHost = width
            session = URLSession(configuration: configuration)
        }

        /// Sends all lines; returns how many were answered with 200.
        func run() -> Int {
            for _ in 0..<width {
                group.enter()
                sendNext()
            }
            group.wait()
            return state.withLock { $0.taken }
        }

        private func sendNext() {
            let index = state.withLock { state in
                defer { state.next += 1 }
                return state.next
            }
            guard index < lines.count else { return group.leave() }
            var request = URLRequest(url: url)
            request.httpMethod = "POST"
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.setValue("application/json", forHTTPHeaderField: "Accept")
            var body = Data("{\"data\":".utf8)
            body.append(lines[index])
            body.append(Data(",\"group_key\":\"\(Forwarder.groupKey)\"}".utf8))
            request.httpBody = body
            session.dataTask(with: request) { [self] _, response, _ in
                if (response as? HTTPURLResponse)?.statusCode == 200 { state.withLock { $0.taken += 1 } }
                sendNext()
            }.resume()
        }
    }
}
