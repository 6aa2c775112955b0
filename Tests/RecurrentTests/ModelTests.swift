import Philox
import Recurrent
import Testing

@Suite struct ModelTests {
  @Test func `names and shapes are PyTorch's`() {
    let layout = ParameterLayout(
      ModelPlan(
        input: .tokens(vocabulary: 9, embedding: 4), cell: .lstm, hidden: 6, layers: 2, outputs: 3))
    #expect(
      layout.entries.map { "\($0.name) \($0.shape)" } == [
        "embedding.weight [9, 4]",
        "recurrent.weight_ih_l0 [24, 4]", "recurrent.weight_hh_l0 [24, 6]",
        "recurrent.bias_ih_l0 [24]", "recurrent.bias_hh_l0 [24]",
        "recurrent.weight_ih_l1 [24, 6]", "recurrent.weight_hh_l1 [24, 6]",
        "recurrent.bias_ih_l1 [24]", "recurrent.bias_hh_l1 [24]",
        "head.weight [3, 6]", "head.bias [3]",
      ])
    #expect(layout.entries.allSatisfy { $0.offset.isMultiple(of: 16) })
    #expect(layout.parameterCount == 36 + 96 + 144 + 48 + 144 + 144 + 48 + 18 + 3)
    #expect(layout["recurrent.weight_hh_l2"] == nil)
  }

  @Test func `initial weights are PyTorch's distributions and depend on the numbers alone`() {
    let plan = ModelPlan(
      input: .tokens(vocabulary: 200, embedding: 50), cell: .lstm, hidden: 25, outputs: 3,
      forgetBias: 1.5)
    let model = sampleModel(Float.self, plan)
    #expect(model.parameters.elements == sampleModel(Float.self, plan).parameters.elements)
    #expect(model.parameters.elements != sampleModel(Float.self, plan, seed: 2).parameters.elements)
    #expect(UInt(bitPattern: model.parameters.pointer).isMultiple(of: 64))
    for entry in model.layout.entries {
      let elements = model.parameters.elements[entry.range].map(Double.init)
      let mean = elements.reduce(0, +) / Double(elements.count)
      let square = elements.reduce(0) { $0 + $1 * $1 } / Double(elements.count)
      switch entry.name {
      case "embedding.weight":
        #expect(abs(mean) < 0.05 && abs(square - 1) < 0.05)
      case "recurrent.bias_ih_l0":
        #expect(elements[25..<50].allSatisfy { $0 == 1.5 })
        #expect(elements[0..<25].allSatisfy { abs($0) <= 0.2 })
      case "recurrent.bias_hh_l0":
        #expect(elements[25..<50].allSatisfy { $0 == 0 })
      default:
        #expect(elements.allSatisfy { abs($0) <= 0.2 } && elements.contains { abs($0) > 0.05 })
      }
      if entry.count > 1000 && entry.name != "embedding.weight" {
        #expect(abs(square - 0.04 / 3) < 0.001)
      }
    }
  }

  /// The tasks are learnt, not just differentiated: which token came first, five steps before.
  @Test(arguments: ModelPlan.Cell.allCases)
  func `training finds the first token of a sequence`(cell: ModelPlan.Cell) {
    let plan = ModelPlan(
      input: .tokens(vocabulary: 6, embedding: 8), cell: cell, hidden: 16, outputs: 6)
    let model = sampleModel(Float.self, plan)
    let optimizer = Optimizer<Float>(.adam(), model.layout)
    let upstream = Matrix<Float>()
    var loss = LossSum()
    for step in 0..<250 {
      let sequences = sampleTokens(
        lengths: (0..<32).map { 4 + $0 % 3 }, vocabulary: 7, seed: UInt64(step))
      let batch = PackedBatch<Float>(tokens: sequences)
      model.zeroGradient()
      let targets = batch.order.map { sequences[$0][0] }
      loss = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
      model.backward(upstream)
      Clip.norm(1).apply(to: model.gradient)
      optimizer.step(model.parameters, model.gradient, learningRate: 0.01)
    }
    #expect(loss.mean < 0.1)
  }
}
