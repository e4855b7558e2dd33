import HTTPCore

/// What the document's response codes mean for the user, in one place.
enum BidCoreRefusal {
    private struct Row {
        var meaning: String
        /// Nil where it depends on whether the request may have been carried out: then what ``APIClient`` says holds,
        /// 69 for what may be repeated and 3 for a POST.
        var category: FailureCategory?
        var hint: String?
    }

    private static let rows: [Int: Row] = [
        400: Row(
            meaning: "the data or a filter is not valid", category: .refused,
            hint: "correct what is named; a filter that BidCore does not support is refused too"),
        401: Row(
            meaning: "not authenticated, or no access", category: .credentials,
            hint: "check the credentials and their scope: integrate auth status bidcore"),
        403: Row(
            meaning: "no permission for this", category: .credentials,
            hint: "ask for the permission, or use other credentials: integrate auth status bidcore"),
        404: Row(
            meaning: "there is no such entity", category: .refused,
            hint: "check the entity's name and id with integrate workflow list, and the url setting"),
        405: Row(
            meaning: "the entity does not allow this", category: .refused,
            hint: "it may be read-only; see the vendor's documentation of the entity"),
        406: Row(
            meaning: "in use or not allowed", category: .refused,
            hint: "others may depend on it: change or delete those first"),
        409: Row(
            meaning: "a database conflict", category: .refused,
            hint: "it may be there already, or someone changed it at the same moment: look, then try again"),
        429: Row(
            meaning: "throttled", category: .tryAgain,
            hint: "run the same command later, or allow more tries with --retry"),
        500: Row(meaning: "a fault at BidCore", category: nil, hint: nil),
        504: Row(
            meaning: "timed out; was the request too large?", category: nil,
            hint: "narrow it: --filter lists less, a smaller change writes less"),
    ]

    /// `failure` in the words of the document, where it is about one of its codes.
    static func explain(_ failure: Failure, of operation: String, _ repeatClass: RepeatClass) -> Failure {
        let start = "\(operation) at \(Vendor.bidcore.title): answered "
        // A token request that failed on the way has its own message.
        guard let status = failure.status, let row = rows[status], failure.message.hasPrefix(start) else {
            return failure
        }
        var explained = failure
        let rest = failure.message.dropFirst(start.count + String(status).count)
        explained.message = "\(operation) at \(Vendor.bidcore.title): \(row.meaning) (\(status))\(rest)"
        explained.category = row.category ?? failure.category
        if let hint = row.hint {
            explained.hint = failure.category == .unknownOutcome ? failure.hint.map { "\($0); \(hint)" } : hint
        }
        return explained
    }
}
