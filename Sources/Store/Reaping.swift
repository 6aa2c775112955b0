import Postgres

/// A lease that was taken away.
public struct Reaped: Sendable, Hashable {
  /// What was taken, and from whom.
  public let lease: Lease
  /// What the trial is now: `queued`, `failed` or `cancelled`.
  public let state: String
  /// Why.
  public let reason: String
}

extension Database {
  /// Declares silent workers dead, and takes back what dead workers hold, what is past its time
  /// and what ignores its cancellation.
  ///
  /// With `inTouch`, the leader reaches the database again for so long: a worker that may not have
  /// reached it either has lost nothing yet.
  public func reap(
    limit: Int = 1000, inTouch: Duration? = nil, by leadership: Leadership
  ) throws -> [Reaped] {
    let answers = try batch([
      CheckLeadership(leadership: leadership), Reap(limit: limit, inTouch: inTouch),
    ])
    return try storing { try answers[1].map(Reap.decode) }
  }

  /// Ends sessions of this program whose clients were silent for so long while they held locks.
  ///
  /// - Returns: How many.
  public func endSilentClients(patience: Duration) throws -> Int {
    try one(EndSilentClients(patience: patience))
  }
}

private struct Reap: Statement {
  static let sql = """
    select trial_id, token, worker_id, state::text, reason from unroll_internal.reap($1::int, $2)
    """
  let limit: Int
  let inTouch: Duration?
  var parameters: [any PostgresEncodable] { [limit, inTouch] }
  static func decode(_ row: Row) throws -> Reaped {
    Reaped(lease: try Lease(row), state: try row["state"], reason: try row["reason"])
  }
}

private struct EndSilentClients: Statement {
  static let sql = "select unroll_internal.end_silent_clients($1)"
  let patience: Duration
  var parameters: [any PostgresEncodable] { [patience] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}
