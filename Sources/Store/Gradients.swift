import Postgres

/// How gradients flowed in one layer at the end of one epoch.
public struct FlowMeasurement: Sendable, Hashable {
  /// One quantity at one distance from the end of the sequences; see the view `unroll.gradient_flow`.
  public struct Point: Sendable, Hashable {
    /// What was measured.
    public var measure: String
    /// Steps before the last step.
    public var lag: Int
    /// The mean, the tenth percentile or the share below 0.1, the median, and the ninetieth percentile
    /// or the share above 0.9.
    public var mean, low, median, high: Double

    /// A point.
    public init(
      measure: String, lag: Int, mean: Double, low: Double, median: Double, high: Double
    ) {
      (self.measure, self.lag) = (measure, lag)
      (self.mean, self.low, self.median, self.high) = (mean, low, median, high)
    }
  }

  /// The epoch, from 1.
  public var epoch: Int
  /// The layer, from 0.
  public var layer: Int
  /// All quantities.
  public var points: [Point]
  /// `vanishing`, `exploding` or `healthy`.
  public var verdict: String
  /// The same in words.
  public var reason: String
  /// The longest lag.
  public var lag: Int
  /// The largest singular value of the Jacobian there.
  public var jacobian: Double
  /// Its factor of one step.
  public var decay: Double
  /// The steps in which a gradient falls by e.
  public var memorySteps: Double
  /// Of the recurrent weights.
  public var spectralRadius: Double
  /// The bound of one step, of a layer without gates.
  public var normBound: Double?

  /// A measurement; `points` may come later.
  public init(
    epoch: Int, layer: Int, points: [Point] = [], verdict: String, reason: String, lag: Int,
    jacobian: Double, decay: Double, memorySteps: Double, spectralRadius: Double,
    normBound: Double?
  ) {
    (self.epoch, self.layer, self.points) = (epoch, layer, points)
    (self.verdict, self.reason, self.lag) = (verdict, reason, lag)
    (self.jacobian, self.decay, self.memorySteps) = (jacobian, decay, memorySteps)
    (self.spectralRadius, self.normBound) = (spectralRadius, normBound)
  }
}

extension Database {
  /// The verdicts on a trial, by epoch and layer, without their points.
  public func gradientVerdicts(trial: Int) throws -> [FlowMeasurement] {
    try all(ReadVerdicts(trial: trial))
  }

  /// The points of a layer after an epoch, by measure and lag.
  public func gradientFlow(
    trial: Int, epoch: Int, layer: Int
  ) throws -> [FlowMeasurement.Point] {
    try all(ReadFlow(trial: trial, epoch: epoch, layer: layer))
  }
}

struct WriteFlow: Statement {
  typealias Output = Void
  static let sql =
    "select unroll_internal.write_flow($1, $2::int, $3, $4, $5, $6, $7, $8, $9, $10)"
  let lease: Lease
  let measurement: FlowMeasurement
  var parameters: [any PostgresEncodable] {
    let points = measurement.points
    return [
      lease.trial, lease.token, points.map { _ in Int32(clamping: measurement.epoch) },
      points.map { _ in Int32(clamping: measurement.layer) }, points.map(\.measure),
      points.map { Int32(clamping: $0.lag) }, points.map(\.mean), points.map(\.low),
      points.map(\.median), points.map(\.high),
    ]
  }
}

struct WriteVerdict: Statement {
  typealias Output = Void
  static let sql = """
    select unroll_internal.write_flow_verdict(
      $1, $2::int, $3::int, $4::int, $5, $6, $7::int, $8, $9, $10, $11, $12)
    """
  let lease: Lease
  let measurement: FlowMeasurement
  var parameters: [any PostgresEncodable] {
    [
      lease.trial, lease.token, measurement.epoch, measurement.layer, measurement.verdict,
      measurement.reason, measurement.lag, measurement.jacobian, measurement.decay,
      measurement.memorySteps, measurement.spectralRadius, measurement.normBound,
    ]
  }
}

struct ReadVerdicts: Statement {
  static let sql = """
    select epoch, layer, verdict, reason, lag, jacobian, decay, memory_steps, spectral_radius,
      norm_bound
    from unroll.gradient_verdicts where trial_id = $1 order by epoch, layer
    """
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> FlowMeasurement {
    FlowMeasurement(
      epoch: try row["epoch"],
      layer: try row["layer"],
      verdict: try row["verdict"],
      reason: try row["reason"],
      lag: try row["lag"],
      jacobian: try row["jacobian"],
      decay: try row["decay"],
      memorySteps: try row["memory_steps"],
      spectralRadius: try row["spectral_radius"],
      normBound: try row["norm_bound"])
  }
}

struct ReadFlow: Statement {
  static let sql = """
    select measure, lag, mean, low, median, high from unroll.gradient_flow
    where trial_id = $1 and epoch = $2::int and layer = $3::int order by measure, lag
    """
  let trial: Int
  let epoch: Int
  let layer: Int
  var parameters: [any PostgresEncodable] { [trial, epoch, layer] }
  static func decode(_ row: Row) throws -> FlowMeasurement.Point {
    FlowMeasurement.Point(
      measure: try row["measure"],
      lag: try row["lag"],
      mean: try row["mean"],
      low: try row["low"],
      median: try row["median"],
      high: try row["high"])
  }
}

struct ReadAllFlow: Statement {
  static let sql = """
    select * from unroll.gradient_flow where trial_id = $1 order by epoch, layer, measure, lag
    """
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> FlowMeasurement.Point { try ReadFlow.decode(row) }
}
