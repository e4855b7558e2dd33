import Authorization
import Foundation
import HTTPCore

/// What `doctor` says about one vendor: its settings, the way to it, its clock, its token.
struct VendorChecks: Sendable {
    /// Beyond this the vendor's clock is another than ours.
    private static let noticeableSkew = 60
    /// Beyond this AWS refuses signatures, and tokens seem to be from the future.
    private static let harmfulSkew = 300
    private static let patience = Duration.seconds(10)

    let vendor: Vendor
    /// Whether it was asked for by name, and so has to be configured.
    let isNamed: Bool
    let asksForToken: Bool
    let environment: Environment
    let settings: Settings

    private var area: String { vendor.rawValue }

    func run() async -> [Check] {
        do throws(Failure) {
            let resolved = try settings.resolve(vendor)
            guard isConfigured(resolved) else {
                guard isNamed else { return [Check(area, "settings", .skipped, "not configured")] }
                try requireAll(resolved)
                return []
            }
            let sources = try settings.sources(of: vendor)
            var checks = [settingsCheck(sources)]
            do throws(Failure) {
                try requireAll(resolved)
                try resolved.checkValues()
            } catch {
                return checks + [.failed(area, "settings", error)]
            }
            for origin in try origins(resolved) { checks += await reachability(of: origin) }
            if let token = await token(resolved) { checks.append(token) }
            return checks
        } catch {
            return [.failed(area, "settings", error)]
        }
    }

    /// Whether anything is set on purpose: defaults are not, nor are other tools' variables.
    private func isConfigured(_ settings: VendorSettings) -> Bool {
        settings.values.values.contains { setting in
            switch setting.source.kind {
            case .environment(let isForeign): !isForeign
            case .profile, .stored: true
            case .fallback: false
            }
        }
    }

    /// Checks that there is what any of the vendor's commands needs.
    private func requireAll(_ settings: VendorSettings) throws(Failure) {
        guard let tokens = AuthVendor(rawValue: vendor.rawValue) else {
            return try settings.require(["url", "region", "accessKeyID", "secretAccessKey"])
        }
        try settings.require(tokens.requiredKeys(in: settings), oneOf: tokens.alternativeKeys)
    }

    private func settingsCheck(_ sources: [(key: String, source: SettingSource)]) -> Check {
        let list = sources.map { "\($0.key) (\($0.source.description))" }.joined(separator: ", ")
        var check = Check(area, "settings", .ok, "settings: \(list)")
        check.settings = Dictionary(sources.map { ($0.key, $0.source.description) }) { first, _ in first }
        return check
    }

    /// The places that the vendor's commands talk to.
    private func origins(_ settings: VendorSettings) throws(Failure) -> [BaseURL.Origin] {
        let keys =
            switch vendor {
            case .upload: ["identityURL", "apiURL"]
            case .bidcore: settings["token"] == nil ? ["tokenURL", "url"] : ["url"]
            case .atobi, .connector, .forwarder: ["url"]
            }
        var origins: [BaseURL.Origin] = []
        for key in keys {
            let isTenant = vendor == .atobi && settings[key] == nil
            let origin = isTenant ? try AtobiConnection.base(settings).origin : try settings.url(key).origin
            if !origins.contains(origin) { origins.append(origin) }
        }
        return origins
    }

    private func reachability(of origin: BaseURL.Origin) async -> [Check] {
        guard !environment.globals.isDryRun else {
            return [Check(area, "reachability", .skipped, "\(origin): not tried, this is a dry run")]
        }
        let proxy = ProxyVariables(variables: environment.variables).proxy(for: origin)
        var times = Check.Times()
        if proxy == nil {
            let probe = await ConnectionProbe.measure(host: origin.host, port: origin.port, timeout: patience)
            times.dns = probe.dns.milliseconds
            times.tcp = probe.tcp?.milliseconds
            switch probe.outcome {
            case .connected: break
            case .notResolved(let reason):
                return [
                    unreachable(
                        origin, "the name cannot be resolved (\(reason))", times,
                        hint: "check the URL, the network and its name servers")
                ]
            case .notConnected(let reason):
                return [
                    unreachable(
                        origin, "no connection to \(probe.address ?? origin.host): \(reason)", times,
                        hint: "check the URL, firewalls, and whether a proxy is needed")
                ]
            }
        }
        let start = environment.timing.instant()
        let first: HTTPResponse?
        do {
            first = try await ask(origin)
        } catch {
            let error = error as? TransportError
            let hint =
                error?.reason == .tls
                ? "the certificate must be trusted by the system: see the line on certificates" : nil
            let way = proxy.map { " through the proxy \($0)" } ?? ""
            return [unreachable(origin, (error?.message ?? "the request failed") + way, times, hint: hint)]
        }
        times.total = start.duration(to: environment.timing.instant()).milliseconds
        let second = environment.timing.instant()
        if (try? await ask(origin)) != nil {
            times.http = second.duration(to: environment.timing.instant()).milliseconds
        }
        if origin.scheme == "https", proxy == nil, let dns = times.dns, let tcp = times.tcp, let http = times.http,
            let total = times.total
        {
            // URLSession tells no times. Where the server did not keep the connection the rest is nothing, or less.
            let rest = total - dns - tcp - http
            times.tlsEstimate = rest > 0 ? rest : nil
        }
        var check = Check(
            area, "reachability", .ok,
            "\(origin) answers\(first.map { " (\($0.status))" } ?? ""): \(text(of: times, proxy))")
        check.url = origin.description
        check.milliseconds = times
        return [check] + (first.flatMap { clock(origin, $0) }.map { [$0] } ?? [])
    }

    private var patience: Duration { min(Self.patience, environment.globals.timeout) }

    /// Any answer will do, also one that refuses: nothing of the vendor's API is asked for, and no credential is sent.
    ///
    /// - Returns: Nil where the answer is a redirect to elsewhere.
    private func ask(_ origin: BaseURL.Origin) async throws -> HTTPResponse? {
        var stack = environment.stack()
        stack.retryPolicy = RetryPolicy(retries: 0)
        var request = HTTPRequest(.get, origin, path: "/", repeatClass: .safe)
        request.timeout = patience
        do {
            return try await stack.transport().send(request)
        } catch let error as TransportError {
            if case .redirected = error.reason { return nil }
            throw error
        }
    }

    private func unreachable(
        _ origin: BaseURL.Origin, _ reason: String, _ times: Check.Times, hint: String?
    ) -> Check {
        var check = Check.failed(area, "reachability", .unavailable, "\(origin): \(reason)", hint: hint)
        check.url = origin.description
        check.milliseconds = times
        return check
    }

    private func text(of times: Check.Times, _ proxy: String?) -> String {
        var parts: [String] = []
        func add(_ name: String, _ value: Double?) {
            if let value { parts.append("\(name) \(value < 10 ? "\(value)" : "\(Int(value.rounded()))") ms") }
        }
        add("DNS", times.dns)
        add("TCP", times.tcp)
        add("TLS about", times.tlsEstimate)
        add("HTTP", times.http)
        add("first request as a whole", times.total)
        if let proxy { parts.append("through the proxy \(proxy)") }
        return parts.joined(separator: ", ")
    }

    private func clock(_ origin: BaseURL.Origin, _ response: HTTPResponse) -> Check? {
        guard let date = response.fields["Date"].flatMap(HTTPDate.parse) else {
            return Check(area, "clock", .skipped, "\(origin) does not tell its time")
        }
        // What a cache answered was made so much earlier. The field counts whole seconds, hence half of one more.
        let age = response.fields["Age"].flatMap(Double.init) ?? 0
        let skew = Int((date.timeIntervalSince(response.receivedAt) + age + 0.5).rounded())
        var check: Check
        if abs(skew) <= 2 {
            check = Check(area, "clock", .ok, "clocks agree within 2 s")
        } else {
            let text =
                "this machine's clock is \(Duration.seconds(abs(skew)).forPeople) \(skew > 0 ? "behind" : "ahead of") \(origin)"
            let hint = "set this machine's clock, best by NTP"
            if abs(skew) > Self.harmfulSkew {
                check = .failed(
                    area, "clock", .configuration, text + ": signatures and tokens will be refused", hint: hint)
            } else {
                check = Check(area, "clock", abs(skew) > Self.noticeableSkew ? .warning : .ok, text)
                if check.status == .warning { check.hint = hint }
            }
        }
        check.url = origin.description
        check.clockSkewSeconds = skew
        return check
    }

    /// Nil where the vendor has no tokens.
    private func token(_ settings: VendorSettings) async -> Check? {
        guard let tokens = AuthVendor(rawValue: vendor.rawValue) else { return nil }
        do {
            let source = try tokens.tokenSource(settings, environment)
            if asksForToken, !environment.globals.isDryRun {
                let token = try await tokens.prove(source, settings, environment)
                let text = source.isCacheable ? "the credentials bring a token" : "the permanent token is taken"
                return Check(area, "token", .ok, text + until(token.expiresAt))
            }
            guard source.isCacheable else {
                return Check(area, "token", .ok, "a permanent token is set; doctor --token uses it")
            }
            let cache = TokenCache(directory: try environment.paths().tokens, timing: environment.timing)
            guard let token = try cache.read(source.identity) else {
                return Check(area, "token", .ok, "no token is cached; doctor --token asks for one")
            }
            return token.isUsable(at: environment.timing.now())
                ? Check(area, "token", .ok, "a cached token is valid\(until(token.expiresAt))")
                : Check(area, "token", .ok, "the cached token has ended; the next command asks for a new one")
        } catch {
            let failure = error as? Failure ?? Failure(.unavailable, vendor: vendor, "the token request failed")
            return .failed(area, "token", failure)
        }
    }

    private func until(_ date: Date?) -> String { date.map { " until \($0.formatted(.iso8601))" } ?? "" }
}

extension Duration {
    /// With a tenth's precision.
    fileprivate var milliseconds: Double { (inSeconds * 10_000).rounded() / 10 }
}
