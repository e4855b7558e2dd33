import Foundation

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// One connection: reads requests one after the other and answers each before it reads the next.
final class HTTPConnection {
    /// A connection without a request for this long is closed.
    static let idleSeconds = 75
    private static let headLimit = 64 << 10
    private static let bodyLimit = 2 << 30
    /// Smaller answers leave in one call together with their head.
    private static let joinLimit = 256 << 10

    /// Why reading ended.
    private enum Failure: Error {
        /// The client has gone or says nothing.
        case closed
        /// The request is refused with this status and the connection closed.
        case refused(Int, String)
    }

    private let descriptor: Int32
    private let stopSignal: StopSignal
    private let now: @Sendable () -> Date
    private var dates = HTTPDate.Cache()
    /// What was received and not yet used is `buffer[start..<end]`.
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)
    private var start = 0
    private var end = 0

    init(descriptor: Int32, stopSignal: StopSignal, now: @escaping @Sendable () -> Date) {
        self.descriptor = descriptor
        self.stopSignal = stopSignal
        self.now = now
    }

    /// Answers until the client or an answer closes the connection. The descriptor stays open.
    func serve(_ handler: (SandboxRequest) -> SandboxResponse) {
        do throws(Failure) {
            var open = true
            while open {
                let head = try readHead()
                let receivedAt = now()
                let body = try readBody(head)
                let request = SandboxRequest(
                    method: head.method, target: head.target, headers: head.headers, body: body, receivedAt: receivedAt)
                let response = handler(request)
                open = send(response, method: head.method, keepAlive: head.keepAlive) && head.keepAlive
            }
        } catch {
            guard case .refused(let status, let message) = error else { return }
            let answer = SandboxResponse.json(status, ["error": .string(message)])
            if send(answer, method: "GET", keepAlive: false) { linger() }
        }
    }

    static func setReceiveTimeout(_ descriptor: Int32, seconds: Int) {
        setOption(descriptor, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: seconds, tv_usec: 0))
    }

    // MARK: Reading

    /// Reads what has arrived, behind what is there already.
    private func fill() throws(Failure) {
        if start > 0 {
            buffer.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            end -= start
            start = 0
        }
        if end == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
        let count = buffer.withUnsafeMutableBytes { receive(UnsafeMutableRawBufferPointer(rebasing: $0[end...])) }
        guard let count else { throw .closed }
        end += count
    }

    /// How many bytes were received; nil when the client has gone.
    private func receive(_ target: UnsafeMutableRawBufferPointer) -> Int? {
        while true {
            let count = recv(descriptor, target.baseAddress, target.count, 0)
            if count > 0 { return count }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    private func readHead() throws(Failure) -> RequestHead {
        var scanned = 0
        while true {
            let length = buffer.withUnsafeBufferPointer { bytes in
                RequestHead.length(UnsafeBufferPointer(rebasing: bytes[start..<end]), from: &scanned)
            }
            if let length {
                let parsed = buffer.withUnsafeBufferPointer { bytes in
                    RequestHead.parse(UnsafeBufferPointer(rebasing: bytes[start..<start + length]))
                }
                start += length
                switch parsed {
                case .success(let head): return head
                case .failure(let fault): throw .refused(fault.status, fault.message)
                }
            }
            guard end - start < Self.headLimit else { throw .refused(431, "the header is larger than 64 KiB") }
            try fill()
        }
    }

    private func readBody(_ head: RequestHead) throws(Failure) -> [UInt8] {
        switch head.body {
        case .none: return []
        case .length(let length):
            guard length <= Self.bodyLimit else { throw .refused(413, "the body is larger than 2 GiB") }
            if length > end - start { sayContinue(head) }
            return try readBody(length: length)
        case .chunked:
            if start == end { sayContinue(head) }
            return try readChunks()
        }
    }

    private func sayContinue(_ head: RequestHead) {
        if head.expectsContinue { _ = transmit(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
    }

    /// Receives straight into an array of the announced length.
    private func readBody(length: Int) throws(Failure) -> [UInt8] {
        let body = [UInt8](unsafeUninitializedCapacity: length) { target, count in
            let target = UnsafeMutableRawBufferPointer(target)
            count = takeBuffered(UnsafeMutableRawBufferPointer(rebasing: target[..<length]))
            while count < length,
                let received = receive(UnsafeMutableRawBufferPointer(rebasing: target[count..<length]))
            {
                count += received
            }
        }
        guard body.count == length else { throw .closed }
        return body
    }

    private func takeBuffered(_ target: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(target.count, end - start)
        buffer.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
        start += count
        return count
    }

    private func readChunks() throws(Failure) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = try readLine()
            let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
            guard !digits.isEmpty, digits.count <= 8,
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16),
                digits.allSatisfy({ FormCoding.hexValue($0) != nil })
            else { throw .refused(400, "a chunk's size is not hexadecimal") }
            if size == 0 { break }
            guard body.count + size <= Self.bodyLimit else { throw .refused(413, "the body is larger than 2 GiB") }
            var left = size
            while left > 0 {
                if start == end { try fill() }
                let count = min(left, end - start)
                body.append(contentsOf: buffer[start..<start + count])
                start += count
                left -= count
            }
            guard try readLine().isEmpty else { throw .refused(400, "a chunk is longer than its size") }
        }
        var trailerSize = 0
        while true {
            let line = try readLine()
            if line.isEmpty { return body }
            trailerSize += line.count
            guard trailerSize < Self.headLimit else { throw .refused(431, "the trailer is larger than 64 KiB") }
        }
    }

    /// The next line without its CR LF.
    private func readLine() throws(Failure) -> [UInt8] {
        var scanned = 0
        while true {
            if let index = buffer[start + scanned..<end].firstIndex(of: 0x0A) {
                defer { start = index + 1 }
                guard index > start, buffer[index - 1] == 0x0D else { throw .refused(400, "a line ends without CR") }
                return Array(buffer[start..<index - 1])
            }
            scanned = end - start
            guard scanned < Self.headLimit else { throw .refused(400, "a line is too long") }
            try fill()
        }
    }

    // MARK: Writing

    /// False when the connection cannot be used further.
    private func send(_ response: SandboxResponse, method: String, keepAlive: Bool) -> Bool {
        if response.delivery == .dropped { return false }
        let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
        var head = ResponseHead.bytes(response, hasBody: hasBody, keepAlive: keepAlive, date: dates.text(now()))
        guard hasBody, method != "HEAD", !response.body.isEmpty else { return transmit(head) }
        switch response.delivery {
        case .whole, .dropped:
            if response.body.count > Self.joinLimit { return transmit(head) && transmit(response.body) }
            head.append(contentsOf: response.body)
            return transmit(head)
        case .truncated:
            head.append(contentsOf: response.body.prefix(response.body.count / 2))
            _ = transmit(head)
            return false
        case .dripping(let milliseconds):
            guard transmit(head) else { return false }
            return response.body.allSatisfy { byte in
                stopSignal.sleep(milliseconds: milliseconds)
                return transmit([byte])
            }
        }
    }

    private func transmit(_ bytes: [UInt8]) -> Bool {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        return bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                let count = rawSend(descriptor, rest, flags)
                if count > 0 {
                    sent += count
                } else if count < 0, errno == EINTR {
                    continue
                } else {
                    return false
                }
            }
            return true
        }
    }

    /// Closing with unread bytes would reset the connection and might take the answer with it: the client is given a moment.
    private func linger() {
        shutdown(descriptor, Int32(SHUT_WR))
        Self.setReceiveTimeout(descriptor, seconds: 1)
        start = 0
        var left = 4 << 20
        while left > 0 {
            end = 0
            do throws(Failure) { try fill() } catch { return }
            left -= end
        }
    }
}

private func rawSend(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ flags: Int32) -> Int {
    send(descriptor, bytes.baseAddress, bytes.count, flags)
}
