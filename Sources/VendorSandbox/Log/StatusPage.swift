/// The page for people at `/`.
enum StatusPage {
    private static let shown = 100
    private static let style = """
        :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
        body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
        table { border-collapse: collapse; width: 100% }
        th, td { border-bottom: 1px solid #8884; padding: .25rem .6rem; text-align: left; vertical-align: top }
        td.target { overflow-wrap: anywhere; font-family: ui-monospace, monospace }
        """

    /// - Parameter base: `http://127.0.0.1:PORT`.
    static func html(standIns: [any StandIn], faults: [FaultRule], log: RequestLog, base: String) -> String {
        let vendors = standIns.map { standIn in
            row(
                [
                    standIn.name, standIn.prefixes.map { base + "/" + $0 }.joined(separator: " "),
                    standIn.settings.map { "\($0.name): \($0.value)" }.joined(separator: ", "),
                    standIn.operations.map { "\($0) \(log.counts["\(standIn.name).\($0)"] ?? 0)" }.joined(
                        separator: ", "),
                ])
        }.joined(separator: "\n")
        let requests = log.recent.suffix(shown).reversed().map { record in
            row(
                [
                    CivilTime(record.request.receivedAt).clock, record.vendor, record.operation, record.request.method,
                    log.mask.target(record.request.target), answer(record), record.notes.joined(separator: "; "),
                ], targetAt: 4)
        }.joined(separator: "\n")
        let faultText = faults.isEmpty ? "none" : faults.map(\.text).joined(separator: ", ")
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="refresh" content="2">
            <meta name="viewport" content="width=device-width">
            <title>Vendor sandbox</title>
            <style>
            \(style)
            </style>
            </head>
            <body>
            <h1>Vendor sandbox</h1>
            <p>Faults: \(escaped(faultText)). As data: <a href="/_sandbox/requests">requests</a>,
            <a href="/_sandbox/summary">summary</a>, <a href="/_sandbox/events">deliveries</a>.</p>
            <h2>Stand-ins</h2>
            <table id="stand-ins">
            <tr><th>vendor</th><th>served at</th><th>settings</th><th>requests</th></tr>
            \(vendors)
            </table>
            <h2>Recent requests, newest first</h2>
            <table id="requests">
            <tr><th>time (UTC)</th><th>vendor</th><th>operation</th><th>method</th><th>target</th><th>answer</th><th>notes</th></tr>
            \(requests)
            </table>
            </body>
            </html>

            """
    }

    private static func answer(_ record: RecordedRequest) -> String {
        switch record.delivery {
        case .whole: String(record.status)
        case .dropped: "connection dropped"
        case .truncated: "\(record.status), truncated"
        case .dripping: "\(record.status), dripping"
        }
    }

    private static func row(_ cells: [String], targetAt target: Int? = nil) -> String {
        let html = cells.enumerated().map { index, cell in
            "<td\(index == target ? " class=\"target\"" : "")>\(escaped(cell))</td>"
        }
        return "<tr>\(html.joined())</tr>"
    }

    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }
}
