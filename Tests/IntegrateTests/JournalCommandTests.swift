import Delivery
import Foundation
import TestSupport
import Testing

@testable import VendorSandbox

@Suite("journal show")
struct JournalShowTests {
    @Test("several journals add up, and --json gives each its own counts")
    func several() async throws {
        let world = try EventWorld()
        try world.events(5, refused: [2], to: "a.ndjson")
        try world.events(3, prefix: "f", to: "b.ndjson")
        _ = try await world.run("send-event", "a.ndjson")
        _ = try await world.run("send-event", "b.ndjson")
        let text = try await world.run("journal", "show", "a.ndjson.journal", "b.ndjson.journal")
        expectExit(
            text, 0, "sent 7, rejected 1, unknown 0, skipped 0\n", "a.ndjson.journal: 2 rejected", "data is empty")
        let lines = try jsonLines(
            try await world.run("journal", "show", "a.ndjson.journal", "b.ndjson.journal", "--json"))
        let document = try #require(lines.first)
        #expect((document["summary"] as? [String: Int])?["sent"] == 7)
        let journals = try #require(document["journals"] as? [String: [String: Int]])
        #expect(journals["a.ndjson.journal"]?["read"] == 5)
        #expect(journals["b.ndjson.journal"]?["sent"] == 3)
        let refusals = try #require(document["notTaken"] as? [[String: Any]])
        #expect(refusals.count == 1)
        #expect(refusals.first?["records"] as? String == "2")
        #expect(refusals.first?["status"] as? Int == 400)
        #expect(refusals.first?["requestID"] != nil)
    }

    @Test("what was under way when a run was killed is listed, also beside what was lost otherwise")
    func silent() async throws {
        let world = try EventWorld()
        let header = JournalHeader(
            command: "send-event", input: "x", inputSHA256: "x", records: 9, destination: "https://x.example",
            mapping: [:])
        let (journal, _) = try Journal.open(world.home("j"))
        try journal.begin(header)
        try await journal.announce((1...6).map { .sending(RecordRanges($0), checks: [1]) })
        try journal.note(.unknown(RecordRanges(1), message: "the answer was lost"))
        try journal.note(.sent(RecordRanges(2), requestID: nil))
        try journal.note(.unsent(RecordRanges(6)))
        let result = try await world.run("journal", "show", "j")
        expectExit(
            result, 0, "sent 1, rejected 0, unknown 4, skipped 0, remaining 4", "1 unknown: the answer was lost",
            "3-5 unknown: under way when the run ended")
    }

    @Test("a journal that is not there is exit 66, another file exit 65 and left as it is")
    func wrong() async throws {
        let world = try EventWorld()
        try world.home.write("[{\"a\":1}]", to: "x.json")
        expectExit(try await world.run("journal", "show", "none"), 66, "none")
        expectExit(try await world.run("journal", "show", "x.json"), 65, "x.json:1:1: error: ")
        expectExit(try await world.run("journal", "retry", "none"), 66, "none")
        expectExit(try await world.run("journal", "retry", "x.json"), 65)
        expectExit(try await world.run("send-event", "x.json", "--journal", "x.json"), 65)
        expectExit(try await world.run("journal", "show"), 64)
        #expect(world.home.read("x.json") == Data("[{\"a\":1}]".utf8))
        #expect(world.sandbox.requestCounts.isEmpty)
    }
}

@Suite("Journals belong to one input and destination")
struct JournalMatchTests {
    @Test("another input, group key, format or destination is refused, and named")
    func refused() async throws {
        let world = try EventWorld()
        try world.events(2)
        expectExit(try await world.run("send-event", "events.ndjson"), 0)
        try world.events(2, prefix: "other", to: "other.ndjson")
        expectExit(
            try await world.run("send-event", "other.ndjson", "--journal", "events.ndjson.journal"), 65, "its input")
        expectExit(
            try await world.run("send-event", "events.ndjson", "--group-key", "g2"), 65, "groupKey", "sandbox-group")
        expectExit(
            try await world.run(
                "send-event", "events.ndjson",
                environment: ["INTEGRATE_FORWARDER_URL": world.sandbox.baseURL + "/forwarder/v9"]),
            65, "destination", "/forwarder/v1/events")
        try world.home.write("{\"id\":\"e1\",\"n\":1.10}\n", to: "events.ndjson")
        expectExit(
            try await world.run("send-event", "events.ndjson"), 65, "its input had other content", "journal retry")
        #expect(try world.deliveries.received == 2)
    }

    @Test("a journal in use is exit 75")
    func inUse() async throws {
        let world = try EventWorld()
        try world.events(2)
        let (journal, _) = try Journal.open(world.home("events.ndjson.journal"))
        expectExit(try await world.run("send-event", "events.ndjson"), 75, "in use")
        withExtendedLifetime(journal) {}
        #expect(world.sandbox.requestCounts.isEmpty)
    }
}

@Suite("journal retry")
struct JournalRetryTests {
    @Test("rejected events are sent again after a fix of the input, the others are not")
    func fixedInput() async throws {
        let world = try EventWorld()
        try world.events(6, refused: [2, 5])
        expectExit(try await world.run("send-event", "events.ndjson"), 2)
        expectExit(try await world.run("journal", "retry", "events.ndjson.journal"), 2, "sent 4, rejected 2")
        try world.events(6)
        expectExit(try await world.run("send-event", "events.ndjson"), 65, "journal retry")
        expectExit(try await world.run("journal", "retry", "events.ndjson.journal", "--dry-run"), 0)
        #expect(try world.journal().count(of: .rejected) == 2, "a dry run changes no journal")
        expectExit(try await world.run("journal", "retry", "events.ndjson.journal"), 0, "sent 6")
        #expect(try world.arrivals(6).allSatisfy { $0 == 1 })
        expectExit(try await world.run("send-event", "events.ndjson"), 0, "sent 6")
        #expect(try world.deliveries.received == 6)
    }

    @Test("rejected events are sent again after a fix at the vendor, from where the input is now")
    func fixedVendor() async throws {
        let world = try EventWorld("400=*3")
        try world.events(8)
        expectExit(try await world.run("send-event", "events.ndjson"), 2, "sent 5, rejected 3")
        try FileManager.default.moveItem(atPath: world.home("events.ndjson"), toPath: world.home("moved.ndjson"))
        expectExit(try await world.run("journal", "retry", "events.ndjson.journal"), 66)
        expectExit(
            try await world.run("journal", "retry", "events.ndjson.journal", "--input", "moved.ndjson"), 0, "sent 8")
        #expect(try world.arrivals(8).allSatisfy { $0 == 1 })
    }

    @Test("an input in which a sent event is another one now, or one is missing, is refused and nothing is sent")
    func changedInput() async throws {
        let world = try EventWorld()
        try world.events(3, refused: [2])
        expectExit(try await world.run("send-event", "events.ndjson"), 2)
        try world.home.write("{\"id\":\"e1\",\"n\":1.10}\n{\"id\":\"x\"}\n{\"id\":\"other\"}\n", to: "events.ndjson")
        expectExit(
            try await world.run("journal", "retry", "events.ndjson.journal"), 65, "events.ndjson:3:1: error: event 3")
        try world.home.write("{\"id\":\"e1\",\"n\":1.10}\n{\"id\":\"x\"}\n", to: "events.ndjson")
        expectExit(try await world.run("journal", "retry", "events.ndjson.journal"), 65, "2 events now, and had 3")
        #expect(try world.deliveries.received == 2)
    }

    @Test("unknown events are sent again only with --resend-unknown")
    func unknown() async throws {
        let world = try EventWorld("drop-before=*2")
        try world.events(5)
        expectExit(try await world.run("send-event", "events.ndjson"), 3, "unknown 2")
        expectExit(try await world.run("journal", "retry", "events.ndjson.journal"), 3, "unknown 2")
        expectExit(try await world.run("journal", "retry", "events.ndjson.journal", "--resend-unknown"), 0, "sent 5")
        #expect(try world.arrivals(5).allSatisfy { $0 == 1 })
    }

    @Test("unknown events that were not sent again after all are unknown still")
    func unknownAgain() async throws {
        let world = try EventWorld("drop-after=*2")
        try world.events(5)
        expectExit(try await world.run("send-event", "events.ndjson"), 3, "unknown 2")
        expectExit(
            try await world.run(
                "send-event", "events.ndjson", "--resend-unknown",
                environment: ["INTEGRATE_FORWARDER_SECRET_ACCESS_KEY": "wrong"]),
            77, "unknown 2")
        expectExit(try await world.run("send-event", "events.ndjson"), 3, "unknown 2")
        #expect(try world.arrivals(5).allSatisfy { $0 == 1 })
    }

    @Test("skipped events that were corrected are sent, those still faulty stay skipped")
    func skipped() async throws {
        let world = try EventWorld()
        let bad = "{\"a\":{}}\n"
        try world.home.write("{\"id\":\"e1\"}\n\(bad)\(bad){}\n", to: "events.ndjson")
        expectExit(
            try await world.run("send-event", "events.ndjson", "--skip-invalid"), 2, "rejected 1, unknown 0, skipped 2")
        try world.home.write("{\"id\":\"e1\"}\n{\"id\":\"e2\"}\n\(bad){\"id\":\"e4\"}\n", to: "events.ndjson")
        expectExit(
            try await world.run("journal", "retry", "events.ndjson.journal"), 2,
            "sent 3, rejected 0, unknown 0, skipped 1")
        #expect(try world.arrivals(4) == [1, 1, 0, 1])
    }
}
