public import Postgres

/// A trial that is to be created, and why it has these hyperparameters.
public struct NewTrial: Sendable {
  /// The hyperparameters: an object, by name.
  public var params: JSON
  /// Why, in words, for the decision row.
  public var reason: String
  /// The facts behind it: an object.
  public var details: JSON

  /// A trial to create.
  public init(params: JSON, reason: String, details: JSON = JSON(text: "{}")) {
    self.params = params
    self.reason = reason
    self.details = details
  }
}

extension Database {
  /// Creates the trials numbered from `first` on, with their decisions, in one transaction.
  ///
  /// Returns how many were created: none when the sweep is not active any more, or when `first` is
  /// not the next number, because another leader was faster.
  public func createTrials(
    sweep: Int, first: Int, _ trials: [NewTrial], by leadership: Leadership
  ) throws -> Int {
    guard !trials.isEmpty else { return 0 }
    return try one(
      CreateTrials(sweep: sweep, first: first, trials: trials, leadership: leadership))
  }

  /// Fills the window of trials that may be claimed up to `window`, in fair order and behind what waits
  /// there, and returns how many were added.
  public func refill(
    queue: String = "default", window: Int, by leadership: Leadership
  ) throws -> Int {
    try one(RefillWindow(queue: queue, window: window, leadership: leadership))
  }

  /// Brings the window into the fair order as it is now, also those who came when it was full, and
  /// returns how many came, went and moved. Another `lot` each time lets sweeps take turns that cannot
  /// all run.
  @discardableResult
  public func rankWindow(
    queue: String = "default", window: Int, lot: Int = 0, by leadership: Leadership
  ) throws -> Int {
    try one(RankWindow(queue: queue, window: window, lot: lot, leadership: leadership))
  }
}

private struct CreateTrials: Statement {
  static let sql = """
    select unroll_internal.create_trials($1, $2, $3, $4::int, $5::jsonb[], $6::text[], $7::jsonb[])
    """
  let sweep: Int
  let first: Int
  let trials: [NewTrial]
  let leadership: Leadership
  var parameters: [any PostgresEncodable] {
    [
      leadership.holder, leadership.term, sweep, first, trials.map(\.params),
      trials.map(\.reason), trials.map(\.details),
    ]
  }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct RankWindow: Statement {
  static let sql = "select unroll_internal.rank_window($1, $2, $3, $4::int, $5)"
  let queue: String
  let window: Int
  let lot: Int
  let leadership: Leadership
  var parameters: [any PostgresEncodable] {
    [leadership.holder, leadership.term, queue, window, lot]
  }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct RefillWindow: Statement {
  static let sql = "select unroll_internal.refill($1, $2, $3, $4::int)"
  let queue: String
  let window: Int
  let leadership: Leadership
  var parameters: [any PostgresEncodable] { [leadership.holder, leadership.term, queue, window] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}
