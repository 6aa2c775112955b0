internal import Glibc
internal import Recurrent

/// A number that a person compares.
public struct Metric: Codable, Hashable, Sendable {
  /// Where it was measured.
  public var split: Split
  /// What was measured.
  public var name: String
  /// The number.
  public var value: Double

  /// A metric.
  ///
  /// - Parameters:
  ///   - split: Where it was measured.
  ///   - name: What was measured.
  ///   - value: The number.
  public init(split: Split, name: String, value: Double) {
    self.split = split
    self.name = name
    self.value = value
  }

  /// Whether small or large values of a metric are good.
  public static func goal(of name: String) -> Objective.Goal {
    [
      "loss", "rmse", "mae", "mape", "smape", "mase", "pinball", "bits_per_token",
      "bits_per_character", "perplexity",
    ].contains(name) ? .minimize : .maximize
  }

  /// The metrics of a task.
  ///
  /// `precision`, `recall` and `f1` are those of the positive class if there are two classes (the
  /// rarer one in the training split), else the unweighted means over the classes, as `macro_…`.
  /// `loss` is in the scale in which the model is trained, all other errors of numbers in that of the
  /// data, those of forecasts where something was measured: `mape` and `smape` (that of the M4
  /// competition) in percent, `mase` relative to the seasonal naive forecast on the training part,
  /// `pinball` the mean over the quantiles, `coverage` the share of truths between the outer ones.
  /// `bits_per_…` and `perplexity` are those of the probabilities of what came, whatever the loss is.
  public static func names(for encoding: Encoding) -> [String] {
    switch encoding.task {
    case .classify, .tag:
      ["loss", "accuracy"]
        + (encoding.outputs <= Tally.largestConfusion
          ? ["precision", "recall", "f1", "macro_precision", "macro_recall", "macro_f1"] : [])
    case .regress: ["loss", "rmse", "mae"]
    case .forecast:
      ["loss"] + (encoding.forecast.map(ForecastTally.names) ?? ["rmse", "mae"])
    case .language:
      ["loss", "accuracy", "bits_per_token", "perplexity"]
        + (encoding.tokens == .characters ? ["bits_per_character"] : [])
    }
  }
}

/// How often each class was taken for each class.
public struct ConfusionMatrix: Codable, Hashable, Sendable {
  /// The classes.
  public var labels: [String]
  /// For each true class, how often each class was answered.
  public var counts: [[Int]]
}

/// The sums from which the metrics of a split follow. They are part of a checkpoint, so that an
/// epoch that was interrupted ends with the same numbers.
package struct Tally: Codable, Hashable {
  /// Beyond this many classes there is no confusion matrix.
  static let largestConfusion = 256

  /// The negative logarithms of the probabilities of what came.
  struct Surprise: Codable, Hashable {
    var sum = 0.0
    var count = 0
  }

  private(set) var loss = 0.0
  private(set) var terms = 0
  /// The sum of the terms' weights.
  private(set) var weight = 0.0
  private(set) var scored = 0
  private(set) var correct = 0
  private(set) var squares = 0.0
  private(set) var absolutes = 0.0
  /// [true class, answered class], row by row; empty if there are too many classes.
  private(set) var confusion: [Int] = []
  /// The errors of forecasts.
  private(set) var forecasts: ForecastTally?
  /// Of texts, where the loss is something else.
  private(set) var surprise: Surprise?

  package init(_ encoding: Encoding) {
    if encoding.forecast != nil { forecasts = ForecastTally() }
    let isClasses = encoding.task == .classify || encoding.task == .tag
    if isClasses, encoding.outputs <= Self.largestConfusion {
      confusion = [Int](repeating: 0, count: encoding.outputs * encoding.outputs)
    }
  }

  /// The mean loss.
  var meanLoss: Double { weight == 0 ? 0 : loss / weight }

  /// Adds the answers of a batch to classes.
  mutating func add(_ sum: LossSum, _ logits: Matrix<Float>, classes: [Int32]) {
    loss += sum.sum
    terms += sum.count
    weight += sum.weight
    let width = logits.columns
    for (row, target) in classes.enumerated() where target >= 0 {
      add(answer: Self.largest(logits.pointer + row * width, width), target: Int(target), width)
    }
  }

  /// Adds an answer to a class.
  package mutating func add(answer: Int, target: Int, _ width: Int) {
    scored += 1
    if answer == target { correct += 1 }
    if !confusion.isEmpty { confusion[target * width + answer] += 1 }
  }

  /// Adds a loss that is known.
  mutating func add(loss: Double) {
    self.loss += loss
    terms += 1
    weight += 1
  }

  /// Adds how little what came was expected, beside a loss that does not say it.
  mutating func add(surprise added: LossSum) {
    var surprise = surprise ?? Surprise()
    surprise.sum += added.sum
    surprise.count += added.count
    self.surprise = surprise
  }

  /// The mean of that, in nats: the loss, unless that is something else.
  private var meanSurprise: Double {
    surprise.map { $0.sum / Double(max($0.count, 1)) } ?? meanLoss
  }

  /// Adds the answers of a batch to numbers.
  mutating func add(_ sum: LossSum, _ values: Matrix<Float>, numbers: [Float], _ scale: Scale) {
    loss += sum.sum
    terms += sum.count
    weight += sum.weight
    let width = values.columns
    for (index, number) in numbers.enumerated() {
      let difference = Double(values.pointer[index] - number) * scale.deviations[index % width]
      squares += difference * difference
      absolutes += abs(difference)
    }
  }

  /// Adds the answers of a batch to forecasts.
  mutating func add(
    _ sum: LossSum, _ result: Matrix<Float>, _ answers: BatchAnswers,
    _ forecast: ForecastEncoding, _ scale: Scale
  ) {
    loss += sum.sum
    terms += sum.count
    weight += sum.weight
    let steps = result.columns / forecast.answersPerStep
    let anchorCount = forecast.anchorCount(steps: steps)
    for row in 0..<result.rows {
      let numbers = forecast.restored(
        UnsafeBufferPointer(start: result.pointer + row * result.columns, count: result.columns),
        scale, anchors: answers.anchors[row * anchorCount..<(row + 1) * anchorCount])
      add(numbers, truths: answers.truths[row * steps..<(row + 1) * steps], forecast)
    }
  }

  /// Adds a forecast in units of the data.
  mutating func add(
    _ numbers: [Double], truths: ArraySlice<Float>, _ forecast: ForecastEncoding
  ) {
    let each = forecast.answersPerStep
    for (step, truth) in truths.enumerated() {
      forecasts?.add(
        numbers[step * each..<(step + 1) * each], middle: forecast.middle,
        quantiles: forecast.quantiles, truth: Double(truth))
    }
  }

  /// Adds an answer to a number; for what is no model and has no logits.
  package mutating func add(answer: Double, target: Double, deviation: Double) {
    let difference = answer - target
    loss += difference * difference
    terms += 1
    weight += 1
    squares += difference * difference * deviation * deviation
    absolutes += abs(difference) * deviation
  }

  /// Takes the answers of another tally of the same examples, and keeps the loss.
  mutating func takeAnswers(of other: Tally) {
    (scored, correct, confusion) = (other.scored, other.correct, other.confusion)
  }

  /// The first of the largest.
  static func largest(_ row: UnsafePointer<Float>, _ count: Int) -> Int {
    var best = 0
    for index in 1..<max(count, 1) where row[index] > row[best] { best = index }
    return best
  }

  /// The metrics of a split.
  package func metrics(_ split: Split, _ encoding: Encoding) -> [Metric] {
    let total = Double(max(terms, 1))
    let accuracy = Double(correct) / Double(max(scored, 1))
    var values: [(String, Double)] = [("loss", meanLoss)]
    switch encoding.task {
    case .forecast where encoding.forecast != nil:
      if let forecast = encoding.forecast, let forecasts {
        values += forecasts.metrics(forecast)
      }
    case .regress, .forecast:
      values.append(("rmse", (squares / total).squareRoot()))
      values.append(("mae", absolutes / total))
    case .language:
      values.append(("accuracy", accuracy))
      values.append(("bits_per_token", meanSurprise / log(2)))
      values.append(("perplexity", exp(meanSurprise)))
      if encoding.tokens == .characters {
        values.append(("bits_per_character", meanSurprise / log(2)))
      }
    case .classify, .tag:
      values.append(("accuracy", accuracy))
      if !confusion.isEmpty { values += classMetrics(encoding) }
    }
    return values.map { Metric(split: split, name: $0.0, value: $0.1) }
  }

  private func classMetrics(_ encoding: Encoding) -> [(String, Double)] {
    let count = encoding.outputs
    var each: [(precision: Double, recall: Double, f1: Double)] = []
    for label in 0..<count {
      let hits = Double(confusion[label * count + label])
      let actual = Double(confusion[label * count..<(label + 1) * count].reduce(0, +))
      let answered = Double((0..<count).reduce(0) { $0 + confusion[$1 * count + label] })
      // A class that was never answered, or never there, has no ratio: 0, as scikit-learn has it.
      each.append(
        (
          answered == 0 ? 0 : hits / answered, actual == 0 ? 0 : hits / actual,
          actual + answered == 0 ? 0 : 2 * hits / (actual + answered)
        ))
    }
    let size = Double(count)
    let macro = (
      precision: each.reduce(0) { $0 + $1.precision } / size,
      recall: each.reduce(0) { $0 + $1.recall } / size,
      f1: each.reduce(0) { $0 + $1.f1 } / size
    )
    let main = encoding.positive.map { each[$0] } ?? macro
    return [
      ("precision", main.precision), ("recall", main.recall), ("f1", main.f1),
      ("macro_precision", macro.precision), ("macro_recall", macro.recall),
      ("macro_f1", macro.f1),
    ]
  }

  /// The confusion matrix, unless there are too many classes or none.
  package func confusionMatrix(_ encoding: Encoding) -> ConfusionMatrix? {
    guard !confusion.isEmpty, let labels = encoding.labels else { return nil }
    let count = labels.count
    return ConfusionMatrix(
      labels: labels,
      counts: (0..<count).map { Array(confusion[$0 * count..<($0 + 1) * count]) })
  }
}
