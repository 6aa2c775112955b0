import Philox
import Recurrent
import TestSupport
import Testing

/// Models whose products multiply numbers rounded to bf16, on every path and on emulated tiles.
@Suite struct PrecisionTests {
  static let paths = KernelPath.available + [KernelPath.emulated]

  @Test(arguments: paths) func `rounding is to nearest, ties to even`(path: String) {
    // Every upper half, with lower halves around the tie.
    let lowers: [UInt32] = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff]
    let numbers: [Float] = (0...UInt32(0xffff)).flatMap { upper in
      lowers.map { lower in Float(bitPattern: upper << 16 | lower) }
    }
    let rounded = Buffer<Float>(count: numbers.count)
    KernelPath.using(path) { Float.kernels.bf16Round(numbers.count, numbers, rounded.pointer) }
    let wrong = zip(numbers, rounded.elements).filter { number, result in
      let (upper, lower) = (number.bitPattern >> 16, number.bitPattern & 0xffff)
      if number.isNaN { return !(result.isNaN && result.sign == number.sign) }
      let isUp = lower > 0x8000 || lower == 0x8000 && !upper.isMultiple(of: 2)
      return result.bitPattern != (upper + (isUp ? 1 : 0)) << 16
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    #expect(rounded.elements.allSatisfy { $0.bitPattern & 0xffff == 0 })
  }

  @Test func `rounding knows what everybody knows`() {
    let numbers: [Float] = [
      0, -0.0, 1, 1.00390625, 1.01171875, 3.4028235e38, -3.4028235e38, .infinity, -.infinity,
    ]
    let rounded = Buffer<Float>(count: numbers.count)
    Float.kernels.bf16Round(numbers.count, numbers, rounded.pointer)
    // 1 + 2⁻⁸ lies between 1 and 1 + 2⁻⁷, 1 + 3·2⁻⁸ between that and 1 + 2⁻⁶.
    #expect(
      rounded.elements == [
        0, -0.0, 1, 1, 1.015625, .infinity, -.infinity, .infinity, -.infinity,
      ])
    #expect(rounded.elements[1].sign == .minus)
  }

  /// As norms 0.3 % of the states and 0.4 % of the gradients of weights. Of few sequences a layer of tanh
  /// may lose more: rounding alone costs 16 of them 0.33 to 0.45 % over 20 seeds (Fixtures/rounding.py).
  @Test(arguments: [CellKind.tanh, .lstm, .gru], paths)
  func `states and gradients are as near as eight bits allow`(
    kind: CellKind, path: String
  ) throws {
    // Rounding has a relative error of 2⁻⁹ for each operand: of three along the way of a gradient through
    // tanh, whose states are not damped by gates, up to 5e-3 remain at 128 units.
    let shapes = [(64, 64, 32, 32, 4e-3), (9, 128, 64, 20, 5e-3), (9, 128, 16, 20, 5e-3)]
    for (channels, hidden, count, length, bound) in shapes {
      var plan = ModelPlan(
        input: .values(channels: channels), cell: kind.cell, hidden: hidden, outputs: 10)
      let lengths = (0..<count).map { length - $0 % 3 }
      let exact = KernelPath.using(path) { pass(Float.self, plan, lengths, channels) }
      plan.precision = .bf16
      let rounded = KernelPath.using(path) { pass(Float.self, plan, lengths, channels) }
      let states = relativeNorm(rounded.states, exact.states)
      #expect(states > 1e-4 && states < 3e-3, "\(states) of \(count) × \(hidden)")
      for name in ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"] {
        let range = try #require(ParameterLayout(plan)["recurrent.\(name)"]).range
        let weights = relativeNorm(Array(rounded.gradient[range]), Array(exact.gradient[range]))
        let allowed = kind == .tanh ? bound : 4e-3
        #expect(
          weights > 1e-4 && weights < allowed, "\(weights) of \(name), \(count) × \(hidden)")
      }
    }
  }

  /// Sizes on both sides of tiles, and every option: what is laid, rounded and read in bf16.
  @Test(arguments: PlanOption.all)
  func `every option computes what it does in Double, and the same on each path`(
    option: PlanOption
  ) {
    for hidden in [7, 33] {
      var plan = option.plan
      plan.hidden = hidden
      if plan.isTied { plan.input = .tokens(vocabulary: 11, embedding: 2 * hidden) }
      plan.precision = .bf16
      let lengths = sampleLengths + [9, 9, 5, 3, 3, 2, 7, 8, 4, 6, 1, 1]
      let exact = pass(Double.self, plan, lengths, 5)
      let results = Self.paths.map { path in
        KernelPath.using(path) { pass(Float.self, plan, lengths, 5) }
      }
      for (path, result) in zip(Self.paths, results) {
        #expect(relativeNorm(result.states, results[0].states) < 1e-3, "\(path)")
        #expect(relativeNorm(result.gradient, results[0].gradient) < 1e-3, "\(path)")
        #expect(relativeNorm(result.states, exact.states.map { Float($0) }) < 0.02, "\(path)")
        // A unit of relu that rounding moves over the kink changes its slope from 0 to 1.
        guard plan.nonlinearity != .relu else { continue }
        #expect(
          relativeNorm(result.gradient, exact.gradient.map { Float($0) }) < 0.03, "\(path)")
      }
    }
  }

  @Test(arguments: paths) func `the same inputs give the same bits`(path: String) {
    var plan = PlanOption.values(.lstm)
    plan.precision = .bf16
    KernelPath.using(path) {
      let first = pass(Float.self, plan, sampleLengths, 5)
      let second = pass(Float.self, plan, sampleLengths, 5)
      #expect(first.states == second.states && first.gradient == second.gradient)
    }
  }

  @Test func `a model of Double is exact all the same`() {
    var plan = PlanOption.values(.gru)
    let exact = pass(Double.self, plan, sampleLengths, 5)
    plan.precision = .bf16
    let same = pass(Double.self, plan, sampleLengths, 5)
    #expect(exact.states == same.states && exact.gradient == same.gradient)
  }

  /// A language of twelve characters: each follows from the two before it, but for one in eight.
  @Test(arguments: [ModelPlan.Cell.rnn, .lstm, .gru])
  func `a character model ends within a hundredth of the loss of float32`(cell: ModelPlan.Cell) {
    func train(_ precision: ModelPlan.Precision) -> Double {
      var plan = ModelPlan(
        input: .tokens(vocabulary: 12, embedding: 16), cell: cell, hidden: 48, readout: .every,
        outputs: 12)
      plan.precision = precision
      let model = sampleModel(Float.self, plan)
      let optimizer = Optimizer<Float>(.adam(), model.layout)
      let upstream = Matrix<Float>()
      var losses: [Double] = []
      for step in 0..<300 {
        let texts = (0..<16).map { text(length: 33, seed: UInt64(step * 16 + $0)) }
        let batch = PackedBatch<Float>(tokens: texts.map { Array($0.dropLast()) })
        let targets = (1...32).flatMap { place in batch.order.map { texts[$0][place] } }
        model.zeroGradient()
        let loss = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
        model.backward(upstream)
        Clip.norm(1).apply(to: model.gradient)
        optimizer.step(model.parameters, model.gradient, learningRate: 0.01)
        losses.append(loss.mean)
      }
      return losses.suffix(30).reduce(0, +) / 30
    }
    let (rounded, exact) = (train(.bf16), train(.float32))
    // Guessing costs 2.48, and one in eight is a guess: the model has learned.
    #expect(exact < 1.2)
    #expect(rounded != exact && abs(rounded - exact) < 0.01 * exact, "\(rounded) and \(exact)")
  }

  // MARK: Pieces

  private func text(length: Int, seed: UInt64) -> [Int32] {
    var random = Philox(seed: seed).sequence(.generator)
    var text = [Int32(random.index(below: 12)), Int32(random.index(below: 12))]
    while text.count < length {
      let next = (text[text.count - 1] * 5 + text[text.count - 2] * 7 + 1) % 12
      text.append(random.index(below: 8) == 0 ? Int32(random.index(below: 12)) : next)
    }
    return text
  }

  private func pass<S: Scalar>(
    _ type: S.Type, _ plan: ModelPlan, _ lengths: [Int], _ channels: Int
  ) -> (states: [S], gradient: [S]) {
    let model = sampleModel(S.self, plan)
    let batch =
      plan.input == .values(channels: channels)
      ? PackedBatch(
        values: sampleValues(S.self, lengths: lengths, channels: channels), channels: channels)
      : PackedBatch(tokens: sampleTokens(lengths: lengths))
    let key = DropoutKey(philox: Philox(seed: 3), step: 8)
    let logits = model.forward(batch, dropout: key)
    let states = RecurrentState<S>(plan)
    model.copyState(of: batch, into: states)
    let upstream = Matrix<S>()
    let targets = sampleTargets(rows: logits.rows, count: plan.outputs)
    _ = Loss.crossEntropy(logits, targets: targets, gradient: upstream)
    model.backward(upstream)
    return (states.hidden.elements, model.gradient.buffer.elements)
  }

  /// ‖actual - expected‖ / ‖expected‖
  private func relativeNorm<S: Scalar>(_ actual: [S], _ expected: [S]) -> Double {
    var (difference, whole) = (0.0, 0.0)
    for (left, right) in zip(actual, expected) {
      let distance = Double(left) - Double(right)
      difference += distance * distance
      whole += Double(right) * Double(right)
    }
    return (difference / whole).squareRoot()
  }
}
