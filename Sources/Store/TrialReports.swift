public import FoundationEssentials
public import Postgres

/// A trial that succeeded, with its place within its sweep: a row of `unroll.leaderboard`.
public struct LeaderboardEntry: Sendable, Hashable {
  /// Place, 1 is best; ties share one.
  public let rank: Int
  /// Number of the trial.
  public let trialID: Int
  /// Number within the sweep.
  public let number: Int
  /// The objective at the best epoch.
  public let objective: Double
  /// The epoch whose weights are the model.
  public let bestEpoch: Int
  /// Epochs that were trained.
  public let epochs: Int
  /// Accuracy on the test split, if it was measured.
  public let testAccuracy: Double?
  /// F1 on the test split, if it was measured.
  public let testF1: Double?
  /// Loss on the test split, if it was measured.
  public let testLoss: Double?
  /// All metrics on the test split; nil if there are none.
  public let testMetrics: JSON?
  /// The hyperparameters.
  public let params: JSON
  /// Time spent training.
  public let trainingSeconds: Double

  init(_ row: Row) throws {
    rank = try row["rank"]
    trialID = try row["trial_id"]
    number = try row["number"]
    objective = try row["objective"]
    bestEpoch = try row["best_epoch"]
    epochs = try row["epochs"]
    testAccuracy = try row["test_accuracy"]
    testF1 = try row["test_f1"]
    testLoss = try row["test_loss"]
    testMetrics = try row["test_metrics"]
    params = try row["params"]
    trainingSeconds = try row["training_seconds"]
  }
}

/// A trial: a row of `unroll.trials`.
public struct TrialReport: Sendable, Hashable {
  /// Number of the trial.
  public let id: Int
  /// Number of its sweep.
  public let sweepID: Int
  /// Number within the sweep.
  public let number: Int
  /// The hyperparameters.
  public let params: JSON
  /// `blocked`, `queued`, `running`, `succeeded`, `pruned`, `failed` or `cancelled`.
  public let state: String
  /// The objective at the best epoch.
  public let objective: Double?
  /// The epoch whose weights are the model.
  public let bestEpoch: Int?
  /// Epochs that were trained.
  public let epochs: Int?
  /// Time spent training.
  public let trainingSeconds: Double?
  /// How many times a worker took it.
  public let attempts: Int
  /// Attempts that failed by its own fault.
  public let failures: Int
  /// Attempts that were lost with their worker.
  public let losses: Int
  /// What went wrong last.
  public let error: String?
  /// True until its worker heeds a cancellation.
  public let cancelling: Bool
  /// When it was created.
  public let createdAt: Date
  /// When its latest attempt started.
  public let startedAt: Date?
  /// When it was over.
  public let finishedAt: Date?

  init(_ row: Row) throws {
    id = try row["id"]
    sweepID = try row["sweep_id"]
    number = try row["number"]
    params = try row["params"]
    state = try row["state"]
    objective = try row["objective"]
    bestEpoch = try row["best_epoch"]
    epochs = try row["epochs"]
    trainingSeconds = try row["training_seconds"]
    attempts = try row["attempts"]
    failures = try row["failures"]
    losses = try row["losses"]
    error = try row["error"]
    cancelling = try row["cancelling"]
    createdAt = try row["created_at"]
    startedAt = try row["started_at"]
    finishedAt = try row["finished_at"]
  }
}

/// One lease of a trial: a row of `unroll.attempts`.
public struct AttemptReport: Sendable, Hashable {
  /// Number of the trial.
  public let trialID: Int
  /// Number of the attempt, from 1.
  public let attempt: Int
  /// Machine of the worker.
  public let host: String?
  /// Process of the worker.
  public let pid: Int?
  /// `running`, `succeeded`, `pruned`, `failed`, `cancelled`, `released` or `lost`.
  public let outcome: String
  /// Why it failed or was lost.
  public let error: String?
  /// The checkpoint that it went on from.
  public let resumed: CheckpointPosition?
  /// When it started.
  public let startedAt: Date
  /// When it ended.
  public let endedAt: Date?
  /// How long it took or has taken.
  public let seconds: Double
  /// Processor time that it reported.
  public let cpuSeconds: Double?

  init(_ row: Row) throws {
    trialID = try row["trial_id"]
    attempt = try row["attempt"]
    host = try row["host"]
    pid = try row["pid"]
    outcome = try row["outcome"]
    error = try row["error"]
    let step: Int? = try row["resumed_step"]
    resumed = try step.map { CheckpointPosition(epoch: try row["resumed_epoch"], step: $0) }
    startedAt = try row["started_at"]
    endedAt = try row["ended_at"]
    seconds = try row["seconds"]
    cpuSeconds = try row["cpu_seconds"]
  }
}

extension Database {
  /// The best trials of a sweep.
  public func leaderboard(sweep: Int, limit: Int = 20) throws -> [LeaderboardEntry] {
    try all(ReadLeaderboard(sweep: sweep, limit: limit))
  }

  /// A trial by its number over all sweeps.
  public func trial(id: Int) throws -> TrialReport {
    guard let trial = try oneOrNone(ReadTrial(id: id)) else {
      throw StoreError(.notFound, "no trial \(id); unroll leaderboard SWEEP lists those of a sweep")
    }
    return trial
  }

  /// The trials of a sweep, by number.
  public func trials(sweep: Int, limit: Int = 1000) throws -> [TrialReport] {
    try all(ListTrials(sweep: sweep, limit: limit))
  }

  /// The first trials of a sweep, by number, that something went wrong with, and how many there are.
  public func faultyTrials(
    sweep: Int, limit: Int
  ) throws -> (first: [TrialReport], count: Int) {
    let rows = try all(ListFaultyTrials(sweep: sweep, limit: limit))
    return (rows.map { $0.trial }, rows.first?.count ?? 0)
  }

  /// The learning curve of a trial, by metric, split and epoch.
  public func curve(trial: Int) throws -> [MetricPoint] {
    try all(ReadCurve(trial: trial))
  }

  /// The final metrics of a trial that succeeded.
  public func finalMetrics(trial: Int) throws -> [MetricPoint] {
    try all(ReadFinalMetrics(trial: trial))
  }

  /// The confusion matrices of a trial, by split and labels.
  public func confusion(trial: Int) throws -> [ConfusionCell] {
    try all(ReadConfusion(trial: trial))
  }

  /// The attempts at a trial, first to last.
  public func attempts(trial: Int) throws -> [AttemptReport] {
    try all(ListAttempts(trial: trial))
  }

  /// The attempts at all trials of a sweep, in the order in which they began.
  public func attempts(sweep: Int) throws -> [AttemptReport] {
    try all(ListSweepAttempts(sweep: sweep))
  }
}

struct ReadLeaderboard: Statement {
  static let sql = """
    select * from unroll.leaderboard where sweep_id = $1 order by rank, number limit $2
    """
  let sweep: Int
  let limit: Int
  var parameters: [any PostgresEncodable] { [sweep, limit] }
  static func decode(_ row: Row) throws -> LeaderboardEntry { try LeaderboardEntry(row) }
}

struct ReadTrial: Statement {
  static let sql = "select * from unroll.trials where id = $1"
  let id: Int
  var parameters: [any PostgresEncodable] { [id] }
  static func decode(_ row: Row) throws -> TrialReport { try TrialReport(row) }
}

struct ListTrials: Statement {
  static let sql = "select * from unroll.trials where sweep_id = $1 order by number limit $2"
  let sweep: Int
  let limit: Int
  var parameters: [any PostgresEncodable] { [sweep, limit] }
  static func decode(_ row: Row) throws -> TrialReport { try TrialReport(row) }
}

private struct ListFaultyTrials: Statement {
  static let sql = """
    select *, count(*) over () as faulty from unroll.trials
    where sweep_id = $1 and error is not null order by number limit $2
    """
  let sweep: Int
  let limit: Int
  var parameters: [any PostgresEncodable] { [sweep, limit] }
  static func decode(_ row: Row) throws -> (trial: TrialReport, count: Int) {
    (trial: try TrialReport(row), count: try row["faulty"])
  }
}

struct ReadCurve: Statement {
  static let sql = """
    select epoch, split, metric, value from unroll.curves where trial_id = $1
    order by metric, split, epoch
    """
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> MetricPoint { try MetricPoint(row) }
}

struct ReadFinalMetrics: Statement {
  static let sql = """
    select epoch, split, metric, value from unroll.metrics where trial_id = $1
    order by metric, split
    """
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> MetricPoint { try MetricPoint(row) }
}

struct ReadConfusion: Statement {
  static let sql = """
    select split, actual, predicted, count from unroll.confusion where trial_id = $1
    order by split, actual, predicted
    """
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> ConfusionCell {
    ConfusionCell(
      split: try row["split"], actual: try row["actual"], predicted: try row["predicted"],
      count: try row["count"])
  }
}

struct ListAttempts: Statement {
  static let sql = "select * from unroll.attempts where trial_id = $1 order by attempt"
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> AttemptReport { try AttemptReport(row) }
}

struct ListSweepAttempts: Statement {
  static let sql = """
    select * from unroll.attempts where sweep_id = $1 order by started_at, trial_id, attempt
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> AttemptReport { try AttemptReport(row) }
}

extension MetricPoint {
  fileprivate init(_ row: Row) throws {
    self.init(
      epoch: try row["epoch"], split: try row["split"], name: try row["metric"],
      value: try row["value"])
  }
}
