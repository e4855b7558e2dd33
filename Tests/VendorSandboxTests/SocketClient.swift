import Foundation

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An answer as it stood on the wire.
struct Reply: Equatable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// A client that sends exactly the bytes it is given.
final class SocketClient {
    struct Closed: Error {}

    private let descriptor: Int32
    private var received: [UInt8] = []

    init(port: UInt16) throws {
        #if canImport(Darwin)
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Closed() }
        // A test that would wait for ever fails instead.
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Foundation.send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    func request(
        _ method: String, _ target: String, _ headers: [String: String] = [:], body: [UInt8] = []
    ) throws -> Reply {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if !body.isEmpty { head += "Content-Length: \(body.count)\r\n" }
        send(Array((head + "\r\n").utf8) + body)
        return try reply(bodyless: method == "HEAD")
    }

    /// The next answer; interim ones count too.
    func reply(bodyless: Bool = false) throws -> Reply {
        while range(of: "\r\n\r\n") == nil { try fill() }
        let end = range(of: "\r\n\r\n")!
        var lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = Int(lines.removeFirst().split(separator: " ")[1])!
        var headers: [String: String] = [:]
        for line in lines {
            let colon = line.firstIndex(of: ":")!
            headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        received.removeSubrange(..<end.upperBound)
        let length = bodyless ? 0 : Int(headers["content-length"] ?? "0")!
        while received.count < length { try fill() }
        let body = Array(received[..<length])
        received.removeSubrange(..<length)
        return Reply(status: status, headers: headers, body: body)
    }

    /// Everything up to the end of the connection.
    func rest() -> [UInt8] {
        while (try? fill()) != nil {}
        return received
    }

    /// Whether the server has closed the connection and left nothing unread.
    var isClosed: Bool { rest().isEmpty }

    private func fill() throws {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw Closed() }
        received.append(contentsOf: chunk[..<count])
    }

    private func range(of text: String) -> Range<Int>? {
        received.firstRange(of: Array(text.utf8))
    }
}
