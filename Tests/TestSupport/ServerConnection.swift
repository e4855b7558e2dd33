import Foundation
import Synchronization

/// One connection of a ``MisbehavingServer``: blocking reads and writes on its own thread.
final class ServerConnection {
    let descriptor: Int32
    let number: Int
    private var buffer: [UInt8] = []

    init(descriptor: Int32, number: Int) {
        self.descriptor = descriptor
        self.number = number
        #if !os(Linux)
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Makes the close to come a reset.
    func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
    }

    /// Waits until a byte is there, and leaves it there.
    func waitForByte() {
        var byte: UInt8 = 0
        _ = recv(descriptor, &byte, 1, Int32(MSG_PEEK))
    }

    /// False when the client has gone.
    @discardableResult
    func send(_ data: some Sequence<UInt8>) -> Bool {
        let bytes = Array(data)
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                #if os(Linux)
                    let flags = Int32(MSG_NOSIGNAL)
                #else
                    let flags: Int32 = 0
                #endif
                return Foundation.send(
                    descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset, flags)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    /// The next request; nil when the connection ends before one is whole.
    func receive() -> MisbehavingServer.Received? {
        guard let head = readHead() else { return nil }
        let lines = head.components(separatedBy: "\r\n").filter { !$0.isEmpty }
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        let fields = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
        var received = MisbehavingServer.Received(
            connection: number, number: 0, method: String(words[0]), target: String(words[1]), fields: fields,
            bodyLength: 0, bodyChecksum: "", body: Data())
        if received["Expect"] != nil { send(Data("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        guard readBody(of: &received) else { return nil }
        return received
    }

    private func readHead() -> String? {
        let end = Array("\r\n\r\n".utf8)
        var searched = 0
        while true {
            if buffer.count >= 4 {
                for start in searched...(buffer.count - 4) where buffer[start..<(start + 4)].elementsEqual(end) {
                    let head = String(decoding: buffer[..<start], as: UTF8.self)
                    buffer.removeFirst(start + 4)
                    return head
                }
                searched = buffer.count - 3
            }
            guard let more = readSome() else { return nil }
            buffer += more
        }
    }

    private func readBody(of received: inout MisbehavingServer.Received) -> Bool {
        var sum = Checksum()
        func take(_ part: ArraySlice<UInt8>) {
            sum.add(part)
            received.bodyLength += part.count
            received.body.append(contentsOf: part.prefix(max(0, (1 << 20) - received.body.count)))
        }
        if received["Transfer-Encoding"]?.lowercased() == "chunked" {
            while true {
                guard let line = readLine(), let size = Int(line, radix: 16) else { return false }
                guard let chunk = readExactly(size), readLine() != nil else { return false }
                take(chunk[...])
                if size == 0 { break }
            }
        } else {
            var left = received["Content-Length"].flatMap { Int($0) } ?? 0
            while left > 0 {
                if buffer.isEmpty {
                    guard let more = readSome() else { return false }
                    buffer = more
                }
                let part = buffer.prefix(left)
                take(part)
                left -= part.count
                buffer.removeFirst(part.count)
            }
        }
        received.bodyChecksum = sum.description
        return true
    }

    private func readLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = String(decoding: buffer[..<end], as: UTF8.self).trimmingCharacters(
                    in: .whitespacesAndNewlines)
                buffer.removeFirst(end + 1)
                return line
            }
            guard let more = readSome() else { return nil }
            buffer += more
        }
    }

    private func readExactly(_ count: Int) -> [UInt8]? {
        while buffer.count < count {
            guard let more = readSome() else { return nil }
            buffer += more
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    private func readSome() -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &part, part.count, 0)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? Array(part[..<count]) : nil
        }
    }
}

extension MisbehavingServer {
    /// Reads one request and does what the script says; false when the connection is over.
    func serve(_ connection: ServerConnection) -> Bool {
        guard var received = connection.receive() else { return false }
        state.withLock { state in
            received.number = state.requests.count
            state.requests.append(received)
        }
        return perform(script(received), for: received, on: connection)
    }

    private func perform(_ behaviour: Behaviour, for request: Received, on connection: ServerConnection) -> Bool {
        let isLast = request["Connection"]?.lowercased() == "close"
        switch behaviour {
        case .answer(let status, let fields, let body):
            return connection.send(head(status, fields, length: body.count, isLast: isLast) + body) && !isLast
        case .echo:
            let body = Self.describe(request)
            let fields = [("Content-Type", "application/json")]
            return connection.send(head(200, fields, length: body.count, isLast: isLast) + body) && !isLast
        case .raw(let bytes):
            connection.send(bytes)
            return false
        case .reset:
            connection.resetOnClose()
            return false
        case .close:
            return false
        case .cutInsideHeaders:
            connection.send(Data("HTTP/1.1 200 OK\r\nContent-Le".utf8))
            return false
        case .cutInsideBody(let sent, let announced):
            connection.send(
                head(200, [], length: announced, isLast: isLast) + Data(repeating: UInt8(ascii: "x"), count: sent))
            return false
        case .drip(let count, let interval):
            var isThere = connection.send(head(200, [], length: count, isLast: isLast))
            for _ in 0..<count where isThere {
                isThere = connection.send(CollectionOfOne(UInt8(ascii: "x")))
                Self.pause(interval)
            }
            return isThere && !isLast
        case .late(let time, let behaviour):
            Self.pause(time)
            return perform(behaviour, for: request, on: connection)
        case .closeAfter(let time, let behaviour):
            _ = perform(behaviour, for: request, on: connection)
            Self.pause(time)
            return false
        case .resetOnNextRequest(let behaviour):
            guard perform(behaviour, for: request, on: connection) else { return false }
            connection.waitForByte()
            connection.resetOnClose()
            return false
        case .big(let bytes):
            var isThere = connection.send(head(200, [], length: bytes, isLast: isLast))
            let part = Data(repeating: UInt8(ascii: "b"), count: 1 << 16)
            var left = bytes
            while left > 0, isThere {
                isThere = connection.send(part.prefix(left))
                left -= part.count
            }
            return isThere && !isLast
        }
    }

    private static func pause(_ duration: Duration) {
        Thread.sleep(forTimeInterval: duration / .seconds(1))
    }

    private func head(_ status: Int, _ fields: [(String, String)], length: Int, isLast: Bool) -> Data {
        var lines = ["HTTP/1.1 \(status) Scripted"] + fields.map { "\($0.0): \($0.1)" }
        if isLast { lines.append("Connection: close") }
        if status != 204 { lines.append("Content-Length: \(length)") }
        return Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private static func describe(_ request: Received) -> Data {
        let echo = Echo(
            method: request.method, target: request.target, fields: request.fields.map { [$0.name, $0.value] },
            length: request.bodyLength, checksum: request.bodyChecksum, connection: request.connection)
        return (try? JSONEncoder().encode(echo)) ?? Data()
    }
}

/// The JSON that ``MisbehavingServer/Behaviour/echo`` answers with.
package struct Echo: Codable, Sendable {
    package var method: String
    package var target: String
    /// Pairs of name and value.
    package var fields: [[String]]
    package var length: Int
    package var checksum: String
    package var connection: Int
}
