/// The logarithm of the expected improvement of a normal variable over a threshold, in a form that is
/// as exact where improvement is hopeless as elsewhere (Ament et al., "Unexpected Improvements to
/// Expected Improvement for Bayesian Optimization", 2023).
enum ExpectedImprovement {
  /// `log h(z)` with `h(z) = φ(z) + z Φ(z)`, and the ratios `Φ/h` and `φ/h`.
  struct Logarithm {
    /// `log h`.
    let value: Double
    /// `Φ/h`, the derivative of ``value``.
    let cumulativeRatio: Double
    /// `φ/h`.
    let densityRatio: Double
  }

  private static let logRootOfTwoPi = 0.918_938_533_204_672_8

  /// The logarithm and its ratios at a standardized distance from the threshold.
  static func logarithm(_ z: Double) -> Logarithm {
    guard z >= -3 else { return tail(-z) }
    let (density, cumulative) = normal(z)
    let improvement = density + z * cumulative
    return Logarithm(
      value: Exponential.log(improvement), cumulativeRatio: cumulative / improvement,
      densityRatio: density / improvement)
  }

  /// The logarithm at −t. Mills' ratio is the continued fraction `Φ(−t)/φ(t) = 1/(t + c)` with `c =
  /// 1/(t + 2/(t + 3/(t + …)))`, so that `h(−t) = φ(t) c/(t + c)`: nothing cancels.
  private static func tail(_ t: Double) -> Logarithm {
    let c = fraction(t)
    return Logarithm(
      value: -t * t / 2 - logRootOfTwoPi + Exponential.log(c / (t + c)), cumulativeRatio: 1 / c,
      densityRatio: (t + c) / c)
  }

  private static func fraction(_ t: Double) -> Double {
    // The terms that t = 3 needs for 1e-16; the larger t, the fewer it would take.
    var rest = t
    for term in stride(from: t < 6 ? 30 : 12, through: 2, by: -1) { rest = t + Double(term) / rest }
    return 1 / rest
  }

  /// The density and the cumulative distribution of the standard normal, from −3 on.
  static func normal(_ z: Double) -> (density: Double, cumulative: Double) {
    let density = z * z / 2 > 700 ? 0 : Exponential.exp(-z * z / 2 - logRootOfTwoPi)
    if z > 3 { return (density, 1 - density / (z + fraction(z))) }
    // Φ(z) = ½ + φ(z) (z + z³/3 + z⁵/15 + …)
    var term = z
    var series = z
    var odd = 3.0
    while abs(term) > 1e-18 * abs(series) {
      term *= z * z / odd
      series += term
      odd += 2
    }
    return (density, 0.5 + density * series)
  }

  /// The expected improvement below a threshold of a variable with this mean and deviation.
  ///
  /// - Returns: Its logarithm and the derivatives by the mean and by the deviation.
  static func logarithm(
    mean: Double, deviation: Double, threshold: Double
  ) -> (value: Double, byMean: Double, byDeviation: Double) {
    let unit = logarithm((threshold - mean) / deviation)
    return (
      unit.value + Exponential.log(deviation), -unit.cumulativeRatio / deviation,
      unit.densityRatio / deviation
    )
  }
}
