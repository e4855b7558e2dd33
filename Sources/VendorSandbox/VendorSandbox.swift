import Foundation
import Synchronization

/// The vendors in a box: an HTTP server on 127.0.0.1 with a stand-in for each.
package final class VendorSandbox: Sendable {
    private let configuration: SandboxConfiguration
    private let router: Router
    private let server: LoopbackServer
    private let bound = Mutex<UInt16?>(nil)

    /// - Throws: ``SandboxError`` when a fault names something that is not there, or the system has no descriptor left.
    package init(configuration: SandboxConfiguration = SandboxConfiguration()) throws(SandboxError) {
        self.configuration = configuration
        let context = SandboxContext(seed: configuration.seed, now: configuration.now)
        let standIns: [any StandIn] = [
            UploadPlatformStandIn(configuration.upload, context: context),
            AtobiStandIn(configuration.atobi, context: context),
            ForwarderStandIn(configuration.forwarder, context: context),
            BidCoreStandIn(configuration.bidcore, context: context),
            ConnectorStandIn(configuration.connector, context: context),
        ]
        try FaultPlan.check(configuration.faults, against: standIns)
        let stopSignal = try StopSignal()
        let router = Router(
            standIns: standIns, faults: configuration.faults, seed: configuration.seed,
            sleep: { stopSignal.sleep(milliseconds: $0) })
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

    /// The records that a vendor has taken in; nil when the vendor takes none.
    package func deliveries(of vendor: String) -> DeliveryCounter? {
        router.standIns.first { $0.name == vendor }?.deliveries
    }

    /// Makes every access token issued so far worthless.
    package func expireTokens() {
        for standIn in router.standIns { standIn.expireTokens() }
    }
}
