import Foundation

/// Runs a program that this package builds, as a script would: with a clean environment and its own home.
package struct CommandRunner: Sendable {
    /// The program's path.
    package var program: String
    /// `HOME` of every run.
    package var home: String
    /// Beside `PATH` and `HOME`, the environment of every run.
    package var environment: [String: String]

    /// - Parameters:
    ///   - name: The product's name, looked for beside the running tests.
    ///   - home: The directory that `HOME` names.
    ///   - environment: Further variables for every run.
    package init(_ name: String = "integrate", home: String, environment: [String: String] = [:]) {
        self.init(program: Self.productsDirectory + "/" + name, home: home, environment: environment)
    }

    /// Runs the program at a path of its own.
    package init(program: String, home: String, environment: [String: String] = [:]) {
        self.program = program
        self.home = home
        self.environment = environment
    }

    /// Where the build put the tests and the products.
    package static var productsDirectory: String {
        #if os(macOS)
            if let bundle = Bundle.allBundles.first(where: { $0.bundlePath.hasSuffix(".xctest") }) {
                return (bundle.bundlePath as NSString).deletingLastPathComponent
            }
        #endif
        let executable = Bundle.main.executablePath ?? CommandLine.arguments[0]
        return (executable as NSString).deletingLastPathComponent
    }

    /// Whether the program was built.
    package var isThere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    /// Runs the program to its end. After `timeout` it and its children are killed, which the result says.
    package func run(
        _ arguments: [String], environment: [String: String] = [:], stdin: Data = Data(),
        directory: String? = nil, timeout: Duration = .seconds(60)
    ) async throws -> CommandResult {
        try await start(
            arguments, environment: environment, stdin: stdin, directory: directory, timeout: timeout
        ).result()
    }

    /// Starts the program and returns at once, so that it can be sent signals.
    package func start(
        _ arguments: [String], environment: [String: String] = [:], stdin: Data = Data(),
        directory: String? = nil, timeout: Duration = .seconds(60)
    ) throws -> RunningCommand {
        var variables = self.environment.merging(environment) { $1 }
        variables["PATH"] = variables["PATH"] ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        variables["HOME"] = variables["HOME"] ?? home
        return try RunningCommand(
            program: program, arguments: arguments, environment: variables, stdin: stdin, directory: directory,
            timeout: timeout)
    }
}

/// How a program ended and what it wrote.
package struct CommandResult: Sendable {
    /// The exit code; 128 + N after signal N, as a shell reports it.
    package var exitCode: Int32
    /// The signal that ended it, if one did.
    package var signal: Int32?
    /// Whether it was killed because its time was over.
    package var timedOut: Bool
    package var standardOutput: Data
    package var standardError: Data

    /// Standard output as text.
    package var output: String { String(decoding: standardOutput, as: UTF8.self) }
    /// Standard error as text.
    package var errors: String { String(decoding: standardError, as: UTF8.self) }
}
