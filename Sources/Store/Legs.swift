import FoundationEssentials
public import Postgres

/// The way of a trial from one rung to the next, as the rows of a sweep keep it.
public struct StoredLeg: Sendable, Hashable {
  /// Its number within the sweep: the order of decisions.
  public let number: Int
  /// Number of the trial within the sweep; nil where nothing was decided.
  public let trial: Int?
  /// The hyperparameters of the trial on this leg.
  public let params: JSON?
  /// The epochs that the trial has behind it at the end.
  public let until: Int?
  /// How many results the decision knew.
  public let known: Int
  /// `reached`, `failed`, or nil while it is under way.
  public let result: String?
  /// The objectives at the end, the best so far.
  public let objectives: [Double]
  /// Its place among the results that were taken in; nil if it was not.
  public let taken: Int?
  /// What became of the trial then.
  public let judgement: String?

  init(_ row: Row) throws {
    number = try row["number"]
    trial = try row["trial"]
    params = try row["params"]
    until = try row["until"]
    known = try row["known"]
    result = try row["result"]
    objectives = try row["objectives"]
    taken = try row["taken"]
    judgement = try row["judgement"]
  }
}

/// A result that a search has not taken in yet.
public struct Arrival: Sendable, Hashable {
  /// The number of the leg.
  public let leg: Int
  /// The objectives at its end; nil if the trial is over without a value.
  public let objectives: [Double]?

  init(_ row: Row) throws {
    leg = try row["number"]
    objectives = try row["result"] == "reached" ? row["objectives"] : nil
  }
}

/// All that a search decided in one turn: written together or not at all.
public struct SearchDecision: Sendable {
  /// What became of a trial at the end of a leg.
  public struct Judgement: Sendable {
    /// The number of the leg.
    public var leg: Int
    /// What became of the trial.
    public var judgement: String

    /// What became of a trial.
    public init(leg: Int, judgement: String) {
      self.leg = leg
      self.judgement = judgement
    }
  }

  /// A leg, in the order of their numbers.
  public struct Leg: Sendable {
    /// The number of the trial; nil where nothing could be decided.
    public var trial: Int?
    /// The epochs that the trial has behind it at the end.
    public var until: Int?
    /// How many results the decision knew.
    public var known: Int

    /// A leg.
    public init(trial: Int?, until: Int?, known: Int) {
      self.trial = trial
      self.until = until
      self.known = known
    }
  }

  /// A trial that goes on as a copy of another one.
  public struct Heir: Sendable {
    /// The number of the trial.
    public var trial: Int
    /// The number of the trial whose newest checkpoint and metrics it takes over.
    public var parent: Int
    /// The hyperparameters that it has from now on.
    public var params: JSON

    /// A trial that goes on as a copy.
    public init(trial: Int, parent: Int, params: JSON) {
      self.trial = trial
      self.parent = parent
      self.params = params
    }
  }

  /// Why something was decided.
  public struct Told: Sendable {
    /// The number of the trial it is about.
    public var trial: Int?
    /// What was done.
    public var kind: String
    /// Why, in words.
    public var reason: String
    /// The facts behind it: an object.
    public var details: JSON

    /// A reason.
    public init(trial: Int?, kind: String, reason: String, details: JSON) {
      self.trial = trial
      self.kind = kind
      self.reason = reason
      self.details = details
    }
  }

  /// The legs whose results were taken in, in this order.
  public var taken: [Int] = []
  /// What became of trials, each leg once.
  public var judged: [Judgement] = []
  /// The hyperparameters of new trials, which are numbered on.
  public var begun: [JSON] = []
  /// Legs.
  public var legs: [Leg] = []
  /// Which of those that have a leg go on as copies of others.
  public var heirs: [Heir] = []
  /// The numbers of trials that are stopped.
  public var ended: [Int] = []
  /// Why.
  public var told: [Told] = []

  /// Nothing yet.
  public init() {}

  /// Whether there is nothing to write.
  public var isEmpty: Bool {
    taken.isEmpty && judged.isEmpty && legs.isEmpty && ended.isEmpty && told.isEmpty
  }
}

/// What a trial that succeeded was given and came to.
public struct FinishedPoint: Sendable, Hashable {
  /// The hyperparameters.
  public let params: JSON
  /// The objective.
  public let objective: Double
}

/// The objective of a trial at the end of an epoch.
public struct ObjectivePoint: Sendable, Hashable {
  /// The number of the trial within its sweep.
  public let number: Int
  /// The value.
  public let value: Double
}

extension Database {
  /// The objective of each trial of a sweep, epoch by epoch.
  public func objectiveCurves(sweep: Int, _ objective: Objective) throws -> [ObjectivePoint] {
    try all(ListObjectiveCurves(sweep: sweep, objective: objective))
  }

  /// What the trials of a sweep that had succeeded when another one was accepted came to, by their numbers:
  /// the same again whenever that one asks.
  public func finishedPoints(sweep: Int, before other: Int) throws -> [FinishedPoint] {
    try all(ListFinishedPoints(sweep: sweep, other: other))
  }

  /// All legs of a sweep in the order of decisions: from these a search is rebuilt.
  public func legs(sweep: Int) throws -> [StoredLeg] { try all(ListLegs(sweep: sweep)) }

  /// The results that the search of a sweep has not taken in, in the order in which they came.
  public func arrivals(sweep: Int) throws -> [Arrival] { try all(ListArrivals(sweep: sweep)) }

  /// Writes what a search decided from the legs and results so far; false when these are not the rows
  /// any more, or the sweep is over: nothing was written then.
  public func decide(
    sweep: Int, legs: Int, taken: Int, _ decision: SearchDecision, by leadership: Leadership
  ) throws -> Bool {
    try one(
      Decide(sweep: sweep, legs: legs, taken: taken, decision: decision, leadership: leadership))
  }
}

private struct ListLegs: Statement {
  static let sql = """
    select l.number, t.number as trial, coalesce(l.params, t.params) as params, l.until, l.known, l.result,
      coalesce(l.objectives, '{}') as objectives, l.taken, l.judgement
    from unroll_internal.leg l left join unroll_internal.trial t on t.id = l.trial_id
    where l.sweep_id = $1 order by l.number
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> StoredLeg { try StoredLeg(row) }
}

private struct ListObjectiveCurves: Statement {
  static let sql = """
    select number, value from unroll.curves
    where sweep_id = $1 and metric = $2 and split = $3 order by number, epoch
    """
  let sweep: Int
  let objective: Objective
  var parameters: [any PostgresEncodable] { [sweep, objective.metric, objective.split] }
  static func decode(_ row: Row) throws -> ObjectivePoint {
    ObjectivePoint(number: try row["number"], value: try row["value"])
  }
}

private struct ListFinishedPoints: Statement {
  static let sql = """
    select t.params, r.objective from unroll_internal.trial t
      join unroll_internal.result r on r.trial_id = t.id
      join unroll_internal.status s on s.trial_id = t.id
      join unroll_internal.sweep o on o.id = $2
    where t.sweep_id = $1 and s.finished_at < o.activated_at order by t.number
    """
  let sweep: Int
  let other: Int
  var parameters: [any PostgresEncodable] { [sweep, other] }
  static func decode(_ row: Row) throws -> FinishedPoint {
    FinishedPoint(params: try row["params"], objective: try row["objective"])
  }
}

private struct ListArrivals: Statement {
  static let sql = """
    select number, result, coalesce(objectives, '{}') as objectives
    from unroll_internal.leg
    where sweep_id = $1 and arrival is not null and taken is null order by arrival
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> Arrival { try Arrival(row) }
}

private struct Decide: Statement {
  static let sql = """
    select unroll_internal.decide($1, $2, $3, $4::int, $5::int, $6, $7, $8, $9::jsonb[], $10, $11,
      $12, $13, $14, $15, $16, $17::jsonb[], $18, $19, $20::jsonb[])
    """
  let sweep: Int
  let legs: Int
  let taken: Int
  let decision: SearchDecision
  let leadership: Leadership
  var parameters: [any PostgresEncodable] {
    [
      leadership.holder, leadership.term, sweep, legs, taken,
      decision.taken.map { Int32(clamping: $0) },
      decision.judged.map { Int32(clamping: $0.leg) }, decision.judged.map(\.judgement),
      decision.begun, decision.legs.map { $0.trial.map(Int32.init) },
      decision.legs.map { $0.until.map { Int32(clamping: $0) } },
      decision.legs.map { Int32(clamping: $0.known) },
      decision.ended.map { Int32(clamping: $0) }, decision.told.map { $0.trial.map(Int32.init) },
      decision.told.map(\.kind), decision.told.map(\.reason), decision.told.map(\.details),
      decision.heirs.map { Int32(clamping: $0.trial) },
      decision.heirs.map { Int32(clamping: $0.parent) }, decision.heirs.map(\.params),
    ]
  }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}
