public import Postgres

/// Which metric says which trial is best.
public struct Objective: Sendable, Hashable {
  /// Name of the metric.
  public var metric: String
  /// `validation` or `train`.
  public var split: String
  /// `minimize` or `maximize`.
  public var goal: String

  /// An objective.
  public init(metric: String, split: String, goal: String) {
    self.metric = metric
    self.split = split
    self.goal = goal
  }
}

/// What a method without a network reaches.
public struct Baseline: Sendable, Hashable {
  /// Name of the method, for instance `majority`.
  public var name: String
  /// `train`, `validation` or `test`.
  public var split: String
  /// Name of the metric.
  public var metric: String
  /// What it reaches.
  public var value: Double

  /// A figure to compare with.
  public init(name: String, split: String, metric: String, value: Double) {
    self.name = name
    self.split = split
    self.metric = metric
    self.value = value
  }
}

/// A sweep that the scheduler has to do something about.
public struct OpenSweep: Sendable, Hashable {
  /// Number of the sweep.
  public let id: Int
  /// Its name.
  public let name: String
  /// The sweep as it was enqueued.
  public let spec: JSON
  /// What was resolved at activation; `{}` before.
  public let facts: JSON
  /// Number of its dataset.
  public let datasetID: Int
  /// Seed of everything random in it.
  public let seed: Int
  /// `submitted` or `active`.
  public let state: String
  /// No trial of it starts.
  public let paused: Bool
  /// The budget; nil until it is known.
  public let trials: Int?
  /// How many of them exist.
  public let created: Int
  /// How many trials wait, are in the window or run.
  public let unfinished: Int
  /// Whether it ends before all of its trials because its time is used up.
  public let isStopped: Bool
  /// `minimize` or `maximize`: of the objective that was resolved at activation.
  public let goal: String?
  /// How many legs its search decided.
  public let legs: Int
  /// How many results its search took in.
  public let taken: Int
  /// How often its specification was changed while it ran.
  public let revision: Int
  /// Trials that wait for a worker or run: those that are neither over nor at a rung.
  public let underWay: Int

  init(_ row: Row) throws {
    id = try row["id"]
    name = try row["name"]
    spec = try row["spec"]
    facts = try row["facts"]
    datasetID = try row["dataset_id"]
    seed = try row["seed"]
    state = try row["state"]
    paused = try row["paused"]
    trials = try row["trials"]
    created = try row["trials_created"]
    unfinished = try row["unfinished"]
    isStopped = try row["is_stopped"]
    goal = try row["goal"]
    legs = try row["legs"]
    taken = try row["taken"]
    revision = try row["revision"]
    underWay = try row["under_way"]
  }
}

/// What a sweep is once it was found to be good.
public struct Activation: Sendable {
  /// The exact number of trials it will have.
  public var trials: Int
  /// Which trial is best.
  public var objective: Objective
  /// What was resolved: sizes, kinds, defaults.
  public var facts: JSON
  /// What it will be compared with.
  public var baselines: [Baseline]
  /// Why, in words, for the decision row.
  public var reason: String

  /// What a sweep resolves to.
  public init(
    trials: Int, objective: Objective, facts: JSON, baselines: [Baseline], reason: String
  ) {
    self.trials = trials
    self.objective = objective
    self.facts = facts
    self.baselines = baselines
    self.reason = reason
  }
}

extension Database {
  /// Enqueues a sweep and returns its number; with a key, the same call again returns the same.
  public func enqueue(_ spec: JSON, idempotencyKey: String? = nil) throws -> Int {
    try one(Enqueue(spec: spec, idempotencyKey: idempotencyKey))
  }

  /// The sweeps of a queue that are submitted or active, oldest first.
  public func openSweeps(queue: String = "default") throws -> [OpenSweep] {
    try all(ListOpenSweeps(queue: queue))
  }

  /// Accepts a submitted sweep, with its baselines. False when it is not submitted any more, or is not
  /// of the revision that was looked at: it was changed meanwhile.
  public func activate(
    sweep: Int, revision: Int = 0, _ activation: Activation, by leadership: Leadership
  ) throws -> Bool {
    let baselines = activation.baselines
    let answers = try batch([
      CheckLeadership(leadership: leadership),
      ActivateSweep(sweep: sweep, revision: revision, activation: activation),
      InsertBaselines(sweep: sweep, revision: revision, baselines: baselines),
    ])
    return answers[1].affected == 1
  }

  /// Refuses a submitted sweep. False when it is not submitted any more, or was changed meanwhile.
  public func refuse(
    sweep: Int, revision: Int = 0, reason: String, by leadership: Leadership
  ) throws -> Bool {
    try batch([
      CheckLeadership(leadership: leadership),
      RefuseSweep(sweep: sweep, revision: revision, reason: reason),
    ])[1].affected == 1
  }

  /// Finishes an active sweep all of whose trials are over; false when it is not so far.
  public func finish(sweep: Int, by leadership: Leadership) throws -> Bool {
    try one(FinishSweep(sweep: sweep, leadership: leadership))
  }
}

private struct Enqueue: Statement {
  static let sql = "select unroll.enqueue($1, $2)"
  let spec: JSON
  let idempotencyKey: String?
  var parameters: [any PostgresEncodable] { [spec, idempotencyKey] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct ListOpenSweeps: Statement {
  static let sql = """
    select s.id, s.name, s.spec, s.facts, s.dataset_id, s.seed, s.state::text, s.paused,
      s.trials, s.trials_created, s.stopped is not null as is_stopped, s.legs, s.taken,
      s.revision, s.objective_goal::text as goal, c.unfinished, c.under_way
    from unroll_internal.sweep s
      cross join lateral (
        select count(*) as unfinished, count(*) filter (where t.state <> 'blocked') as under_way
        from unroll_internal.status t
        where t.sweep_id = s.id and t.state in ('blocked', 'queued', 'leased')) c
    where s.queue = $1 and s.state in ('submitted', 'active')
    order by s.id
    """
  let queue: String
  var parameters: [any PostgresEncodable] { [queue] }
  static func decode(_ row: Row) throws -> OpenSweep { try OpenSweep(row) }
}

private struct ActivateSweep: Statement {
  typealias Output = Void
  static let sql = """
    with activated as (
      update unroll_internal.sweep
      set state = 'active', activated_at = clock_timestamp(), trials = $2::int,
        objective_metric = $3, objective_split = $4::unroll_internal.split,
        objective_goal = $5::unroll_internal.goal, facts = $6
      where id = $1 and state = 'submitted' and revision = $8::int
      returning id)
    insert into unroll_internal.decision (sweep_id, kind, reason)
    select id, 'activate', $7 from activated
    """
  let sweep: Int
  let revision: Int
  let activation: Activation
  var parameters: [any PostgresEncodable] {
    [
      sweep, activation.trials, activation.objective.metric, activation.objective.split,
      activation.objective.goal, activation.facts, activation.reason, revision,
    ]
  }
}

private struct InsertBaselines: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.baseline (sweep_id, name, split, metric, value)
    select $1, b.name, b.split::unroll_internal.split, b.metric, b.value
    from unnest($2::text[], $3::text[], $4::text[], $5::float8[]) b(name, split, metric, value)
    where exists (
      select from unroll_internal.sweep where id = $1 and state = 'active' and revision = $6::int)
    on conflict do nothing
    """
  let sweep: Int
  let revision: Int
  let baselines: [Baseline]
  var parameters: [any PostgresEncodable] {
    [
      sweep, baselines.map(\.name), baselines.map(\.split), baselines.map(\.metric),
      baselines.map(\.value), revision,
    ]
  }
}

private struct RefuseSweep: Statement {
  typealias Output = Void
  static let sql = """
    with refused as (
      update unroll_internal.sweep
      set state = 'refused', error = $2, finished_at = clock_timestamp()
      where id = $1 and state = 'submitted' and revision = $3::int
      returning id)
    insert into unroll_internal.decision (sweep_id, kind, reason)
    select id, 'refuse', $2 from refused
    """
  let sweep: Int
  let revision: Int
  let reason: String
  var parameters: [any PostgresEncodable] { [sweep, reason, revision] }
}

private struct FinishSweep: Statement {
  static let sql = "select unroll_internal.finish_sweep($1, $2, $3)"
  let sweep: Int
  let leadership: Leadership
  var parameters: [any PostgresEncodable] { [leadership.holder, leadership.term, sweep] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}
