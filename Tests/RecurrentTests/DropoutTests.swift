import Philox
import Recurrent
import Testing

@Suite struct DropoutTests {
  /// A model whose logits are its features after dropout, all 1 before.
  private func features(rate: Double, key: DropoutKey?, count: Int = 20_000) -> [Float] {
    let plan = ModelPlan(
      input: .values(channels: 1), cell: .rnn, nonlinearity: .relu, hidden: 1, dropout: rate,
      readout: .every, outputs: 1)
    let model = Model<Float>(plan)
    for (index, name) in ["recurrent.bias_ih_l0", "head.weight"].enumerated() {
      model.parameters[model.layout[name]?.offset ?? index] = 1
    }
    let batch = PackedBatch<Float>(
      values: Array(repeating: [0], count: count), channels: 1)
    return model.forward(batch, dropout: key).elements
  }

  private let key = DropoutKey(philox: Philox(seed: 4, trial: 2), step: 7)

  @Test(arguments: [0.1, 0.5, 0.9])
  func `the share is zero and the mean stays`(rate: Double) {
    let features = features(rate: rate, key: key)
    let kept = features.filter { $0 != 0 }
    let share = 1 - Double(kept.count) / Double(features.count)
    #expect(abs(share - rate) < 0.012)
    #expect(kept.allSatisfy { abs(Double($0) * (1 - rate) - 1) < 2e-4 })
  }

  @Test func `a key means a mask`() {
    let mask = features(rate: 0.5, key: key)
    #expect(features(rate: 0.5, key: key) == mask)
    var next = key
    next.step += 1
    #expect(features(rate: 0.5, key: next) != mask)
    let other = DropoutKey(philox: Philox(seed: 4, trial: 3), step: 7)
    #expect(features(rate: 0.5, key: other) != mask)
  }

  @Test func `evaluation and a rate of zero keep everything`() {
    #expect(features(rate: 0.5, key: nil, count: 50).allSatisfy { $0 == 1 })
    #expect(features(rate: 0, key: key, count: 50).allSatisfy { $0 == 1 })
  }

  @Test func `layers have masks of their own`() {
    // Two layers that pass on what is positive: were the masks equal, no unit would die in the second
    // one alone, and the survivors would be half of all rather than a quarter.
    let plan = ModelPlan(
      input: .values(channels: 1), cell: .rnn, nonlinearity: .relu, hidden: 1, layers: 2,
      dropout: 0.5, readout: .every, outputs: 1)
    let model = Model<Float>(plan)
    for name in ["recurrent.bias_ih_l0", "recurrent.weight_ih_l1", "head.weight"] {
      guard let entry = model.layout[name] else { continue }
      model.parameters[entry.offset] = 1
    }
    let batch = PackedBatch<Float>(values: Array(repeating: [0], count: 10_000), channels: 1)
    let alive = model.forward(batch, dropout: key).elements.filter { $0 > 0 }.count
    #expect((2300...2700).contains(alive))
  }
}
