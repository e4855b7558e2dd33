import Arguments
import Foundation
import HTTPCore

/// One `--set`: `key=value` is a string, `key:=json` that JSON value, `key=@file` a file's text (cli.md, "Subcommands").
struct Assignment: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case string(String)
        /// JSON text, not looked at yet.
        case json(String)
        case file(String)
    }

    var key: String
    var value: Value

    static let option = RepeatableOption(
        "set",
        ValueFormat<Assignment>(placeholder: "KEY=VALUE") { text throws(ValueError) in
            guard let equals = text.firstIndex(of: "=") else {
                throw ValueError("must be KEY=VALUE, KEY:=JSON or KEY=@FILE")
            }
            let isJSON = equals > text.startIndex && text[text.index(before: equals)] == ":"
            let key = isJSON ? text[..<text.index(before: equals)] : text[..<equals]
            let value = String(text[text.index(after: equals)...])
            guard !key.isEmpty else { throw ValueError("has no key before the =") }
            if isJSON { return Assignment(key: String(key), value: .json(value)) }
            return Assignment(
                key: String(key), value: value.hasPrefix("@") ? .file(String(value.dropFirst())) : .string(value))
        },
        help: "A member: KEY=VALUE a string, KEY:=JSON a JSON value, KEY=@FILE a file's text")

    /// The text of a string or a file (without the line end that editors put at its end); nil for JSON.
    func text() throws(Failure) -> String? {
        switch value {
        case .json: return nil
        case .string(let text): return text
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure(.missingInput, "--set \(key)=@\(path): the file cannot be read")
            }
            guard var text = String(validating: data, as: UTF8.self) else {
                throw Failure(.invalidInput, "--set \(key)=@\(path): the file is not UTF-8 text")
            }
            if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
            return text
        }
    }
}
