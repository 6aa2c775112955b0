import Postgres

/// A metric of a trial of a sweep at one epoch: a row of `unroll.curves`.
public struct CurvePoint: Sendable, Hashable {
  /// Number of the trial.
  public let trialID: Int
  /// The epoch, from 1.
  public let epoch: Int
  /// The value; NaN and infinities are values too.
  public let value: Double
}

/// A metric that the trials of a sweep have curves of.
public struct CurveName: Sendable, Hashable {
  /// `train`, `validation` or `test`.
  public let split: String
  /// Name of the metric.
  public let metric: String
}

extension Database {
  /// One metric of all trials of a sweep, by trial and epoch.
  public func curves(sweep: Int, metric: String, split: String) throws -> [CurvePoint] {
    try all(ListCurves(sweep: sweep, metric: metric, split: split))
  }

  /// The metrics that the trials of a sweep have curves of, by metric and split.
  public func curveNames(sweep: Int) throws -> [CurveName] {
    try all(ListCurveNames(sweep: sweep))
  }
}

struct ListCurves: Statement {
  static let sql = """
    select trial_id, epoch, value from unroll.curves
    where sweep_id = $1 and metric = $2 and split = $3 order by trial_id, epoch
    """
  let sweep: Int
  let metric: String
  let split: String
  var parameters: [any PostgresEncodable] { [sweep, metric, split] }
  static func decode(_ row: Row) throws -> CurvePoint {
    CurvePoint(
      trialID: try row["trial_id"], epoch: try row["epoch"], value: try row["value"])
  }
}

struct ListCurveNames: Statement {
  static let sql = """
    select distinct metric, split from unroll.curves where sweep_id = $1 order by metric, split
    """
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> CurveName {
    CurveName(split: try row["split"], metric: try row["metric"])
  }
}
