public import FoundationEssentials
import Postgres

/// A worker process: a row of `unroll.workers`.
public struct WorkerReport: Sendable, Hashable {
  /// Identity of this start of the process.
  public let id: UUID
  /// Machine.
  public let host: String
  /// Process.
  public let pid: Int
  /// How many trials it runs at a time.
  public let slots: Int
  /// `alive`, `draining`, `silent` or `dead`.
  public let state: String
  /// Whether its heartbeat is in time by the database's clock.
  public let isAlive: Bool
  /// Trials that it holds now.
  public let running: Int
  /// Version of the program.
  public let version: String
  /// Kernels chosen for its processor.
  public let kernels: String
  /// When it started.
  public let startedAt: Date
  /// Its last heartbeat.
  public let beatAt: Date
  /// Why it ended.
  public let endReason: String?

  init(_ row: Row) throws {
    id = try row["id"]
    host = try row["host"]
    pid = try row["pid"]
    slots = try row["slots"]
    state = try row["state"]
    isAlive = try row["alive"]
    running = try row["running"]
    version = try row["version"]
    kernels = try row["kernels"]
    startedAt = try row["started_at"]
    beatAt = try row["beat_at"]
    endReason = try row["end_reason"]
  }
}

extension Database {
  /// The workers, those alive first, then by start, newest first.
  public func workers(limit: Int = 1000) throws -> [WorkerReport] {
    try all(ListWorkers(limit: limit))
  }
}

struct ListWorkers: Statement {
  static let sql = """
    select * from unroll.workers order by alive desc, started_at desc, id limit $1
    """
  let limit: Int
  var parameters: [any PostgresEncodable] { [limit] }
  static func decode(_ row: Row) throws -> WorkerReport { try WorkerReport(row) }
}
