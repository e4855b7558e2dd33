import Dispatch
import Foundation
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An HTTP/1.1 server on 127.0.0.1 with blocking sockets and a thread a connection.
final class LoopbackServer: Sendable {
    typealias Handler = @Sendable (SandboxRequest) -> SandboxResponse

    /// More connections than this wait in the listen queue.
    private static let connectionLimit = 2048
    private static let stackSize = 512 << 10

    private struct State {
        var listener: Int32 = -1
        var connections: Set<Int32> = []
        var stopping = false
    }

    private let state = Mutex(State())
    /// Its reading end becomes readable for good when the server stops.
    private let stopSignal: StopSignal
    private let slots = DispatchSemaphore(value: connectionLimit)
    private let threads = DispatchGroup()
    private let now: @Sendable () -> Date
    private let handler: Handler

    init(now: @escaping @Sendable () -> Date, stopSignal: StopSignal, handler: @escaping Handler) {
        self.now = now
        self.stopSignal = stopSignal
        self.handler = handler
    }

    /// Listens and returns the port, which is `port` unless that is 0.
    func start(port: UInt16) throws(SandboxError) -> UInt16 {
        Self.raiseDescriptorLimit()
        let (listener, bound) = try Self.listen(port: port)
        state.withLock { $0.listener = listener }
        spawn { server in server.acceptConnections(listener) }
        return bound
    }

    /// Closes every connection and returns when no thread of the server is left.
    func stop() {
        let listener: Int32 = state.withLock { state in
            state.stopping = true
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
            defer { state.listener = -1 }
            return state.listener
        }
        stopSignal.raise()
        threads.wait()
        if listener >= 0 { close(listener) }
    }

    private func spawn(_ work: @escaping @Sendable (LoopbackServer) -> Void) {
        threads.enter()
        let thread = Thread { [self] in
            work(self)
            threads.leave()
        }
        thread.stackSize = Self.stackSize
        thread.name = "sandbox"
        thread.start()
    }

    private func acceptConnections(_ listener: Int32) {
        while stopSignal.waitReadable(listener) {
            slots.wait()
            let connection = Self.accept(listener)
            let admitted =
                connection >= 0
                && state.withLock { state in
                    if state.stopping { return false }
                    state.connections.insert(connection)
                    return true
                }
            guard admitted else {
                if connection >= 0 { close(connection) }
                slots.signal()
                // Out of descriptors, most likely: the listener stays readable, so do not spin on it.
                if connection < 0, errno == EMFILE || errno == ENFILE { stopSignal.sleep(milliseconds: 10) }
                continue
            }
            spawn { server in server.serve(connection) }
        }
    }

    private func serve(_ descriptor: Int32) {
        let connection = HTTPConnection(descriptor: descriptor, stopSignal: stopSignal, now: now)
        connection.serve(handler)
        // Leaving the set first keeps `stop` from shutting down a descriptor that already belongs to someone else.
        state.withLock { _ = $0.connections.remove(descriptor) }
        // A child process started in between may hold a copy, with which `close` alone would not end the connection.
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
        slots.signal()
    }

    private static func accept(_ listener: Int32) -> Int32 {
        let connection = rawAccept(listener, nil, nil)
        if connection >= 0 {
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            _ = fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) & ~O_NONBLOCK)
            #if canImport(Darwin)
                setOption(connection, SOL_SOCKET, SO_NOSIGPIPE, Int32(1))
            #endif
            setOption(connection, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
            HTTPConnection.setReceiveTimeout(connection, seconds: HTTPConnection.idleSeconds)
        }
        return connection
    }

    private static func listen(port: UInt16) throws(SandboxError) -> (Int32, UInt16) {
        #if canImport(Darwin)
            let listener = socket(AF_INET, SOCK_STREAM, 0)
        #else
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard listener >= 0 else { throw .system("socket", errno) }
        // A command that the sandbox runs must not inherit the listener; non-blocking, because a client may be gone by the
        // time it is accepted.
        _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
        _ = fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK)
        setOption(listener, SOL_SOCKET, SO_REUSEADDR, Int32(1))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && rawListen(listener, 4096) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard status else {
            let code = errno
            close(listener)
            throw code == EADDRINUSE ? .portInUse(port) : .system("bind", code)
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// A thousand clients at once need more than the usual soft limit of 1,024 descriptors.
    private static func raiseDescriptorLimit() {
        #if canImport(Darwin)
            let resource = RLIMIT_NOFILE
        #else
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, 8192)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            setrlimit(resource, &limit)
        }
    }
}

private func rawListen(_ descriptor: Int32, _ backlog: Int32) -> Int32 {
    listen(descriptor, backlog)
}

private func rawAccept(
    _ descriptor: Int32, _ address: UnsafeMutablePointer<sockaddr>?, _ length: UnsafeMutablePointer<socklen_t>?
) -> Int32 {
    accept(descriptor, address, length)
}

func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: some BitwiseCopyable) {
    withUnsafeBytes(of: value) { bytes in
        _ = setsockopt(descriptor, level, name, bytes.baseAddress, socklen_t(bytes.count))
    }
}

/// A pipe that is written once, when the server stops: whoever waits on it wakes at once.
final class StopSignal: Sendable {
    private let reader: Int32
    private let writer: Int32

    init() throws(SandboxError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .system("pipe", errno) }
        (reader, writer) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        close(reader)
        close(writer)
    }

    func raise() {
        var byte: UInt8 = 1
        _ = write(writer, &byte, 1)
    }

    /// Waits until the descriptor is readable; false when the server stops instead.
    func waitReadable(_ descriptor: Int32) -> Bool {
        var events = [
            pollfd(fd: reader, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&events, nfds_t(events.count), -1) < 0, errno == EINTR {}
        return events[0].revents == 0
    }

    /// Sleeps, but not longer than the server runs.
    func sleep(milliseconds: Int) {
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        var event = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        while true {
            let left = (deadline - ContinuousClock.now) / .milliseconds(1)
            guard left > 0 else { return }
            let result = poll(&event, 1, Int32(min(left.rounded(.up), 1e9)))
            if result > 0 || result < 0 && errno != EINTR { return }
        }
    }
}
