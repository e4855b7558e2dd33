/// The few shapes a longer text may have, and their layout in columns.
enum Prose {
    enum Block: Equatable {
        case paragraph(String)
        case item(String)
        /// Lines that stay as they are, without their four spaces of indentation.
        case verbatim([String])
    }

    /// Divides a text at empty lines, at `- ` and at indented lines.
    static func blocks(of text: String) -> [Block] {
        var blocks: [Block] = []
        var isOpen = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = line.drop { $0 == " " }
            if trimmed.isEmpty {
                isOpen = false
            } else if line.hasPrefix("    ") {
                if isOpen, case .verbatim(let lines) = blocks.last {
                    blocks[blocks.count - 1] = .verbatim(lines + [String(line.dropFirst(4))])
                } else {
                    blocks.append(.verbatim([String(line.dropFirst(4))]))
                }
                isOpen = true
            } else if trimmed.hasPrefix("- ") {
                blocks.append(.item(String(trimmed.dropFirst(2))))
                isOpen = true
            } else {
                switch isOpen ? blocks.last : nil {
                case .paragraph(let text): blocks[blocks.count - 1] = .paragraph("\(text) \(trimmed)")
                case .item(let text): blocks[blocks.count - 1] = .item("\(text) \(trimmed)")
                default: blocks.append(.paragraph(String(trimmed)))
                }
                isOpen = true
            }
        }
        return blocks
    }

    /// Breaks a text at spaces into lines of at most `width` columns; a longer word has a line to itself.
    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var column = 0
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let length = word.count
            if !line.isEmpty, column + 1 + length > width {
                lines.append(line)
                (line, column) = ("", 0)
            }
            if !line.isEmpty {
                line += " "
                column += 1
            }
            line += word
            column += length
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    /// The blocks of a text, wrapped; an empty line stands between them, except between list items.
    static func layOut(_ text: String, width: Int, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var previous: Block?
        for block in blocks(of: text) {
            if let previous, !(previous.isItem && block.isItem) { lines.append("") }
            switch block {
            case .paragraph(let text):
                lines += wrap(text, width: width - indent).map { margin + $0 }
            case .item(let text):
                let wrapped = wrap(text, width: width - indent - 2)
                lines += wrapped.enumerated().map { margin + ($0.offset == 0 ? "- " : "  ") + $0.element }
            case .verbatim(let verbatim):
                lines += verbatim.map { margin + "    " + $0 }
            }
            previous = block
        }
        return lines
    }
}

extension Prose.Block {
    var isItem: Bool {
        if case .item = self { true } else { false }
    }
}
