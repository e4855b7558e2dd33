import Foundation
import Testing

@testable import Delivery

@Suite("JSON: Python as oracle")
struct JSONOracleTests {
    static let hasPython = (try? python("print()", "")) != nil

    struct Failure: Error {}

    private static func python(_ script: String, _ argument: String) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, argument]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure() }
        return data
    }

    struct Verdict: Decodable {
        struct Member: Decodable {
            var name: String?
            var kind: String
            var text: String?
            var elements: [Member]?
        }
        var text: Data
        var isValid: Bool
        /// Of an array.
        var count: Int?
        /// Of a flat object without repeated names.
        var members: [Member]?
    }

    /// Makes documents, spoils most of them, and says of each what Python's json module makes of it.
    private static let script = #"""
        import base64, json, random, sys
        rng = random.Random(int(sys.argv[1]))
        strings = ['', 'a', 'b c', 'é', '€', '𝄞', '"', '\\', '/', '\n', '\x00', '\x7f', '\ud800', 'key', 'x' * 20, '],{']
        numbers = ['0', '-0', '1', '-12', '1.50', '0.1e-7', '1E+30', '123456789012345678901234567890', '1e400']

        def string():
            text = ''.join(rng.choice(strings) for _ in range(rng.randrange(4)))
            return json.dumps(text, ensure_ascii=rng.random() < .4 or '\ud800' in text)

        def space():
            return rng.choice(['', '', '', ' ', '\n', '\t \r\n'])

        def value(depth):
            kind = rng.randrange(8 if depth > 0 else 5)
            if kind < 2:
                return string()
            if kind < 4:
                return rng.choice(numbers)
            if kind == 4:
                return rng.choice(['true', 'false', 'null'])
            if kind == 5:
                return obj(depth - 1)
            return array(depth - 1)

        def array(depth):
            items = (space() + value(depth) + space() for _ in range(rng.randrange(5)))
            return '[' + (','.join(items) or space()) + ']'

        def obj(depth):
            items = (space() + string() + space() + ':' + space() + value(depth) + space() for _ in range(rng.randrange(5)))
            return '{' + (','.join(items) or space()) + '}'

        def flat():
            def one():
                if rng.random() < .3:
                    return '[' + ','.join(space() + value(0) + space() for _ in range(rng.randrange(1, 4))) + ']'
                return value(0)
            items = (space() + string() + space() + ':' + space() + one() + space() for _ in range(rng.randrange(1, 6)))
            return '{' + ','.join(items) + '}'

        junk = [c.encode() for c in '{}[],:"\\0123456789-+.eEtrufalsn \n\t/*\'x'] + [b'\x00', b'\x0c', b'\xc3', b'\xff', b'\xe9']

        def spoil(text):
            place = rng.randrange(len(text) + 1)
            kind = rng.randrange(4)
            if kind == 0:
                return text[:place]
            if kind == 1:
                return text[:place] + rng.choice(junk) + text[place:]
            if kind == 2:
                return text[:place] + rng.choice(junk) + text[place + 1:]
            return text[:place] + text[place + rng.randrange(1, 3):]

        class Number(str):
            pass

        class Pairs(list):
            pass

        def refuse(name):
            raise ValueError(name)

        def clean(text):
            return text if not any('\ud800' <= c <= '\udfff' for c in text) else None

        def member(value):
            if isinstance(value, Number):
                return {'kind': 'number', 'text': value}
            if isinstance(value, str):
                return {'kind': 'string', 'text': clean(value)}
            if isinstance(value, bool):
                return {'kind': 'bool', 'text': 'true' if value else 'false'}
            if value is None:
                return {'kind': 'null', 'text': 'null'}
            if isinstance(value, Pairs):
                return None
            parts = [member(v) for v in value]
            if any(p is None or p['kind'] == 'list' for p in parts):
                return None
            return {'kind': 'list', 'elements': parts}

        verdicts = []
        for _ in range(4000):
            text = rng.choice([flat, flat, lambda: array(3), lambda: obj(3), lambda: value(2)])()
            text = (space() + text + space()).encode('utf-8')
            for _ in range(rng.choice([0, 0, 1, 1, 1, 2])):
                text = spoil(text)
            verdict = {'text': base64.b64encode(text).decode(), 'isValid': True}
            try:
                parsed = json.loads(text.decode('utf-8'), parse_int=Number, parse_float=Number, parse_constant=refuse,
                                    object_pairs_hook=Pairs)
            except ValueError:
                verdict['isValid'] = False
            else:
                if isinstance(parsed, Pairs):
                    members = [member(v) for _, v in parsed]
                    if None not in members and len({k for k, _ in parsed}) == len(parsed):
                        for m, (k, _) in zip(members, parsed):
                            m['name'] = clean(k)
                        verdict['members'] = members
                elif isinstance(parsed, list):
                    verdict['count'] = len(parsed)
            verdicts.append(verdict)
        json.dump(verdicts, sys.stdout)
        """#

    /// Skipped where Python is not installed.
    @Test(
        "Python's json module judges 4,000 sound and spoilt documents the same way", .enabled(if: hasPython),
        arguments: [1, 2])
    func documents(seed: Int) throws {
        let verdicts = try JSONDecoder().decode([Verdict].self, from: Self.python(Self.script, "\(seed)"))
        try #require(verdicts.count == 4000)
        // Of each kind enough for the comparison to mean something.
        try #require(verdicts.count { $0.isValid } > 1000 && verdicts.count { !$0.isValid } > 1000)
        try #require(verdicts.count { $0.members != nil } > 500 && verdicts.count { $0.count != nil } > 300)

        for (index, verdict) in verdicts.enumerated() {
            let shown = Comment(rawValue: verdict.text.debugText)
            #expect(((try? JSONScanner().validate(verdict.text)) != nil) == verdict.isValid, shown)

            let object = try? FlatObject(json: verdict.text)
            #expect((object != nil) == (verdict.members != nil), shown)
            if let object, let members = verdict.members {
                #expect(object.members.count == members.count, shown)
                for (ours, theirs) in zip(object.members, members) {
                    if let name = theirs.name { #expect(ours.name == name, shown) }
                    expectSame(ours.value, theirs, shown)
                }
                #expect(try FlatObject(json: object.json) == object, shown)
            }

            try withDescriptor(of: Array(verdict.text)) { file in
                let reader = JSONArrayReader(fileDescriptor: file, readSize: 1 + index % 17)
                #expect((try? elements(of: reader).count) == verdict.count, shown)
            }
        }
    }

    private func expectSame(_ ours: FlatValue, _ theirs: Verdict.Member, _ shown: Comment) {
        #expect("\(ours.kind)" == theirs.kind, shown)
        switch ours.kind {
        case .string:
            if let text = theirs.text { #expect(ours.string == text, shown) }
        case .list:
            #expect(ours.elements?.count == theirs.elements?.count, shown)
            for (our, their) in zip(ours.elements ?? [], theirs.elements ?? []) { expectSame(our, their, shown) }
        case .number, .bool, .null:
            #expect(String(decoding: ours.json, as: UTF8.self) == theirs.text, shown)
        }
    }
}

extension Data {
    fileprivate var debugText: String { String(decoding: self, as: UTF8.self).debugDescription }
}
