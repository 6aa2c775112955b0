/// The standard normal distribution out of ``Exponential`` and arithmetic alone: the same bits on
/// every machine.
enum Normal {
  /// Beyond so many deviations nothing is drawn: it would be one draw in 500 million.
  static let reach = 6.0

  /// exp(−x²/2) / √(2π), within ±8 deviations.
  static func density(_ number: Double) -> Double {
    0.398_942_280_401_432_7 * Exponential.exp(-number * number / 2)
  }

  /// The share of draws below a number, within 1e-15.
  static func cumulative(_ number: Double) -> Double {
    guard abs(number) <= 8 else { return number < 0 ? 0 : 1 }
    // Φ(x) = 1/2 + φ(x) (x + x³/3 + x⁵/(3·5) + …)
    let square = number * number
    var term = number
    var sum = number
    var odd = 1.0
    while true {
      odd += 2
      term *= square / odd
      let next = sum + term
      if next == sum { break }
      sum = next
    }
    return 0.5 + sum * density(number)
  }

  /// The number below which a share of those draws lies that fall between two bounds.
  ///
  /// - Parameters:
  ///   - share: From 0 to 1.
  ///   - low: The lower bound, in deviations.
  ///   - high: The upper bound, in deviations; above the lower one.
  /// - Returns: A number from the lower to the upper bound.
  static func quantile(_ share: Double, from low: Double, to high: Double) -> Double {
    // In the lower tail shares are small and exact; in the upper one they would be near 1.
    if low > 0 { return -quantile(1 - share, from: -high, to: -low) }
    var (below, above) = (max(low, -8), min(high, 8))
    let first = cumulative(below)
    let wanted = first + (cumulative(above) - first) * share
    var number = min(max(0, below), above)
    // Newton's steps while they stay between the bounds, which close in; halves otherwise.
    for _ in 0..<100 {
      let excess = cumulative(number) - wanted
      if excess > 0 { above = number } else { below = number }
      let newton = number - excess / density(number)
      let next = below < newton && newton < above ? newton : below + (above - below) / 2
      let change = abs(next - number)
      number = next
      if change < 1e-12 { break }
    }
    return min(max(number, low), high)
  }
}
