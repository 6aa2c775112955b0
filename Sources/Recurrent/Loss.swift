/// What a loss found over some rows.
public struct LossSum: Hashable, Sendable {
  /// The sum of the losses of all counted rows.
  public var sum: Double
  /// The number of terms: targets that are not ignored, or components.
  public var count: Int
  /// The sum of the weights of the terms: their number, unless classes have weights.
  public var weight: Double

  /// A sum over `count` terms, each of weight 1 unless their weight is given.
  public init(sum: Double = 0, count: Int = 0, weight: Double? = nil) {
    self.sum = sum
    self.count = count
    self.weight = weight ?? Double(count)
  }

  /// The mean, the quantity whose gradient is taken; 0 if there are no terms.
  public var mean: Double { weight == 0 ? 0 : sum / weight }

  /// Adds the terms of other rows.
  public static func += (left: inout LossSum, right: LossSum) {
    left.sum += right.sum
    left.count += right.count
    left.weight += right.weight
  }
}

/// Losses. Each returns the sum over its terms and, if asked, writes the gradient of their mean.
public enum Loss {
  /// A loss of numbers. A target that is not a number counts for nothing.
  public enum Number: Hashable, Sendable {
    /// (value - target)².
    case squared
    /// |value - target|.
    case absolute
    /// Half the square up to a bound, linear beyond it (Huber 1964; PyTorch's `HuberLoss`).
    case huber(bound: Double)
    /// The pinball loss of one quantile for each column (Koenker and Bassett 1978).
    case quantile([Double])
    /// Binary cross-entropy: values are logits, targets 0, 1 or between.
    case binary

    fileprivate var kind: Int32 {
      switch self {
      case .squared: 0
      case .absolute: 1
      case .huber: 2
      case .quantile: 3
      case .binary: 4
      }
    }

    fileprivate func constants(width: Int) -> [Double]? {
      switch self {
      case .huber(let bound):
        precondition(bound > 0, "the bound of a Huber loss is \(bound)")
        return Array(repeating: bound, count: width)
      case .quantile(let quantiles):
        precondition(quantiles.count == width, "\(quantiles.count) quantiles, \(width) columns")
        precondition(quantiles.allSatisfy { 0 < $0 && $0 < 1 }, "quantiles \(quantiles)")
        return quantiles
      case .squared, .absolute, .binary: return nil
      }
    }
  }

  /// The negative log-likelihood of the targets under the softmax of each row, as PyTorch's
  /// `cross_entropy`: with weights of classes the mean is over the weights of the targets.
  ///
  /// - Parameters:
  ///   - scores: Logits, one row for each target.
  ///   - targets: The class of each row; a negative one is ignored.
  ///   - classWeights: The weight of each class, if not 1.
  ///   - smoothing: The share of each target that is spread over all classes.
  ///   - gradient: Where the gradient of the mean goes, in the shape of `scores`, if it is wanted.
  /// - Returns: The sum, and the number of terms.
  public static func crossEntropy<S>(
    _ scores: Matrix<S>, targets: [Int32], classWeights: [S]? = nil, smoothing: Double = 0,
    gradient: Matrix<S>? = nil
  ) -> LossSum {
    precondition(
      targets.count == scores.rows, "\(targets.count) targets for \(scores.rows) rows")
    precondition(0 <= smoothing && smoothing < 1, "label smoothing is \(smoothing), not in 0..<1")
    precondition(
      classWeights.map { $0.count == scores.columns } ?? true, "weights of other classes")
    var sum = LossSum()
    for target in targets where target >= 0 {
      precondition(target < scores.columns, "target \(target) of \(scores.columns) classes")
      sum.count += 1
      sum.weight += classWeights.map { Double($0[Int(target)]) } ?? 1
    }
    gradient?.reshape(rows: scores.rows, columns: scores.columns)
    let factor = sum.weight == 0 ? 1 : 1 / sum.weight
    sum.sum = withDenormalsFlushed {
      if let classWeights {
        S.kernels.crossEntropy(
          scores.rows, scores.columns, scores.pointer, targets, classWeights, S(smoothing),
          S(factor), gradient?.pointer)
      } else {
        S.kernels.crossEntropy(
          scores.rows, scores.columns, scores.pointer, targets, nil, S(smoothing), S(factor),
          gradient?.pointer)
      }
    }
    return sum
  }

  /// A loss of each component.
  ///
  /// - Parameters:
  ///   - kind: The loss.
  ///   - values: Predictions.
  ///   - targets: As many numbers, row by row; one that is not a number is ignored.
  ///   - gradient: Where the gradient of the mean goes, in the shape of `values`, if it is wanted.
  /// - Returns: The sum, and the number of terms.
  public static func numbers<S>(
    _ kind: Number, _ values: Matrix<S>, targets: [S], gradient: Matrix<S>? = nil
  ) -> LossSum {
    precondition(targets.count == values.count, "\(targets.count) targets, \(values.count) values")
    gradient?.reshape(rows: values.rows, columns: values.columns)
    var count = 0
    for target in targets where !target.isNaN { count += 1 }
    let constants = kind.constants(width: values.columns)?.map { S($0) }
    let factor = 1 / S(max(count, 1))
    let sum = withDenormalsFlushed {
      if let constants {
        S.kernels.numberLoss(
          values.count, values.columns, kind.kind, values.pointer, targets, constants, factor,
          gradient?.pointer)
      } else {
        S.kernels.numberLoss(
          values.count, values.columns, kind.kind, values.pointer, targets, nil, factor,
          gradient?.pointer)
      }
    }
    return LossSum(sum: sum, count: count)
  }

  /// The squared difference of each component: ``numbers(_:_:targets:gradient:)``.
  public static func squaredError<S>(
    _ values: Matrix<S>, targets: [S], gradient: Matrix<S>? = nil
  ) -> LossSum {
    numbers(.squared, values, targets: targets, gradient: gradient)
  }

  /// The softmax of each row: exp(score - largest score), divided by the sum over the row.
  public static func softmax<S>(_ scores: Matrix<S>, into probabilities: Matrix<S>) {
    probabilities.reshape(rows: scores.rows, columns: scores.columns)
    S.kernels.softmax(scores.rows, scores.columns, scores.pointer, probabilities.pointer)
  }
}
