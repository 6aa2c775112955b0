public import FoundationEssentials
public import Postgres

/// The right to write for a trial, until it is taken away: see ``StoreError/Code/leaseLost``.
public struct Lease: Sendable, Hashable {
  /// The trial.
  public let trial: Int
  /// The fencing token: one more with every lease of the trial.
  public let token: Int
  /// Who holds it: after a failover that lost a grant, the token alone comes twice.
  public let worker: UUID

  /// A lease as it was granted.
  public init(trial: Int, token: Int, worker: UUID) {
    self.trial = trial
    self.token = token
    self.worker = worker
  }

  init(_ row: Row) throws {
    self.init(
      trial: try row["trial_id"], token: try row["token"], worker: try row["worker_id"])
  }

  var parameters: [any PostgresEncodable] { [trial, token, worker] }
}

/// A trial that a worker was given.
public struct Claim: Sendable, Hashable {
  /// The right to write for it.
  public let lease: Lease
  /// Number of the trial within its sweep.
  public let number: Int
  /// The hyperparameters.
  public let params: JSON
  /// Number of its sweep.
  public let sweepID: Int
  /// The sweep as it was enqueued.
  public let spec: JSON
  /// What the scheduler resolved.
  public let facts: JSON
  /// Seed of the sweep.
  public let seed: Int
  /// Which trial is best.
  public let objective: Objective
  /// Number of the dataset.
  public let datasetID: Int
  /// Version of the dataset: sha256 of its content, by which workers cache it.
  public let datasetVersion: String
  /// The checkpoint to go on from; metrics beyond it are gone already.
  public let checkpoint: CheckpointPosition?
  /// The epoch at which the trial pauses for a decision, or ends if it is the last; nil: it is trained
  /// to its end and nobody waits for the result.
  public let until: Int?
  /// The trial whose checkpoint it was given for this leg, if it goes on as a copy.
  public let parent: Parent?

  /// Another trial, as it was when its checkpoint was copied.
  public struct Parent: Sendable, Hashable {
    /// Its number within the sweep.
    public let number: Int
    /// The hyperparameters under which the checkpoint was taken.
    public let params: JSON
  }

  init(_ row: Row) throws {
    lease = try Lease(row)
    number = try row["number"]
    params = try row["params"]
    sweepID = try row["sweep_id"]
    spec = try row["spec"]
    facts = try row["facts"]
    seed = try row["seed"]
    objective = Objective(
      metric: try row["objective_metric"], split: try row["objective_split"],
      goal: try row["objective_goal"])
    datasetID = try row["dataset_id"]
    datasetVersion = try row["version"]
    let step: Int? = try row["step"]
    checkpoint = try step.map { CheckpointPosition(epoch: try row["epoch"], step: $0) }
    until = try row["until"]
    let number: Int? = try row["parent"]
    parent = try number.map { Parent(number: $0, params: try row["parent_params"]) }
  }
}

/// What an attempt reports while it runs.
public struct Progress: Sendable {
  /// Metrics of the epochs since the last report.
  public var metrics: [MetricPoint]
  /// A point to go on from.
  public var checkpoint: NewCheckpoint?
  /// How gradients flowed, if that was measured.
  public var flow: [FlowMeasurement]

  /// A report.
  public init(
    metrics: [MetricPoint], checkpoint: NewCheckpoint? = nil, flow: [FlowMeasurement] = []
  ) {
    self.metrics = metrics
    self.flow = flow
    self.checkpoint = checkpoint
  }
}

extension Database {
  /// Takes up to `count` trials out of the window for a worker that is alive.
  public func claim(worker: UUID, queue: String = "default", count: Int) throws -> [Claim] {
    try all(ClaimTrials(worker: worker, queue: queue, count: count))
  }

  /// Writes what an attempt has reached, in one transaction and one round trip.
  public func write(_ progress: Progress, under lease: Lease) throws {
    try batch([Fence(lease: lease)] + statements(for: progress, under: lease))
  }

  /// Ends a trial well: the last report, result, confusion, artifacts, predictions and state in one
  /// transaction.
  /// With `objectives`, a search waits for them.
  public func succeed(
    _ result: TrialResult, objectives: [Double]? = nil, progress: Progress, cpuSeconds: Double,
    under lease: Lease
  ) throws {
    var statements: [any Statement] = [Fence(lease: lease)]
    statements += self.statements(for: progress, under: lease)
    statements.append(InsertResult(lease: lease, result: result))
    statements.append(InsertConfusion(lease: lease, cells: result.confusion))
    for artifact in result.artifacts {
      statements += self.statements(for: artifact, under: lease)
    }
    if let predictions = result.predictions {
      statements += self.statements(for: predictions, under: lease)
    }
    if let objectives { statements.append(ReachEnd(lease: lease, objectives: objectives)) }
    statements.append(
      FinishTrial(lease: lease, state: "succeeded", error: nil, cpuSeconds: cpuSeconds))
    try batch(statements)
  }

  /// Ends a leg at its rung: the last report, the checkpoint and the objectives so far in one
  /// transaction. Returns the state: `blocked`, or `cancelled` if that was asked for.
  @discardableResult
  public func pause(
    _ lease: Lease, objectives: [Double], progress: Progress, cpuSeconds: Double
  ) throws -> String {
    let answers = try batch(
      [Fence(lease: lease)] + statements(for: progress, under: lease) + [
        PauseTrial(lease: lease, objectives: objectives, cpuSeconds: cpuSeconds)
      ])
    return try storing { try answers[answers.count - 1].one()[0] }
  }

  /// Ends many trials well that leave nothing behind, in one statement. Returns those whose lease
  /// was lost, which are left as they are.
  public func succeed(_ ended: [(lease: Lease, cpuSeconds: Double)]) throws -> [Int] {
    try one(FinishMany(ended: ended))
  }

  /// Ends a trial as its cancellation asks.
  public func cancel(
    _ lease: Lease, progress: Progress = Progress(metrics: []), cpuSeconds: Double
  ) throws {
    try batch(
      [Fence(lease: lease)] + statements(for: progress, under: lease) + [
        FinishTrial(lease: lease, state: "cancelled", error: nil, cpuSeconds: cpuSeconds)
      ])
  }

  /// Says that an attempt failed by the trial's own fault. It is tried again later, unless that
  /// cannot help (`retry`) or it failed too often. Returns the state: `queued` or `failed`, or
  /// `cancelled` if that was asked for.
  @discardableResult
  public func fail(
    _ lease: Lease, error: String, retry: Bool, cpuSeconds: Double
  ) throws -> String {
    try one(FailTrial(lease: lease, error: error, retry: retry, cpuSeconds: cpuSeconds))
  }

  /// Gives a trial back, with what it has reached: neither a failure nor a loss. Returns the
  /// state: `queued`, or `cancelled` if that was asked for.
  @discardableResult
  public func release(
    _ lease: Lease, progress: Progress = Progress(metrics: []), cpuSeconds: Double
  ) throws -> String {
    let answers = try batch(
      [Fence(lease: lease)] + statements(for: progress, under: lease) + [
        ReleaseTrial(lease: lease, cpuSeconds: cpuSeconds)
      ])
    return try storing { try answers[answers.count - 1].one()[0] }
  }

  /// Goes back to an earlier checkpoint, or with nil to the start, because a later one cannot be
  /// read; forgets the metrics and checkpoints beyond it.
  public func rewind(_ lease: Lease, to position: CheckpointPosition?) throws {
    try run(RewindTrial(lease: lease, step: position?.step))
  }

  /// Whether the lease still holds, without writing.
  public func holds(_ lease: Lease) throws -> Bool {
    do {
      try run(Fence(lease: lease))
      return true
    } catch let error as StoreError where error.code == .leaseLost {
      return false
    }
  }

  /// How an attempt ended, nil while it runs: what to read when the answer to its last write was
  /// lost with the connection.
  public func outcome(of lease: Lease) throws -> String? {
    guard let found = try oneOrNone(ReadOutcome(lease: lease)) else {
      throw StoreError(.notFound, "trial \(lease.trial) has no attempt \(lease.token)")
    }
    return found
  }

  private func statements(for progress: Progress, under lease: Lease) -> [any Statement] {
    var statements: [any Statement] = []
    if !progress.metrics.isEmpty {
      statements.append(WriteMetrics(lease: lease, points: progress.metrics))
    }
    for measurement in progress.flow {
      statements.append(WriteFlow(lease: lease, measurement: measurement))
      statements.append(WriteVerdict(lease: lease, measurement: measurement))
    }
    if let checkpoint = progress.checkpoint {
      statements += self.statements(for: checkpoint, under: lease)
    }
    return statements
  }
}

private struct ClaimTrials: Statement {
  static let sql = """
    select c.*, $1::uuid as worker_id from unroll_internal.claim($1::uuid, $2, $3::int) c
    order by c.place
    """
  let worker: UUID
  let queue: String
  let count: Int
  var parameters: [any PostgresEncodable] { [worker, queue, count] }
  static func decode(_ row: Row) throws -> Claim { try Claim(row) }
}

/// First in every transaction in which a worker writes.
private struct Fence: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.fence($1, $2::int, $3)"
  let lease: Lease
  var parameters: [any PostgresEncodable] { lease.parameters }
}

private struct FinishTrial: Statement {
  typealias Output = Void
  static let sql = """
    select unroll_internal.finish($1, $2::int, $3, $4::unroll_internal.trial_state, $5, $6)
    """
  let lease: Lease
  let state: String
  let error: String?
  let cpuSeconds: Double
  var parameters: [any PostgresEncodable] { lease.parameters + [state, error, cpuSeconds] }
}

private struct FinishMany: Statement {
  static let sql = "select unroll_internal.finish_many($1, $2, $3, $4)"
  let ended: [(lease: Lease, cpuSeconds: Double)]
  var parameters: [any PostgresEncodable] {
    [
      ended.map(\.lease.trial), ended.map { Int32($0.lease.token) }, ended.map(\.lease.worker),
      ended.map(\.cpuSeconds),
    ]
  }
  static func decode(_ row: Row) throws -> [Int] { try row[0] }
}

private struct FailTrial: Statement {
  static let sql = "select unroll_internal.fail($1, $2::int, $3, $4, $5, $6)::text"
  let lease: Lease
  let error: String
  let retry: Bool
  let cpuSeconds: Double
  var parameters: [any PostgresEncodable] { lease.parameters + [error, retry, cpuSeconds] }
  static func decode(_ row: Row) throws -> String { try row[0] }
}

private struct ReleaseTrial: Statement {
  static let sql = "select unroll_internal.release($1, $2::int, $3, $4)::text"
  let lease: Lease
  let cpuSeconds: Double
  var parameters: [any PostgresEncodable] { lease.parameters + [cpuSeconds] }
  static func decode(_ row: Row) throws -> String { try row[0] }
}

private struct PauseTrial: Statement {
  static let sql = "select unroll_internal.pause($1, $2::int, $3, $4, $5)::text"
  let lease: Lease
  let objectives: [Double]
  let cpuSeconds: Double
  var parameters: [any PostgresEncodable] { lease.parameters + [objectives, cpuSeconds] }
  static func decode(_ row: Row) throws -> String { try row[0] }
}

private struct ReachEnd: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.reach($1, $2)"
  let lease: Lease
  let objectives: [Double]
  var parameters: [any PostgresEncodable] { [lease.trial, objectives] }
}

private struct RewindTrial: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.rewind($1, $2::int, $3, $4)"
  let lease: Lease
  let step: Int?
  var parameters: [any PostgresEncodable] { lease.parameters + [step] }
}

private struct ReadOutcome: Statement {
  static let sql = """
    select outcome::text from unroll_internal.attempt
    where trial_id = $1 and token = $2::int and worker_id = $3
    """
  let lease: Lease
  var parameters: [any PostgresEncodable] { lease.parameters }
  static func decode(_ row: Row) throws -> String? { try row[0] }
}
