import Foundation
import HTTPCore

/// `-v`: a line an exchange; `-vv`: its header fields and bodies too. On standard error, secrets masked.
struct ExchangeLog: ExchangeRecorder {
    private static let longestBody = 4096

    let output: Output
    let showsContent: Bool

    func record(_ exchange: Exchange) {
        let request = exchange.request
        let target = RequestText.maskedTarget(of: request)
        let milliseconds = Int(exchange.duration.inSeconds * 1000)
        switch exchange.outcome {
        case .success(let response):
            output.standardError(
                "\(request.method.rawValue) \(request.origin)\(target) -> \(response.status) in \(milliseconds) ms")
        case .failure(let error):
            output.standardError(
                "\(request.method.rawValue) \(request.origin)\(target) -> \(error.message) after \(milliseconds) ms")
        }
        guard showsContent else { return }
        for line in RequestText.lines(of: request, bodyLimit: Self.longestBody) { output.standardError("> " + line) }
        guard case .success(let response) = exchange.outcome else { return }
        for field in RequestText.maskedFields(of: response) { output.standardError("< \(field.name): \(field.value)") }
        if !response.body.isEmpty {
            let text = RequestText.excerpt(response.body, limit: Self.longestBody)
            output.standardError("< " + RequestText.withoutSecretMembers(text))
        }
    }
}
