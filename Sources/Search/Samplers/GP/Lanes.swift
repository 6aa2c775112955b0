/// Eight numbers at a time.
///
/// All that the Gaussian process computes is built from sums, products, quotients and square roots in
/// a fixed order, for the reason that ``Exponential`` gives: every machine suggests the same point.
typealias Lanes = SIMD8<Double>

extension Lanes {
  /// Reads eight numbers that lie side by side.
  @inline(__always) init(_ numbers: UnsafePointer<Double>) {
    self = UnsafeRawPointer(numbers).loadUnaligned(as: Lanes.self)
  }

  /// Writes the eight numbers side by side.
  @inline(__always) func store(_ numbers: UnsafeMutablePointer<Double>) {
    UnsafeMutableRawPointer(numbers).storeBytes(of: self, as: Lanes.self)
  }

  /// The sum of the eight, always in the same order.
  @inline(__always) var total: Double {
    let four = lowHalf + highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
  }

  /// `e^−x` of numbers that are not negative, within 2 units in the last place; below 1e-304, zero.
  @inline(__always) static func exponentialOfNegative(_ x: Lanes) -> Lanes {
    let exponent = -x.replacing(with: 700, where: x .> 700)
    // Adding and subtracting 1.5 · 2^52 rounds to a whole number, which is then in the low bits.
    let shift = Lanes(repeating: 0x1.8p52)
    let shifted = exponent * 1.442_695_040_888_963_4 + shift
    let power = shifted - shift
    let rest = (exponent - power * 0x1.62E42FEEp-1) - power * 0x1.A39EF35793C76p-33
    // |rest| ≤ 0.347: what is left out after the 13th term is below 1e-17.
    var series = Lanes(repeating: 1 / 6_227_020_800)
    series = series * rest + 1 / 479_001_600
    series = series * rest + 1 / 39_916_800
    series = series * rest + 1 / 3_628_800
    series = series * rest + 1 / 362_880
    series = series * rest + 1 / 40_320
    series = series * rest + 1 / 5_040
    series = series * rest + 1 / 720
    series = series * rest + 1 / 120
    series = series * rest + 1 / 24
    series = series * rest + 1 / 6
    series = series * rest + 0.5
    series = series * rest + 1
    series = series * rest + 1
    let bits = unsafeBitCast(shifted, to: SIMD8<Int64>.self)
    let scale = unsafeBitCast((bits &+ 1023) &<< 52, to: Lanes.self)
    return (series * scale).replacing(with: 0, where: x .> 700)
  }
}

// MARK: - Numbers that lie side by side

extension Lanes {
  /// `Σ a[i] b[i]` of numbers that lie side by side.
  @inline(__always) static func dot(
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, count: Int
  ) -> Double {
    var lanes = Lanes()
    var index = 0
    while index + 8 <= count {
      lanes += Lanes(left + index) * Lanes(right + index)
      index += 8
    }
    var sum = lanes.total
    while index < count {
      sum += left[index] * right[index]
      index += 1
    }
    return sum
  }

  /// `into[i] += factor · numbers[i]`.
  @inline(__always) static func add(
    _ numbers: UnsafePointer<Double>, times factor: Double, to into: UnsafeMutablePointer<Double>,
    count: Int
  ) {
    var index = 0
    while index + 8 <= count {
      (Lanes(into + index) + Lanes(numbers + index) * factor).store(into + index)
      index += 8
    }
    while index < count {
      into[index] += numbers[index] * factor
      index += 1
    }
  }
}
