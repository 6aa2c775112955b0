/// From which probability on a model means the positive one of two labels.
package enum Threshold {
  /// The answer to a row of probabilities: the most probable class, the first of several, unless a
  /// threshold decides between two.
  package static func answer(
    _ probabilities: ArraySlice<Double>, positive: Int?, _ threshold: Double?
  ) -> Int {
    let first = probabilities.startIndex
    if let threshold, let positive, probabilities.count == 2 {
      return probabilities[first + positive] >= threshold ? positive : 1 - positive
    }
    var best = first
    for index in probabilities.indices where probabilities[index] > probabilities[best] {
      best = index
    }
    return best - first
  }

  /// The threshold with the largest F1 of the positive label. It lies in the middle between the two
  /// probabilities that it separates; of several that are as good, the one nearest to a half.
  ///
  /// - Parameters:
  ///   - probabilities: How probable the positive label was held, for each example.
  ///   - isPositive: Whether it is the right one.
  /// - Returns: The threshold; a half if no example is positive.
  package static func best(_ probabilities: [Double], isPositive: [Bool]) -> Double {
    let positives = isPositive.count { $0 }
    guard positives > 0 else { return 0.5 }
    let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
    var best = (f1: 0.0, threshold: 0.5)
    var hits = 0
    for (place, index) in order.enumerated() {
      if isPositive[index] { hits += 1 }
      let lowest = probabilities[index]
      let next = place + 1 < order.count ? probabilities[order[place + 1]] : 0
      // Equal probabilities cannot be told apart.
      guard next < lowest else { continue }
      let f1 = 2 * Double(hits) / Double(place + 1 + positives)
      let threshold = (lowest + next) / 2
      if f1 > best.f1
        || (f1 == best.f1 && abs(threshold - 0.5) < abs(best.threshold - 0.5))
      {
        best = (f1, threshold)
      }
    }
    return best.threshold
  }
}
