/// What a kernel and some observations say of the function elsewhere.
///
/// Points that are still being trained may follow the observations as fantasies: values drawn for them
/// from what the observations say. Each fantasy gives a mean of its own; the deviation, which depends
/// on where points lie and not on their values, is the same for all.
struct GaussianProcess: Sendable {
  /// The kernel.
  let kernel: MaternKernel
  /// The observed and the fantasized points.
  let inputs: KernelInputs
  /// For each fantasy, the values at all points.
  let values: [[Double]]

  private let factor: Cholesky
  private let weights: [[Double]]

  /// The process given observations and fantasies.
  ///
  /// - Parameters:
  ///   - kernel: The kernel.
  ///   - inputs: The observed points, then the fantasized ones.
  ///   - factor: The factor of the covariance of all points, noise included.
  ///   - targets: The observed values.
  ///   - fantasies: For each fantasy, standard normal numbers for the points that follow the observed
  ///     ones; one fantasy without any if there is none.
  init(
    kernel: MaternKernel, inputs: KernelInputs, factor: Cholesky, targets: [Double],
    fantasies: [[Double]] = [[]]
  ) {
    self.kernel = kernel
    self.inputs = inputs
    self.factor = factor
    // With y = L u, drawing the last values given the first ones is drawing the last of u.
    let fixed = factor.solvedForward(targets)
    var values: [[Double]] = []
    weights = fantasies.map { normals in
      precondition(targets.count + normals.count == factor.count, "a number for each point")
      let whitened = fixed + normals
      values.append(
        targets
          + (targets.count..<factor.count).map { factor.product(row: $0, whitened) })
      var weights = whitened
      factor.solveBackward(&weights)
      return weights
    }
    self.values = values
  }

  /// The means, one for each fantasy, and the deviation of the function at eight points.
  ///
  /// - Parameter point: For each dimension, the numbers of the eight points.
  /// - Returns: The means and the deviation.
  func posterior(_ point: [Lanes]) -> (means: [Lanes], deviation: Lanes) {
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: inputs.count) { covariances in
      inputs.columns.withUnsafeBufferPointer { columns in
        for row in 0..<inputs.count {
          var square = Lanes()
          for dimension in point.indices {
            square +=
              MaternKernel.square(
                point[dimension] - columns[dimension * inputs.stride + row],
                isCategory: inputs.isCategory[dimension]) * kernel.inverseSquares[dimension]
          }
          covariances[row] = MaternKernel.correlation(square).value * kernel.scale
        }
      }
      let means = weights.map { weights in
        var mean = Lanes()
        for row in 0..<inputs.count { mean += covariances[row] * weights[row] }
        return mean
      }
      factor.solveForward(covariances)
      var variance = Lanes(repeating: kernel.scale)
      for row in 0..<inputs.count { variance -= covariances[row] * covariances[row] }
      return (means, Self.deviation(variance))
    }
  }

  /// Rounding may leave nothing of a variance, or less.
  private static func deviation(_ variance: Lanes) -> Lanes {
    (variance.replacing(with: 0, where: variance .< 0) + 1e-12).squareRoot()
  }

  /// What is known at one point, with all that its derivatives need.
  struct Local {
    /// The means, one for each fantasy.
    let means: [Double]
    /// The deviation.
    let deviation: Double
    fileprivate let descents: [Double]
    fileprivate let solved: [Double]
  }

  /// The means and the deviation at a point.
  func local(_ point: [Double]) -> Local {
    var values = Array(repeating: 0.0, count: inputs.stride)
    var descents = values
    point.withUnsafeBufferPointer { point in
      values.withUnsafeMutableBufferPointer { values in
        descents.withUnsafeMutableBufferPointer { descents in
          guard let point = point.baseAddress, let values = values.baseAddress,
            let descents = descents.baseAddress
          else { return }
          kernel.row(point, inputs, values: values, descents: descents, count: inputs.count)
        }
      }
    }
    values.removeLast(inputs.stride - inputs.count)
    let means = weights.map { weights in zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } }
    factor.solveForward(&values)
    let variance = kernel.scale - values.reduce(0) { $0 + $1 * $1 }
    factor.solveBackward(&values)
    return Local(
      means: means, deviation: Self.deviation(Lanes(repeating: variance))[0], descents: descents,
      solved: values)
  }

  /// The derivatives of a function of the means and the deviation by the numbers of the point.
  ///
  /// - Parameters:
  ///   - point: The point.
  ///   - local: What is known there.
  ///   - byMeans: The derivatives of the function by the means.
  ///   - byDeviation: Its derivative by the deviation.
  /// - Returns: A derivative for each dimension; zero for categories.
  func gradient(
    at point: [Double], _ local: Local, byMeans: [Double], byDeviation: Double
  ) -> [Double] {
    // The variance is s − kᵀ A⁻¹ k, the deviation its root.
    let bySolved = -byDeviation / local.deviation
    var byCovariances = local.solved.map { $0 * bySolved }
    for (weights, factor) in zip(weights, byMeans) {
      for row in byCovariances.indices { byCovariances[row] += factor * weights[row] }
    }
    for row in byCovariances.indices { byCovariances[row] *= -local.descents[row] }
    return point.indices.map { dimension in
      guard !inputs.isCategory[dimension] else { return 0 }
      let start = dimension * inputs.stride
      var sum = 0.0
      for row in byCovariances.indices {
        sum += byCovariances[row] * (point[dimension] - inputs.columns[start + row])
      }
      return sum * 2 * kernel.inverseSquares[dimension]
    }
  }
}

extension Cholesky {
  /// `L⁻¹ b` of the first rows.
  fileprivate func solvedForward(_ numbers: [Double]) -> [Double] {
    var first = self
    first.truncate(to: numbers.count)
    var solved = numbers
    first.solveForward(&solved)
    return solved
  }

  /// A row of L times a vector.
  fileprivate func product(row: Int, _ numbers: [Double]) -> Double {
    let start = Self.start(row)
    return (0...row).reduce(0) { $0 + elements[start + $1] * numbers[$1] }
  }
}
