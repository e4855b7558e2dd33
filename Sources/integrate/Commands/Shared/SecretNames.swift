import Foundation
import HTTPCore

/// Members of documents that hold secrets, told by their names: their values are taken from files and prompts only, and
/// masked wherever they are printed.
enum SecretNames {
    /// Of names without their separators, in lower case.
    private static let parts = [
        "secret", "password", "passwd", "passphrase", "statickey", "apikey", "privatekey", "accesskey", "credential",
    ]

    /// Whether a member of this name holds a secret: `clientSecret`, `static_key`, `refresh_token`.
    static func contains(_ name: String) -> Bool {
        let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
        return plain.hasSuffix("token") || parts.contains(where: plain.contains)
    }

    /// The first member anywhere in `value` that holds a secret.
    static func first(in value: JSONValue) -> String? {
        switch value {
        case .object(let members):
            members.lazy.compactMap { contains($0.name) ? $0.name : first(in: $0.value) }.first
        case .array(let elements): elements.lazy.compactMap(first).first
        default: nil
        }
    }

    /// Makes the secrets in `value` known to `masker`.
    static func register(_ value: JSONValue, with masker: Masker) {
        switch value {
        case .object(let members):
            for member in members {
                if contains(member.name) {
                    registerTexts(in: member.value, as: environmentName(member.name), with: masker)
                } else {
                    register(member.value, with: masker)
                }
            }
        case .array(let elements): for element in elements { register(element, with: masker) }
        default: break
        }
    }

    private static func registerTexts(in value: JSONValue, as name: String, with masker: Masker) {
        switch value {
        case .string(let text): masker.register(text, as: name)
        case .object(let members):
            for member in members {
                registerTexts(in: member.value, as: name + "_" + environmentName(member.name), with: masker)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                registerTexts(in: element, as: "\(name)_\(index + 1)", with: masker)
            }
        case .null, .bool, .number: break
        }
    }

    /// What `--curl` calls the value of a member: `INTEGRATE_SECRET_STATICKEY`.
    private static func environmentName(_ member: String) -> String {
        "INTEGRATE_SECRET_"
            + String(member.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    /// `value` with its secrets, and those that `masker` knows, replaced; it stays the JSON it was otherwise.
    static func masked(_ value: JSONValue, by masker: Masker) -> JSONValue {
        switch value {
        case .string(let text): .string(masker.mask(text))
        case .array(let elements): .array(elements.map { masked($0, by: masker) })
        case .object(let members):
            .object(
                members.map { member in
                    let isSecret = contains(member.name) && member.value.string?.isEmpty == false
                    return JSONValue.Member(
                        member.name, isSecret ? .string(Masker.mask) : masked(member.value, by: masker))
                })
        case .null, .bool, .number: value
        }
    }
}
