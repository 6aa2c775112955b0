import Postgres

/// How a trial succeeded.
public struct TrialResult: Sendable {
  /// The objective at the best epoch.
  public var objective: Double
  /// The epoch whose weights are the model; its metrics are the final ones.
  public var bestEpoch: Int
  /// Epochs that were trained.
  public var epochs: Int
  /// Time spent training, over all attempts.
  public var trainingSeconds: Double
  /// Confusion matrices, cell by cell.
  public var confusion: [ConfusionCell]
  /// What the trial leaves behind.
  public var artifacts: [NewArtifact]
  /// What its model says of each example, if it may be among the best of its sweep.
  public var predictions: TrialPredictions?

  /// A result.
  public init(
    objective: Double, bestEpoch: Int, epochs: Int, trainingSeconds: Double,
    confusion: [ConfusionCell], artifacts: [NewArtifact], predictions: TrialPredictions? = nil
  ) {
    self.predictions = predictions
    self.objective = objective
    self.bestEpoch = bestEpoch
    self.epochs = epochs
    self.trainingSeconds = trainingSeconds
    self.confusion = confusion
    self.artifacts = artifacts
  }
}

struct InsertResult: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.result
      (trial_id, token, objective, best_epoch, epochs, training_seconds)
    values ($1, $2::int, $3, $4::int, $5::int, $6)
    """
  let lease: Lease
  let result: TrialResult
  var parameters: [any PostgresEncodable] {
    [
      lease.trial, lease.token, result.objective, result.bestEpoch, result.epochs,
      result.trainingSeconds,
    ]
  }
}

struct InsertConfusion: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.confusion (trial_id, token, split, actual, predicted, count)
    select $1, $2::int, c.split::unroll_internal.split, c.actual, c.predicted, c.count
    from unnest($3::text[], $4::text[], $5::text[], $6::bigint[])
      c(split, actual, predicted, count)
    """
  let lease: Lease
  let cells: [ConfusionCell]
  var parameters: [any PostgresEncodable] {
    [
      lease.trial, lease.token, cells.map(\.split), cells.map(\.actual), cells.map(\.predicted),
      cells.map(\.count),
    ]
  }
}
