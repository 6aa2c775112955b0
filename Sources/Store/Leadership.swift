public import FoundationEssentials
import Postgres

/// A turn as the leader: who, and since which change of leader.
///
/// Everything that a leader writes proves the term in the same transaction.
public struct Leadership: Sendable, Hashable {
  /// What is led; the scheduler leads `scheduler`.
  public let role: String
  /// The process that leads.
  public let holder: UUID
  /// Grows with every change of leader.
  public let term: Int
}

extension Database {
  /// Becomes the leader if nobody is; nil while somebody else leads.
  public func acquireLeadership(
    holder: UUID, ttl: Duration, role: String = "scheduler"
  ) throws -> Leadership? {
    try one(AcquireLeadership(role: role, holder: holder, ttl: ttl))
      .map { Leadership(role: role, holder: holder, term: $0) }
  }

  /// Leads for another `ttl` from now; false when the term is over.
  public func renew(_ leadership: Leadership, ttl: Duration) throws -> Bool {
    try one(RenewLeadership(leadership: leadership, ttl: ttl))
  }

  /// Whether somebody leads just now.
  public func isLed(role: String = "scheduler") throws -> Bool {
    try one(ReadLeadership(role: role))
  }

  /// Ends the term at once, so that another may lead; false when it was over already.
  @discardableResult
  public func resign(_ leadership: Leadership) throws -> Bool {
    try one(ResignLeadership(leadership: leadership))
  }
}

private struct AcquireLeadership: Statement {
  static let sql = "select unroll_internal.acquire_leadership($1, $2, $3)"
  let role: String
  let holder: UUID
  let ttl: Duration
  var parameters: [any PostgresEncodable] { [role, holder, ttl] }
  static func decode(_ row: Row) throws -> Int? { try row[0] }
}

private struct RenewLeadership: Statement {
  static let sql = "select unroll_internal.renew_leadership($1, $2, $3, $4)"
  let leadership: Leadership
  let ttl: Duration
  var parameters: [any PostgresEncodable] {
    [leadership.role, leadership.holder, leadership.term, ttl]
  }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct ReadLeadership: Statement {
  static let sql = """
    select exists (select from unroll_internal.leader
      where role = $1 and expires_at > clock_timestamp())
    """
  let role: String
  var parameters: [any PostgresEncodable] { [role] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct ResignLeadership: Statement {
  static let sql = "select unroll_internal.resign_leadership($1, $2, $3)"
  let leadership: Leadership
  var parameters: [any PostgresEncodable] {
    [leadership.role, leadership.holder, leadership.term]
  }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

/// The leader's fence: first in every transaction in which a leader writes.
struct CheckLeadership: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.check_leadership($1, $2, $3)"
  let leadership: Leadership
  var parameters: [any PostgresEncodable] {
    [leadership.role, leadership.holder, leadership.term]
  }
}
