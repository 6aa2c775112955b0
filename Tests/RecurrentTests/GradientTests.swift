import Philox
import Recurrent
import TestSupport
import Testing

/// The backward pass against central differences, in Double, for every cell, read-out, depth and kind
/// of input, with sequences of different lengths and all sizes different.
@Suite struct GradientTests {
  static let kinds = CellKind.allCases
  static let readouts = ModelPlan.Readout.allCases

  @Test(arguments: kinds, readouts)
  func `parameters of a model of tokens`(kind: CellKind, readout: ModelPlan.Readout) {
    for layers in 1...2 {
      let plan = ModelPlan(
        input: .tokens(vocabulary: 11, embedding: 5), cell: kind.cell,
        nonlinearity: kind.nonlinearity, hidden: 7, layers: layers, readout: readout, outputs: 3)
      check(plan, PackedBatch(tokens: sampleTokens()))
    }
  }

  @Test(arguments: kinds, readouts)
  func `parameters of a model of values`(kind: CellKind, readout: ModelPlan.Readout) {
    for layers in 1...2 {
      let plan = ModelPlan(
        input: .values(channels: 5), cell: kind.cell, nonlinearity: kind.nonlinearity, hidden: 7,
        layers: layers, readout: readout, outputs: 3)
      check(plan, PackedBatch(values: sampleValues(Double.self, channels: 5), channels: 5))
    }
  }

  @Test(arguments: kinds)
  func `parameters with masks of dropout and equal lengths`(kind: CellKind) {
    let plan = ModelPlan(
      input: .values(channels: 2), cell: kind.cell, nonlinearity: kind.nonlinearity, hidden: 9,
      layers: 3, dropout: 0.4, readout: .mean, outputs: 4)
    let values = sampleValues(Double.self, lengths: [4, 4, 4], channels: 2)
    check(
      plan, PackedBatch(values: values, channels: 2),
      dropout: DropoutKey(philox: Philox(seed: 3), step: 8))
  }

  @Test(arguments: kinds)
  func `values that enter`(kind: CellKind) {
    let channels = 3
    let plan = ModelPlan(
      input: .values(channels: channels), cell: kind.cell, nonlinearity: kind.nonlinearity,
      hidden: 6, layers: 2, readout: .last, outputs: 4)
    let model = sampleModel(Double.self, plan)
    var values = sampleValues(Double.self, channels: channels)
    let batch = PackedBatch(values: values, channels: channels)
    let targets = sampleTargets(rows: batch.sequenceCount, count: 4)
    let upstream = Matrix<Double>()
    _ = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
    let analytic = model.backward(upstream, wantsInputGradient: true)?.elements ?? []

    var numeric = [Double](repeating: 0, count: values.joined().count)
    for (place, sequence) in batch.order.enumerated() {
      for index in values[sequence].indices {
        let center = values[sequence][index]
        func loss(_ moved: Double) -> Double {
          values[sequence][index] = moved
          let batch = PackedBatch(values: values, channels: channels)
          return Loss.crossEntropy(model.forward(batch), targets: targets).mean
        }
        let row = batch.offsets[index / channels] + place
        numeric[row * channels + index % channels] =
          (loss(center + 1e-5) - loss(center - 1e-5)) / 2e-5
        values[sequence][index] = center
      }
    }
    #expect(relativeDifference(analytic, numeric) < 1e-6)
    #expect(analytic.contains { abs($0) > 1e-4 })
  }

  @Test func `squared error`() {
    let plan = ModelPlan(
      input: .values(channels: 2), cell: .gru, hidden: 3, readout: .every, outputs: 2)
    let model = sampleModel(Double.self, plan)
    let batch = PackedBatch(values: sampleValues(Double.self, channels: 2), channels: 2)
    let targets = (0..<batch.rowCount * 2).map { Double($0 % 5) / 5 }
    let upstream = Matrix<Double>()
    _ = Loss.squaredError(model.forward(batch), targets: targets, gradient: upstream)
    model.backward(upstream)
    compare(model) { Loss.squaredError(model.forward(batch), targets: targets).mean }
  }

  @Test func `gradients of several passes add up`() {
    let plan = ModelPlan(
      input: .tokens(vocabulary: 11, embedding: 3), cell: .lstm, hidden: 4, outputs: 2)
    let model = sampleModel(Double.self, plan)
    let batches = [UInt64(1), 2].map { PackedBatch<Double>(tokens: sampleTokens(seed: $0)) }
    let upstream = Matrix<Double>()
    let targets = sampleTargets(rows: sampleLengths.count, count: 2)
    var separate = [Double](repeating: 0, count: model.parameters.count)
    for batch in batches {
      model.zeroGradient()
      _ = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
      model.backward(upstream)
      separate = zip(separate, model.gradient.buffer.elements).map(+)
    }
    model.zeroGradient()
    #expect(model.gradient.buffer.elements.allSatisfy { $0 == 0 })
    for batch in batches {
      _ = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
      model.backward(upstream)
    }
    #expect(relativeDifference(model.gradient.buffer.elements, separate) < 1e-12)
  }

  private func check(_ plan: ModelPlan, _ batch: PackedBatch<Double>, dropout: DropoutKey? = nil) {
    let model = sampleModel(Double.self, plan)
    let rows = plan.readout == .every ? batch.rowCount : batch.sequenceCount
    let targets = sampleTargets(rows: rows, count: plan.outputs)
    let upstream = Matrix<Double>()
    let logits = model.forward(batch, dropout: dropout)
    #expect(logits.rows == rows && logits.columns == plan.outputs)
    _ = Loss.crossEntropy(logits, targets: targets, gradient: upstream)
    model.backward(upstream)
    compare(model) {
      Loss.crossEntropy(model.forward(batch, dropout: dropout), targets: targets).mean
    }
  }

  private func compare(_ model: Model<Double>, loss: () -> Double) {
    let analytic = model.gradient.buffer.elements
    for entry in model.layout.entries {
      let part = UnsafeMutableBufferPointer(
        start: model.parameters.pointer + entry.offset, count: entry.count)
      let numeric = centralDifferences(at: part, of: loss)
      let difference = relativeDifference(Array(analytic[entry.range]), numeric)
      #expect(difference < 1e-6, "\(entry.name) of \(model.plan)")
    }
  }
}
