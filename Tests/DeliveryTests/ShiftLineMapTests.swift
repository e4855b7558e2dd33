import Foundation
import Testing

@testable import Delivery

@Suite("From uploaded rows to lines")
struct ShiftLineMapTests {
    @Test(
        "each row has the line it was added with, and an even run costs next to nothing",
        arguments: [
            ([1, 2, 3, 4, 5], 0), ([1, 3, 5, 7, 9, 11], 0), ([1, 2, 3, 10, 11, 12], 3), ([4], 0), ([4, 9], 0),
            ([1, 2, 5, 6, 9, 12, 13], 9), ([], 0), ([1, 2, 1000, 1001, 2000], 7),
        ] as [([Int], Int)])
    func lines(lines: [Int], bytes: Int) throws {
        var map = LineMap()
        for (index, line) in lines.enumerated() { map.add(row: index + 1, line: line) }
        #expect((0...lines.count + 1).map { map.line(ofRow: $0) } == [nil] + lines + [nil])
        #expect(map.byteCount == bytes)
        #expect(try JSONDecoder().decode(LineMap.self, from: JSONEncoder().encode(map)) == map)
    }

    @Test("rows added together are as rows added one by one")
    func together() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var (single, many) = (LineMap(), LineMap())
            var (row, line) = (Int.random(in: 1...2, using: &generator), 1)
            let first = row
            var expected: [Int] = []
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let count = Int.random(in: 0...4, using: &generator)
                many.add(row: row, line: line, count: count)
                for index in 0..<count {
                    single.add(row: row + index, line: line + index)
                    expected.append(line + index)
                }
                row += count
                line += count + Int.random(in: 0...2, using: &generator)
            }
            let rows = first..<first + expected.count
            #expect(rows.map { single.line(ofRow: $0) } == expected)
            #expect(rows.map { many.line(ofRow: $0) } == expected)
            #expect(many.lastRow == single.lastRow)
        }
    }
}
