/// What a loss found over some rows.
public struct LossSum: Hashable, Sendable {
  /// The sum of the losses of all counted rows.
  public var sum: Double
  /// The number of terms: targets that are not ignored, or components.
  public var count: Int

  /// A sum over `count` terms.
  public init(sum: Double = 0, count: Int = 0) {
    self.sum = sum
    self.count = count
  }

  /// The mean, the quantity whose gradient is taken; 0 if there are no terms.
  public var mean: Double { count == 0 ? 0 : sum / Double(count) }

  /// Adds the terms of other rows.
  public static func += (left: inout LossSum, right: LossSum) {
    left.sum += right.sum
    left.count += right.count
  }
}

/// Losses. Each returns the sum over its terms and, if asked, writes the gradient of their mean.
public enum Loss {
  /// The negative log-likelihood of the targets under the softmax of each row.
  ///
  /// - Parameters:
  ///   - scores: Logits, one row for each target.
  ///   - targets: The class of each row; a negative one is ignored.
  ///   - gradient: Where the gradient of the mean goes, in the shape of `scores`, if it is wanted.
  /// - Returns: The sum, and the number of terms.
  public static func crossEntropy<S>(
    _ scores: Matrix<S>, targets: [Int32], gradient: Matrix<S>? = nil
  ) -> LossSum {
    precondition(
      targets.count == scores.rows, "\(targets.count) targets for \(scores.rows) rows")
    var count = 0
    for target in targets where target >= 0 {
      precondition(target < scores.columns, "target \(target) of \(scores.columns) classes")
      count += 1
    }
    gradient?.reshape(rows: scores.rows, columns: scores.columns)
    let sum = withDenormalsFlushed {
      S.kernels.crossEntropy(
        scores.rows, scores.columns, scores.pointer, targets, 1 / S(max(count, 1)),
        gradient?.pointer)
    }
    return LossSum(sum: sum, count: count)
  }

  /// The squared difference of each component.
  ///
  /// - Parameters:
  ///   - values: Predictions.
  ///   - targets: As many numbers, row by row.
  ///   - gradient: Where the gradient of the mean goes, in the shape of `values`, if it is wanted.
  /// - Returns: The sum, and the number of terms.
  public static func squaredError<S>(
    _ values: Matrix<S>, targets: [S], gradient: Matrix<S>? = nil
  ) -> LossSum {
    precondition(targets.count == values.count, "\(targets.count) targets, \(values.count) values")
    gradient?.reshape(rows: values.rows, columns: values.columns)
    let sum = withDenormalsFlushed {
      S.kernels.squaredError(
        values.count, values.pointer, targets, 1 / S(max(values.count, 1)), gradient?.pointer)
    }
    return LossSum(sum: sum, count: values.count)
  }

  /// The softmax of each row: exp(score - largest score), divided by the sum over the row.
  public static func softmax<S>(_ scores: Matrix<S>, into probabilities: Matrix<S>) {
    probabilities.reshape(rows: scores.rows, columns: scores.columns)
    S.kernels.softmax(scores.rows, scores.columns, scores.pointer, probabilities.pointer)
  }
}
