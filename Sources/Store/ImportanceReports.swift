import Postgres

/// How much a hyperparameter matters: a row of `unroll.importance`.
public struct ImportanceReport: Sendable, Hashable {
  /// Name of the hyperparameter.
  public let name: String
  /// Its share; those of a sweep add up to 1.
  public let importance: Double
  /// How many trials had a value for it.
  public let trials: Int
}

/// A final metric of a trial of a sweep: a row of `unroll.metrics`.
public struct FinalMetric: Sendable, Hashable {
  /// Number of the trial.
  public let trialID: Int
  /// Name of the metric.
  public let name: String
  /// Its value.
  public let value: Double
}

extension Database {
  /// Which hyperparameters of a sweep matter for being among the best trials, most first.
  ///
  /// - Parameters:
  ///   - sweep: Number of the sweep.
  ///   - quantile: Which share of the trials are the best ones.
  /// - Returns: A row for each hyperparameter; none if no trial has succeeded.
  /// - Throws: ``StoreError``; also for a quantile that is not between 0 and 1.
  public func importance(sweep: Int, quantile: Double = 0.1) throws -> [ImportanceReport] {
    try all(ReadImportance(sweep: sweep, quantile: quantile))
  }

  /// The metrics, on a split, of all trials of a sweep that succeeded.
  public func finalMetrics(sweep: Int, split: String) throws -> [FinalMetric] {
    try all(ListFinalMetrics(sweep: sweep, split: split))
  }
}

struct ReadImportance: Statement {
  static let sql = "select * from unroll.importance($1, $2)"
  let sweep: Int
  let quantile: Double
  var parameters: [any PostgresEncodable] { [sweep, quantile] }
  static func decode(_ row: Row) throws -> ImportanceReport {
    ImportanceReport(
      name: try row["name"], importance: try row["importance"], trials: try row["trials"])
  }
}

struct ListFinalMetrics: Statement {
  static let sql = """
    select trial_id, metric, value from unroll.metrics where sweep_id = $1 and split = $2
    order by trial_id, metric
    """
  let sweep: Int
  let split: String
  var parameters: [any PostgresEncodable] { [sweep, split] }
  static func decode(_ row: Row) throws -> FinalMetric {
    FinalMetric(trialID: try row["trial_id"], name: try row["metric"], value: try row["value"])
  }
}
