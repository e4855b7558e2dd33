import Arguments
import Foundation

private let megabytes = Option("megabytes", .integer(in: 1...100_000), placeholder: "N", help: "The file's size")

/// `upload-csv --check` over a large file against Python merely reading it.
enum CSVCheckBenchmark: Benchmark {
    static var command: Command {
        Command(
            name: "csv-check", summary: "Check a large CSV, against Python's csv.reader",
            optionGroups: [OptionGroup("Measuring", [megabytes, Option.runs])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let file = try workspace.writeShifts(megabytes: arguments[megabytes] ?? 200)
        let comparison = Comparison(
            title: "csv-check: \(file.size / 1_000_000) MB of valid shifts", unit: "MB", runs: arguments[.runs] ?? 5)
        let units = Double(file.size) / 1e6
        let figures = try comparison.measure(
            [
                Contender(
                    name: "integrate", program: workspace.integrate, arguments: ["upload-csv", file.path, "--check"],
                    units: units),
                Contender(
                    name: "csv.reader", program: try workspace.python(),
                    arguments: [Workspace.script("csv-reader.py"), file.path], units: units),
            ], in: workspace)
        Bar(name: "speed", bound: .atLeast(400), unit: "MB/s")
            .compare(best: figures[0].bestRate, median: figures[0].medianRate)
        Bar(name: "times Python", bound: .atLeast(6)).compare(
            best: figures[0].bestRate / figures[1].bestRate, median: figures[0].medianRate / figures[1].medianRate)
        Bar(name: "memory", bound: .below(48), unit: "MB").compare(best: Double(figures[0].peakMemory) / 1e6)
    }
}

/// `upload-csv` of a large file to a server that only takes it.
enum CSVUploadBenchmark: Benchmark {
    static var command: Command {
        Command(
            name: "csv-upload", summary: "Upload a large CSV to a loopback server",
            optionGroups: [OptionGroup("Measuring", [megabytes, Option.runs])])
    }

    static func run(_ arguments: ParsedArguments) throws {
        let workspace = try Workspace()
        let file = try workspace.writeShifts(megabytes: arguments[megabytes] ?? 500)
        let server = try Server(workspace)
        let runs = arguments[.runs] ?? 3
        let comparison = Comparison(
            title: "csv-upload: \(file.size / 1_000_000) MB to a loopback server", unit: "MB", runs: runs)
        let figures = try comparison.measure(
            [
                Contender(
                    name: "integrate", program: workspace.integrate, arguments: ["upload-csv", file.path],
                    server: server, units: Double(file.size) / 1e6)
            ], in: workspace)
        let taken = server.stop()
        guard taken.bytes >= runs * file.size else {
            throw BenchmarkError("only \(taken.bytes) bytes arrived in \(taken.requests) requests")
        }
        Bar(name: "speed", bound: .atLeast(70), unit: "MB/s")
            .compare(best: figures[0].bestRate, median: figures[0].medianRate)
        Bar(name: "memory", bound: .below(64), unit: "MB").compare(best: Double(figures[0].peakMemory) / 1e6)
    }
}

extension Workspace {
    /// Shifts as a customer's export has them: a header, CRLF, days and hours that differ, a quoted name now and then.
    fileprivate func writeShifts(megabytes: Int) throws -> (path: String, size: Int) {
        let times = ["06:00", "07:30", "09:00", "14:15", "22:00"].map { Array($0.utf8) }
        var row = 0
        var written = 0
        return try write("shifts.csv") { piece in
            let start = piece.count
            if row == 0 { piece += Array("Reference,StartDate,StartTime,EndDate,EndTime\r\n".utf8) }
            row += 1
            piece += row.isMultiple(of: 100) ? Array("\"Employee, \(row)\",".utf8) : Array("Employee\(row),".utf8)
            let (day, month) = (row % 27 + 1, row % 12 + 1)
            let twoDigits = { (number: Int) in [UInt8(48 + number / 10), UInt8(48 + number % 10)] }
            for (number, time) in [(day, times[row % 5]), (day + 1, times[row % 3])] {
                if number > day { piece.append(UInt8(ascii: ",")) }
                piece += twoDigits(number)
                piece.append(UInt8(ascii: "/"))
                piece += twoDigits(month)
                piece += Array("/2024,".utf8)
                piece += time
            }
            piece += [13, 10]
            written += piece.count - start
            return written < megabytes * 1_000_000
        }
    }
}
