/// How badly a kernel explains some observations: minus the logarithm of the posterior density of its
/// parameters, up to a constant, with its derivatives.
///
/// The parameters are the logarithms of `1/ℓ²` of each dimension, of the scale, and of the noise
/// above ``leastNoise``. Priors are weak: `−Σ (0.1/θ + 0.1 θ)` on `θ = 1/ℓ²`, Gamma(2, 1) on the
/// scale, Gamma(1.1, 30) on the noise.
struct MarginalLikelihood {
  /// The noise is never less.
  static let leastNoise = 1e-6

  private let points: [[Double]]
  private let inputs: KernelInputs
  private let targets: [Double]
  private var factor = Cholesky()
  private var covariances: [Double]
  private var descents: [Double]
  private var inverse: [Double]

  /// The likelihood of some observations.
  init(_ points: [[Double]], targets: [Double], isCategory: [Bool]) {
    precondition(points.count == targets.count, "a target for each point")
    self.points = points
    self.targets = targets
    inputs = KernelInputs(points, isCategory: isCategory)
    let square = inputs.stride * points.count
    covariances = Array(repeating: 0, count: square)
    descents = Array(repeating: 0, count: square)
    inverse = Array(repeating: 0, count: square)
  }

  /// The parameters of a kernel as a fit moves them.
  static func logarithms(of kernel: MaternKernel) -> [Double] {
    kernel.inverseSquares.map(Exponential.log) + [
      Exponential.log(kernel.scale),
      Exponential.log(max(kernel.noise - leastNoise, 0.01 * leastNoise)),
    ]
  }

  /// The kernel with some parameters.
  static func kernel(_ logarithms: [Double]) -> MaternKernel {
    let numbers = logarithms.map(Exponential.exp)
    return MaternKernel(
      inverseSquares: Array(numbers.dropLast(2)), scale: numbers[numbers.count - 2],
      noise: numbers[numbers.count - 1] + leastNoise)
  }

  /// The value and its derivatives by the parameters.
  ///
  /// - Parameter logarithms: The parameters.
  /// - Returns: The value, infinity where the covariance is not positive definite, and derivatives.
  /// - Complexity: O(n³ / 2 + n² d).
  mutating func callAsFunction(_ logarithms: [Double]) -> (value: Double, gradient: [Double]) {
    let kernel = Self.kernel(logarithms)
    guard factorize(kernel) else { return (.infinity, logarithms.map { _ in 0 }) }
    var weights = targets
    factor.solveForward(&weights)
    let square = weights.reduce(0) { $0 + $1 * $1 }
    factor.solveBackward(&weights)
    invert()
    var gradient = likelihoodGradient(kernel, weights)
    let prior = addPrior(kernel, to: &gradient)
    return (factor.halfLogDeterminant + square / 2 + prior, gradient)
  }

  private func addPrior(_ kernel: MaternKernel, to gradient: inout [Double]) -> Double {
    var value = 0.0
    for (dimension, weight) in kernel.inverseSquares.enumerated() {
      value += 0.1 / weight + 0.1 * weight
      gradient[dimension] += 0.1 * weight - 0.1 / weight
    }
    let dimensions = kernel.inverseSquares.count
    value += kernel.scale - Exponential.log(kernel.scale)
    gradient[dimensions] += kernel.scale - 1
    value += 30 * kernel.noise - 0.1 * Exponential.log(kernel.noise)
    gradient[dimensions + 1] += (30 - 0.1 / kernel.noise) * (kernel.noise - Self.leastNoise)
    return value
  }

  /// Computes covariances and descents row by row up to the diagonal, and the factor.
  private mutating func factorize(_ kernel: MaternKernel) -> Bool {
    factor.truncate(to: 0)
    let stride = inputs.stride
    var isDefinite = true
    for row in points.indices where isDefinite {
      covariances.withUnsafeMutableBufferPointer { covariances in
        descents.withUnsafeMutableBufferPointer { descents in
          points[row].withUnsafeBufferPointer { point in
            guard let first = covariances.baseAddress, let slopes = descents.baseAddress,
              let point = point.baseAddress
            else { return }
            let values = first + row * stride
            kernel.row(
              point, inputs, values: values, descents: slopes + row * stride, count: row + 1)
            values[row] += kernel.noise
            isDefinite = factor.append(UnsafeBufferPointer(start: values, count: row + 1))
            values[row] -= kernel.noise
          }
        }
      }
    }
    return isDefinite
  }

  /// Row `i` of ``inverse`` becomes column `i` of `L⁻¹`, from its diagonal on.
  private mutating func invert() {
    let stride = inputs.stride
    let count = points.count
    inverse.withUnsafeMutableBufferPointer { inverse in
      factor.elements.withUnsafeBufferPointer { elements in
        guard let base = inverse.baseAddress, let rows = elements.baseAddress else { return }
        for column in 0..<count {
          let solution = base + column * stride
          solution[column] = factor.reciprocals[column]
          for row in column + 1..<max(count, column + 1) {
            let sum = Lanes.dot(
              rows + Cholesky.start(row) + column, solution + column, count: row - column)
            solution[row] = -sum * factor.reciprocals[row]
          }
        }
      }
    }
  }

  /// With `W = A⁻¹ − α αᵀ`, the derivative by a parameter of A is `½ tr(W dA)`.
  private func likelihoodGradient(_ kernel: MaternKernel, _ weights: [Double]) -> [Double] {
    let stride = inputs.stride
    let count = points.count
    let dimensions = kernel.inverseSquares.count
    var sums = Array(repeating: Lanes(), count: dimensions)
    var scale = 0.0
    var trace = 0.0
    var row = Array(repeating: 0.0, count: stride)
    for last in 0..<count {
      inverse.withUnsafeBufferPointer { inverse in
        guard let base = inverse.baseAddress else { return }
        for other in 0...last {
          let sum = Lanes.dot(
            base + last * stride + last, base + other * stride + last, count: count - last)
          row[other] = sum - weights[last] * weights[other]
        }
      }
      trace += row[last]
      scale += row[last] * kernel.scale / 2
      row.withUnsafeMutableBufferPointer { row in
        covariances.withUnsafeBufferPointer { covariances in
          guard let row = row.baseAddress, let values = covariances.baseAddress else { return }
          scale += Lanes.dot(row, values + last * stride, count: last)
          // The diagonal and what an earlier row left behind it have no distance or no weight.
          for index in last..<stride { row[index] = 0 }
          addDistances(last, row, to: &sums)
        }
      }
    }
    var gradient = sums.indices.map { -sums[$0].total * kernel.inverseSquares[$0] }
    gradient.append(scale)
    gradient.append(trace / 2 * (kernel.noise - Self.leastNoise))
    return gradient
  }

  @inline(__always) private func addDistances(
    _ last: Int, _ row: UnsafePointer<Double>, to sums: inout [Lanes]
  ) {
    let stride = inputs.stride
    inputs.columns.withUnsafeBufferPointer { columns in
      descents.withUnsafeBufferPointer { descents in
        guard let columns = columns.baseAddress, let descents = descents.baseAddress else { return }
        for dimension in sums.indices {
          let column = columns + dimension * stride
          let isCategory = inputs.isCategory[dimension]
          var sum = sums[dimension]
          for index in Swift.stride(from: 0, to: last, by: 8) {
            let square = MaternKernel.square(
              column[last] - Lanes(column + index), isCategory: isCategory)
            sum += Lanes(row + index) * Lanes(descents + last * stride + index) * square
          }
          sums[dimension] = sum
        }
      }
    }
  }
}
