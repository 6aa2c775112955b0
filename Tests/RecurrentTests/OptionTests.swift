import Philox
import Recurrent
import TestSupport
import Testing

/// A model with one of its options, or several.
struct PlanOption: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var plan: ModelPlan

  private init(_ name: String, _ plan: ModelPlan, _ change: (inout ModelPlan) -> Void) {
    testDescription = name
    self.plan = plan
    change(&self.plan)
  }

  static func values(_ kind: CellKind, layers: Int = 2) -> ModelPlan {
    ModelPlan(
      input: .values(channels: 5), cell: kind.cell, nonlinearity: kind.nonlinearity, hidden: 7,
      layers: layers, readout: .every, outputs: 3)
  }

  /// Every cell, plain and normalized.
  static let flows: [PlanOption] = [ModelPlan.Normalization.none, .layer].flatMap { normalization in
    let name = normalization == .none ? "" : ", normalized"
    let cells = CellKind.allCases.map { kind in
      PlanOption("\(kind)\(name)", values(kind, layers: 1)) { $0.normalization = normalization }
    }
    return cells + [
      PlanOption("peepholes\(name)", values(.lstm, layers: 1)) {
        $0.peepholes = true
        $0.normalization = normalization
      },
      PlanOption("reset before\(name)", values(.gru, layers: 1)) {
        $0.reset = .before
        $0.normalization = normalization
      },
    ]
  }

  /// Cells whose singular values lie more densely than those of a small layer.
  static let wide: [PlanOption] = [
    PlanOption("orthogonal rnn", values(.tanh, layers: 1)) { $0.initializer = .orthogonal },
    PlanOption("gru", values(.gru, layers: 1)) { _ in },
    PlanOption("lstm", values(.lstm, layers: 1)) { $0.chronoSteps = 20 },
    PlanOption("normalized lstm", values(.lstm, layers: 1)) { $0.normalization = .layer },
  ].map { option in
    var option = option
    option.plan.hidden = 40
    return option
  }

  static let all: [PlanOption] =
    [
      PlanOption("peepholes", values(.lstm)) { $0.peepholes = true },
      PlanOption("reset before", values(.gru)) { $0.reset = .before },
      PlanOption("reset before, normalized", values(.gru)) {
        $0.reset = .before
        $0.normalization = .layer
      },
      PlanOption("peepholes, normalized", values(.lstm)) {
        $0.peepholes = true
        $0.normalization = .layer
      },
      PlanOption("tied, both ways", values(.lstm, layers: 1)) {
        $0.input = .tokens(vocabulary: 11, embedding: 14)
        $0.isBidirectional = true
        $0.outputs = 11
        $0.isTied = true
      },
      PlanOption("reset before, masks", values(.gru)) {
        $0.reset = .before
        $0.recurrentDropout = 0.3
      },
    ]
    + CellKind.allCases.flatMap { kind in
      [
        PlanOption("\(kind) normalized", values(kind)) { $0.normalization = .layer },
        PlanOption("\(kind) both ways", values(kind)) { $0.isBidirectional = true },
        PlanOption("\(kind) both ways over tokens", values(kind)) {
          $0.input = .tokens(vocabulary: 11, embedding: 5)
          $0.isBidirectional = true
          $0.readout = .last
        },
        PlanOption("\(kind) residual", values(kind, layers: 3)) { $0.isResidual = true },
        PlanOption("\(kind) residual both ways, masks", values(kind, layers: 3)) {
          $0.isResidual = true
          $0.isBidirectional = true
          $0.dropout = 0.3
          $0.isDropoutVariational = true
        },
        PlanOption("\(kind) masks over time", values(kind)) {
          $0.recurrentDropout = 0.4
          $0.dropout = 0.2
          $0.isDropoutVariational = true
        },
      ]
    }
}

/// The options of cells and layers against central differences, in Double: parameters, inputs and
/// initial states, with all sizes different and sequences of different lengths.
@Suite struct OptionTests {
  @Test(arguments: PlanOption.all)
  func `gradients`(option: PlanOption) {
    let plan = option.plan
    let model = sampleModel(Double.self, plan)
    // Shifts and scales of 0 and 1 would hide mistakes.
    var random = Philox(seed: 4).sequence(.generator)
    for entry in model.layout.entries where entry.name.contains("norm_") {
      for index in entry.range { model.parameters[index] += 0.3 * random.uniform() }
    }
    let isTokens = plan.input == .tokens(vocabulary: 11, embedding: plan.inputWidth)
    var values = sampleValues(Double.self, channels: 5)
    func batch() -> PackedBatch<Double> {
      isTokens ? PackedBatch(tokens: sampleTokens()) : PackedBatch(values: values, channels: 5)
    }
    let first = batch()
    let state = RecurrentState<Double>(plan)
    state.reset(sequences: first.sequenceCount)
    let width = state.joined.count
    state.joined = (0..<width).map { _ in random.uniform() - 0.5 }
    let key = DropoutKey(philox: Philox(seed: 3), step: 8)
    let rows = plan.readout == .every ? first.rowCount : first.sequenceCount
    let targets = sampleTargets(rows: rows, count: plan.outputs)
    func loss() -> Double {
      let logits = model.forward(batch(), dropout: key, from: state)
      return Loss.crossEntropy(logits, targets: targets).mean
    }

    let upstream = Matrix<Double>()
    let logits = model.forward(first, dropout: key, from: state)
    _ = Loss.crossEntropy(logits, targets: targets, gradient: upstream)
    let inputGradient = model.backward(upstream, wantsInputGradient: true)?.elements
    let stateGradient = RecurrentState<Double>(plan)
    model.copyInitialGradient(into: stateGradient)
    let analytic = model.gradient.buffer.elements

    for entry in model.layout.entries {
      let part = UnsafeMutableBufferPointer(
        start: model.parameters.pointer + entry.offset, count: entry.count)
      let numeric = centralDifferences(at: part, of: loss)
      #expect(
        relativeDifference(Array(analytic[entry.range]), numeric) < 1e-6, "\(entry.name)")
    }
    var initial = state.joined
    let numeric = initial.indices.map { index in
      let center = initial[index]
      func moved(_ to: Double) -> Double {
        initial[index] = to
        state.joined = initial
        return loss()
      }
      let slope = (moved(center + 1e-5) - moved(center - 1e-5)) / 2e-5
      initial[index] = center
      state.joined = initial
      return slope
    }
    #expect(relativeDifference(stateGradient.joined, numeric) < 1e-6)
    #expect(numeric.contains { abs($0) > 1e-4 })

    guard let inputGradient else { return }
    for (place, sequence) in first.order.enumerated() {
      for index in values[sequence].indices {
        let center = values[sequence][index]
        values[sequence][index] = center + 1e-5
        let above = loss()
        values[sequence][index] = center - 1e-5
        let below = loss()
        values[sequence][index] = center
        let row = first.offsets[index / 5] + place
        #expect(abs(inputGradient[row * 5 + index % 5] - (above - below) / 2e-5) < 1e-7)
      }
    }
  }

  @Test(arguments: PlanOption.all)
  func `float agrees with double on every path`(option: PlanOption) {
    func pass<S: Scalar>(_ type: S.Type) -> (logits: [Float], gradient: [Float]) {
      let model = sampleModel(S.self, option.plan)
      let batch =
        option.plan.inputWidth == 5 && option.plan.input == .values(channels: 5)
        ? PackedBatch(values: sampleValues(S.self, channels: 5), channels: 5)
        : PackedBatch(tokens: sampleTokens())
      let key = DropoutKey(philox: Philox(seed: 3), step: 8)
      let logits = model.forward(batch, dropout: key)
      let upstream = Matrix<S>()
      let targets = sampleTargets(rows: logits.rows, count: option.plan.outputs)
      _ = Loss.crossEntropy(logits, targets: targets, gradient: upstream)
      model.backward(upstream)
      return (logits.elements.map { Float($0) }, model.gradient.buffer.elements.map { Float($0) })
    }
    let exact = pass(Double.self)
    for path in KernelPath.available {
      KernelPath.using(path) {
        let rough = pass(Float.self)
        #expect(relativeDifference(rough.logits, exact.logits) < 1e-5, "\(path)")
        #expect(relativeDifference(rough.gradient, exact.gradient) < 2e-5, "\(path)")
      }
    }
  }

  /// One long sequence, and the same in two pieces with the state carried over.
  @Test(arguments: CellKind.allCases)
  func `a state that is carried over goes on`(kind: CellKind) {
    let model = sampleModel(Double.self, PlanOption.values(kind))
    let whole = sampleValues(Double.self, lengths: [8, 8, 8], channels: 5)
    let expected = model.forward(PackedBatch(values: whole, channels: 5)).elements
    let halves = [0, 1].map { half in
      PackedBatch(values: whole.map { Array($0[half * 20..<(half + 1) * 20]) }, channels: 5)
    }
    let state = RecurrentState<Double>(model.plan)
    let first = model.forward(halves[0]).elements
    model.copyState(of: halves[0], into: state)
    let other = RecurrentState<Double>(model.plan)
    other.joined = state.joined
    let second = model.forward(halves[1], from: other).elements
    #expect(relativeDifference(first + second, expected) < 1e-12)
    let forgetful = model.forward(halves[1]).elements
    #expect(relativeDifference(first + forgetful, expected) > 1e-3)
  }
}
