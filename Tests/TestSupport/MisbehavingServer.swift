import Foundation
import Synchronization

/// A loopback HTTP/1.1 server that breaks its word as told: a script looks at each request and says what happens to it.
///
/// One thread a connection. It keeps what it received, so that a test can say what did and what did not arrive.
package final class MisbehavingServer: Sendable {
    /// A request as it arrived.
    package struct Received: Sendable {
        /// 0 for the first connection.
        package var connection: Int
        /// 0 for the first request of all.
        package var number: Int
        package var method: String
        package var target: String
        /// In order, names as they were spelled.
        package var fields: [(name: String, value: String)]
        package var bodyLength: Int
        /// ``MisbehavingServer/checksum(_:)`` of the body.
        package var bodyChecksum: String
        /// The body's beginning, at most a mebibyte.
        package var body: Data

        /// The target up to its query.
        package var path: String { String(target.prefix { $0 != "?" }) }

        /// The first value of `name`, whatever its case.
        package subscript(name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// What happens to a request that was read.
    package indirect enum Behaviour: Sendable {
        /// A complete answer. The fields are sent as they are; `Content-Length` is added.
        case answer(Int, fields: [(String, String)] = [], body: Data = Data())
        /// 200 and the request as JSON: method, target, fields, length, checksum, connection.
        case echo
        /// These bytes, whatever they are; then the connection is closed.
        case raw(Data)
        /// The connection is reset.
        case reset
        /// The connection is closed without a byte.
        case close
        /// The connection is closed in the middle of a header field.
        case cutInsideHeaders
        /// `sent` of `announced` bytes, then the connection is closed.
        case cutInsideBody(sent: Int, announced: Int)
        /// The body one byte at a time.
        case drip(count: Int, interval: Duration)
        /// Nothing for a while, then what is named.
        case late(Duration, Behaviour)
        /// An answer that keeps the connection, which is closed the given time after it.
        case closeAfter(Duration, Behaviour)
        /// An answer that keeps the connection, which is reset as soon as the next request begins to arrive.
        case resetOnNextRequest(Behaviour)
        /// A body of that many bytes.
        case big(bytes: Int)
    }

    /// What happens to a connection before anything is read from it.
    package enum Welcome: Sendable {
        case serve
        /// These bytes at once, then closed.
        case greet(Data)
        /// Reset once a byte is there to be read, none of which is read.
        case reset
    }

    struct State {
        var connections: [Int32: Int] = [:]
        var connectionCount = 0
        var requests: [Received] = []
        var isStopped = false
    }

    let state = Mutex(State())
    private let listener: Int32
    private let welcome: @Sendable (_ connection: Int) -> Welcome
    let script: @Sendable (Received) -> Behaviour

    /// The port, chosen by the system.
    package let port: Int

    /// Begins to listen on 127.0.0.1.
    package init(
        welcome: @escaping @Sendable (_ connection: Int) -> Welcome = { _ in .serve },
        script: @escaping @Sendable (Received) -> Behaviour = { _ in .echo }
    ) throws {
        self.welcome = welcome
        self.script = script
        listener = Loopback.socket()
        port = try Loopback.bind(listener)
        guard listen(listener, 1024) == 0 else { throw SpawnError(code: errno) }
        Thread.detachNewThread { [weak self, listener] in
            while Loopback.isReadable(listener, within: .milliseconds(50)) != nil {
                let connection = accept(listener, nil, nil)
                guard let self, connection >= 0 else { break }
                self.admit(connection)
            }
            Foundation.close(listener)
        }
    }

    deinit {
        stop()
    }

    /// Closes every connection and refuses new ones.
    package func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
            for descriptor in state.connections.keys { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// `http://127.0.0.1:port`.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// Every request that was read whole, in order of arrival.
    package var requests: [Received] { state.withLock { $0.requests } }

    /// How many connections were accepted.
    package var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// A port of 127.0.0.1 on which nothing listens.
    package static func closedPort() throws -> Int {
        let socket = Loopback.socket()
        defer { Foundation.close(socket) }
        return try Loopback.bind(socket)
    }

    /// FNV-1a over 64 bits, in hexadecimal: enough to tell that bytes arrived as they were sent.
    package static func checksum(_ data: Data) -> String {
        var sum = Checksum()
        sum.add(data)
        return sum.description
    }

    private func admit(_ descriptor: Int32) {
        let number = state.withLock { state -> Int? in
            guard !state.isStopped else { return nil }
            state.connections[descriptor] = state.connectionCount
            state.connectionCount += 1
            return state.connectionCount - 1
        }
        guard let number else {
            Foundation.close(descriptor)
            return
        }
        Thread.detachNewThread { [weak self] in
            let connection = ServerConnection(descriptor: descriptor, number: number)
            switch self?.welcome(number) {
            case .reset:
                connection.waitForByte()
                connection.resetOnClose()
            case .greet(let bytes):
                connection.send(bytes)
                connection.waitForByte()
            case .serve:
                while let server = self, server.serve(connection) {}
            case nil: break
            }
            self?.state.withLock { $0.connections[descriptor] = nil }
            Foundation.close(descriptor)
        }
    }
}

/// The sum behind ``MisbehavingServer/checksum(_:)``, for bodies that arrive in parts.
struct Checksum: CustomStringConvertible {
    private var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    var description: String { String(value, radix: 16) }
}

/// Sockets on 127.0.0.1.
enum Loopback {
    static func socket() -> Int32 {
        #if os(Linux)
            let descriptor = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #else
            let descriptor = Foundation.socket(AF_INET, SOCK_STREAM, 0)
        #endif
        return descriptor
    }

    /// Binds to a port that the system chooses, and returns it.
    static func bind(_ descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Foundation.bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else { throw SpawnError(code: errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Waits, again and again, until there is something to read or to accept; nil when the socket is gone.
    static func isReadable(_ descriptor: Int32, within slice: Duration) -> Bool? {
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = poll(&entry, 1, Int32(slice.components.attoseconds / 1_000_000_000_000_000))
            if count < 0, errno != EINTR { return nil }
            if count > 0 { return entry.revents & Int16(POLLNVAL | POLLERR) == 0 ? true : nil }
        }
    }
}
