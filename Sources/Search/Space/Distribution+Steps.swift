// Numbers with a fraction, as they would be on paper.

extension Distribution {
  /// How many steps there are from `low` to `high`; nil if there are too many to count.
  static func count(low: Double, high: Double, step: Double) -> Int? {
    let steps = (high - low) / step
    guard steps < 0x1p53 else { return nil }
    // 0.1, 0.2, 0.3 are three: (0.3 − 0.1) / 0.1 is a little less than 2 in binary.
    let whole = Int((steps + 1e-9 * max(1, steps)).rounded(.down))
    return whole + 1
  }

  /// `low + index · step` as it would be on paper: 0.1 + 2 · 0.1 is 0.3, not 0.30000000000000004.
  static func step(low: Double, step: Double, index: Int) -> Double {
    var scale = 1.0
    for _ in 0...15 {
      let first = (low * scale).rounded()
      let width = (step * scale).rounded()
      let last = first + width * Double(index)
      guard max(abs(first), abs(last)) < 0x1p53 else { break }
      if first / scale == low && width / scale == step { return last / scale }
      scale *= 10
    }
    return low + step * Double(index)
  }

  /// `index · step` as it would be on paper.
  static func multiple(_ index: Double, of step: Double) -> Double {
    guard let index = Int(exactly: index) else { return index * step }
    return Self.step(low: 0, step: step, index: index)
  }

  /// The multiple of a step that is nearest to a number, within bounds that are multiples.
  static func multiple(
    nearest number: Double, of step: Double, from low: Double, to high: Double
  ) -> Double {
    min(max(multiple((number / step).rounded(), of: step), low), high)
  }

  /// The first and the last multiple of a step within bounds; nil if there is none, or if there are
  /// too many to count.
  ///
  /// - Parameters:
  ///   - step: The step.
  ///   - low: The least number.
  ///   - high: The greatest number.
  ///   - excludesHigh: Whether the greatest number itself is out of bounds.
  /// - Returns: The multiples.
  static func multiples(
    of step: Double, from low: Double, to high: Double, excludesHigh: Bool = false
  ) -> (first: Double, last: Double)? {
    guard max(abs(low), abs(high)) / step < 0x1p53 else { return nil }
    var first = (low / step).rounded()
    if multiple(first, of: step) < low { first += 1 }
    var last = (high / step).rounded()
    while multiple(last, of: step) > high || (excludesHigh && multiple(last, of: step) == high) {
      last -= 1
    }
    return first <= last ? (multiple(first, of: step), multiple(last, of: step)) : nil
  }

  /// A normal distribution, or one of logarithms, cut to a range and to ``Normal/reach`` deviations.
  ///
  /// - Parameters:
  ///   - mean: The mean, of logarithms if it is logarithmic.
  ///   - deviation: The standard deviation, above 0.
  ///   - range: The numbers that may be drawn.
  ///   - isLogarithmic: Whether it is the logarithm that is normal.
  ///   - step: Of what the numbers are multiples, if of anything.
  /// - Returns: The distribution; nil if nothing is left of it.
  static func normal(
    mean: Double, deviation: Double, in range: NumberRange, isLogarithmic: Bool, step: Double?
  ) -> Distribution? {
    var low = mean - Normal.reach * deviation
    var high = mean + Normal.reach * deviation
    guard low.isFinite, high.isFinite, low < high else { return nil }
    if isLogarithmic {
      guard low >= -logarithmReach, high <= logarithmReach else { return nil }
      (low, high) = (Exponential.exp(low), Exponential.exp(high))
    }
    if let least = range.low { low = max(low, range.excludesLow ? least.nextUp : least) }
    var excludesHigh = false
    if let greatest = range.high, greatest <= high {
      high = greatest
      excludesHigh = range.excludesHigh
    }
    if let step {
      guard
        let ends = multiples(of: step, from: low, to: high, excludesHigh: excludesHigh)
      else { return nil }
      (low, high) = ends
    } else if low >= high {
      return nil
    }
    return .normal(
      mean: mean, deviation: deviation, low: low, high: high, isLogarithmic: isLogarithmic,
      step: step)
  }

  /// Logarithms of this size and below are those of numbers.
  static let logarithmReach = 700.0
}
