import Foundation
import Synchronization

/// The connector service: tokens for e-mail and password, authorizers, sources and flows.
final class ConnectorStandIn: StandIn {
    let name = "connector"
    let prefixes = ["connector"]
    let operations = [
        "token", "mfa", "refresh", "authorize", "services", "action", "create-source", "sources", "create-flow",
        "flows",
    ]
    /// Counts what was created, so that a thing created twice is seen.
    let deliveries: DeliveryCounter? = DeliveryCounter()

    private struct Created {
        var services: [Int: String] = [:]
        var sources: [(id: String, form: JSONValue)] = []
        var flows: [(id: String, document: JSONValue)] = []
    }

    private let configuration: ConnectorSettings
    private let context: SandboxContext
    private let login: ConnectorTokens
    private let created = Mutex(Created())

    init(_ configuration: ConnectorSettings, context: SandboxContext) {
        self.configuration = configuration
        self.context = context
        login = ConnectorTokens(configuration, context: context)
    }

    var settings: [SandboxPair] {
        [
            SandboxPair("email", configuration.email),
            SandboxPair("one-time code", configuration.oneTimeCode == nil ? "no" : "yes"),
            SandboxPair("refresh", configuration.refresh.rawValue),
            SandboxPair("token life", "\(configuration.tokenLifetime) s"),
        ]
    }

    var secrets: [String] {
        [configuration.password, configuration.permanentToken, configuration.oneTimeCode].compactMap(\.self)
    }

    func environment(base: String) -> [String: String] {
        [
            "INTEGRATE_CONNECTOR_URL": base + "/connector",
            "INTEGRATE_CONNECTOR_EMAIL": configuration.email,
            "INTEGRATE_CONNECTOR_PASSWORD": configuration.password,
        ]
    }

    func expireTokens() { login.expireAll() }

    func refuseAsExpired(_ request: SandboxRequest) -> SandboxResponse { login.expire(request) }

    func operation(of request: SandboxRequest) -> String {
        let isPost = request.method == "POST"
        switch segments(request) {
        case ["auth"]: return "token"
        case ["auth-mfa"]: return "mfa"
        case ["refresh"]: return "refresh"
        case ["services"]: return isPost ? "authorize" : "services"
        case ["sources"]: return "sources"
        case ["flows"]: return isPost ? "create-flow" : "flows"
        case let path where path.count == 3 && path[0] == "connectors" && path[2] == "create-source":
            return "create-source"
        case let path where path.count == 4 && path[0] == "connectors" && path[2] == "actions": return "action"
        default: return "unknown"
        }
    }

    private func segments(_ request: SandboxRequest) -> [String] {
        request.route.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(FormCoding.decode)
    }

    func respond(to request: SandboxRequest) -> SandboxResponse {
        let operation = operation(of: request)
        let methods: [String]
        switch operation {
        case "unknown": return .json(404, ["message": "Not Found"])
        case "refresh" where configuration.refresh == .none: return .json(404, ["message": "Not Found"])
        case "refresh": methods = [configuration.refresh == .post ? "POST" : "GET"]
        case "services", "sources", "flows": methods = ["GET"]
        case "action": methods = ["GET", "POST"]
        default: methods = ["POST"]
        }
        guard methods.contains(request.method) else {
            return .json(
                405, ["message": "Method Not Allowed"],
                headers: [SandboxHeader("Allow", methods.joined(separator: ", "))])
        }
        guard request.rawQuery == nil else { return .json(400, ["message": "no operation has a query"]) }
        if !["token", "mfa", "refresh"].contains(operation), let refusal = login.refusal(of: request) {
            return refusal
        }
        var body: JSONValue?
        if request.method == "POST" {
            guard request.mediaType == "application/json" else {
                return .json(415, ["message": "Content-Type must be application/json"])
            }
            do throws(JSONFault) {
                body = try JSONScanner.parse(request.body)
            } catch {
                return .json(400, ["message": "The body is not valid JSON at byte \(error.offset): \(error.message)"])
            }
            guard case .object? = body else { return .json(400, ["message": "The body must be an object"]) }
        }
        var response = answer(operation, body, request)
        response.notes += login.notes(on: request, operation: operation)
        return response
    }

    private func answer(_ operation: String, _ body: JSONValue?, _ request: SandboxRequest) -> SandboxResponse {
        let path = segments(request)
        let content = body ?? .object([])
        switch operation {
        case "token": return login.logIn(content)
        case "mfa": return login.secondStep(content)
        case "refresh": return login.refresh(content, request)
        case "authorize": return authorize(content)
        case "create-source": return createSource(content, connector: path[1])
        case "create-flow": return createFlow(content)
        case "action": return choices(path[3], connector: path[1], body)
        default: return list(operation)
        }
    }

    // MARK: Creating

    private func refusal(_ check: ConnectorCheck) -> SandboxResponse {
        .json(400, ["message": .string(check.faults.joined(separator: "; "))], notes: check.notes)
    }

    private func authorize(_ body: JSONValue) -> SandboxResponse {
        var check = ConnectorCheck()
        guard let (service, data) = check.service(body), check.faults.isEmpty else { return refusal(check) }
        let id = created.withLock { created in
            let id = 1000 + created.services.count
            created.services[id] = service
            return id
        }
        deliveries?.add(id: "service " + body.text, orDigest: [])
        var members: [JSONMember]
        switch configuration.authorizerID {
        case .number: members = [JSONMember(name: "id", value: .number(String(id)))]
        case .string: members = [JSONMember(name: "id", value: .string(String(id)))]
        case .oAuthID: members = [JSONMember(name: "oAuthId", value: .string(String(id)))]
        }
        if configuration.echoesSecrets, let secret = data["clientSecret"] {
            members += [
                JSONMember(name: "label", value: .string(service)),
                JSONMember(name: "clientId", value: data["clientId"] ?? .null),
                JSONMember(name: "clientSecret", value: secret),
                JSONMember(name: "status", value: true),
            ]
        }
        return .json(200, .object(members), notes: check.notes)
    }

    private func createSource(_ form: JSONValue, connector: String) -> SandboxResponse {
        var check = ConnectorCheck()
        check.source(form, connector: connector)
        if connector == "snapchat" || form["oAuthId"] != nil { checkAuthorizer(in: form, &check) }
        guard check.faults.isEmpty else { return refusal(check) }
        let id = hexadecimalID()
        created.withLock { $0.sources.append((id, form)) }
        deliveries?.add(id: "source " + form.text, orDigest: [])
        return .json(200, ["id": .string(id), "label": form["label"] ?? ""], notes: check.notes)
    }

    private func createFlow(_ body: JSONValue) -> SandboxResponse {
        var check = ConnectorCheck()
        let sources = check.flow(body)
        let known = created.withLock { Set($0.sources.map(\.id)) }
        for source in sources where !known.contains(source) { check.fault("source \(source) is unknown") }
        guard check.faults.isEmpty else { return refusal(check) }
        let id = hexadecimalID()
        let document: JSONValue = [
            "label": body["label"] ?? "", "source": .array(sources.map { ["source_id": .string($0)] }),
            "api": ["app": body["app"] ?? "", "id": .string(hexadecimalID())], "id": .string(id),
        ]
        created.withLock { $0.flows.append((id, document)) }
        deliveries?.add(id: "flow " + body.text, orDigest: [])
        return .json(200, document)
    }

    private func checkAuthorizer(in body: JSONValue, _ check: inout ConnectorCheck) {
        guard let id = check.authorizer(in: body) else { return }
        if created.withLock({ $0.services[id] }) == nil { check.fault("oAuthId \(id) is unknown") }
    }

    private func hexadecimalID() -> String {
        String(context.uuid().filter { $0 != "-" }.prefix(24))
    }

    // MARK: Lists

    private func list(_ operation: String) -> SandboxResponse {
        let created = created.withLock { $0 }
        let elements: [JSONValue]
        switch operation {
        case "services":
            elements = created.services.sorted { $0.key < $1.key }.map {
                ["id": .number(String($0.key)), "service": .string($0.value), "status": true]
            }
        case "sources":
            elements = created.sources.map {
                ["id": .string($0.id), "label": $0.form["label"] ?? "", "type": $0.form["connectorId"] ?? ""]
            }
        default: elements = created.flows.map(\.document)
        }
        return .json(200, .array(elements))
    }

    private func choices(_ action: String, connector: String, _ body: JSONValue?) -> SandboxResponse {
        guard connector == "snapchat" else { return .json(404, ["message": "there is no such connector"]) }
        func answer(_ choices: [(value: String, label: String)], _ notes: [String] = []) -> SandboxResponse {
            .json(
                200, .array(choices.map { ["label": .string($0.label), "value": .string($0.value)] }), notes: notes)
        }
        if let choices = ConnectorCheck.choices[action] { return answer(choices) }
        if action == "authorization" {
            let services = created.withLock { $0.services.sorted { $0.key < $1.key } }
            return .json(
                200,
                .array(
                    services.map {
                        ["id": .number(String($0.key)), "service": .string($0.value), "email": "user@example.com"]
                    }))
        }
        guard ["organization", "account", "campaign"].contains(action) else {
            return .json(404, ["message": "there is no such action"])
        }
        guard let body else {
            return .json(405, ["message": "only POST"], headers: [SandboxHeader("Allow", "POST")])
        }
        var check = ConnectorCheck()
        checkAuthorizer(in: body, &check)
        var result: [(value: String, label: String)] = []
        switch action {
        case "organization": result = ConnectorCheck.accounts.keys.sorted().map { ($0, "Organization \($0)") }
        case "account":
            let organization = check.text("organizationId", in: body) ?? ""
            if let accounts = ConnectorCheck.accounts[organization] {
                result = accounts.map { ($0, "Account \($0)") }
            } else {
                check.fault("organizationId is unknown")
            }
        default:
            check.text("accountId", in: body)
            result = [("camp-1", "Campaign 1")]
        }
        return check.faults.isEmpty ? answer(result, check.notes) : refusal(check)
    }
}
