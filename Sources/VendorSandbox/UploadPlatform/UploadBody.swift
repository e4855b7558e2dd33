/// The body of UploadData, read in one pass without copying the CSV that it carries.
struct UploadBody {
    struct Fault: Error, Equatable {
        let message: String
    }

    let name: String
    let shifts: ShiftTable
    let key: String
    let username: String
    let overwrite: Bool

    private static let fields = ["Name", "Data", "Key", "Username", "Overwrite"]

    static func read(_ body: [UInt8]) -> Result<UploadBody, Fault> {
        body.withUnsafeBufferPointer { bytes in
            do throws(Fault) { return .success(try UploadBody(bytes)) } catch { return .failure(error) }
        }
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>) throws(Fault) {
        var scanner = JSONScanner(bytes)
        let texts: [String: JSONScanner.Text]
        do throws(JSONFault) {
            texts = try Self.members(&scanner)
        } catch {
            throw Fault(
                message: error.offset < 0 ? error.message : "not JSON at byte \(error.offset): \(error.message)")
        }
        func text(_ name: String) throws(Fault) -> JSONScanner.Text {
            guard let text = texts[name] else { throw Fault(message: "\(name) is missing") }
            return text
        }
        for field in Self.fields { _ = try text(field) }
        name = scanner.string(try text("Name"))
        key = scanner.string(try text("Key"))
        username = scanner.string(try text("Username"))
        guard name.contains(where: { !$0.isWhitespace }) else { throw Fault(message: "Name is empty") }
        switch scanner.string(try text("Overwrite")) {
        case "true": overwrite = true
        case "false": overwrite = false
        default: throw Fault(message: "Overwrite must be \"true\" or \"false\"")
        }
        var reader = ShiftReader()
        scanner.unescape(try text("Data")) { reader.feed($0) }
        switch reader.finish() {
        case .success(let shifts): self.shifts = shifts
        case .failure(let fault): throw Fault(message: "Data: " + fault.message)
        }
    }

    /// The members of the top object, each of which has to be a string. A fault of meaning has the offset -1.
    private static func members(_ scanner: inout JSONScanner) throws(JSONFault) -> [String: JSONScanner.Text] {
        func meaning(_ message: String) -> JSONFault { JSONFault(message: message, offset: -1) }
        guard scanner.peek() == UInt8(ascii: "{") else { throw meaning("the body must be a JSON object") }
        try scanner.expect("{")
        var result: [String: JSONScanner.Text] = [:]
        if !scanner.take("}") {
            repeat {
                let name = scanner.string(try scanner.text())
                guard fields.contains(name) else { throw meaning("unknown field \(name)") }
                try scanner.expect(":")
                guard scanner.peek() == UInt8(ascii: "\"") else {
                    throw meaning("\(name) must be a string, not \(try scanner.value().kind)")
                }
                guard result.updateValue(try scanner.text(), forKey: name) == nil else {
                    throw meaning("\(name) came twice")
                }
            } while scanner.take(",")
            try scanner.expect("}")
        }
        try scanner.end()
        return result
    }
}
