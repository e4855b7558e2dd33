import Arguments
import Foundation
import HTTPCore
import VendorAPIs

/// `workflow list`: the entities of a kind.
enum WorkflowListCommand: Subcommand {
    struct Options: Sendable {
        var entity: String
        var filters: [QueryItem]
        /// Nil for the first page, `Int.max` for all.
        var limit: Int?
    }

    private static let all = Flag("all", help: "Follow the pages to the last one")
    private static let limit = Option(
        "limit", .integer(in: 1...Int.max), help: "At most this many entities, from as many pages as it takes")

    static let path = ["workflow", "list"]
    static let command = Command(
        name: "list", summary: "List entities",
        discussion: """
            Without --all or --limit the first page is listed, and a note says how many there are. Both print while \
            they read, so that a list of any length needs no memory. When it breaks off, the array stays open and \
            the exit code says why.
            """,
        standardOutput: "a JSON array, an entity after the other; with --json an entity a line",
        positionals: [WorkflowArguments.entity],
        optionGroups: [OptionGroup("Which entities", [WorkflowArguments.filter, all, limit])],
        exitCodes: [(0, "listed")] + WorkflowArguments.exitCodes + [(76, "the next page is at another host")],
        examples: [
            Example("Every publisher's name", command: "integrate workflow list publishers --all --json | jq -r .name"),
            Example("Find one", command: "integrate workflow list publishers --filter 'name=El Faro'"),
        ])

    static func parse(_ arguments: ParsedArguments) throws -> Options {
        try arguments.checkExclusive(all, limit)
        return Options(
            entity: try arguments.require(WorkflowArguments.entity), filters: arguments[WorkflowArguments.filter],
            limit: arguments[all] == true ? Int.max : arguments[limit])
    }

    static func run(_ options: Options, _ environment: Environment) async throws {
        var pages = try BidCoreConnection(environment).client.list(options.entity, filters: options.filters)
        var writer = EntityWriter(environment)
        var total: Int?
        var hasMore = false
        while writer.count < options.limit ?? Int.max, let page = try await pages.next() {
            let entities = page.entities.prefix((options.limit ?? Int.max) - writer.count)
            try writer.write(entities)
            total = page.count
            hasMore = page.hasNext || entities.count < page.entities.count
            if options.limit == nil { break }
        }
        try writer.end()
        guard hasMore else { return }
        let number = total.map { "\(writer.count) of \($0)" } ?? "the first \(writer.count)"
        environment.output.note("\(number) \(options.entity); --all lists all")
    }
}

/// Entities as they come, as a JSON array or one a line.
private struct EntityWriter {
    private let environment: Environment
    private(set) var count = 0

    init(_ environment: Environment) {
        self.environment = environment
    }

    mutating func write(_ entities: some Sequence<JSONValue>) throws(Failure) {
        var text = ""
        for entity in entities {
            if environment.globals.isJSON {
                text += entity.text + "\n"
            } else {
                text += (count == 0 ? "[\n  " : ",\n  ")
                text += entity.prettyText.replacingOccurrences(of: "\n", with: "\n  ")
            }
            count += 1
        }
        if !text.isEmpty { try environment.output.write(Data(text.utf8)) }
    }

    func end() throws(Failure) {
        if !environment.globals.isJSON { try environment.output.line(count == 0 ? "[]" : "\n]") }
    }
}
