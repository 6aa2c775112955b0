import Philox
import Testing

@testable import Search

@Suite struct NormalDistributionTests {
  // ln((erfc(a / √2) − erfc(b / √2)) / 2) with 60 digits.
  static let masses: [(Double, Double, Double)] = [
    (-1, 1, -0.38171514630212607), (0, 0.05, -3.9150874039863981), (3, 3.05, -8.4891345400162025),
    (-8, -7.5, -31.095579450839753), (-3, 0.5, -0.37090055956203252),
    (20, 21, -203.91715537228816), (40, 41, -804.60844201375379),
    (-2.5, 2.6, -0.010930372820439667), (0.2, 9, -0.8657395226815953),
    (-0.01, 0.02, -4.4255464290246865), (5, 5.09, -16.044661055341929),
    (0.4, 0.6, -2.6546259247560692), (-.infinity, 0, -0.69314718055994531),
  ]

  @Test(arguments: masses) func `masses are right far from the middle and in narrow cells`(
    low: Double, high: Double, logMass: Double
  ) {
    #expect(abs(NormalDistribution.logMass(low, high) - logMass) < 1e-8)
    #expect(NormalDistribution.logMass(-high, -low) == NormalDistribution.logMass(low, high))
  }

  @Test func `the exponential without quotients is the exponential`() {
    var random = Philox(seed: 1).sequence(.search)
    for _ in 0..<10_000 {
      let number = 1300 * random.uniform() - 650
      let expected = Exponential.exp(number)
      #expect(abs(NormalDistribution.exponential(number) - expected) <= 4 * expected.ulp)
    }
    #expect(NormalDistribution.exponential(-708) == 0)
    #expect(NormalDistribution.exponential(-.infinity) == 0)
    #expect(NormalDistribution.exponential(0) == 1)
  }

  @Test func `draws stay between the bounds and have the mean of what is left`() {
    var random = Philox(seed: 1).sequence(.search)
    let draws = (0..<20_000).map { _ in
      NormalDistribution.sample(mean: 0, deviation: 1, low: 0, high: 1, &random)
    }
    #expect(draws.allSatisfy { 0 <= $0 && $0 <= 1 })
    // (φ(0) − φ(1)) / (Φ(1) − Φ(0))
    #expect(abs(draws.reduce(0, +) / 20_000 - 0.459_862) < 0.01)
  }
}
