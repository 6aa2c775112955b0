import AllocationCounter
import Philox
import Recurrent
import TestSupport
import Testing

/// Memory is asked for when a model sees its largest batch, not in the steps after it.
@Suite struct AllocationTests {
  static let plans: [PlanOption] =
    PlanOption.flows + PlanOption.all.filter { $0.plan.cell == .lstm }

  @Test(arguments: plans, ModelPlan.Precision.allCases)
  func `a warm step allocates nothing`(option: PlanOption, precision: ModelPlan.Precision) {
    var plan = option.plan
    plan.precision = precision
    let model = sampleModel(Float.self, plan)
    let optimizer = Optimizer<Float>(.adam(), model.layout)
    let upstream = Matrix<Float>()
    let samples = [40, 9].map { length in
      let batch = Self.batch(option.plan, lengths: [length, length - 2, 3])
      let rows = model.forward(batch).rows
      return (batch, sampleTargets(rows: rows, count: option.plan.outputs))
    }
    func step(_ batch: PackedBatch<Float>, _ targets: [Int32]) -> Int64 {
      let before = allocations_of_this_thread()
      let key = DropoutKey(philox: Philox(seed: 1, trial: 2), step: 3)
      let scores = model.forward(batch, dropout: key)
      _ = Loss.crossEntropy(scores, targets: targets, gradient: upstream)
      model.zeroGradient()
      model.backward(upstream)
      Clip.norm(1).apply(to: model.gradient)
      optimizer.step(model.parameters, model.gradient, learningRate: 1e-3)
      return allocations_of_this_thread() - before
    }
    #expect(step(samples[0].0, samples[0].1) > 0, "a first step needs memory")
    var counts: [Int64] = [0, 0]
    for _ in 0..<2 {
      for (place, sample) in samples.enumerated() { counts[place] = step(sample.0, sample.1) }
    }
    #expect(counts == [0, 0])
  }

  private static func batch(_ plan: ModelPlan, lengths: [Int]) -> PackedBatch<Float> {
    switch plan.input {
    case .tokens(let vocabulary, _):
      PackedBatch(tokens: sampleTokens(lengths: lengths, vocabulary: vocabulary))
    case .values(let channels):
      PackedBatch(
        values: sampleValues(Float.self, lengths: lengths, channels: channels), channels: channels)
    }
  }
}
