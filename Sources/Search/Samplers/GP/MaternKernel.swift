/// Points side by side, dimension by dimension, as the kernel reads them.
///
/// Every dimension is padded to a multiple of eight points with a copy of its last number.
struct KernelInputs: Sendable {
  /// How many points there are.
  let count: Int
  /// Which dimensions are categories, compared for being equal only.
  let isCategory: [Bool]
  /// How far the numbers of two dimensions are apart.
  let stride: Int
  /// The numbers.
  let columns: [Double]

  /// The points as columns.
  init(_ points: [[Double]], isCategory: [Bool]) {
    count = points.count
    self.isCategory = isCategory
    stride = (points.count + 7) / 8 * 8
    var columns = Array(repeating: 0.0, count: stride * isCategory.count)
    for dimension in isCategory.indices {
      for row in 0..<stride where !points.isEmpty {
        columns[dimension * stride + row] = points[min(row, points.count - 1)][dimension]
      }
    }
    self.columns = columns
  }
}

/// The Matérn 5/2 kernel with a length scale for each dimension, and the variance of the noise.
struct MaternKernel: Hashable, Sendable {
  /// `1/ℓ²` for each dimension.
  var inverseSquares: [Double]
  /// The variance of the function.
  var scale: Double
  /// The variance of the noise of an observation.
  var noise: Double

  /// The kernel that a fit starts from: everything is one.
  init(dimensions: Int) {
    inverseSquares = Array(repeating: 1, count: dimensions)
    scale = 1
    noise = 1
  }

  /// A kernel.
  init(inverseSquares: [Double], scale: Double, noise: Double) {
    self.inverseSquares = inverseSquares
    self.scale = scale
    self.noise = noise
  }

  /// The correlation of points whose weighted distance squared is `square`: `(5/3 d² + √5 d + 1) e^{−√5
  /// d}`, and minus its derivative by the distance squared: `5/6 (√5 d + 1) e^{−√5 d}`.
  @inline(__always) static func correlation(_ square: Lanes) -> (value: Lanes, descent: Lanes) {
    let root = (square * 5).squareRoot()
    let decay = Lanes.exponentialOfNegative(root)
    return (
      (square * (5.0 / 3) + root + 1) * decay, (root + 1) * decay * (5.0 / 6)
    )
  }

  /// The square of a difference, or whether there is one.
  @inline(__always) static func square(_ difference: Lanes, isCategory: Bool) -> Lanes {
    isCategory
      ? Lanes(repeating: 1).replacing(with: 0, where: difference .== 0)
      : difference * difference
  }

  /// The kernel of a point with others.
  ///
  /// - Parameters:
  ///   - point: The point.
  ///   - inputs: The others.
  ///   - values: Where the covariances go; as many as ``KernelInputs/stride`` says.
  ///   - descents: Where minus the derivatives by the distance squared go.
  ///   - count: How many of the others are wanted; rounded up to a multiple of eight.
  func row(
    _ point: UnsafePointer<Double>, _ inputs: KernelInputs, values: UnsafeMutablePointer<Double>,
    descents: UnsafeMutablePointer<Double>, count: Int
  ) {
    inputs.columns.withUnsafeBufferPointer { columns in
      guard let base = columns.baseAddress else {
        // No dimension: all points are one.
        for index in 0..<inputs.stride { values[index] = scale }
        for index in 0..<inputs.stride { descents[index] = scale * (5.0 / 6) }
        return
      }
      for index in Swift.stride(from: 0, to: count, by: 8) {
        var square = Lanes()
        for dimension in inverseSquares.indices {
          let other = Lanes(base + dimension * inputs.stride + index)
          square +=
            Self.square(point[dimension] - other, isCategory: inputs.isCategory[dimension])
            * inverseSquares[dimension]
        }
        let (value, descent) = Self.correlation(square)
        (value * scale).store(values + index)
        (descent * scale).store(descents + index)
      }
    }
  }

  /// The kernel of two points.
  func callAsFunction(_ left: [Double], _ right: [Double], isCategory: [Bool]) -> Double {
    var square = Lanes()
    for (dimension, weight) in inverseSquares.enumerated() {
      let difference = Lanes(repeating: left[dimension] - right[dimension])
      square += Self.square(difference, isCategory: isCategory[dimension]) * weight
    }
    return Self.correlation(square).value[0] * scale
  }
}
