internal import Recurrent

/// Runs a model over a split without learning.
struct Evaluator {
  private let encoding: Encoding
  private let loss: TrainingLoss
  private let order: BatchOrder
  private let split: Sequences
  private var packer: BatchPacker

  init(
    _ sequences: Sequences, _ encoding: Encoding, _ model: ModelPlan, _ loss: TrainingLoss
  ) {
    self.encoding = encoding
    self.loss = loss
    order = .evaluation(sequences.lengths, steps: Self.steps(model))
    split = sequences
    packer = BatchPacker(sequences)
  }

  /// The steps of a batch: large for speed, but with a workspace of some megabytes.
  static func steps(_ model: ModelPlan) -> Int {
    let width = model.gates * model.hidden + model.outputs + model.inputWidth
    return min(max(4_000_000 / width, 256), 16_384)
  }

  /// The sums over the split; `onBatch` is called before each of its batches, and `body` with what the model
  /// put out for it.
  mutating func run(
    _ model: Model<Float>, _ onBatch: () -> Void,
    _ body: (Matrix<Float>, PackedBatch<Float>, ArraySlice<Int>) -> Void
  ) -> Tally {
    var tally = Tally(encoding)
    for batch in 0..<order.count {
      onBatch()
      let members = order[batch]
      let packed = packer.pack(members)
      let result = Self.forward(model, packed, members, of: split, encoding)
      loss.add(result, packer.answers, to: &tally)
      body(result, packed, members)
    }
    return tally
  }

  /// What a model answers to a batch of a split; a recursive forecast step by step.
  static func forward(
    _ model: Model<Float>, _ packed: PackedBatch<Float>, _ members: ArraySlice<Int>,
    of split: Sequences, _ encoding: Encoding
  ) -> Matrix<Float> {
    guard let forecast = encoding.forecast, forecast.isRecursive else {
      return model.forward(packed)
    }
    return RecursiveForecast(encoding, steps: forecast.horizon).run(
      model,
      windows: packed.order.map { Array(split.values(members[members.startIndex + $0])) },
      following: { window, step in
        split.calendar(members[members.startIndex + packed.order[window]], step, encoding)
      })
  }
}

/// The loss of a plan, and the sums of what it was computed on.
struct TrainingLoss {
  private let plan: TrainingPlan
  private let encoding: Encoding
  private let classWeights: [Float]?

  init(_ plan: TrainingPlan, _ data: PreparedData) {
    self.plan = plan
    encoding = data.encoding
    if let weights = plan.labelWeights {
      classWeights = data.encoding.labels?.map { Float(weights[$0] ?? 1) }
    } else {
      classWeights = plan.classWeights == .balanced ? Self.balanced(data) : nil
    }
  }

  /// examples / (classes · examples of the class), as scikit-learn; 0 for a class without any.
  private static func balanced(_ data: PreparedData) -> [Float]? {
    switch data.train.answers {
    case .numbers, .forecast: return nil
    case .classes, .steps, .following: break
    }
    var counts = [Int](repeating: 0, count: data.encoding.outputs)
    for answer in data.train.classes { counts[Int(answer)] += 1 }
    let total = Double(counts.reduce(0, +))
    return counts.map { $0 == 0 ? 0 : Float(total / Double(counts.count * $0)) }
  }

  /// Adds a batch to sums; writes the gradient of its mean loss if that is wanted.
  ///
  /// - Returns: The loss of the batch.
  @discardableResult
  func add(
    _ result: Matrix<Float>, _ answers: BatchAnswers, to tally: inout Tally,
    gradient: Matrix<Float>? = nil
  ) -> LossSum {
    switch encoding.task {
    case .classify, .tag, .language:
      let loss = classLoss(result, answers.classes, gradient)
      tally.add(loss, result, classes: answers.classes)
      if encoding.task == .language, !isSurprise {
        tally.add(
          surprise: Loss.crossEntropy(plan.loss.scores(result), targets: answers.classes))
      }
      return loss
    case .regress, .forecast:
      var targets = answers.numbers
      if let quantiles = encoding.forecast?.quantiles {
        targets = targets.flatMap { repeatElement($0, count: quantiles.count) }
      }
      let loss = Loss.numbers(
        numberLoss(width: result.columns), result, targets: targets, gradient: gradient)
      let scale = encoding.targetScale ?? .identity(width: encoding.outputs)
      if let forecast = encoding.forecast {
        tally.add(loss, result, answers, forecast, scale)
      } else {
        tally.add(loss, result, numbers: answers.numbers, scale)
      }
      return loss
    }
  }

  /// Whether the loss is the negative logarithm of the probability of what came and nothing else.
  private var isSurprise: Bool {
    plan.loss != .binary && plan.labelSmoothing == 0 && classWeights == nil
  }

  private func classLoss(
    _ result: Matrix<Float>, _ classes: [Int32], _ gradient: Matrix<Float>?
  ) -> LossSum {
    guard plan.loss == .binary else {
      return Loss.crossEntropy(
        result, targets: classes, classWeights: classWeights, smoothing: plan.labelSmoothing,
        gradient: gradient)
    }
    // As Keras' binary cross-entropy: each answer, yes or no, gives up half of its share to the other.
    let doubt = Float(plan.labelSmoothing / 2)
    var targets = [Float](repeating: 0, count: result.count)
    for (row, answer) in classes.enumerated() {
      for column in 0..<result.columns {
        targets[row * result.columns + column] =
          answer < 0 ? .nan : column == Int(answer) ? 1 - doubt : doubt
      }
    }
    return Loss.numbers(.binary, result, targets: targets, gradient: gradient)
  }

  private func numberLoss(width: Int) -> Loss.Number {
    if let quantiles = encoding.forecast?.quantiles {
      return .quantile((0..<width).map { quantiles[$0 % quantiles.count] })
    }
    return switch plan.loss {
    case .absolute: .absolute
    case .huber: .huber(bound: plan.huberBound)
    case .quantile: .quantile(Array(repeating: plan.quantile, count: width))
    default: .squared
    }
  }
}
