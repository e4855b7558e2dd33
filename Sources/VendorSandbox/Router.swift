/// Finds the stand-in for a request, keeps the log and shows it.
struct Router: Sendable {
    let standIns: [any StandIn]
    let log: RequestLog
    private let rules: [FaultRule]
    private let faults: FaultPlan
    private let byPrefix: [String: any StandIn]

    init(standIns: [any StandIn], faults rules: [FaultRule], seed: UInt64?, sleep: @escaping @Sendable (Int) -> Void) {
        self.standIns = standIns
        self.rules = rules
        faults = FaultPlan(rules, seed: seed, sleep: sleep)
        log = RequestLog(secrets: standIns.flatMap(\.secrets))
        byPrefix = standIns.reduce(into: [:]) { table, standIn in
            for prefix in standIn.prefixes { table[prefix] = standIn }
        }
    }

    func respond(to request: SandboxRequest) -> SandboxResponse {
        let prefix = request.path.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        let name = String(Substring(prefix))
        if name == "_sandbox" || name.isEmpty { return administration(request) }
        guard let standIn = byPrefix[name] else {
            let known = byPrefix.keys.sorted().map { "/" + $0 }.joined(separator: ", ")
            let response = SandboxResponse.json(404, ["message": "nothing is served here; there are \(known)"])
            log.record(request, vendor: "none", operation: "unknown", response: response)
            return response
        }
        let operation = standIn.operation(of: request)
        let response = faults.respond(to: request, operation: operation, from: standIn)
        log.record(request, vendor: standIn.name, operation: operation, response: response)
        return response
    }

    /// The log and the counts, for people and for programs.
    private func administration(_ request: SandboxRequest) -> SandboxResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return .json(405, ["message": "only GET"], headers: [SandboxHeader("Allow", "GET")])
        }
        switch request.path {
        case "/":
            let base = request.header("Host").map { "http://" + $0 } ?? ""
            let page = StatusPage.html(standIns: standIns, faults: rules, log: log, base: base)
            return .text(200, page, type: "text/html; charset=utf-8")
        case "/_sandbox/requests": return .text(200, log.lines, type: "application/x-ndjson")
        case "/_sandbox/summary": return .json(200, log.summary)
        case "/_sandbox/events": return .json(200, deliveries(id: request.query.first { $0.name == "id" }?.value))
        default:
            return .json(
                404, ["message": "there are /_sandbox/requests, /_sandbox/summary and /_sandbox/events?id=ID"])
        }
    }

    /// What each vendor has taken in; of the record with this id, when one is given.
    private func deliveries(id: String?) -> JSONValue {
        .object(
            standIns.compactMap { standIn in
                guard let counter = standIn.deliveries else { return nil }
                let value = id.map { .number(String(counter.count(ofID: $0))) } ?? counter.summary
                return JSONMember(name: standIn.name, value: value)
            })
    }
}
