import Authorization
import Foundation

/// The flat-data forwarder behind its gateway: the signature is checked first, then the shape of the event.
final class ForwarderStandIn: StandIn {
    let name = "forwarder"
    let prefixes = ["forwarder"]
    let operations = ["event"]
    let deliveries: DeliveryCounter? = DeliveryCounter()

    private static let path = "/forwarder/v1/events"
    private let configuration: ForwarderSettings
    private let context: SandboxContext
    private let verifier: SigV4Verifier

    init(_ configuration: ForwarderSettings, context: SandboxContext) {
        self.configuration = configuration
        self.context = context
        verifier = SigV4Verifier(configuration)
    }

    var settings: [SandboxPair] {
        [
            SandboxPair("access key", configuration.accessKeyID), SandboxPair("region", configuration.region),
            SandboxPair("service", configuration.service), SandboxPair("clock may differ by", "5 min"),
        ]
    }

    var secrets: [String] { [configuration.secretAccessKey] + [configuration.sessionToken].compactMap(\.self) }

    func environment(base: String) -> [String: String] {
        var result = [
            "INTEGRATE_FORWARDER_URL": base + Self.path,
            "INTEGRATE_FORWARDER_REGION": configuration.region,
            "INTEGRATE_FORWARDER_SERVICE": configuration.service,
            "INTEGRATE_FORWARDER_ACCESS_KEY_ID": configuration.accessKeyID,
            "INTEGRATE_FORWARDER_SECRET_ACCESS_KEY": configuration.secretAccessKey,
            "INTEGRATE_FORWARDER_GROUP_KEY": configuration.groupKey,
        ]
        result["INTEGRATE_FORWARDER_SESSION_TOKEN"] = configuration.sessionToken
        return result
    }

    /// There are no tokens; signatures expire by themselves.
    func expireTokens() {}

    func refuseAsExpired(_ request: SandboxRequest) -> SandboxResponse {
        gatewayRefusal("The security token included in the request is expired")
    }

    func operation(of request: SandboxRequest) -> String {
        request.path == Self.path && request.method == "POST" ? "event" : "unknown"
    }

    func respond(to request: SandboxRequest) -> SandboxResponse {
        // The gateway answers an unknown path or method as if the credentials were missing.
        guard operation(of: request) == "event" else { return gatewayRefusal("Missing Authentication Token") }
        let bodyHash = SHA256.hash(request.body)
        if let refusal = verifier.refusal(of: request, bodyHash: bodyHash.hexEncoded, now: context.now()) {
            return gatewayRefusal(refusal.message)
        }
        let requestID = context.uuid()
        let headers = [SandboxHeader("x-amzn-RequestId", requestID)]
        let event: FlatEvent
        switch FlatEvent.read(request.body) {
        case .success(let flat): event = flat
        case .failure(let fault):
            return .json(
                400,
                [
                    "success": false, "messages": .array(fault.messages.map { .string($0) }),
                    "requestId": .string(requestID),
                ], headers: headers)
        }
        deliveries?.add(id: event.id, orDigest: bodyHash)
        return .json(
            200,
            [
                "success": true, "messages": [], "requestId": .string(requestID),
                "datatalksId": .string(context.uuid()), "key": .string(configuration.accessKeyID),
            ], headers: headers)
    }

    private func gatewayRefusal(_ message: String) -> SandboxResponse {
        .json(
            403, ["message": .string(message)], headers: [SandboxHeader("x-amzn-RequestId", context.uuid())])
    }
}

/// An event that holds to the contract: `data` is flat and `group_key` is there.
struct FlatEvent: Equatable {
    struct Fault: Error, Equatable {
        let messages: [String]
    }

    /// The attribute `id` of the data, as text.
    let id: String?

    static func read(_ body: [UInt8]) -> Result<FlatEvent, Fault> {
        let value: JSONValue
        do throws(JSONFault) {
            value = try JSONScanner.parse(body)
        } catch {
            return .failure(Fault(messages: ["not JSON at byte \(error.offset): \(error.message)"]))
        }
        guard case .object(let members) = value else {
            return .failure(Fault(messages: ["the body must be a JSON object"]))
        }
        var messages: [String] = []
        let names = members.map(\.name)
        for name in names where name != "data" && name != "group_key" { messages.append("unknown field \(name)") }
        if Set(names).count != names.count { messages.append("a field came twice") }
        switch value["group_key"] {
        case .string(let key): if key.isEmpty { messages.append("group_key is empty") }
        case nil: messages.append("group_key is required")
        case let other?: messages.append("group_key must be a string, not \(other.kind)")
        }
        var id: String?
        switch value["data"] {
        case .object(let attributes):
            messages += nested(attributes)
            id = Self.id(value["data"]?["id"])
        case nil: messages.append("data is required")
        case let other?: messages.append("data must be an object, not \(other.kind)")
        }
        return messages.isEmpty ? .success(FlatEvent(id: id)) : .failure(Fault(messages: messages))
    }

    private static func id(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text), .number(let text): text
        default: nil
        }
    }

    private static func nested(_ attributes: [JSONMember]) -> [String] {
        var messages: [String] = []
        if attributes.isEmpty { messages.append("data is empty") }
        if Set(attributes.map(\.name)).count != attributes.count { messages.append("an attribute of data came twice") }
        for attribute in attributes {
            switch attribute.value {
            case .object: messages.append("data.\(attribute.name) is an object; only flat values are allowed")
            case .array(let values):
                for (index, value) in values.enumerated() {
                    switch value {
                    case .object, .array:
                        messages.append(
                            "data.\(attribute.name)[\(index)] is \(value.kind); only flat values are allowed")
                    default: break
                    }
                }
            default: break
            }
        }
        return messages
    }
}
