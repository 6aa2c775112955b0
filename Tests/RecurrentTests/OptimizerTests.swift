import Philox
import Recurrent
import Testing

@Suite struct OptimizerTests {
  static let plans: [OptimizerPlan] = [
    .sgd(), .sgd(momentum: 0.9), .sgd(momentum: 0.9, weightDecay: 0.1), .sgd(weightDecay: 0.1),
    .rmsprop(), .rmsprop(momentum: 0.5, weightDecay: 0.1), .adam(), .adam(weightDecay: 0.1),
    .adamw(),
  ]

  private let plan = ModelPlan(
    input: .tokens(vocabulary: 40, embedding: 3), cell: .gru, hidden: 5, outputs: 2)

  private func train(
    _ model: Model<Float>, _ optimizer: Optimizer<Float>, steps: Range<Int>
  ) {
    let upstream = Matrix<Float>()
    for step in steps {
      let batch = PackedBatch<Float>(tokens: sampleTokens(vocabulary: 40, seed: UInt64(step)))
      model.zeroGradient()
      let targets = sampleTargets(rows: sampleLengths.count, count: 2)
      _ = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
      model.backward(upstream)
      optimizer.step(model.parameters, model.gradient, learningRate: 0.01)
    }
  }

  /// Rows of the embedding that a batch did not use go on moving as in a dense optimizer. A second
  /// model whose every row counts as used, with zero gradients, must take the same way.
  @Test(arguments: plans)
  func `rows that were not used move as if they had been read`(optimizerPlan: OptimizerPlan) {
    let sparse = sampleModel(Float.self, plan)
    let dense = sampleModel(Float.self, plan)
    let sparseOptimizer = Optimizer<Float>(optimizerPlan, sparse.layout)
    let denseOptimizer = Optimizer<Float>(optimizerPlan, dense.layout)
    let zero = Matrix<Float>()
    let every = PackedBatch<Float>(tokens: [Array(0..<40)])
    let upstream = Matrix<Float>()
    for step in 0..<6 {
      let batch = PackedBatch<Float>(tokens: sampleTokens(vocabulary: 40, seed: UInt64(step)))
      let targets = sampleTargets(rows: sampleLengths.count, count: 2)
      for (model, optimizer) in [(sparse, sparseOptimizer), (dense, denseOptimizer)] {
        model.zeroGradient()
        if model === dense {
          let result = model.forward(every)
          zero.reshape(rows: result.rows, columns: result.columns)
          zero.zero()
          model.backward(zero)
          #expect(model.gradient.nonzeroRanges.count == 2)
        }
        _ = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
        model.backward(upstream)
        #expect(model === dense || model.gradient.nonzeroRanges.count > 2)
        optimizer.step(model.parameters, model.gradient, learningRate: 0.01)
      }
      #expect(sparse.gradient.norm.isFinite && sparse.gradient.norm > 0)
    }
    #expect(sparse.parameters.elements == dense.parameters.elements)
    #expect(sparse.parameters.elements != sampleModel(Float.self, plan).parameters.elements)
  }

  @Test(arguments: plans)
  func `a restored state goes on bit for bit`(optimizerPlan: OptimizerPlan) {
    let undisturbed = sampleModel(Float.self, plan)
    let optimizer = Optimizer<Float>(optimizerPlan, undisturbed.layout)
    train(undisturbed, optimizer, steps: 0..<3)
    let resumed = Model<Float>(plan)
    resumed.parameters.assign(undisturbed.parameters)
    let restored = Optimizer<Float>(optimizerPlan, resumed.layout)
    restored.state = optimizer.state
    train(undisturbed, optimizer, steps: 3..<6)
    train(resumed, restored, steps: 3..<6)
    #expect(resumed.parameters.elements == undisturbed.parameters.elements)
    #expect(restored.steps == 6)
    #expect(restored.vectors.map(\.elements) == optimizer.state.vectors)
  }

  @Test func `gaps of the layout stay zero`() {
    let model = sampleModel(Float.self, plan)
    train(model, Optimizer<Float>(.adamw(), model.layout), steps: 0..<3)
    var covered = Set(0..<model.parameters.count)
    for entry in model.layout.entries { covered.subtract(entry.range) }
    #expect(!covered.isEmpty && covered.allSatisfy { model.parameters[$0] == 0 })
  }

  @Test func `clipping limits the norm or the components`() {
    for clip in [Clip.norm(0.01), .value(0.001), .norm(1e6), .none] {
      let model = sampleModel(Float.self, plan)
      let upstream = Matrix<Float>()
      let batch = PackedBatch<Float>(tokens: sampleTokens())
      let targets = sampleTargets(rows: sampleLengths.count, count: 2)
      _ = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
      model.backward(upstream)
      let before = model.gradient.buffer.elements
      let norm = before.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(model.gradient.norm - norm) < 1e-6 * norm)
      // Who knows the norm says it.
      let other = sampleModel(Float.self, plan)
      _ = Loss.crossEntropy(other.forward(batch), targets: targets, gradient: upstream)
      other.backward(upstream)
      clip.apply(to: other.gradient, norm: other.gradient.norm)
      clip.apply(to: model.gradient)
      #expect(other.gradient.buffer.elements == model.gradient.buffer.elements)
      switch clip {
      case .norm(let limit) where limit < norm:
        #expect(abs(model.gradient.norm - limit) < 1e-3 * limit)
      case .value(let limit):
        #expect(
          model.gradient.buffer.elements
            == before.map { max(-Float(limit), min(Float(limit), $0)) })
        #expect(before.contains { abs($0) > Float(limit) })
      default:
        #expect(model.gradient.buffer.elements == before)
      }
    }
  }
}
