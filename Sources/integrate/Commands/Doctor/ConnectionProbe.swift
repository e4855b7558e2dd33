import Foundation
import HTTPCore
import Synchronization

/// Name resolution and a TCP connection, timed on sockets of our own: URLSession on Linux keeps its times to itself
/// (urlsession-linux.md, C1 row 20).
struct ConnectionProbe: Sendable {
    enum Outcome: Sendable {
        case connected
        case notResolved(String)
        case notConnected(String)
    }

    var outcome: Outcome
    var dns: Duration
    var tcp: Duration?
    /// The address that answered, or the last that did not.
    var address: String?

    /// Measures without blocking a thread that runs tasks.
    static func measure(host: String, port: Int, timeout: Duration) async -> ConnectionProbe {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: measureBlocking(host: host, port: port, timeout: timeout))
            }
        }
    }

    private static func measureBlocking(host: String, port: Int, timeout: Duration) -> ConnectionProbe {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if os(Linux)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let start = ContinuousClock.now
        let code = getaddrinfo(name, String(port), &hints, &list)
        let dns = start.duration(to: .now)
        guard code == 0, let first = list else {
            return ConnectionProbe(outcome: .notResolved(String(cString: gai_strerror(code))), dns: dns)
        }
        defer { freeaddrinfo(first) }
        var result = ConnectionProbe(outcome: .notConnected("no address"), dns: dns)
        // In the resolver's order, as libcurl tries them.
        for entry in sequence(first: first, next: { $0.pointee.ai_next }) {
            result.address = Self.text(of: entry.pointee)
            let start = ContinuousClock.now
            let problem = connect(to: entry.pointee, timeout: timeout)
            result.tcp = start.duration(to: .now)
            guard let problem else {
                result.outcome = .connected
                break
            }
            result.outcome = .notConnected(problem)
        }
        return result
    }

    /// - Returns: Why there is no connection; nil when there was one.
    private static func connect(to entry: addrinfo, timeout: Duration) -> String? {
        let descriptor = socket(entry.ai_family, entry.ai_socktype, entry.ai_protocol)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        if Foundation.connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
        let deadline = ContinuousClock.now + timeout
        var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let left = max(.zero, ContinuousClock.now.duration(to: deadline))
            let count = poll(&item, 1, Int32(left.inSeconds * 1000))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return "no answer within \(timeout.forPeople)" }
            break
        }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code == 0 ? nil : String(cString: strerror(code))
    }

    private static func text(of entry: addrinfo) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
