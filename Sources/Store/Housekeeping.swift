import Postgres

/// A sweep that was stopped because its time was used up.
public struct StoppedSweep: Sendable, Hashable {
  /// Number of the sweep.
  public let id: Int
  /// Which budget, in words.
  public let reason: String
}

/// Something about the database that will hurt the queue before long.
public struct Alert: Sendable, Hashable, Encodable {
  /// `held snapshot`, `idle transaction`, `silent client`, `replication slot`,
  /// `prepared transaction`, `bloat` or `silent worker`.
  public let kind: String
  /// Who or what.
  public let subject: String
  /// What was found.
  public let found: String
  /// What to do about it.
  public let remedy: String
}

extension Database {
  /// Stops the sweeps of a queue whose CPU time, wall time or deadline is over.
  public func enforceBudgets(
    queue: String = "default", by leadership: Leadership
  ) throws -> [StoppedSweep] {
    try all(EnforceBudgets(queue: queue, leadership: leadership))
  }

  /// Deletes a batch of what need not be kept any longer. Returns how many rows went; as many as
  /// `limit` means that there may be more.
  public func expire(limit: Int = 1000, by leadership: Leadership) throws -> Int {
    try one(Expire(limit: limit, leadership: leadership))
  }

  /// Removes the dead rows of the window of claimable trials: claims get slower with each of them,
  /// and autovacuum comes once a minute at best. The owner of the table may do it.
  public func vacuumWindow() throws {
    try run(VacuumReady())
  }

  /// The same for the states of trials.
  public func vacuumStates() throws {
    try run(VacuumStatus())
  }

  /// Creates an empty database beside this one.
  ///
  /// - Precondition: The name needs no quotes.
  public func createScratch(_ name: String) throws {
    try onScratch(name) { "create database \($0) template template0 encoding 'UTF8'" }
  }

  /// Drops a database made by ``createScratch(_:)``, whoever is connected to it.
  public func dropScratch(_ name: String) throws {
    try onScratch(name) { "drop database if exists \($0) with (force)" }
  }

  // A name cannot be bound: let none through that could be anything else.
  private func onScratch(_ name: String, _ sql: (String) -> String) throws {
    precondition(name.allSatisfy { $0 == "_" || $0.isLowercase || $0.isNumber }, "name \(name)")
    try storing { try connection.execute(sql(name)) }
  }

  /// What will hurt the queue before long, worst first.
  public func alerts() throws -> [Alert] {
    try all(ListAlerts())
  }
}

private struct EnforceBudgets: Statement {
  static let sql = """
    select sweep_id, reason from unroll_internal.enforce_budgets($1, $2, $3)
    """
  let queue: String
  let leadership: Leadership
  var parameters: [any PostgresEncodable] { [leadership.holder, leadership.term, queue] }
  static func decode(_ row: Row) throws -> StoppedSweep {
    StoppedSweep(id: try row["sweep_id"], reason: try row["reason"])
  }
}

private struct Expire: Statement {
  static let sql = "select unroll_internal.expire($1, $2, $3::int)"
  let limit: Int
  let leadership: Leadership
  var parameters: [any PostgresEncodable] { [leadership.holder, leadership.term, limit] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct VacuumReady: Statement {
  typealias Output = Void
  // The index pages are cheap to clean: the table holds a window of trials, never all of them.
  static let sql =
    "vacuum (index_cleanup on, truncate off, skip_locked on) unroll_internal.ready"
}

private struct VacuumStatus: Statement {
  typealias Output = Void
  static let sql = "vacuum (truncate off, skip_locked on) unroll_internal.status"
}

private struct ListAlerts: Statement {
  static let sql = "select kind, subject, found, remedy from unroll.alerts"
  static func decode(_ row: Row) throws -> Alert {
    Alert(
      kind: try row["kind"], subject: try row["subject"], found: try row["found"],
      remedy: try row["remedy"])
  }
}
