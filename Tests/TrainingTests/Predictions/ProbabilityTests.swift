import Glibc
import Testing
import Training

@Suite struct ProbabilityTests {
  private static func softmax(_ scores: [Double]) -> [Double] {
    let largest = scores.max() ?? 0
    let powers = scores.map { exp($0 - largest) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  @Test(arguments: [[2.2, -2.2], [0.3, -1.0, 4.0], [-30.0, -31.0, -33.0]])
  func `of the loss binary they are shares of sigmoids`(logits: [Double]) {
    let found = Self.softmax(logits.map(TrainingPlan.LossName.binary.score))
    let sigmoids = logits.map { 1 / (1 + exp(-$0)) }
    let shares = sigmoids.map { $0 / sigmoids.reduce(0, +) }
    #expect(zip(found, shares).allSatisfy { abs($0 - $1) < 1e-12 })
    for other in [TrainingPlan.LossName.auto, .crossEntropy] {
      #expect(logits.map(other.score) == logits)
    }
  }

  @Test func `far logits have probabilities too, in their order`() {
    let logits = [-2000.0, -1000, 0, 20, 1000]
    let scores = logits.map(TrainingPlan.LossName.binary.score)
    #expect(scores.allSatisfy(\.isFinite) && scores == scores.sorted())
    #expect(scores[0] == -2000 && scores[4] == 0 && abs(scores[2] + log(2)) < 1e-15)
    #expect(Self.softmax(Array(scores.prefix(2))) == [0, 1])
  }
}
