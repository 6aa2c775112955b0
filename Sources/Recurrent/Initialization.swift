import Glibc
import Philox

extension Buffer {
  /// Fills a part with uniform numbers from -bound up to, but not including, bound.
  func fillUniform(_ range: Range<Int>, bound: Double, _ random: inout RandomSequence) {
    for index in range { pointer[index] = S((random.uniform() * 2 - 1) * bound) }
  }

  /// Fills a part with numbers of the standard normal distribution (Box and Muller).
  func fillNormal(_ range: Range<Int>, _ random: inout RandomSequence) {
    var index = range.lowerBound
    while index < range.upperBound {
      let radius = (-2 * log(1 - random.uniform())).squareRoot()
      let angle = 2 * .pi * random.uniform()
      pointer[index] = S(radius * cos(angle))
      if index + 1 < range.upperBound { pointer[index + 1] = S(radius * sin(angle)) }
      index += 2
    }
  }
}
