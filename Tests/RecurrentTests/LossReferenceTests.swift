import Foundation
import Recurrent
import TestSupport
import Testing

/// Losses and schedules against PyTorch's: Fixtures/losses.json, made by Fixtures/generate.py.
@Suite struct LossReferenceTests {
  private struct Fixture: Decodable {
    let scores: [Float]
    let classes: [Int32]
    let weights: [Float]
    let targets: [Float]
    let quantiles: [Double]
    let values: [String: Double]
    let gradients: [String: [Float]]
    let oneCycle: [Double]
  }

  private func fixture() throws -> Fixture {
    let url = try #require(
      Bundle.module.url(forResource: "losses", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
  }

  @Test func `every loss and its gradient agree`() throws {
    let fixture = try fixture()
    let scores = Matrix<Float>(rows: 5, columns: 4, fixture.scores)
    func entropy(_ weights: [Float]?, _ smoothing: Double, _ gradient: Matrix<Float>?) -> LossSum {
      Loss.crossEntropy(
        scores, targets: fixture.classes, classWeights: weights, smoothing: smoothing,
        gradient: gradient)
    }
    func numbers(_ kind: Loss.Number, _ gradient: Matrix<Float>?) -> LossSum {
      let targets = kind == .binary ? fixture.targets.map { $0 > 0 ? 1 : 0 } : fixture.targets
      return Loss.numbers(kind, scores, targets: targets, gradient: gradient)
    }
    let losses: [String: (Matrix<Float>?) -> LossSum] = [
      "plain": { entropy(nil, 0, $0) }, "weights": { entropy(fixture.weights, 0, $0) },
      "smoothing": { entropy(nil, 0.2, $0) }, "both": { entropy(fixture.weights, 0.3, $0) },
      "squared": { numbers(.squared, $0) }, "absolute": { numbers(.absolute, $0) },
      "huber": { numbers(.huber(bound: 0.7), $0) },
      "quantile": { numbers(.quantile(fixture.quantiles), $0) },
      "binary": { numbers(.binary, $0) },
    ]
    #expect(Set(losses.keys) == Set(fixture.values.keys))
    for (name, loss) in losses {
      let expected = try #require(fixture.values[name])
      let gradient = Matrix<Float>()
      let sum = loss(gradient)
      #expect(abs(sum.mean - expected) < 1e-5 * expected, "\(name)")
      #expect(loss(nil) == sum, "\(name)")
      let slopes = try #require(fixture.gradients[name])
      #expect(relativeDifference(gradient.elements, slopes) < 1e-5, "\(name)")
    }
  }

  @Test func `targets that are no numbers count for nothing`() {
    let values = Matrix<Float>(rows: 2, columns: 2, [1, 2, 3, 4])
    let gradient = Matrix<Float>()
    let sum = Loss.numbers(
      .absolute, values, targets: [0, .nan, 5, .nan], gradient: gradient)
    #expect(sum == LossSum(sum: 3, count: 2))
    #expect(gradient.elements == [0.5, 0, -0.5, 0])
  }

  @Test func `one cycle rises and falls`() throws {
    let schedule = Schedule(.oneCycle(steps: 20))
    for (step, expected) in try fixture().oneCycle.enumerated() {
      #expect(abs(schedule.rate(base: 0.5, step: step) - expected) < 1e-9, "step \(step)")
    }
  }

  @Test func `a plateau lowers the rate each time`() {
    let schedule = Schedule(.plateau(factor: 0.5, patience: 2), warmUp: 2)
    #expect(schedule.rate(base: 0.8, step: 0) == 0.4)
    #expect(schedule.rate(base: 0.8, step: 9) == 0.8)
    #expect(schedule.rate(base: 0.8, step: 9, plateaus: 2) == 0.2)
  }
}
