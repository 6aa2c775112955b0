import Postgres

/// One value of one metric at the end of one epoch.
public struct MetricPoint: Sendable, Hashable {
  /// The epoch, from 1.
  public var epoch: Int
  /// `train`, `validation` or `test`.
  public var split: String
  /// Name of the metric: lower-case letters, digits and underscores.
  public var name: String
  /// Its value; NaN and infinities are values too.
  public var value: Double

  /// A point of a learning curve.
  public init(epoch: Int, split: String, name: String, value: Double) {
    self.epoch = epoch
    self.split = split
    self.name = name
    self.value = value
  }
}

/// One cell of a confusion matrix.
public struct ConfusionCell: Sendable, Hashable {
  /// `validation` or `test`.
  public var split: String
  /// Label in the data.
  public var actual: String
  /// Label that the model gave.
  public var predicted: String
  /// How many examples.
  public var count: Int

  /// A cell.
  public init(split: String, actual: String, predicted: String, count: Int) {
    self.split = split
    self.actual = actual
    self.predicted = predicted
    self.count = count
  }
}

/// Writing the same points again changes nothing.
struct WriteMetrics: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.write_metrics($1, $2::int, $3, $4, $5, $6)"
  let lease: Lease
  let points: [MetricPoint]
  var parameters: [any PostgresEncodable] {
    [
      lease.trial, lease.token, points.map { Int32(clamping: $0.epoch) }, points.map(\.split),
      points.map(\.name), points.map(\.value),
    ]
  }
}
