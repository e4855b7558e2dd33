import Arguments

/// A subcommand: its grammar, its options as a value, and what it does. Reading options is pure, so it is tested without
/// running anything.
protocol Subcommand: SendableMetatype {
    associatedtype Options: Sendable

    /// The names that lead to it: `["auth", "login"]`.
    static var path: [String] { get }
    /// Its part of the command tree.
    static var command: Command { get }
    /// Reads its options.
    static func parse(_ arguments: ParsedArguments) throws -> Options
    /// Does its work.
    static func run(_ options: Options, _ environment: Environment) async throws
}

extension Subcommand {
    /// Reads the options and does the work.
    static func run(_ arguments: ParsedArguments, _ environment: Environment) async throws {
        try await run(try parse(arguments), environment)
    }
}
