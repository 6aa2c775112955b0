/// The logarithm of the improvement that is to be expected of a point, averaged over fantasies.
struct Acquisition: Sendable {
  /// What is known of the function.
  let process: GaussianProcess
  /// For each fantasy, the value to improve upon.
  let thresholds: [Double]

  /// The improvement over the best value of each fantasy, observed or fantasized.
  ///
  /// - Parameters:
  ///   - process: What is known of the function.
  ///   - best: The best observed value.
  ///   - observed: How many points of the process are observations.
  init(_ process: GaussianProcess, best: Double, observed: Int) {
    self.process = process
    thresholds = process.values.map { $0.dropFirst(observed).reduce(best, min) }
  }

  /// The logarithms at some points.
  func callAsFunction(_ points: [[Double]]) -> [Double] {
    var logarithms: [Double] = []
    logarithms.reserveCapacity(points.count)
    for start in stride(from: 0, to: points.count, by: 8) {
      let block = points[start..<min(start + 8, points.count)]
      let lanes = process.inputs.isCategory.indices.map { dimension in
        var lanes = Lanes()
        for (lane, point) in block.enumerated() { lanes[lane] = point[dimension] }
        return lanes
      }
      let (means, deviation) = process.posterior(lanes)
      for lane in block.indices.map({ $0 - start }) {
        logarithms.append(
          average(means.map { $0[lane] }, deviation: deviation[lane]).value)
      }
    }
    return logarithms
  }

  /// The logarithm at a point and its derivatives by the numbers of the point.
  func gradient(_ point: [Double]) -> (value: Double, gradient: [Double]) {
    let local = process.local(point)
    let (value, byMeans, byDeviation) = average(local.means, deviation: local.deviation)
    return (
      value, process.gradient(at: point, local, byMeans: byMeans, byDeviation: byDeviation)
    )
  }

  /// The logarithm of the mean of the expected improvements.
  private func average(
    _ means: [Double], deviation: Double
  ) -> (value: Double, byMeans: [Double], byDeviation: Double) {
    let terms = zip(means, thresholds).map {
      ExpectedImprovement.logarithm(mean: $0, deviation: deviation, threshold: $1)
    }
    guard terms.count > 1 else { return (terms[0].value, [terms[0].byMean], terms[0].byDeviation) }
    let largest = terms.map(\.value).max() ?? 0
    let shares = terms.map { Exponential.exp(max($0.value - largest, -700)) }
    let sum = shares.reduce(0, +)
    return (
      largest + Exponential.log(sum / Double(terms.count)),
      zip(terms, shares).map { $0.byMean * $1 / sum },
      zip(terms, shares).reduce(0) { $0 + $1.0.byDeviation * $1.1 / sum }
    )
  }
}
