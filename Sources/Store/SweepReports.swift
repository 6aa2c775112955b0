public import FoundationEssentials
public import Postgres

/// How far a sweep is.
public struct SweepProgress: Sendable, Hashable {
  /// `submitted`, `active`, `refused`, `finished` or `cancelled`.
  public let state: String
  /// No further trial starts.
  public let paused: Bool
  /// Why the sweep was refused.
  public let error: String?
  /// The budget; nil until it is known.
  public let trials: Int?
  /// Trials that exist.
  public let created: Int
  /// Trials that wait.
  public let queued: Int
  /// Trials that a worker holds.
  public let running: Int
  /// Trials that ended well.
  public let succeeded: Int
  /// Trials that were stopped early.
  public let pruned: Int
  /// Trials that were given up.
  public let failed: Int
  /// Trials that were cancelled.
  public let cancelled: Int
  /// Best objective so far.
  public let best: Double?
  /// Seconds since activation, until the end if it is over; by the database's clock.
  public let seconds: Double?

  /// Trials that are over, however they ended.
  public var ended: Int { succeeded + pruned + failed + cancelled }

  init(_ row: Row) throws {
    state = try row["state"]
    paused = try row["paused"]
    error = try row["error"]
    trials = try row["trials"]
    created = try row["trials_created"]
    queued = try row["queued"]
    running = try row["running"]
    succeeded = try row["succeeded"]
    pruned = try row["pruned"]
    failed = try row["failed"]
    cancelled = try row["cancelled"]
    best = try row["best"]
    seconds = try row["seconds"]
  }
}

/// A sweep with its progress and its best trial: a row of `unroll.sweeps`.
public struct SweepReport: Sendable, Hashable {
  /// Number of the sweep.
  public let id: Int
  /// Its name.
  public let name: String
  /// `submitted`, `active`, `refused`, `finished` or `cancelled`.
  public let state: String
  /// No further trial starts.
  public let paused: Bool
  /// Name of its dataset.
  public let dataset: String
  /// Version of its dataset.
  public let datasetVersion: String
  /// Less runs first.
  public let priority: Int
  /// Most trials at one time.
  public let maxParallel: Int?
  /// The budget; nil until it is known.
  public let trials: Int?
  /// Trials that exist.
  public let created: Int
  /// Trials that wait.
  public let queued: Int
  /// Trials that a worker holds.
  public let running: Int
  /// Trials that ended well.
  public let succeeded: Int
  /// Trials that were stopped early.
  public let pruned: Int
  /// Trials that were given up.
  public let failed: Int
  /// Trials that were cancelled.
  public let cancelled: Int
  /// Which trial is best; nil until it is known.
  public let objective: Objective?
  /// Best objective so far.
  public let bestObjective: Double?
  /// Trial that reached it.
  public let bestTrialID: Int?
  /// Number of that trial within the sweep.
  public let bestNumber: Int?
  /// Trials over, per minute since activation.
  public let trialsPerMinute: Double?
  /// What remains at that rate.
  public let secondsLeft: Double?
  /// Seed of everything random.
  public let seed: Int
  /// Why it was refused.
  public let error: String?
  /// Database role that enqueued it.
  public let owner: String
  /// The sweep as it was enqueued.
  public let spec: JSON
  /// What the scheduler resolved.
  public let facts: JSON
  /// When it was enqueued.
  public let createdAt: Date
  /// When it was accepted.
  public let activatedAt: Date?
  /// When it was over.
  public let finishedAt: Date?

  init(_ row: Row) throws {
    id = try row["id"]
    name = try row["name"]
    state = try row["state"]
    paused = try row["paused"]
    dataset = try row["dataset"]
    datasetVersion = try row["dataset_version"]
    priority = try row["priority"]
    maxParallel = try row["max_parallel"]
    trials = try row["trials"]
    created = try row["created"]
    queued = try row["queued"]
    running = try row["running"]
    succeeded = try row["succeeded"]
    pruned = try row["pruned"]
    failed = try row["failed"]
    cancelled = try row["cancelled"]
    let metric: String? = try row["objective_metric"]
    let split: String? = try row["objective_split"]
    let goal: String? = try row["objective_goal"]
    objective =
      if let metric, let split, let goal {
        Objective(metric: metric, split: split, goal: goal)
      } else {
        nil
      }
    bestObjective = try row["best_objective"]
    bestTrialID = try row["best_trial_id"]
    bestNumber = try row["best_number"]
    trialsPerMinute = try row["trials_per_minute"]
    let left: Duration? = try row["time_left"]
    secondsLeft = left.map { $0 / .seconds(1) }
    seed = try row["seed"]
    error = try row["error"]
    owner = try row["owner"]
    spec = try row["spec"]
    facts = try row["facts"]
    createdAt = try row["created_at"]
    activatedAt = try row["activated_at"]
    finishedAt = try row["finished_at"]
  }
}

extension Database {
  /// How far a sweep is, in one statement that counts all of its trials: the larger the sweep, the seldomer
  /// it should be asked.
  public func progress(sweep: Int) throws -> SweepProgress {
    guard let progress = try oneOrNone(ReadProgress(sweep: sweep)) else {
      throw noSweep("\(sweep)")
    }
    return progress
  }

  /// The sweeps, newest first.
  public func sweeps(limit: Int = 1000) throws -> [SweepReport] {
    try all(ListSweeps(limit: limit))
  }

  /// A sweep by its number.
  public func sweep(id: Int) throws -> SweepReport {
    guard let sweep = try oneOrNone(ReadSweep(id: id)) else { throw noSweep("\(id)") }
    return sweep
  }

  /// A sweep by its number or its name; of several of one name, the newest. `latest` is the newest
  /// of all.
  public func sweep(matching text: String) throws -> SweepReport {
    if let id = Int(text) { return try sweep(id: id) }
    guard let id = try oneOrNone(FindSweep(name: text)) else { throw noSweep("\"\(text)\"") }
    return try sweep(id: id)
  }

  /// What a sweep is compared with.
  public func baselines(sweep: Int) throws -> [Baseline] {
    try all(ListBaselines(sweep: sweep))
  }

  private func noSweep(_ wanted: String) -> StoreError {
    StoreError(.notFound, "no sweep \(wanted); unroll sweeps lists what there is")
  }
}

private struct ReadProgress: Statement {
  static let sql = """
    select s.state::text, s.paused, s.error, s.trials, s.trials_created,
      coalesce(sum(c.n) filter (where c.state in ('queued', 'blocked')), 0)::bigint as queued,
      coalesce(sum(c.n) filter (where c.state = 'leased'), 0)::bigint as running,
      coalesce(sum(c.n) filter (where c.state = 'succeeded'), 0)::bigint as succeeded,
      coalesce(sum(c.n) filter (where c.state = 'pruned'), 0)::bigint as pruned,
      coalesce(sum(c.n) filter (where c.state = 'failed'), 0)::bigint as failed,
      coalesce(sum(c.n) filter (where c.state = 'cancelled'), 0)::bigint as cancelled,
      (select case s.objective_goal when 'maximize' then max(r.objective)
          else min(r.objective) end
        from unroll_internal.trial t
          join unroll_internal.result r on r.trial_id = t.id and r.objective <> 'NaN'
        where t.sweep_id = s.id) as best,
      extract(epoch from coalesce(s.finished_at, clock_timestamp()) - s.activated_at)::float8
        as seconds
    from unroll_internal.sweep s
      left join lateral (
        select t.state, count(*) as n from unroll_internal.status t
        where t.sweep_id = s.id group by t.state) c on true
    where s.id = $1
    group by s.id
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> SweepProgress { try SweepProgress(row) }
}

struct ListSweeps: Statement {
  static let sql = "select * from unroll.sweeps order by id desc limit $1"
  let limit: Int
  var parameters: [any PostgresEncodable] { [limit] }
  static func decode(_ row: Row) throws -> SweepReport { try SweepReport(row) }
}

struct ReadSweep: Statement {
  static let sql = "select * from unroll.sweeps where id = $1"
  let id: Int
  var parameters: [any PostgresEncodable] { [id] }
  static func decode(_ row: Row) throws -> SweepReport { try SweepReport(row) }
}

private struct FindSweep: Statement {
  static let sql = """
    select id from unroll_internal.sweep where name = $1 or $1 = 'latest'
    order by name = $1 desc, id desc limit 1
    """
  let name: String
  var parameters: [any PostgresEncodable] { [name] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

struct ListBaselines: Statement {
  static let sql = """
    select name, split, metric, value from unroll.baselines where sweep_id = $1
    order by name, split, metric
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> Baseline {
    Baseline(
      name: try row["name"], split: try row["split"], metric: try row["metric"],
      value: try row["value"])
  }
}
