/// The largest singular value of a square matrix that is known by its products alone: Golub-Kahan-Lanczos
/// bidiagonalization with full reorthogonalization.
///
/// After k steps the matrix is seen in two bases of k and k + 1 vectors, where it is bidiagonal; the largest
/// singular value there grows with k to that of the matrix from below, and is exact after as many steps as
/// there are units. It ends when a step adds less than a thousandth. With ``most`` steps it is right to 1 %
/// also where singular values lie densely up to the largest one, as those of random matrices do (the error is
/// about 1 / k² then; twelve steps of power iteration are up to 9 % low); products of many steps, whose
/// singular values lie far apart, need three to six.
final class SingularValue {
  /// Steps after which the last estimate is taken.
  static let most = 16
  /// Fewer are not worth a measurement.
  static let least = 4

  private let units: Int
  /// [k, units] and [k + 1, units].
  private let leftBasis: Matrix<Double>
  private let rightBasis: Matrix<Double>
  /// The diagonal and what stands beside it.
  private var diagonal: [Double] = []
  private var beside: [Double] = []

  init(units: Int) {
    self.units = units
    leftBasis = Matrix(rows: Self.most, columns: units)
    rightBasis = Matrix(rows: Self.most + 1, columns: units)
  }

  /// The estimate after at most `limit` steps.
  ///
  /// - Parameters:
  ///   - limit: The steps that may be taken; each is one product with the matrix and one with its transpose.
  ///   - multiply: Replaces a vector by the matrix times it.
  ///   - multiplyTransposed: Replaces a vector by the transpose times it.
  /// - Returns: The estimate; infinite if a product is not finite.
  func largest(
    limit: Int, _ multiply: (UnsafeMutablePointer<Double>) -> Void,
    transposed multiplyTransposed: (UnsafeMutablePointer<Double>) -> Void
  ) -> Double {
    diagonal.removeAll(keepingCapacity: true)
    beside.removeAll(keepingCapacity: true)
    Self.start(rightBasis.row(0), units)
    var (value, scale) = (0.0, 0.0)
    for step in 0..<min(limit, units, Self.most) {
      let (right, left) = (rightBasis.row(step), leftBasis.row(step))
      left.copy(from: right, count: units)
      multiply(left)
      let across = Self.orthogonalize(left, leftBasis, step, units)
      guard across.isFinite else { return .infinity }
      scale = max(scale, across)
      // What is left of a vector after rounding has no direction.
      guard across > 1e-9 * scale else { return value }
      diagonal.append(across)

      let next = rightBasis.row(step + 1)
      next.copy(from: left, count: units)
      multiplyTransposed(next)
      let rest = Self.orthogonalize(next, rightBasis, step + 1, units)
      guard rest.isFinite else { return .infinity }
      scale = max(scale, rest)
      beside.append(rest)
      let former = value
      value = max(value, bidiagonal(scale))
      guard rest > 1e-9 * scale, value - former > 1e-3 * value else { return value }
    }
    return value
  }

  /// A unit vector with no symmetry, always the same.
  static func start(_ vector: UnsafeMutablePointer<Double>, _ count: Int) {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for index in 0..<count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      vector[index] = Double(state >> 11) * 0x1p-52 - 1
    }
    _ = normalize(vector, count)
  }

  /// Makes a unit vector and returns the length that it had.
  static func normalize(_ vector: UnsafeMutablePointer<Double>, _ count: Int) -> Double {
    var largest = 0.0
    for index in 0..<count {
      guard vector[index].isFinite else { return .infinity }
      largest = max(largest, abs(vector[index]))
    }
    guard largest > 0 else { return 0 }
    // Squares of what is below 1e-154 are lost.
    var sum = 0.0
    for index in 0..<count {
      vector[index] /= largest
      sum += vector[index] * vector[index]
    }
    let length = sum.squareRoot()
    for index in 0..<count { vector[index] /= length }
    return length * largest
  }

  /// Takes out of a vector what lies along the first rows of a basis, twice, since rounding leaves some; makes
  /// it a unit vector and returns the length that was left.
  private static func orthogonalize(
    _ vector: UnsafeMutablePointer<Double>, _ basis: Matrix<Double>, _ rows: Int, _ count: Int
  ) -> Double {
    var length = normalize(vector, count)
    for _ in 0..<2 where length > 0 && length.isFinite {
      for row in 0..<rows {
        let other = basis.row(row)
        var along = 0.0
        for index in 0..<count { along += vector[index] * other[index] }
        for index in 0..<count { vector[index] -= along * other[index] }
      }
      length *= normalize(vector, count)
    }
    return length
  }

  /// The largest singular value of the bidiagonal matrix B [k, k + 1], by bisection for the largest
  /// eigenvalue of B Bᵀ, which is tridiagonal.
  private func bidiagonal(_ scale: Double) -> Double {
    let count = diagonal.count
    func main(_ index: Int) -> Double {
      let (a, b) = (diagonal[index] / scale, beside[index] / scale)
      return a * a + b * b
    }
    func side(_ index: Int) -> Double {
      beside[index] / scale * (diagonal[index + 1] / scale)
    }
    // Entries of B are at most 1: rows of B Bᵀ add up to 4 at most.
    var (low, high) = (0.0, 4.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      var pivot = main(0) - middle
      var index = 1
      while pivot < 0 && index < count {
        pivot = main(index) - middle - side(index - 1) * side(index - 1) / pivot
        index += 1
      }
      // All pivots are negative where every eigenvalue is below.
      if pivot < 0 { high = middle } else { low = middle }
    }
    return ((low + high) / 2).squareRoot() * scale
  }
}
