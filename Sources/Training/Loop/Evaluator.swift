internal import Recurrent

/// Runs a model over a split without learning.
struct Evaluator {
  private let encoding: Encoding
  private let order: BatchOrder
  private var packer: BatchPacker

  init(_ sequences: Sequences, _ encoding: Encoding, _ model: ModelPlan) {
    self.encoding = encoding
    order = .evaluation(sequences.lengths, steps: Self.steps(model))
    packer = BatchPacker(sequences)
  }

  /// The steps of a batch: large for speed, but with a workspace of some megabytes.
  static func steps(_ model: ModelPlan) -> Int {
    let width = model.gates * model.hidden + model.outputs + model.inputWidth
    return min(max(4_000_000 / width, 256), 16_384)
  }

  /// The sums over the split.
  mutating func run(_ model: Model<Float>) -> Tally {
    var tally = Tally(encoding)
    for batch in 0..<order.count {
      let packed = packer.pack(order[batch])
      tally.add(model.forward(packed), packer, encoding)
    }
    return tally
  }
}

extension Tally {
  /// Adds a batch; returns its loss, and writes the gradient of its mean if that is wanted.
  @discardableResult
  mutating func add(
    _ result: Matrix<Float>, _ batch: BatchPacker, _ encoding: Encoding,
    gradient: Matrix<Float>? = nil
  ) -> LossSum {
    switch encoding.task {
    case .classify, .tag, .language:
      let loss = Loss.crossEntropy(result, targets: batch.classes, gradient: gradient)
      add(loss, result, classes: batch.classes)
      return loss
    case .regress, .forecast:
      let loss = Loss.squaredError(result, targets: batch.numbers, gradient: gradient)
      let scale = encoding.targetScale ?? .identity(width: encoding.outputs)
      add(loss, result, numbers: batch.numbers, scale)
      return loss
    }
  }
}
