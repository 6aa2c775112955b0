public import Postgres

/// A table of a sweep that can be read row by row, however long it is: a public view, in a fixed
/// order.
public enum SweepTable: String, Sendable, Hashable, CaseIterable {
  /// `unroll.trials`, by number.
  case trials
  /// `unroll.curves`, by number of the trial, metric, split and epoch.
  case curves
  /// `unroll.metrics`, by number of the trial, metric and split.
  case metrics
  /// `unroll.leaderboard`, by rank and number.
  case leaderboard
  /// `unroll.params`, by number of the trial and name.
  case params

  fileprivate func declaration(_ sweep: Int) -> any Statement {
    switch self {
    case .trials: DeclareTrials(sweep: sweep)
    case .curves: DeclareCurves(sweep: sweep)
    case .metrics: DeclareMetrics(sweep: sweep)
    case .leaderboard: DeclareLeaderboard(sweep: sweep)
    case .params: DeclareParams(sweep: sweep)
    }
  }
}

extension Database {
  /// Reads the rows of a table, some at a time, so that neither side ever holds all of them. The
  /// rows are those of one moment.
  ///
  /// - Parameters:
  ///   - table: Which table.
  ///   - sweep: The number of the sweep.
  ///   - body: Given rows as the server writes them: at least once, if only for the columns.
  /// - Throws: ``StoreError``, or what `body` throws.
  public func rows(
    _ table: SweepTable, sweep: Int, _ body: (TextTable) throws -> Void
  ) throws {
    try transaction {
      try run(WriteExactly())
      try run(table.declaration(sweep))
      while true {
        let rows = try connection.table(FetchRows.sql)
        try body(rows)
        if rows.rows.isEmpty { return }
      }
    }
  }
}

private struct WriteExactly: Statement {
  // Whatever the client's locale: times that every program reads, numbers that read back the same.
  static let sql = """
    select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true),
      set_config('extra_float_digits', '1', true)
    """
  typealias Output = Void
}

private struct FetchRows: Statement {
  typealias Output = Void
  static let sql = "fetch 1000 from exported_rows"
}

private struct DeclareTrials: Statement {
  typealias Output = Void
  static let sql = """
    declare exported_rows no scroll cursor for
    select * from unroll.trials where sweep_id = $1 order by number
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
}

private struct DeclareCurves: Statement {
  typealias Output = Void
  static let sql = """
    declare exported_rows no scroll cursor for
    select * from unroll.curves where sweep_id = $1 order by number, metric, split, epoch
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
}

private struct DeclareMetrics: Statement {
  typealias Output = Void
  static let sql = """
    declare exported_rows no scroll cursor for
    select * from unroll.metrics where sweep_id = $1 order by number, metric, split
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
}

private struct DeclareLeaderboard: Statement {
  typealias Output = Void
  static let sql = """
    declare exported_rows no scroll cursor for
    select * from unroll.leaderboard where sweep_id = $1 order by rank, number
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
}

private struct DeclareParams: Statement {
  typealias Output = Void
  static let sql = """
    declare exported_rows no scroll cursor for
    select * from unroll.params where sweep_id = $1 order by number, name
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
}
