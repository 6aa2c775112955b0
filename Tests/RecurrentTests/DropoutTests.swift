import CKernels
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

  @Test(arguments: KernelPath.available, [1, 8, 127, 128, 129, 1000])
  func `the bits of a mask are those of Philox`(path: String, count: Int) {
    let philox = Philox(seed: 0x1234_5678_9ABC_DEF0, trial: 7)
    let step: UInt32 = 5
    // The counter wraps around.
    let first = UInt32.max - 3
    let wanted = (0..<count).map { place -> Float in
      let block = philox.block(.dropout, step: step, index: first &+ UInt32(place / 8))
      let bits = UInt16(truncatingIfNeeded: block[place % 8 / 2] >> UInt32(16 * (place % 2)))
      return bits >= 20_000 ? 1.5 : 0
    }
    var source = mask_source(
      counter: (first, step, philox.trial, RandomStream.dropout.rawValue), key: philox.key)
    var mask = [Float](repeating: -1, count: count + 1)
    KernelPath.using(path) { vector_mask_float(count, &source, 20_000, 1.5, &mask) }
    #expect(Array(mask.dropLast()) == wanted && mask[count] == -1)
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

  /// Sequences that pass through two layers as they are, in one piece: which logits are
  /// zero, sequence by sequence.
  private func silent(
    _ key: DropoutKey, steps: Int = 7, sequences: Int = 40, _ change: (inout ModelPlan) -> Void
  ) -> [[Bool]] {
    var plan = ModelPlan(
      input: .values(channels: 1), cell: .rnn, nonlinearity: .relu, hidden: 1, layers: 2,
      readout: .every, outputs: 1)
    change(&plan)
    let model = Model<Float>(plan)
    // What the first layer adds in a step is passed on to the next by a weight of 1, if no mask is in the way.
    for (name, value) in [
      ("recurrent.bias_ih_l0", Float(1)), ("recurrent.weight_ih_l1", 1), ("head.weight", 1),
      ("recurrent.weight_hh_l0", plan.recurrentDropout > 0 ? 1 : 0),
    ] {
      guard let entry = model.layout[name] else { continue }
      model.parameters[entry.offset] = value
    }
    let batch = PackedBatch<Float>(
      values: Array(repeating: Array(repeating: 0, count: steps), count: sequences), channels: 1)
    let logits = model.forward(batch, dropout: key).elements
    // In the recurrent path a state of 1 is one that did not hear of the step before.
    let isSilent = logits.map { plan.recurrentDropout > 0 ? $0 == 1 : $0 == 0 }
    return (0..<sequences).map { sequence in
      (0..<steps).map { isSilent[$0 * sequences + sequence] }
    }
  }

  @Test func `masks over time are the same in all steps of a pass, and others in the next pass`() {
    let next = DropoutKey(philox: key.philox, step: 8)
    let changes: [(String, isOverTime: Bool, (inout ModelPlan) -> Void)] = [
      ("dropout", false, { $0.dropout = 0.5 }),
      (
        "variational", true,
        {
          $0.dropout = 0.5
          $0.isDropoutVariational = true
        }
      ),
      ("recurrent", true, { $0.recurrentDropout = 0.5 }),
    ]
    for (name, isOverTime, change) in changes {
      let mask = silent(key, change)
      #expect(mask.joined().contains(true) && mask.joined().contains(false), "\(name)")
      // The first step has none before it that it could not hear of.
      #expect(mask.allSatisfy { Set($0.dropFirst()).count == 1 } == isOverTime, "\(name)")
      #expect(silent(next, change) != mask, "\(name)")
    }
  }

  @Test func `the mask of a layer does not move with the lengths of the sequences`() {
    // One sequence, whose rows are its steps: the first ones of a longer one are masked alike in both layers.
    let long = silent(key, steps: 900, sequences: 1) { $0.dropout = 0.5 }
    let short = silent(key, steps: 300, sequences: 1) { $0.dropout = 0.5 }
    #expect(short[0] == Array(long[0].prefix(300)))
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
