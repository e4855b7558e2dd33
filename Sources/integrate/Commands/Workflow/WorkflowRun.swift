import HTTPCore
import VendorAPIs

/// Shows a plan and carries it out.
struct WorkflowRun {
    private enum Outcome {
        case planned, done
        case refused(Failure)
        /// Neither done nor refused: what is left is not tried.
        case stopped(Failure)
        case notTried

        var word: String {
            switch self {
            case .planned: "planned"
            case .done: "done"
            case .refused: "refused"
            case .stopped(let failure): failure.category == .unknownOutcome ? "unknown" : "failed"
            case .notTried: "not_tried"
            }
        }
    }

    let plan: WorkflowPlan
    let options: WorkflowApplyCommand.Options
    let client: BidCoreClient
    let environment: Environment

    func run() async throws {
        guard !plan.changes.isEmpty else {
            return environment.output.note("nothing to do: \(unchangedText)")
        }
        guard !environment.globals.printsCurl else { return try await printCommands() }
        if !environment.globals.isJSON {
            for change in plan.changes {
                for line in change.lines { try environment.output.line(environment.masker.mask(line)) }
            }
        }
        if environment.globals.isDryRun {
            for change in plan.changes { try report(change, .planned) }
            return environment.output.note("would \(Self.count(plan.changes, .infinitive)); \(unchangedText)")
        }
        let deletions = plan.changes.count { $0.isDeletion }
        if deletions > 0, !options.isConfirmed {
            try Confirmation.ask("delete \(deletions) of these at BidCore?", environment)
        }
        try await carryOut()
    }

    /// `--curl`: the plan as commands. The client that reads the present entities is one that sends; this one does not.
    private func printCommands() async throws {
        let preview = try BidCoreConnection(environment).client
        for change in plan.changes {
            do {
                _ = try await send(change, by: preview)
            } catch let error as TransportError where error.reason == .previewed {
                continue
            }
        }
    }

    private func carryOut() async throws {
        var done: [WorkflowPlan.Change] = []
        var refusals: [Failure] = []
        var stop: Failure?
        for change in plan.changes {
            guard stop == nil else {
                try report(change, .notTried)
                continue
            }
            do {
                let created = try await send(change, by: client)
                done.append(change)
                environment.output.note("\(change.pastTense) \(change.name(created))")
                try report(change, .done, created: created)
            } catch let failure as Failure where failure.category == .refused {
                refusals.append(failure)
                try report(change, .refused(failure))
                if options.keepsGoing {
                    environment.output.warn(failure.message)
                } else {
                    stop = failure
                }
            } catch let failure as Failure where failure.vendor != nil {
                stop = failure
                try report(change, .stopped(failure))
            }
        }
        let left = plan.changes.count - done.count - refusals.count
        if var failure = stop, failure.category != .refused {
            failure.message += " (\(done.count) of \(plan.changes.count) changes are made)"
            switch failure.category {
            case .credentials: break
            case .unknownOutcome:
                failure.hint = "run the same command again: it looks whether the entity is there first"
            default: failure.hint = "run the same command again: it does what is left"
            }
            throw failure
        }
        guard let refusal = refusals.first else {
            return environment.output.note("\(Self.count(done, .pastTense)); \(unchangedText)")
        }
        throw total(refusal, refused: refusals.count, done: done.count, left: left)
    }

    private func send(_ change: WorkflowPlan.Change, by client: BidCoreClient) async throws -> JSONValue? {
        switch change.action {
        case .create(let fields): return try await client.create(change.entity, fields)
        case .update(let id, let fields):
            let changed = JSONValue.object(fields.map { JSONValue.Member($0.name, $0.new) })
            try await client.update(
                change.entity, id: id, options.merges ? change.present.merged(with: changed) : changed)
        case .delete(let id): try await client.delete(change.entity, id: id)
        }
        return nil
    }

    /// What a script learns when BidCore refused: 1 where nothing was changed, 2 where something was.
    private func total(_ first: Failure, refused: Int, done: Int, left: Int) -> Failure {
        var failure = first
        let counts = "\(done) made, \(refused) refused, \(left) not tried"
        failure.message =
            options.keepsGoing ? "BidCore refused \(refused) of \(plan.changes.count) changes" : first.message
        failure.message += " (\(counts))"
        failure.category = done > 0 ? .partlyRefused : .refused
        let again = "correct the file and run the same command again: it does what is left"
        failure.hint = options.keepsGoing ? again : [first.hint, again].compactMap(\.self).joined(separator: "; ")
        return failure
    }

    // MARK: What is shown

    private func report(
        _ change: WorkflowPlan.Change, _ outcome: Outcome, created: JSONValue? = nil
    ) throws(Failure) {
        guard environment.globals.isJSON else { return }
        var object = change.document
        if let id = created?["id"] { object["id"] = id }
        object["outcome"] = .string(outcome.word)
        switch outcome {
        case .refused(let failure), .stopped(let failure):
            object["error"] = .string(environment.masker.mask(failure.message))
        case .planned, .done, .notTried: break
        }
        try environment.output.line(object.text)
    }

    private var unchangedText: String {
        let left = plan.left > 0 ? ", \(plan.left) not in the file (--prune deletes them)" : ""
        return "\(plan.unchanged) as in the file\(left)"
    }

    private enum Tense { case infinitive, pastTense }

    private static func count(_ changes: [WorkflowPlan.Change], _ tense: Tense) -> String {
        var counts = (created: 0, updated: 0, deleted: 0)
        for change in changes {
            switch change.action {
            case .create: counts.created += 1
            case .update: counts.updated += 1
            case .delete: counts.deleted += 1
            }
        }
        return switch tense {
        case .infinitive: "create \(counts.created), change \(counts.updated), delete \(counts.deleted)"
        case .pastTense: "created \(counts.created), changed \(counts.updated), deleted \(counts.deleted)"
        }
    }
}

extension WorkflowPlan.Change {
    fileprivate var isDeletion: Bool {
        if case .delete = action { true } else { false }
    }

    fileprivate var pastTense: String {
        switch action {
        case .create: "created"
        case .update: "changed"
        case .delete: "deleted"
        }
    }

    /// `publishers 3`, of a new entity with the id it got.
    fileprivate func name(_ created: JSONValue?) -> String {
        let id =
            switch action {
            case .create: created?["id"]?.identifier
            case .update(let id, _), .delete(let id): Optional(id)
            }
        return [entity, id].compactMap(\.self).joined(separator: " ")
    }

    /// The change for people.
    fileprivate var lines: [String] {
        let title = present["name"].map { " " + $0.text } ?? ""
        switch action {
        case .create(let fields):
            return ["+ \(entity)"] + (fields.members ?? []).map { "    \($0.name): \($0.value.text)" }
        case .update(let id, let fields):
            return ["~ \(entity) \(id)\(title)"]
                + fields.map { "    \($0.name): \($0.old?.text ?? "(none)") -> \($0.new.text)" }
        case .delete(let id): return ["- \(entity) \(id)\(title)"]
        }
    }

    /// The change for programs.
    fileprivate var document: JSONValue {
        switch action {
        case .create(let fields): return ["action": "create", "entity": .string(entity), "fields": fields]
        case .update(_, let fields):
            let changes = fields.map { field in
                let old = field.old.map { [JSONValue.Member("from", $0)] } ?? []
                return JSONValue.Member(field.name, .object(old + [JSONValue.Member("to", field.new)]))
            }
            return [
                "action": "update", "entity": .string(entity), "id": present["id"] ?? .null,
                "changes": .object(changes),
            ]
        case .delete: return ["action": "delete", "entity": .string(entity), "id": present["id"] ?? .null]
        }
    }
}
