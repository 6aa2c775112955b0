import Recurrent
import Testing

@Suite struct ShortNumberTests {
  @Test(arguments: [
    (0.0, "0.0"), (1, "1"), (-1, "-1"), (0.5, "0.5"), (1.004, "1"), (12.34, "12.3"), (100, "100"),
    (1234, "1230"), (99_960, "100000"), (999_499, "999000"), (999_500, "1e6"),
    (112_999_999_999.999_97, "1.13e11"), (9.999_999_999_999_978e299, "1e300"), (1e300, "1e300"),
    (0.001_234_9, "0.00123"), (0.000_999_96, "0.001"), (0.000_12, "1.2e-4"), (-2.5e-7, "-2.5e-7"),
    (1.797e308, "1.8e308"), (0.099_96, "0.1"), (.infinity, "inf"),
  ])
  func `three digits are written, and none that rounding left`(number: Double, text: String) {
    #expect(number.short == text)
  }

  @Test func `a number that is written is read as what it was`() {
    var number = 1.234e-300
    while number < 1e300 {
      let read = Double(number.short) ?? .nan
      #expect(abs(read - number) <= 0.005 * number, "\(number) became \(number.short)")
      number *= 7.77
    }
  }
}
