import Foundation
import Synchronization

/// The vendors in a box: an HTTP server on 127.0.0.1 with a stand-in for each.
package final class VendorSandbox: Sendable {
    private let configuration: SandboxConfiguration
    private let router: Router
    private let server: LoopbackServer
    private let bound = Mutex<UInt16?>(nil)

    /// - Throws: ``SandboxError`` when the system has no descriptor left.
    package init(configuration: SandboxConfiguration = SandboxConfiguration()) throws(SandboxError) {
        self.configuration = configuration
        let context = SandboxContext(seed: configuration.seed, now: configuration.now)
        let standIns: [any StandIn] = [UploadPlatformStandIn(configuration.upload, context: context)]
        let stopSignal = try StopSignal()
        let router = Router(standIns: standIns)
        self.router = router
        server = LoopbackServer(now: configuration.now, stopSignal: stopSignal) { router.respond(to: $0) }
    }

    deinit { stop() }

    /// Begins to listen, once.
    /// - Returns: the port.
    /// - Throws: ``SandboxError`` when the port is taken or the system refuses.
    @discardableResult
    package func start() throws(SandboxError) -> UInt16 {
        let port = try server.start(port: configuration.port)
        bound.withLock { $0 = port }
        return port
    }

    /// Closes all connections; returns when the server's last thread has ended. Can be called again.
    package func stop() {
        let wasRunning = bound.withLock { port in
            defer { port = nil }
            return port != nil
        }
        if wasRunning { server.stop() }
    }

    /// `http://127.0.0.1:PORT`, the root of everything served; port 0 before the start.
    package var baseURL: String { "http://127.0.0.1:\(bound.withLock { $0 } ?? 0)" }

    /// The INTEGRATE_ settings that lead a client to the stand-ins. Valid after the start.
    package var environment: [String: String] {
        router.standIns.reduce(into: [:]) { $0.merge($1.environment(base: baseURL)) { _, new in new } }
    }

    /// The most recent requests, oldest first, as they arrived: secrets in clear.
    package var requests: [RecordedRequest] { router.log.recent }

    /// How many requests each `vendor.operation` got since the start, the forgotten ones too.
    package var requestCounts: [String: Int] { router.log.counts }

    /// Makes every access token issued so far worthless.
    package func expireTokens() {
        for standIn in router.standIns { standIn.expireTokens() }
    }
}

/// Finds the stand-in for a request and keeps the log.
struct Router: Sendable {
    let standIns: [any StandIn]
    let log: RequestLog
    private let byPrefix: [String: any StandIn]

    init(standIns: [any StandIn]) {
        self.standIns = standIns
        log = RequestLog(secrets: standIns.flatMap(\.secrets))
        byPrefix = standIns.reduce(into: [:]) { table, standIn in
            for prefix in standIn.prefixes { table[prefix] = standIn }
        }
    }

    func respond(to request: SandboxRequest) -> SandboxResponse {
        let prefix = request.path.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        let name = String(Substring(prefix))
        if name == "_sandbox" { return administration(request) }
        guard let standIn = byPrefix[name] else {
            let known = byPrefix.keys.sorted().map { "/" + $0 }.joined(separator: ", ")
            let response = SandboxResponse.json(404, ["message": "nothing is served here; there are \(known)"])
            log.record(request, vendor: "none", operation: "unknown", response: response)
            return response
        }
        let operation = standIn.operation(of: request)
        let response = standIn.respond(to: request)
        log.record(request, vendor: standIn.name, operation: operation, response: response)
        return response
    }

    private func administration(_ request: SandboxRequest) -> SandboxResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return .json(405, ["message": "only GET"], headers: [SandboxHeader("Allow", "GET")])
        }
        switch request.route {
        case "/requests": return .text(200, log.lines, type: "application/x-ndjson")
        case "/summary": return .json(200, log.summary)
        default: return .json(404, ["message": "there are /_sandbox/requests and /_sandbox/summary"])
        }
    }
}
