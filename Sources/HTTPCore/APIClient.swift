import Foundation

/// Sends a vendor's endpoints below one base URL, and turns whatever is no success into a ``Failure``.
public struct APIClient: Sendable {
    /// The vendor, as messages name it.
    public let vendor: Vendor
    /// Where its API begins.
    public let base: BaseURL
    /// The longest one attempt may take (`--timeout`).
    public let timeout: Duration
    private let transport: any HTTPTransport
    private let masker: Masker

    /// Creates a client whose requests go through `transport`.
    ///
    /// - Parameters:
    ///   - vendor: The vendor, as messages name it.
    ///   - base: Where its API begins.
    ///   - transport: What sends.
    ///   - timeout: The longest one attempt may take.
    ///   - masker: Takes known secrets out of the vendor's words, which may echo them.
    public init(
        vendor: Vendor, base: BaseURL, transport: any HTTPTransport, timeout: Duration = .seconds(60),
        masker: Masker = Masker()
    ) {
        self.vendor = vendor
        self.base = base
        self.transport = transport
        self.timeout = timeout
        self.masker = masker
    }

    /// Sends `endpoint` and reads its answer.
    ///
    /// - Parameters:
    ///   - endpoint: The operation.
    ///   - deadline: A nearer end than the command's own, if there is one.
    /// - Throws: ``Failure``; or the ``TransportError`` of a request that was only to be shown (`--dry-run`).
    public func send<Response>(
        _ endpoint: Endpoint<Response>, deadline: ContinuousClock.Instant? = nil
    ) async throws -> Response {
        let response: HTTPResponse
        do {
            var request = try endpoint.request(to: base)
            request.timeout = timeout
            request.deadline = deadline
            response = try await transport.send(request)
        } catch let error as TransportError {
            guard error.reason != .previewed else { throw error }
            throw failure(of: endpoint.operation, endpoint.repeatClass, error)
        }
        guard response.isSuccess else {
            throw failure(of: endpoint.operation, endpoint.repeatClass, response)
        }
        if let words = endpoint.refusal(response) {
            throw Failure(
                .refused, vendor: vendor,
                "\(endpoint.operation) at \(vendor.title): refused in an answer \(response.status): \(shown(words))",
                requestID: response.requestID ?? VendorWords.requestID(in: response.body), status: response.status)
        }
        do {
            return try endpoint.decode(response)
        } catch {
            throw Failure(
                .unreadableAnswer, vendor: vendor,
                "\(endpoint.operation) at \(vendor.title): the answer \(error.message)",
                hint: "compare the URL setting with the vendor's; if it is right, report this",
                requestID: response.requestID)
        }
    }

    /// What an error of the transport means for the user.
    package func failure(of operation: String, _ repeatClass: RepeatClass, _ error: TransportError) -> Failure {
        let tries = error.attempts > 1 ? " (\(error.attempts) tries)" : ""
        let message = "\(operation) at \(vendor.title) (\(base.origin)): \(error.message)\(tries)"
        let isUnknown = error.verdict == .ambiguous && repeatClass == .unsafe
        switch error.reason {
        case _ where isUnknown:
            return Failure(.unknownOutcome, vendor: vendor, message, hint: Self.unknownHint)
        case .redirected:
            return Failure(
                .configuration, vendor: vendor, message, hint: "set the URL to where the vendor's API really is")
        case .invalidRequest:
            return Failure(.configuration, vendor: vendor, message)
        case .bodyTooLarge:
            return Failure(.unreadableAnswer, vendor: vendor, message)
        case .cancelled, .previewed:
            return Failure(.interrupted, vendor: vendor, message)
        case .tls:
            return Failure(
                .unavailable, vendor: vendor, message,
                hint: "a private certificate authority must be in the system's store (update-ca-certificates)")
        case .nameNotResolved:
            return Failure(.unavailable, vendor: vendor, message, hint: "check the URL setting and the network")
        case .budgetSpent:
            if case .throttled = error.verdict {
                return Failure(
                    .tryAgain, vendor: vendor, message, hint: "run the same command later, or allow a longer --max-time"
                )
            }
            return Failure(.unavailable, vendor: vendor, message, hint: "try again, or allow a longer --max-time")
        case .connectionRefused, .timedOut, .connectionLost, .unclassified:
            return Failure(.unavailable, vendor: vendor, message, hint: "try again later")
        }
    }

    /// What an answer that is no success means for the user.
    package func failure(of operation: String, _ repeatClass: RepeatClass, _ response: HTTPResponse) -> Failure {
        let words = VendorWords.extract(from: response.body).map { ": \(shown($0))" } ?? ""
        let tries = response.attempts > 1 ? " (\(response.attempts) tries)" : ""
        let message = "\(operation) at \(vendor.title): answered \(response.status)\(tries)\(words)"
        func failure(_ category: FailureCategory, hint: String?) -> Failure {
            var failure = Failure(
                category, vendor: vendor, message, hint: hint,
                requestID: response.requestID ?? VendorWords.requestID(in: response.body), status: response.status)
            failure.serverDate = response.fields["Date"].flatMap(HTTPDate.parse)
            return failure
        }
        switch response.status {
        case 401:
            return failure(
                .credentials, hint: "check the credentials: integrate auth status \(vendor.rawValue)")
        case 403:
            return failure(
                .credentials,
                hint: "these credentials do not permit this: integrate auth status \(vendor.rawValue)")
        case 429: return failure(.tryAgain, hint: "the vendor's request limit is reached; run the same command later")
        case 503 where response.retryAfter != nil:
            return failure(.tryAgain, hint: "the vendor is overloaded; run the same command later")
        case 300...399: return failure(.configuration, hint: "check the URL setting: \(base)")
        case 404, 405:
            return failure(.refused, hint: "if the thing should be there, check the URL setting: \(base)")
        case 408, 500...599:
            return repeatClass == .unsafe
                ? failure(.unknownOutcome, hint: Self.unknownHint)
                : failure(.unavailable, hint: "the fault is the vendor's; try again later")
        case 400...499: return failure(.refused, hint: nil)
        default: return failure(.unreadableAnswer, hint: nil)
        }
    }

    /// Masked first and cut then: a cut could leave half a secret that no mask knows.
    private func shown(_ words: String) -> String {
        let words = masker.mask(words)
        return words.count > Self.mostCharacters ? words.prefix(Self.mostCharacters) + "..." : words
    }

    /// Of a vendor's words, so that an error stays a line or two.
    private static let mostCharacters = 400

    private static let unknownHint = "it may have been applied all the same: look at the vendor before sending it again"
}
