/// The sums from which the errors of forecasts follow, in units of the data. Steps that were not
/// measured count for nothing.
package struct ForecastTally: Codable, Hashable {
  private var count = 0
  private var squares = 0.0
  private var absolutes = 0.0
  /// Of |error| / |truth|, where the truth is not 0.
  private var shares = 0.0
  private var shareCount = 0
  /// Of 2 |error| / (|truth| + |forecast|).
  private var symmetricShares = 0.0
  private var pinball = 0.0
  private var covered = 0

  package init() {}

  /// Adds the forecast of a step.
  ///
  /// - Parameters:
  ///   - answers: One number, or one for each quantile.
  ///   - middle: Which of them is the point forecast.
  ///   - quantiles: The quantiles, if there are any.
  ///   - truth: What was measured; not a number where nothing was.
  package mutating func add(
    _ answers: ArraySlice<Double>, middle: Int, quantiles: [Double]?, truth: Double
  ) {
    guard !truth.isNaN else { return }
    let point = answers[answers.startIndex + middle]
    let error = abs(point - truth)
    count += 1
    squares += error * error
    absolutes += error
    if truth != 0 {
      shares += error / abs(truth)
      shareCount += 1
    }
    let size = abs(truth) + abs(point)
    if size > 0 { symmetricShares += 2 * error / size }
    guard let quantiles else { return }
    for (offset, quantile) in quantiles.enumerated() {
      let missing = truth - answers[answers.startIndex + offset]
      pinball += max(quantile * missing, (quantile - 1) * missing) / Double(quantiles.count)
    }
    if let low = answers.min(), let high = answers.max(), low <= truth, truth <= high {
      covered += 1
    }
  }

  /// The metrics of a kind of forecast.
  static func names(for forecast: ForecastEncoding) -> [String] {
    ["rmse", "mae", "mape", "smape"] + (forecast.naiveError > 0 ? ["mase"] : [])
      + (forecast.quantiles == nil ? [] : ["pinball", "coverage"])
  }

  /// The metrics by name.
  package func metrics(_ forecast: ForecastEncoding) -> [(String, Double)] {
    let total = Double(max(count, 1))
    return Self.names(for: forecast).map { name in
      switch name {
      case "rmse": (name, (squares / total).squareRoot())
      case "mae": (name, absolutes / total)
      case "mape": (name, 100 * shares / Double(max(shareCount, 1)))
      case "smape": (name, 100 * symmetricShares / total)
      case "mase": (name, absolutes / total / forecast.naiveError)
      case "pinball": (name, pinball / total)
      default: (name, Double(covered) / total)
      }
    }
  }
}
