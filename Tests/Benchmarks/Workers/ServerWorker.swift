import Arguments
import Foundation

/// An HTTP/1.1 server on one thread that takes whatever it is sent and answers what the clients here expect.
///
/// It prints its port, serves until standard input is closed, and prints how many requests and bytes of bodies it took.
enum ServerWorker: Benchmark {
    private static let delay = Option(
        "delay", .integer(in: 0...60_000), placeholder: "MS", help: "Milliseconds before each answer")

    static var command: Command {
        Command(
            name: "server", summary: "The server that the benchmarks talk to",
            optionGroups: [OptionGroup("Server", [delay])],
            isHidden: true)
    }

    static func run(_ arguments: ParsedArguments) throws {
        var server = try PollingServer(delay: .milliseconds(arguments[delay] ?? 0))
        try FileHandle.standardOutput.write(contentsOf: Data("\(server.port)\n".utf8))
        server.serve(until: STDIN_FILENO)
        try FileHandle.standardOutput.write(contentsOf: Data("\(server.requests) \(server.bodyBytes)\n".utf8))
    }
}

/// The server's loop over `poll(2)`.
private struct PollingServer {
    private struct Connection {
        var head: [UInt8] = []
        /// What is still to come of the body of the request under way; nil between requests.
        var remaining: Int?
        var answer: [UInt8] = []
        var closes = false
    }

    private struct Due {
        var time: ContinuousClock.Instant
        var descriptor: Int32
        var connection: Int
    }

    let port: Int
    private(set) var requests = 0
    private(set) var bodyBytes = 0
    private let listener: Int32
    private let delay: Duration
    private var connections: [Int32: (number: Int, state: Connection)] = [:]
    private var lastNumber = 0
    /// All answers wait equally long, so the first in is the first out.
    private var due: [Due] = []
    private var firstDue = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)

    init(delay: Duration) throws {
        self.delay = delay
        #if canImport(Darwin)
            listener = socket(AF_INET, SOCK_STREAM, 0)
        #else
            listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { [listener] address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 1_024) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw BenchmarkError("the server cannot listen") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    mutating func serve(until end: Int32) {
        var polled: [pollfd] = []
        while true {
            polled.removeAll(keepingCapacity: true)
            polled.append(pollfd(fd: end, events: Int16(POLLIN), revents: 0))
            polled.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
            for descriptor in connections.keys {
                polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            }
            wait(&polled)
            if polled[0].revents != 0 { return }
            if polled[1].revents != 0 { accept() }
            for entry in polled[2...] where entry.revents != 0 { receive(entry.fd) }
            answerWhatIsDue()
        }
    }

    private func wait(_ polled: inout [pollfd]) {
        guard firstDue < due.count else {
            poll(&polled, nfds_t(polled.count), -1)
            return
        }
        let left = max(.zero, ContinuousClock.now.duration(to: due[firstDue].time)).components
        // Rounded up: an answer is never early.
        poll(
            &polled, nfds_t(polled.count), Int32(left.seconds * 1_000 + left.attoseconds / 1_000_000_000_000_000 + 1))
    }

    private mutating func accept() {
        let descriptor = Foundation.accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        lastNumber += 1
        connections[descriptor] = (lastNumber, Connection())
    }

    private mutating func receive(_ descriptor: Int32) {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        guard count > 0 else {
            close(descriptor)
            connections[descriptor] = nil
            return
        }
        var bytes = buffer[..<count]
        while !bytes.isEmpty, connections[descriptor] != nil { take(&bytes, descriptor) }
    }

    /// Takes from `bytes` what completes the head or the body that is due.
    private mutating func take(_ bytes: inout Slice<UnsafeMutableRawBufferPointer>, _ descriptor: Int32) {
        guard let remaining = connections[descriptor]?.state.remaining else {
            return takeHead(&bytes, descriptor)
        }
        let taken = min(remaining, bytes.count)
        bytes = bytes.dropFirst(taken)
        bodyBytes += taken
        connections[descriptor]?.state.remaining = remaining - taken
        if remaining == taken { finish(descriptor) }
    }

    private mutating func takeHead(_ bytes: inout Slice<UnsafeMutableRawBufferPointer>, _ descriptor: Int32) {
        guard var state = connections[descriptor]?.state else { return }
        let searched = max(0, state.head.count - 3)
        let before = state.head.count
        state.head += bytes
        guard let end = Self.endOfHead(state.head, from: searched) else {
            bytes = bytes.suffix(0)
            connections[descriptor]?.state = state
            return
        }
        bytes = bytes.dropFirst(end - before)
        let head = String(decoding: state.head[..<end], as: UTF8.self).lowercased()
        state.head.removeAll(keepingCapacity: true)
        state.remaining = Self.field("content-length", in: head).flatMap { Int($0) } ?? 0
        state.closes = Self.field("connection", in: head) == "close"
        state.answer = Self.answer(to: head, closes: state.closes)
        connections[descriptor]?.state = state
        if Self.field("expect", in: head) == "100-continue" {
            Self.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), descriptor)
        }
        if state.remaining == 0 { finish(descriptor) }
    }

    private mutating func finish(_ descriptor: Int32) {
        guard let number = connections[descriptor]?.number else { return }
        requests += 1
        connections[descriptor]?.state.remaining = nil
        if delay == .zero { return answer(descriptor) }
        due.append(Due(time: .now + delay, descriptor: descriptor, connection: number))
    }

    private mutating func answerWhatIsDue() {
        guard firstDue < due.count else { return }
        let now = ContinuousClock.now
        while firstDue < due.count, due[firstDue].time <= now {
            let next = due[firstDue]
            firstDue += 1
            if connections[next.descriptor]?.number == next.connection { answer(next.descriptor) }
        }
        if firstDue > 4_096 {
            due.removeFirst(firstDue)
            firstDue = 0
        }
    }

    private mutating func answer(_ descriptor: Int32) {
        guard let state = connections[descriptor]?.state else { return }
        Self.send(state.answer, descriptor)
        if state.closes {
            close(descriptor)
            connections[descriptor] = nil
        }
    }

    /// The answers are smaller than any socket's buffer.
    private static func send(_ bytes: [UInt8], _ descriptor: Int32) {
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    private static func endOfHead(_ head: [UInt8], from start: Int) -> Int? {
        guard head.count >= 4 else { return nil }
        for index in start..<(head.count - 3)
        where head[index] == 13 && head[index + 1] == 10 && head[index + 2] == 13 && head[index + 3] == 10 {
            return index + 4
        }
        return nil
    }

    private static func field(_ name: String, in head: String) -> Substring? {
        let utf8 = head.utf8
        guard let start = head.range(of: "\r\n\(name): ")?.upperBound,
            let end = utf8[start...].firstIndex(of: UInt8(ascii: "\r"))
        else { return nil }
        return head[start..<end]
    }

    private static func answer(to head: String, closes: Bool) -> [UInt8] {
        let body =
            if head.hasPrefix("post /connect/token") {
                #"{"access_token":"benchmark","token_type":"Bearer","expires_in":3600}"#
            } else if head.hasPrefix("post /api/uploaddata") {
                #""1b4e28ba-2fa1-11d2-883f-0016d3cca427""#
            } else {
                #"{"success":true,"messages":[],"requestId":"1b4e28ba-2fa1-11d2-883f-0016d3cca427"}"#
            }
        let connection = closes ? "Connection: close\r\n" : ""
        let fields = "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\(connection)"
        return Array("HTTP/1.1 200 OK\r\n\(fields)\r\n\(body)".utf8)
    }
}
