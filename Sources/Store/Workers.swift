public import FoundationEssentials
import Postgres

/// One start of one worker process.
public struct WorkerRegistration: Sendable, Hashable {
  /// Fresh for every start; never used again.
  public var id: UUID
  /// The machine.
  public var host: String
  /// The process.
  public var pid: Int
  /// How many trials it runs at a time.
  public var slots: Int
  /// The queue that it serves.
  public var queue: String
  /// Version of the program.
  public var version: String
  /// Kernels chosen for its processor.
  public var kernels: String
  /// Without a beat for this long it counts as dead.
  public var ttl: Duration

  /// What a worker says of itself.
  public init(
    id: UUID = UUID(), host: String, pid: Int, slots: Int, queue: String = "default",
    version: String, kernels: String, ttl: Duration = .seconds(30)
  ) {
    self.id = id
    self.host = host
    self.pid = pid
    self.slots = slots
    self.queue = queue
    self.version = version
    self.kernels = kernels
    self.ttl = ttl
  }
}

/// What the database answers to a heartbeat.
public enum Heartbeat: Sendable, Hashable {
  /// All is well, but these trials, which the worker holds, are to be cancelled.
  case alive(cancelled: [Int])
  /// The worker was declared dead: its trials are not its own any more. It must stop all of them,
  /// and may come back only under a new identity.
  case dead
}

extension Database {
  /// Enters a worker that has just started.
  public func register(_ worker: WorkerRegistration) throws {
    try run(RegisterWorker(worker: worker))
  }

  /// Says that a worker lives.
  public func beat(worker: UUID) throws -> Heartbeat {
    try one(BeatWorker(worker: worker)).map { .alive(cancelled: $0) } ?? .dead
  }

  /// What a worker holds: asked after a claim whose answer was lost, to give back what was granted
  /// and never began.
  public func leases(worker: UUID) throws -> [Lease] {
    try all(ListLeases(worker: worker))
  }

  /// The worker takes no further trials; false when it is dead.
  @discardableResult
  public func drain(worker: UUID) throws -> Bool {
    try run(DrainWorker(worker: worker)) == 1
  }

  /// The worker ends. What it still holds is reaped as lost: release it first.
  @discardableResult
  public func deregister(worker: UUID, reason: String = "stopped") throws -> Bool {
    try run(DeregisterWorker(worker: worker, reason: reason)) == 1
  }
}

private struct RegisterWorker: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.worker (id, host, pid, slots, queue, version, kernels, ttl)
    values ($1, $2, $3::int, $4::int, $5, $6, $7, $8)
    """
  let worker: WorkerRegistration
  var parameters: [any PostgresEncodable] {
    [
      worker.id, worker.host, worker.pid, worker.slots, worker.queue, worker.version,
      worker.kernels, worker.ttl,
    ]
  }
}

private struct BeatWorker: Statement {
  static let sql = "select unroll_internal.beat($1)"
  let worker: UUID
  var parameters: [any PostgresEncodable] { [worker] }
  static func decode(_ row: Row) throws -> [Int]? { try row[0] }
}

private struct ListLeases: Statement {
  static let sql = """
    select trial_id, token, worker_id from unroll_internal.status
    where worker_id = $1 and state = 'leased' order by trial_id
    """
  let worker: UUID
  var parameters: [any PostgresEncodable] { [worker] }
  static func decode(_ row: Row) throws -> Lease { try Lease(row) }
}

private struct DrainWorker: Statement {
  typealias Output = Void
  static let sql = """
    update unroll_internal.worker set state = 'draining' where id = $1 and state <> 'dead'
    """
  let worker: UUID
  var parameters: [any PostgresEncodable] { [worker] }
}

private struct DeregisterWorker: Statement {
  typealias Output = Void
  static let sql = """
    update unroll_internal.worker
    set state = 'dead', ended_at = clock_timestamp(), end_reason = $2
    where id = $1 and state <> 'dead'
    """
  let worker: UUID
  let reason: String
  var parameters: [any PostgresEncodable] { [worker, reason] }
}
