import Postgres
import Store
import TestSupport
import Testing

@Suite struct TableTests {
  private func read(
    _ fixture: Fixture, _ table: SweepTable, _ sweep: Int
  ) throws -> (columns: [String], rows: [[TextTable.Value]], parts: Int) {
    var result: (columns: [String], rows: [[TextTable.Value]], parts: Int) = ([], [], 0)
    try fixture.database.rows(table, sweep: sweep) { part in
      result.columns = part.columns.map(\.name)
      result.rows += part.rows
      result.parts += 1
    }
    return result
  }

  @Test(.scratchDatabase) func `a table has the columns of its view and the rows of its sweep`()
    throws
  {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 2) { #"{"model.rate":\#($0 == 0 ? "1e-7" : "0.1")}"# }
    for claim in try fixture.claims(try fixture.worker(), 2) {
      try fixture.succeed(claim.lease, claim.number == 0 ? 0.1 + 0.2 : .nan)
    }
    _ = try fixture.sweep(trials: 1)
    let counts: [(SweepTable, Int)] = [
      (.trials, 2), (.curves, 8), (.metrics, 8), (.leaderboard, 2), (.params, 2),
    ]
    for (table, count) in counts {
      let (columns, rows, _) = try read(fixture, table, sweep)
      let view = try fixture.connection.query(
        """
        select column_name::text from information_schema.columns
        where table_schema = 'unroll' and table_name = $1 order by ordinal_position
        """, [table.rawValue]
      ).map { try $0[0, as: String.self] }
      #expect(columns == view && !view.isEmpty)
      #expect(rows.count == count)
      let place = try #require(columns.firstIndex(of: "sweep_id"))
      #expect(rows.allSatisfy { $0[place] == .number("\(sweep)") })
      // One connection reads one after another.
      #expect(try read(fixture, table, 77).rows.isEmpty)
    }
    // Numbers to the last digit, what is none as a text, and times that say where they are.
    let leaders = try read(fixture, .leaderboard, sweep)
    let objective = try #require(leaders.columns.firstIndex(of: "objective"))
    #expect(leaders.rows.map { $0[objective] } == [.number("0.30000000000000004"), .text("NaN")])
    let finished = try #require(leaders.columns.firstIndex(of: "finished_at"))
    #expect(leaders.rows[0][finished].description.hasSuffix("+00"))
    let params = try read(fixture, .params, sweep)
    #expect(params.rows.map { $0[4] } == [.text("0.0000001"), .text("0.1")])
    #expect(params.rows.map { $0[5] } == [.number("1e-07"), .number("0.1")])
  }

  @Test(.scratchDatabase) func `a long table comes in parts, whole and in order`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    try fixture.database.write(
      Progress(
        metrics: (1...2500).map {
          MetricPoint(epoch: $0, split: "train", name: "loss", value: 1 / Double($0))
        }), under: lease)
    let (columns, rows, parts) = try read(fixture, .curves, sweep)
    #expect(rows.count == 2500 && parts >= 3)
    let epoch = try #require(columns.firstIndex(of: "epoch"))
    #expect(rows.map { $0[epoch] } == (1...2500).map { .number("\($0)") })
    let value = try #require(columns.firstIndex(of: "value"))
    for (index, row) in rows.enumerated() {
      #expect(Double(row[value].description) == 1 / Double(index + 1))
    }
  }
}
