internal import Glibc
internal import Recurrent

/// What a model puts out for the sequences of a split, or several models in the mean.
///
/// Legend: N = sequences, or all steps of all sequences, one sequence after the other, where each step
/// has an answer; K = outputs.
struct SplitOutputs {
  /// The split.
  let split: Split
  /// K
  let width: Int
  /// [N, K]: probabilities of classes, numbers in the scale of training, or forecasts in units of the
  /// data.
  private(set) var rows: [Float]

  /// Whether each step has an answer.
  private let isEvery: Bool
  /// The row of the first answer of each sequence.
  private let firsts: [Int]
  /// By which the model learned.
  private let loss: TrainingPlan.LossName

  /// Runs a model over a split of a task other than `language`, whose rows would be too many.
  init(
    _ model: Model<Float>, _ data: PreparedData, _ split: Split, _ loss: TrainingPlan.LossName,
    _ onBatch: () -> Void
  ) {
    var outputs = SplitOutputs(of: split, data, model.plan, loss)
    Self.run(model, data, split, onBatch) { outputs.take($0, $1, $2, data) }
    self = outputs
  }

  /// Zeros for what ``take(_:_:_:_:)`` is to fill.
  init(of split: Split, _ data: PreparedData, _ model: ModelPlan, _ loss: TrainingPlan.LossName) {
    let (sequences, encoding) = (data[split], data.encoding)
    precondition(encoding.task != .language, "outputs of a language model")
    isEvery = model.readout == .every
    var firsts: [Int] = []
    var count = 0
    for length in sequences.lengths {
      firsts.append(count)
      count += isEvery ? length : 1
    }
    var width = encoding.outputs
    if case .forecast(let asked) = sequences.answers {
      width = asked.width * asked.forecast.answersPerStep
    }
    self.firsts = firsts
    self.loss = loss
    self.split = split
    self.width = width
    rows = [Float](repeating: 0, count: count * width)
  }

  /// Takes what a model put out for a batch.
  mutating func take(
    _ result: Matrix<Float>, _ packed: PackedBatch<Float>, _ members: ArraySlice<Int>,
    _ data: PreparedData
  ) {
    let (sequences, encoding) = (data[split], data.encoding)
    if let forecast = encoding.forecast {
      for (place, sequence) in packed.order.enumerated() {
        let member = members[members.startIndex + sequence]
        let numbers = sequences.restored(
          member, result.pointer + place * width, width: width, forecast,
          encoding.targetScale ?? .identity(width: 1))
        for (column, number) in numbers.enumerated() {
          rows[member * width + column] = Float(number)
        }
      }
      return
    }
    var source = result
    if encoding.task == .classify || encoding.task == .tag {
      source = Matrix<Float>()
      loss.probabilities(result, into: source)
    }
    for (place, sequence) in packed.order.enumerated() {
      let member = members[members.startIndex + sequence]
      for step in 0..<(isEvery ? sequences.lengths[member] : 1) {
        let row = source.pointer + (isEvery ? packed.offsets[step] + place : place) * width
        let first = (firsts[member] + step) * width
        for column in 0..<width { rows[first + column] = row[column] }
      }
    }
  }

  /// Runs a model over a split, batch by batch.
  static func run(
    _ model: Model<Float>, _ data: PreparedData, _ split: Split, _ onBatch: () -> Void,
    _ body: (Matrix<Float>, PackedBatch<Float>, ArraySlice<Int>) -> Void
  ) {
    let sequences = data[split]
    let order = BatchOrder.evaluation(sequences.lengths, steps: Evaluator.steps(model.plan))
    var packer = BatchPacker(sequences)
    for batch in 0..<order.count {
      onBatch()
      let packed = packer.pack(order[batch])
      body(
        Evaluator.forward(model, packed, order[batch], of: sequences, data.encoding), packed,
        order[batch])
    }
  }

  /// The mean of the outputs of several models on the same data.
  ///
  /// - Precondition: There is one at least, and all have the same shape.
  init(meanOf all: [SplitOutputs]) {
    precondition(
      !all.isEmpty && all.allSatisfy { $0.rows.count == all[0].rows.count }, "outputs of other data"
    )
    (split, width) = (all[0].split, all[0].width)
    (isEvery, firsts, loss) = (all[0].isEvery, all[0].firsts, all[0].loss)
    rows = all[0].rows.indices.map { index in
      Float(all.reduce(0.0) { $0 + Double($1.rows[index]) } / Double(all.count))
    }
  }

  /// The row of an answer as Doubles.
  func row(_ index: Int) -> [Double] {
    rows[index * width..<(index + 1) * width].map(Double.init)
  }

  /// What was asked, in the order of the rows: classes, -1 where none is.
  func classes(_ data: PreparedData) -> [Int32] {
    let sequences = data[split]
    switch sequences.answers {
    case .classes(let classes): return classes
    case .numbers, .forecast: return []
    case .steps, .following: return (0..<sequences.count).flatMap { sequences.stepClasses($0) }
    }
  }

  /// The sums from which the metrics of the split follow; the loss of a class is the negative logarithm
  /// of its probability, that of a number its squared error in the scale of training, that of a
  /// forecast its squared error in units of the data.
  func tally(_ data: PreparedData, threshold: Double?) -> Tally {
    let encoding = data.encoding
    var tally = Tally(encoding)
    switch data[split].answers {
    case .classes, .steps, .following:
      for (index, target) in classes(data).enumerated() where target >= 0 {
        let row = row(index)
        let answer = Threshold.answer(row[...], positive: encoding.positive, threshold)
        tally.add(loss: -log(max(row[Int(target)], .leastNormalMagnitude)))
        tally.add(answer: answer, target: Int(target), width)
      }
    case .forecast(let asked):
      let forecast = asked.forecast
      for sequence in 0..<data[split].count {
        let truths = asked.truths(data[split].origin(sequence), steps: asked.width)
        let numbers = row(sequence)
        tally.add(numbers, truths: truths[...], forecast)
        for (step, truth) in truths.enumerated() where !truth.isNaN {
          let point = numbers[step * forecast.answersPerStep + forecast.middle]
          tally.add(loss: (point - Double(truth)) * (point - Double(truth)))
        }
      }
    case .numbers(let numbers):
      let scale = encoding.targetScale ?? .identity(width: width)
      for (index, number) in numbers.scaled.enumerated() {
        tally.add(
          answer: Double(rows[index]), target: Double(number),
          deviation: scale.deviations[index % width])
      }
    }
    return tally
  }

  /// The threshold with the best F1 on this split; nil unless there are two classes.
  func bestThreshold(_ data: PreparedData) -> Double? {
    guard let positive = data.encoding.positive, width == 2 else { return nil }
    let classes = classes(data)
    let scored = classes.indices.filter { classes[$0] >= 0 }
    return Threshold.best(
      scored.map { Double(rows[$0 * width + positive]) },
      isPositive: scored.map { Int(classes[$0]) == positive })
  }
}

extension Sequences {
  /// The forecast of a sequence in units of the data.
  fileprivate func restored(
    _ sequence: Int, _ answers: UnsafePointer<Float>, width: Int, _ forecast: ForecastEncoding,
    _ scale: Scale
  ) -> [Double] {
    forecast.restored(
      UnsafeBufferPointer(start: answers, count: width), scale,
      anchors: self.forecast?.anchors(
        origin(sequence), steps: width / forecast.answersPerStep)[...] ?? [])
  }
}
