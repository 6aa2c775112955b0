/// The natural logarithm and its inverse out of sums, products and quotients alone.
///
/// The C library chooses its versions by the processor, and their last bits differ. A suggested value
/// is part of the stored result: every machine has to draw the same one.
package enum Exponential {
  // ln 2 in two parts; the first has zeros at its end, so that its product with an exponent is exact.
  private static let ln2High = 0x1.62E42FEEp-1
  private static let ln2Low = 0x1.A39EF35793C76p-33

  /// The natural logarithm of a finite number above zero, within 2 units in the last place.
  package static func log(_ number: Double) -> Double {
    precondition(number > 0 && number.isFinite, "no logarithm of \(number)")
    var exponent = number.exponent
    var significand = number.significand
    if significand > 1.414_213_562_373_095_1 {
      significand /= 2
      exponent += 1
    }
    // ln m = 2 artanh((m − 1)/(m + 1)), and |s| ≤ 0.172 makes its series short.
    let s = (significand - 1) / (significand + 1)
    let square = s * s
    var series = 0.0
    for odd in stride(from: 23, through: 3, by: -2) {
      series = (series + 1 / Double(odd)) * square
    }
    let power = Double(exponent)
    return power * ln2High + (2 * s + (2 * s * series + power * ln2Low))
  }

  /// The exponential of a number between −700 and 709.
  package static func exp(_ number: Double) -> Double {
    precondition(number >= -745 && number < 709.8, "no exponential of \(number)")
    let power = (number * 1.442_695_040_888_963_4).rounded()
    let rest = (number - power * ln2High) - power * ln2Low
    // |rest| ≤ 0.347: what is left out after the 14th term is below 1e-17.
    var series = 1.0
    for term in stride(from: 14, through: 1, by: -1) {
      series = 1 + series * rest / Double(term)
    }
    // In two steps, since 2^power alone may not be a normal number.
    let half = (power / 2).rounded(.down)
    return series * scale(half) * scale(power - half)
  }

  private static func scale(_ power: Double) -> Double {
    Double(sign: .plus, exponent: Int(power), significand: 1)
  }
}
