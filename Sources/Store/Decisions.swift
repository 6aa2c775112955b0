public import FoundationEssentials
public import Postgres

/// Why something was done: a row of `unroll.decisions`.
public struct Decision: Sendable, Hashable {
  /// Later decisions have higher numbers.
  public let id: Int
  /// Number of the trial, if it is about one.
  public let trialID: Int?
  /// Number of that trial within the sweep.
  public let number: Int?
  /// `activate`, `refuse`, `create`, `retry`, `give_up`, `cancel`, `pause`, `resume` or `finish`.
  public let kind: String
  /// Why, in words.
  public let reason: String
  /// The facts behind it.
  public let details: JSON
  /// When.
  public let at: Date

  init(_ row: Row) throws {
    id = try row["id"]
    trialID = try row["trial_id"]
    number = try row["number"]
    kind = try row["kind"]
    reason = try row["reason"]
    details = try row["details"]
    at = try row["at"]
  }
}

extension Database {
  /// The decisions about a sweep, latest first.
  public func decisions(sweep: Int, limit: Int = 100) throws -> [Decision] {
    try all(ListDecisions(sweep: sweep, limit: limit))
  }

  /// The decisions about a trial, first to last.
  public func decisions(trial: Int) throws -> [Decision] {
    try all(ListTrialDecisions(trial: trial))
  }

  /// Records a decision of the leader that no other operation records.
  public func record(
    kind: String, reason: String, details: JSON = JSON(text: "{}"), sweep: Int,
    trial: Int? = nil, by leadership: Leadership
  ) throws {
    try batch([
      CheckLeadership(leadership: leadership),
      InsertDecision(sweep: sweep, trial: trial, kind: kind, reason: reason, details: details),
    ])
  }
}

struct ListDecisions: Statement {
  static let sql = "select * from unroll.decisions where sweep_id = $1 order by id desc limit $2"
  let sweep: Int
  let limit: Int
  var parameters: [any PostgresEncodable] { [sweep, limit] }
  static func decode(_ row: Row) throws -> Decision { try Decision(row) }
}

struct ListTrialDecisions: Statement {
  static let sql = "select * from unroll.decisions where trial_id = $1 order by id"
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> Decision { try Decision(row) }
}

private struct InsertDecision: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
    values ($1, $2, $3, $4, $5)
    """
  let sweep: Int
  let trial: Int?
  let kind: String
  let reason: String
  let details: JSON
  var parameters: [any PostgresEncodable] { [sweep, trial, kind, reason, details] }
}
