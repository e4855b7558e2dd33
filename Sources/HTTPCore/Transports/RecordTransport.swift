import Foundation

/// One exchange as it was on the wire, for a log or a HAR file. Whoever prints it masks it.
public struct Exchange: Sendable {
    /// The request with its credentials, which are marked.
    public var request: HTTPRequest
    /// The answer, or why there is none.
    public var outcome: Result<HTTPResponse, TransportError>
    /// When it was sent.
    public var startedAt: Date
    /// From sending to the end of the answer or to the error.
    public var duration: Duration
}

/// Takes note of exchanges.
public protocol ExchangeRecorder: Sendable {
    /// Called once an exchange is over, whatever its outcome.
    func record(_ exchange: Exchange)
}

/// Stands last, so that it sees each exchange as it was; makes the marked credentials known to the masker first.
package struct RecordTransport: HTTPTransport {
    package let next: any HTTPTransport
    package let masker: Masker
    package let recorders: [any ExchangeRecorder]
    package let timing: Timing

    package init(next: any HTTPTransport, masker: Masker, recorders: [any ExchangeRecorder], timing: Timing) {
        self.next = next
        self.masker = masker
        self.recorders = recorders
        self.timing = timing
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        masker.registerCredentials(of: request)
        let startedAt = timing.now()
        let start = timing.instant()
        let outcome: Result<HTTPResponse, TransportError>
        do {
            outcome = .success(try await next.send(request))
        } catch let error as TransportError {
            outcome = .failure(error)
        }
        let duration = start.duration(to: timing.instant())
        for recorder in recorders {
            recorder.record(
                Exchange(request: request, outcome: outcome, startedAt: startedAt, duration: duration))
        }
        return try outcome.get()
    }
}
