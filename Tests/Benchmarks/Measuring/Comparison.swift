import Foundation

/// One of several programs that do the same work.
struct Contender {
    var name: String
    var program: String
    var arguments: [String]
    var server: Server?
    /// How much work one run does, in the comparison's unit.
    var units: Double
    /// Whether its last line of output is the seconds to count, rather than those of the whole process.
    var reportsSeconds = false
    /// Done before each run, not measured.
    var prepare: () throws -> Void = {}

    /// As a shell would take it.
    var command: String {
        ([program] + arguments).map { word in
            word.contains(where: { " '\"*{}".contains($0) }) ? "'\(word)'" : word
        }.joined(separator: " ")
    }
}

/// The runs of one contender.
struct Figures {
    let contender: Contender
    let runs: [Measurement]

    var bestSeconds: Double { runs.map(\.seconds).min() ?? .nan }
    var medianSeconds: Double { median(runs.map(\.seconds)) }
    var medianCPU: Double { median(runs.map(\.cpuSeconds)) }
    var bestCPU: Double { runs.map(\.cpuSeconds).min() ?? .nan }
    var peakMemory: Int { runs.map(\.peakMemory).max() ?? 0 }
    /// Units a second.
    var bestRate: Double { contender.units / bestSeconds }
    var medianRate: Double { contender.units / medianSeconds }
}

func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}

/// Programs that are run in turn (A B A B ...), so that what else the machine does falls on all of them.
struct Comparison {
    var title: String
    /// What a rate counts, in the plural: `MB`, `events`.
    var unit: String
    var runs: Int

    /// Runs the contenders and prints the table.
    func measure(_ contenders: [Contender], in workspace: Workspace) throws -> [Figures] {
        let loadBefore = loadAverage
        var runs = [[Measurement]](repeating: [], count: contenders.count)
        for _ in 0..<self.runs {
            for (index, contender) in contenders.enumerated() {
                try contender.prepare()
                var measurement = try workspace.run(
                    contender.program, contender.arguments, server: contender.server)
                if contender.reportsSeconds {
                    guard let seconds = workspace.text("output").split(separator: "\n").last.flatMap({ Double($0) })
                    else { throw BenchmarkError("\(contender.name) does not say how long it took") }
                    measurement.seconds = seconds
                }
                runs[index].append(measurement)
            }
        }
        let figures = zip(contenders, runs).map { Figures(contender: $0, runs: $1) }
        print("\(title)")
        let times = self.runs == 1 ? "one run" : "\(self.runs) runs, in turn"
        print("  \(times); \(ProcessInfo.processInfo.activeProcessorCount) cores; load \(loadBefore) to \(loadAverage)")
        for contender in contenders { print("  \(contender.name): \(contender.command)") }
        printTable(figures)
        return figures
    }

    private func printTable(_ figures: [Figures]) {
        var rows = [
            ["", "best s", "median s", "best \(unit)/s", "median", "CPU s", "CPU us/\(unit)", "peak MB"]
        ]
        for figure in figures {
            rows.append([
                figure.contender.name, number(figure.bestSeconds), number(figure.medianSeconds),
                number(figure.bestRate), number(figure.medianRate), number(figure.medianCPU),
                number(figure.medianCPU / figure.contender.units * 1e6), number(Double(figure.peakMemory) / 1e6),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + space : space + cell.0
            }
            print("  " + cells.joined(separator: "  "))
        }
    }

    private var loadAverage: String {
        var loads = [Double](repeating: 0, count: 3)
        return getloadavg(&loads, 3) > 0 ? number(loads[0]) : "unknown"
    }
}

/// Three digits that count.
func number(_ value: Double) -> String {
    String(format: value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 1 ? "%.2f" : "%.4f", value)
}

/// What was promised, beside what was measured.
struct Bar {
    enum Bound {
        case atLeast(Double)
        case below(Double)
    }

    var name: String
    var bound: Bound
    var unit = ""

    func compare(best: Double, median: Double? = nil) {
        let (words, limit, isMet): (String, Double, Bool) =
            switch bound {
            case .atLeast(let limit): ("at least", limit, best >= limit)
            case .below(let limit): ("below", limit, best < limit)
            }
        let suffix = unit.isEmpty ? "" : " \(unit)"
        let middle = median.map { ", of the medians \(number($0))" } ?? ""
        print("  \(isMet ? "met   " : "MISSED") \(name): \(number(best))\(suffix)\(middle) (\(words) \(number(limit)))")
    }
}
