internal import Glibc

/// What lies between a series and what a forecasting model sees and answers, beside the scale.
public struct ForecastEncoding: Codable, Hashable, Sendable {
  /// The steps that are predicted.
  public var horizon: Int
  /// Whether the model predicts one step and reads its own answer to predict the next.
  public var isRecursive: Bool
  /// Whether the target's logarithm is predicted.
  public var logarithm: DataPlan.Logarithm
  /// If differences are predicted: the steps between the two values of a difference.
  public var period: Int?
  /// The quantiles that are predicted for each step, from the smallest; nil: one number.
  public var quantiles: [Double]?
  /// The steps of a season, if there is one.
  public var season: Int?
  /// The mean absolute error, on the training part, of repeating the value of a season (or, without
  /// seasons, of a step) before: what MASE divides by. 0 if there is no such error.
  public var naiveError: Double

  package init(
    horizon: Int, isRecursive: Bool = false, logarithm: DataPlan.Logarithm = .none,
    period: Int? = nil, quantiles: [Double]? = nil, season: Int? = nil, naiveError: Double = 0
  ) {
    self.horizon = horizon
    self.isRecursive = isRecursive
    self.logarithm = logarithm
    self.period = period
    self.quantiles = quantiles
    self.season = season
    self.naiveError = naiveError
  }

  /// The numbers that a model answers for each predicted step.
  public var answersPerStep: Int { quantiles?.count ?? 1 }

  /// The column, among those of a step, that is nearest to the median: the point forecast.
  public var middle: Int {
    guard let quantiles else { return 0 }
    return quantiles.indices.min { abs(quantiles[$0] - 0.5) < abs(quantiles[$1] - 0.5) } ?? 0
  }

  /// How many known values before a forecast are needed to undo the differences of `steps` steps.
  func anchorCount(steps: Int) -> Int { period.map { min($0, steps) } ?? 0 }

  /// A value in units of the data as its logarithm, if that is what is predicted.
  func level(_ value: Double) -> Double {
    switch logarithm {
    case .none: value
    case .log: log(value)
    case .log1p: log1p(value)
    }
  }

  /// The value whose level is given. A level beyond all sense stands for a number that is finite.
  func value(ofLevel level: Double) -> Double {
    switch logarithm {
    case .none: level
    case .log: exp(min(level, 100))
    case .log1p: expm1(min(level, 100))
    }
  }

  /// The channels of filled steps with the target's logarithms and differences in place of its values;
  /// steps that have no other one period before them have no difference and get 0.
  ///
  /// - Parameters:
  ///   - filled: The steps.
  ///   - width: The channels of a step.
  ///   - target: Which of them is the target.
  ///   - known: The target's values in the steps just before them.
  /// - Returns: The steps.
  func transformed(
    _ filled: [Float], width: Int, target: Int, after known: [Float] = []
  ) -> [Float] {
    guard logarithm != .none || period != nil else { return filled }
    var steps = filled
    for step in 0..<filled.count / width {
      let level = level(Double(filled[step * width + target]))
      var difference = level
      if let period {
        let earlier = step - period
        if earlier + known.count < 0 {
          difference = 0
        } else {
          difference -= self.level(
            Double(earlier < 0 ? known[earlier + known.count] : filled[earlier * width + target]))
        }
      }
      steps[step * width + target] = Float(difference)
    }
    return steps
  }

  /// Undoes scale, differences and logarithm, and puts the quantiles of each step in order: neighbours that cross
  /// are exchanged, which makes none of them worse.
  ///
  /// - Parameters:
  ///   - answers: A model's answers, ``answersPerStep`` for each step.
  ///   - scale: The scale of each step's answer, or of every step's.
  ///   - anchors: The last known values, in units of the data: ``anchorCount(steps:)`` of them from one
  ///     period before the first predicted step.
  /// - Returns: As many numbers in units of the data.
  package func restored(
    _ answers: UnsafeBufferPointer<Float>, _ scale: Scale, anchors: ArraySlice<Float>
  ) -> [Double] {
    let each = answersPerStep
    var levels: [Double] = []
    levels.reserveCapacity(answers.count)
    for (index, answer) in answers.enumerated() {
      let step = index / each
      var level = scale.restore(answer, column: scale.means.count == 1 ? 0 : step)
      if let period {
        // One period before a step lies a known value or, beyond the first period, when the steps are
        // predicted one after the other, what was predicted. A model that answers all steps at once
        // predicts the differences from the last known values.
        level +=
          isRecursive && step >= period
          ? levels[index - period * each]
          : self.level(Double(anchors[anchors.startIndex + step % period]))
      }
      levels.append(level)
    }
    let values = levels.map { value(ofLevel: $0) }
    guard each > 1 else { return values }
    return stride(from: 0, to: values.count, by: each).flatMap {
      values[$0..<$0 + each].sorted()
    }
  }
}

extension DataPlan.Logarithm {
  /// What values must lie above; nil: they may be any.
  var lowerBound: Float? {
    switch self {
    case .none: nil
    case .log: 0
    case .log1p: -1
    }
  }
}
