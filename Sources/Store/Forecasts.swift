import Postgres

/// A number that a model forecast, with the truth: a row of `unroll.predictions`.
public struct ForecastPoint: Sendable, Hashable {
  /// Number of the example within the dataset, from 1.
  public let example: Int
  /// What the file calls its series, if it says so.
  public let series: String?
  /// Time of the series that was forecast, from 1; nil where an example has one number.
  public let position: Int?
  /// The number in the data, in its units.
  public let truth: Double
  /// The number that the model gave.
  public let prediction: Double
  /// The lower end of the interval, of quantile forecasts.
  public let lower: Double?
  /// The upper end of the interval, of quantile forecasts.
  public let upper: Double?
}

extension Database {
  /// The numbers that a trial forecast on a split, so many steps ahead, by example and position; none
  /// if its predictions were not kept or are labels.
  public func forecasts(trial: Int, split: String, step: Int) throws -> [ForecastPoint] {
    try all(ReadForecasts(trial: trial, split: split, step: step))
  }
}

extension Database {
  /// What was measured of a series, by position, as far as a trial forecast it on a split: every step of
  /// its forecasts counts, so that there are no gaps where forecasts of one step have some.
  public func truths(trial: Int, split: String, example: Int) throws -> [Int: Double] {
    let rows = try all(ReadTruths(trial: trial, split: split, example: example))
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.position, $0.truth) })
  }
}

struct ReadTruths: Statement {
  static let sql = """
    select position, min(truth_value) as truth from unroll.predictions
    where trial_id = $1 and split = $2 and example = $3 and position is not null
      and truth_value is not null
    group by position
    """
  let trial: Int
  let split: String
  let example: Int
  var parameters: [any PostgresEncodable] { [trial, split, example] }
  static func decode(_ row: Row) throws -> (position: Int, truth: Double) {
    (try row["position"], try row["truth"])
  }
}

struct ReadForecasts: Statement {
  static let sql = """
    select example, series, position, truth_value, prediction_value, lower, upper
    from unroll.predictions
    where trial_id = $1 and split = $2 and coalesce(step, 1) = $3 and truth_value is not null
      and prediction_value is not null
    order by example, position
    """
  let trial: Int
  let split: String
  let step: Int
  var parameters: [any PostgresEncodable] { [trial, split, step] }
  static func decode(_ row: Row) throws -> ForecastPoint {
    ForecastPoint(
      example: try row["example"], series: try row["series"], position: try row["position"],
      truth: try row["truth_value"], prediction: try row["prediction_value"],
      lower: try row["lower"], upper: try row["upper"])
  }
}
