import Philox

/// The standard normal distribution out of sums, products, quotients and roots alone, so that every
/// machine computes the same bits: see ``Exponential``.
enum NormalDistribution {
  /// ln √(2π).
  static let logRootTau = 0.918_938_533_204_672_7

  /// The logarithm of the mass between two numbers, also far from 0 where the mass itself is none.
  ///
  /// - Precondition: The first number is below the second.
  static func logMass(_ first: Double, _ second: Double) -> Double {
    // On the left side, where nothing is subtracted from 1.
    let (low, high) = first + second > 0 ? (-second, -first) : (first, second)
    let (width, center) = (high - low, (low + high) / 2)
    if width <= 0.1, width * -center <= 0.5 {
      // The difference of two masses would have no digits left: Gauss's rule of three nodes has an
      // error below 1e-8 of the mass.
      let node = width * 0.387_298_334_620_741_7
      let sides =
        exponential(-node * (node / 2 + center)) + exponential(-node * (node / 2 - center))
      return Exponential.log(width * (4 / 9.0 + sides * 5 / 18))
        - center * center / 2 - logRootTau
    }
    if high <= 0 {
      let larger = logTail(-high)
      return larger + Exponential.log(1 - exponential(logTail(-low) - larger))
    }
    return Exponential.log(1 - exponential(logTail(-low)) - exponential(logTail(high)))
  }

  /// The logarithm of the mass above a number that is not negative.
  static func logTail(_ number: Double) -> Double {
    guard number.isFinite else { return -.infinity }
    return Exponential.log(millsRatio(number)) - number * number / 2 - logRootTau
  }

  /// The mass above a number that is not negative, divided by the density there.
  private static func millsRatio(_ number: Double) -> Double {
    if number < 2.5 {
      // Half of all, less the mass from 0 on: density · Σ x^(2n+1) / (1 · 3 · … · (2n+1)).
      var (term, sum, odd) = (number, number, 1.0)
      while term > 1e-18 * sum {
        odd += 2
        term *= number * number / odd
        sum += term
      }
      return 1.253_314_137_315_500_3 / exponential(-number * number / 2) - sum
    }
    // Laplace's continued fraction; from 2.5 on, 32 levels are all that a Double can hold.
    var fraction = number
    for level in stride(from: 32.0, through: 1, by: -1) { fraction = number + level / fraction }
    return 1 / fraction
  }

  /// The exponential without quotients, within 4 units in the last place; 0 where it would be below
  /// 1e-307.
  ///
  /// - Precondition: The number is below 700.
  @inline(__always)
  static func exponential(_ number: Double) -> Double { exponential(SIMD2(number, number))[0] }

  /// The same for two numbers at once.
  @inline(__always)
  static func exponential(_ numbers: SIMD2<Double>) -> SIMD2<Double> {
    // So large a number has no room for a fraction: rounding without a call of the C library, and the
    // whole number lies in its last bits.
    let shifted = numbers * 1.442_695_040_888_963_4 + 0x1.8p52
    let powers = shifted - 0x1.8p52
    let x = (numbers - powers * 0x1.62E42FEEp-1) - powers * 0x1.A39EF35793C76p-33
    // 1/12! … 1/2!: |x| ≤ 0.347, what is left out is below 2e-16.
    var series = SIMD2(repeating: 2.087_675_698_786_81e-9)
    series = series * x + 2.505_210_838_544_171_9e-8
    series = series * x + 2.755_731_922_398_589_1e-7
    series = series * x + 2.755_731_922_398_589e-6
    series = series * x + 2.480_158_730_158_730_2e-5
    series = series * x + 1.984_126_984_126_984_1e-4
    series = series * x + 1.388_888_888_888_888_9e-3
    series = series * x + 8.333_333_333_333_333e-3
    series = series * x + 4.166_666_666_666_666_4e-2
    series = series * x + 1.666_666_666_666_666_6e-1
    series = (series * x + 0.5) * x * x + x + 1
    let exponents = (unsafeBitCast(shifted, to: SIMD2<UInt64>.self) &+ 1023) &<< 52
    let results = series * unsafeBitCast(exponents, to: SIMD2<Double>.self)
    return results.replacing(with: 0, where: numbers .<= -707)
  }

  /// A number drawn from a normal distribution, cut off at two bounds (Marsaglia's polar method).
  ///
  /// - Precondition: The mean lies between the bounds and the deviation is not above their distance;
  ///   so at least a third of the draws lie inside.
  static func sample(
    mean: Double, deviation: Double, low: Double, high: Double, _ random: inout RandomSequence
  ) -> Double {
    while true {
      let (x, y) = (2 * random.uniform() - 1, 2 * random.uniform() - 1)
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      let scale = (-2 * Exponential.log(square) / square).squareRoot() * deviation
      for draw in [mean + x * scale, mean + y * scale] where low <= draw && draw <= high {
        return draw
      }
    }
  }
}
