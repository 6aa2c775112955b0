internal import Glibc
internal import Recurrent

/// What a model says of the examples of a split: an element for each answer, all lists equally long,
/// nil where there is no such thing.
public struct ExamplePredictions: Hashable, Sendable {
  /// The split.
  public let split: Split
  /// The example of the dataset, from 1.
  public private(set) var examples: [Int32] = []
  /// The step of what the model read of a sequence, or the time of a series, from 1; of a window of a
  /// text its first token among all tokens of the split.
  public private(set) var positions: [Int32]?
  /// Which step of a forecast of several, or which of several numbers, from 1.
  public private(set) var steps: [Int32]?
  /// What is predicted of a series with times: when it is, in seconds since 1970 by the clock of the data.
  public private(set) var times: [Int64]?
  /// The true number in the scale of the data, or the index of the true label.
  public private(set) var truths: [Double]?
  /// The predicted number, or the index of the predicted label.
  public private(set) var predictions: [Double]?
  /// How probable the model held the label that it gave.
  public private(set) var probabilities: [Double]?
  /// The smallest of the predicted quantiles, in the scale of the data.
  public private(set) var lowers: [Double]?
  /// The largest of them.
  public private(set) var uppers: [Double]?
  /// Of a class the negative logarithm of the probability of the true one, of a number the squared
  /// error in the scale of the data, of a window of a text the mean over its tokens in nats.
  public private(set) var losses: [Double] = []

  /// More answers than this of one split are not worth their place in a database: the first sequences
  /// stay.
  static let most = 250_000

  /// The predictions of a model that learned by a loss for validation and test, if they are not empty.
  static func all(
    _ model: Model<Float>, _ data: PreparedData, _ loss: TrainingPlan.LossName,
    threshold: Double?, _ onBatch: () -> Void
  ) -> [ExamplePredictions] {
    [Split.validation, .test].filter { data[$0].count > 0 }.map { split in
      data.encoding.task == .language
        ? ExamplePredictions(windows: data, split, model, loss, onBatch)
        : ExamplePredictions(
          SplitOutputs(model, data, split, loss, onBatch), data, threshold: threshold)
    }
  }

  /// What outputs mean.
  init(_ outputs: SplitOutputs, _ data: PreparedData, threshold: Double?) {
    split = outputs.split
    switch data[split].answers {
    case .classes, .steps, .following: takeClasses(outputs, data, threshold)
    case .numbers(let numbers): takeNumbers(outputs, data, numbers.raw)
    case .forecast(let asked): takeForecasts(outputs, data, asked)
    }
  }

  private mutating func takeClasses(
    _ outputs: SplitOutputs, _ data: PreparedData, _ threshold: Double?
  ) {
    let (sequences, encoding) = (data[split], data.encoding)
    let classes = outputs.classes(data)
    let isEvery = encoding.task == .tag
    var (places, truths, answers, shares): ([Int32], [Double], [Double], [Double]) = (
      [], [], [], []
    )
    var index = 0
    for (sequence, row) in sequences.rows.enumerated() {
      let length = isEvery ? sequences.lengths[sequence] : 1
      if examples.count + length > Self.most { break }
      for step in 0..<length {
        defer { index += 1 }
        guard classes[index] >= 0 else { continue }
        let probabilities = outputs.row(index)
        let answer = Threshold.answer(
          probabilities[...], positive: encoding.positive, threshold)
        examples.append(Int32(row + 1))
        places.append(Int32(step + 1))
        truths.append(Double(classes[index]))
        answers.append(Double(answer))
        shares.append(probabilities[answer])
        losses.append(-log(max(probabilities[Int(classes[index])], .leastNormalMagnitude)))
      }
    }
    if isEvery { positions = places }
    (self.truths, predictions, probabilities) = (truths, answers, shares)
  }

  private mutating func takeNumbers(
    _ outputs: SplitOutputs, _ data: PreparedData, _ numbers: [Float]
  ) {
    let (sequences, width) = (data[split], outputs.width)
    let scale = data.encoding.targetScale ?? .identity(width: width)
    var (columns, truths, answers): ([Int32], [Double], [Double]) = ([], [], [])
    for (sequence, row) in sequences.rows.enumerated() {
      if examples.count + width > Self.most { break }
      for column in 0..<width {
        let truth = Double(numbers[sequence * width + column])
        let answer = scale.restore(outputs.rows[sequence * width + column], column: column)
        examples.append(Int32(row + 1))
        columns.append(Int32(column + 1))
        truths.append(truth)
        answers.append(answer)
        losses.append((answer - truth) * (answer - truth))
      }
    }
    if width > 1 { steps = columns }
    (self.truths, predictions) = (truths, answers)
  }

  private mutating func takeForecasts(
    _ outputs: SplitOutputs, _ data: PreparedData, _ asked: ForecastAnswers
  ) {
    let (sequences, forecast) = (data[split], asked.forecast)
    let each = forecast.answersPerStep
    let horizon = outputs.width / each
    var (places, columns, times): ([Int32], [Int32], [Int64]) = ([], [], [])
    var (truths, answers, lows, highs): ([Double], [Double], [Double], [Double]) = (
      [], [], [], []
    )
    for (sequence, row) in sequences.rows.enumerated() {
      if examples.count + horizon > Self.most { break }
      let numbers = outputs.row(sequence)
      let origin = sequences.origin(sequence)
      let first = origin - asked.firsts[row]
      for (step, truth) in asked.truths(origin, steps: horizon).enumerated()
      where !truth.isNaN {
        let (truth, answer) = (Double(truth), numbers[step * each + forecast.middle])
        examples.append(Int32(row + 1))
        places.append(Int32(first + step + 1))
        if let known = asked.times { times.append(known[value: origin + step]) }
        columns.append(Int32(step + 1))
        truths.append(truth)
        answers.append(answer)
        lows.append(numbers[step * each])
        highs.append(numbers[(step + 1) * each - 1])
        losses.append((answer - truth) * (answer - truth))
      }
    }
    positions = places
    if asked.times != nil { self.times = times }
    if horizon > 1 { steps = columns }
    if each > 1 { (lowers, uppers) = (lows, highs) }
    (self.truths, predictions) = (truths, answers)
  }

  /// The mean loss of each window of a text: which of its parts are hard to foresee.
  private init(
    windows data: PreparedData, _ split: Split, _ model: Model<Float>,
    _ loss: TrainingPlan.LossName, _ onBatch: () -> Void
  ) {
    self.split = split
    let sequences = data[split]
    guard case .following = sequences.answers else { return }
    var sums = [Double](repeating: 0, count: sequences.count)
    SplitOutputs.run(model, data, split, onBatch) { result, packed, members in
      let scores = loss.scores(result)
      for (place, sequence) in packed.order.enumerated() {
        let member = members[members.startIndex + sequence]
        for (step, target) in sequences.stepClasses(member).enumerated() {
          let row = scores.pointer + (packed.offsets[step] + place) * scores.columns
          sums[member] += Self.surprise(row, scores.columns, Int(target))
        }
      }
    }
    let count = min(sequences.count, Self.most)
    examples = sequences.rows.prefix(count).map { Int32($0 + 1) }
    positions = sequences.starts.prefix(count).map { Int32($0 + 1) }
    losses = (0..<count).map { sums[$0] / Double(sequences.lengths[$0]) }
  }

  /// -ln softmax(row)[target]
  private static func surprise(
    _ row: UnsafePointer<Float>, _ width: Int, _ target: Int
  ) -> Double {
    var largest = row[0]
    for column in 1..<width { largest = max(largest, row[column]) }
    var sum = 0.0
    for column in 0..<width { sum += exp(Double(row[column] - largest)) }
    return log(sum) - Double(row[target] - largest)
  }
}
