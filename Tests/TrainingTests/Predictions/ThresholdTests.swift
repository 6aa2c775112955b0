import Testing
import Training

@Suite struct ThresholdTests {
  @Test func `the best threshold is found by hand`() {
    // Sorted: .9 yes, .8 no, .7 yes, .4 yes, .1 no. F1 after each: 2/4, 2/5, 4/6, 6/7, 6/8.
    let best = Threshold.best(
      [0.4, 0.9, 0.1, 0.8, 0.7], isPositive: [true, true, false, false, true])
    #expect(abs(best - 0.25) < 1e-12)
    // Two thresholds with F1 1: between .6 and .2 there is only one gap.
    #expect(abs(Threshold.best([0.6, 0.2], isPositive: [true, false]) - 0.4) < 1e-12)
    // Equal probabilities cannot be told apart: either both or none.
    #expect(abs(Threshold.best([0.3, 0.3], isPositive: [true, false]) - 0.15) < 1e-12)
    // F1 is 2/3 after the first and 2/3 after the fourth: the middle nearest to a half wins.
    let tied = Threshold.best([0.9, 0.5, 0.4, 0.3], isPositive: [true, false, false, true])
    #expect(abs(tied - 0.7) < 1e-12)
    #expect(Threshold.best([0.3, 0.2], isPositive: [false, false]) == 0.5)
    #expect(Threshold.best([], isPositive: []) == 0.5)
  }

  @Test func `no other threshold has a better F1`() {
    var state: UInt64 = 7
    func random() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
    func f1(_ probabilities: [Double], _ isPositive: [Bool], _ threshold: Double) -> Double {
      let answered = probabilities.count { $0 >= threshold }
      let hits = zip(probabilities, isPositive).count { $0 >= threshold && $1 }
      let total = answered + isPositive.count { $0 }
      return total == 0 ? 0 : 2 * Double(hits) / Double(total)
    }
    for count in 1...60 {
      // Few different values, so that many are equal.
      let probabilities = (0..<count).map { _ in (random() * 12).rounded() / 12 }
      let isPositive = probabilities.map { random() < $0 }
      let best = f1(
        probabilities, isPositive, Threshold.best(probabilities, isPositive: isPositive))
      for threshold in probabilities + [0.5] where threshold > 0 {
        #expect(best >= f1(probabilities, isPositive, threshold))
      }
    }
  }

  @Test func `a threshold decides between two labels only`() {
    #expect(Threshold.answer([0.6, 0.4], positive: 1, nil) == 0)
    #expect(Threshold.answer([0.6, 0.4], positive: 1, 0.4) == 1)
    #expect(Threshold.answer([0.6, 0.4], positive: 0, 0.7) == 1)
    #expect(Threshold.answer([0.5, 0.5], positive: 1, nil) == 0)
    #expect(Threshold.answer([0.2, 0.5, 0.3], positive: nil, 0.1) == 1)
    #expect(Threshold.answer([9, 0.2, 0.5, 0.3][1...], positive: nil, nil) == 1)
  }
}
