public import FoundationEssentials
import Postgres

/// A turn as the leader: who, and since which change of leader.
///
/// Everything that a leader writes proves the term in the same transaction.
public struct Leadership: Sendable, Hashable {
  /// What is led: `scheduler/` and a queue.
  public let role: String
  /// The process that leads.
  public let holder: UUID
  /// Grows with every change of leader.
  public let term: Int
}

extension Database {
  /// Becomes the leader of a queue if nobody is; nil while somebody else leads it.
  public func acquireLeadership(
    of queue: String = "default", holder: UUID, ttl: Duration
  ) throws -> Leadership? {
    let role = "scheduler/\(queue)"
    return try one(AcquireLeadership(role: role, holder: holder, ttl: ttl))
      .map { Leadership(role: role, holder: holder, term: $0) }
  }

  /// Leads for another `ttl` from now; false when the term is over.
  public func renew(_ leadership: Leadership, ttl: Duration) throws -> Bool {
    try one(RenewLeadership(leadership: leadership, ttl: ttl))
  }

  /// Whether somebody leads the queue of a sweep just now.
  public func isLed(sweep: Int) throws -> Bool { try one(ReadLeadership(sweep: sweep)) }

  /// The queues that somebody leads just now, and those that nobody leads although sweeps wait.
  public func queues() throws -> (led: [String], abandoned: [String]) {
    let queues = try all(ListQueues())
    return (queues.filter(\.isLed).map(\.name), queues.filter { !$0.isLed }.map(\.name))
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
    select exists (
      select from unroll_internal.leader l
        join unroll_internal.sweep s on l.role = 'scheduler/' || s.queue
      where s.id = $1 and l.expires_at > clock_timestamp())
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct ListQueues: Statement {
  static let sql = """
    with led as (
      select substr(role, length('scheduler/') + 1) as queue from unroll_internal.leader
      where starts_with(role, 'scheduler/') and expires_at > clock_timestamp())
    select queue, true as is_led from led
    union all
    (select queue, false from unroll_internal.sweep where state in ('submitted', 'active')
      except select queue, false from led)
    order by queue
    """
  static func decode(_ row: Row) throws -> (name: String, isLed: Bool) {
    (name: try row["queue"], isLed: try row["is_led"])
  }
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
