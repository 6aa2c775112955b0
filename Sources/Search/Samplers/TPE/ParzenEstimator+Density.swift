extension ParzenEstimator {
  /// The logarithm of the density at a point; where a parameter has counted values, of their masses.
  ///
  /// All kernels are looked at in single precision first. Those that are certainly smaller than the
  /// prior by a factor of e⁴⁰ are left out: of a million they would change the density by less than
  /// 1 part in 10¹¹. The others are summed in double precision.
  ///
  /// - Complexity: O(trials · parameters), vectorized; an exponential for each kernel that is near.
  func logDensity(at point: [Double]) -> Double {
    let query = Query(self, point)
    let places = query.near()
    let weights = weights
    let terms = query.logKernels(at: places)
    // The largest kernel's exponential is 1: none overflows, and the sum is never 0.
    let largest = terms.reduce(query.prior, max)
    var sum = NormalDistribution.exponential(query.prior - largest)
    for (place, term) in zip(places, terms) {
      sum += weights[place] * NormalDistribution.exponential(term - largest)
    }
    return largest + Exponential.log(sum) - Exponential.log(weights.total + priorWeight)
  }
}

/// A point and all that is the same for every kernel.
private struct Query {
  /// How many kernels are looked at together: they stay in the nearest cache over all parameters.
  static let block = 512

  /// A point in one parameter: the ends of its cell, equal if values are not counted.
  struct Coordinate {
    let number: Double
    let left: Double
    let right: Double
    /// The logarithms for a kernel of the same choice, and of another.
    let own: Double
    let other: Double
  }

  let estimator: ParzenEstimator
  /// The logarithm of the prior's density, times its weight.
  let prior: Double
  /// What a kernel's look must be above, or it is left out.
  let cut: Float

  private let coordinates: [Coordinate]

  init(_ estimator: ParzenEstimator, _ point: [Double]) {
    self.estimator = estimator
    var prior = estimator.logPriorWeight
    var widths = 0.0
    var coordinates: [Coordinate] = []
    for (index, column) in estimator.columns.enumerated() {
      if case .choices(let count) = column.axis.kind {
        let shares = estimator.logShares(ofChoices: count)
        prior += shares.prior
        coordinates.append(
          Coordinate(
            number: point[index], left: point[index], right: point[index], own: shares.own,
            other: shares.other))
        continue
      }
      let (left, right) = column.axis.cell(around: point[index])
      coordinates.append(
        Coordinate(number: point[index], left: left, right: right, own: 0, other: 0))
      if column.axis.isCounted { widths += Exponential.log(right - left) }
      prior += Self.logDensity(
        estimator.kernel(index, at: estimator.trials.count), point[index], left, right,
        isCounted: column.axis.isCounted)
    }
    self.prior = prior
    self.coordinates = coordinates
    // Positions in single precision are right within 1e-7 of the axis, 1e-5 of the narrowest kernel.
    cut = Float(prior - 40 - widths - 0.1)
  }

  /// The places of the kernels that may matter.
  func near() -> [Int] {
    let count = estimator.trials.count
    var places: [Int] = []
    var looks: [Float] = Array(repeating: 0, count: Self.block)
    for start in stride(from: 0, to: count, by: Self.block) {
      let length = min(Self.block, count - start)
      look(from: start, length, into: &looks)
      for offset in 0..<length where looks[offset] > cut { places.append(start + offset) }
    }
    return places
  }

  /// The logarithms of kernels, their weights aside.
  func logKernels(at places: [Int]) -> [Double] {
    var sums: [Double] = Array(repeating: 0, count: places.count)
    for (column, coordinate) in zip(estimator.columns, coordinates) {
      switch column.axis.kind {
      case .choices:
        for (index, place) in places.enumerated() {
          let isOwn = column.means[place] == coordinate.number
          sums[index] += isOwn ? coordinate.own : coordinate.other
        }
      case .counted, .whole, .multiples:
        for (index, place) in places.enumerated() {
          let (mean, deviation) = (column.means[place], column.deviations[place])
          sums[index] +=
            NormalDistribution.logMass(
              (coordinate.left - mean) / deviation, (coordinate.right - mean) / deviation)
            - column.masses[place]
        }
      case .real:
        for (index, place) in places.enumerated() {
          let distance = (coordinate.number - column.means[place]) / column.deviations[place]
          sums[index] += column.peaks[place] - distance * distance / 2
        }
      }
    }
    return sums
  }

  /// The logarithm of the prior in one parameter.
  private static func logDensity(
    _ kernel: TruncatedNormal, _ number: Double, _ left: Double, _ right: Double, isCounted: Bool
  ) -> Double {
    if isCounted {
      return NormalDistribution.logMass(
        (left - kernel.mean) / kernel.deviation, (right - kernel.mean) / kernel.deviation)
        - kernel.logMass
    }
    let distance = (number - kernel.mean) / kernel.deviation
    return kernel.logPeak - distance * distance / 2
  }

  /// Writes for a block of kernels what each is at most, by the nearest end of the point's cell.
  private func look(from start: Int, _ length: Int, into near: inout [Float]) {
    near.withUnsafeMutableBufferPointer { near in
      estimator.bounds.withUnsafeBufferPointer { bounds in
        for offset in 0..<length { near[offset] = bounds[start + offset] }
      }
      for (column, coordinate) in zip(estimator.columns, coordinates) {
        if column.axis.isChoice {
          let (own, other) = (Float(coordinate.own), Float(coordinate.other))
          column.means.withUnsafeBufferPointer { means in
            for offset in 0..<length {
              near[offset] += means[start + offset] == coordinate.number ? own : other
            }
          }
          continue
        }
        let left = Float(column.position(coordinate.left))
        let right = Float(column.position(coordinate.right))
        column.positions.withUnsafeBufferPointer { positions in
          column.inverses.withUnsafeBufferPointer { inverses in
            for offset in 0..<length {
              let position = positions[start + offset]
              let (below, above) = (left - position, position - right)
              let outside = below > above ? below : above
              let distance = (outside > 0 ? outside : 0) * inverses[start + offset]
              near[offset] -= distance * distance * 0.5
            }
          }
        }
      }
    }
  }
}
