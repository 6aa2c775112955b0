internal import Glibc
internal import Recurrent

/// One model, or several that learned from the same data, whose answers are averaged: probabilities of
/// labels or of next tokens, or numbers. It belongs to one thread at a time.
public final class Ensemble {
  private let members: [Predictor]
  private let threshold: Double?

  /// How inputs and outputs are to be read: the same for all members.
  public var encoding: Encoding { members[0].document.encoding }
  /// Whether the models know what to do with values that were not measured.
  public var readsGaps: Bool {
    encoding.features != nil || document.plan.data.missing == .zero
  }
  /// What the first member learned from, and how.
  public var document: PlanDocument { members[0].document }

  /// Reads models.
  ///
  /// - Parameter models: The artifacts of each member, by name; see ``Predictor/init(_:)``.
  /// - Throws: ``ArtifactError`` if a member cannot be read, answers another question than the first, or
  ///   learned from another fold: from what the first is tested on, perhaps.
  public init(_ models: [[String: [UInt8]]]) throws(ArtifactError) {
    precondition(!models.isEmpty, "an ensemble of nothing")
    var members: [Predictor] = []
    for artifacts in models { members.append(try Predictor(artifacts)) }
    let first = members[0].document.encoding
    for (place, member) in members.enumerated() {
      let other = member.document.encoding
      guard other.task == first.task, other.outputs == first.outputs, other.labels == first.labels,
        first.task != .language || member.vocabulary == members[0].vocabulary
      else {
        throw ArtifactError(
          artifact: "ensemble", found: "member \(place + 1), which answers another question",
          allowed: "models of the same labels or vocabulary, or of as many numbers")
      }
      guard member.fold == members[0].fold else {
        throw ArtifactError(
          artifact: "ensemble",
          found: "member \(place + 1) of \(member.foldText), the first of \(members[0].foldText) "
            + "(dataset.split.folds): one may have learned from what the other is tested on",
          allowed: "models of one fold")
      }
    }
    self.members = members
    // Of members without one it is a half.
    let thresholds = members.map(\.document.threshold)
    threshold =
      thresholds.allSatisfy { $0 == nil }
      ? nil : thresholds.reduce(0) { $0 + ($1 ?? 0.5) } / Double(members.count)
  }

  /// What the models answer in the mean, for each input.
  public func predict(_ inputs: Predictor.Inputs) throws(ArtifactError) -> [Prediction] {
    try means(inputs).map { answer($0) }
  }

  /// The same, and nil for an input to which the models have no finite answer: values that are too large in
  /// their scale.
  public func finitePredictions(
    _ inputs: Predictor.Inputs
  ) throws(ArtifactError) -> [Prediction?] {
    try means(inputs).map { $0.allSatisfy(\.isFinite) ? answer($0) : nil }
  }

  private func answer(_ mean: [Double]) -> Prediction {
    members[0].answer(mean, threshold: threshold)
  }

  private func means(_ inputs: Predictor.Inputs) throws(ArtifactError) -> [[Double]] {
    var sums = try members[0].outputs(inputs)
    for member in members.dropFirst() {
      for (input, output) in try member.outputs(inputs).enumerated() {
        guard output.count == sums[input].count else {
          throw ArtifactError(
            artifact: "ensemble", found: "models that cut a sequence to different lengths",
            allowed: "models with the same dataset.max_length")
        }
        for index in output.indices { sums[input][index] += output[index] }
      }
    }
    guard members.count > 1 else { return sums }
    let share = 1 / Double(members.count)
    return sums.map { sum in sum.map { $0 * share } }
  }

  /// What members and their mean reach on a split that was not learned from.
  public struct Comparison: Sendable {
    /// The metrics of each member.
    public let members: [[Metric]]
    /// The metrics of their mean.
    public let mean: [Metric]
  }

  /// Compares the mean with its members, all on the same footing: the loss of a class is the negative
  /// logarithm of its probability. Numbers have errors, and no loss: members may have been trained by
  /// different ones.
  ///
  /// - Parameters:
  ///   - data: The data that all members were trained on.
  ///   - split: `validation` or `test`.
  /// - Returns: Nil for an empty split.
  public func compare(on data: PreparedData, _ split: Split) -> Comparison? {
    guard data[split].count > 0 else { return nil }
    if encoding.task == .language { return compareNextTokens(on: data, split) }
    let outputs = members.map { $0.outputs(on: data, split) }
    let isNumbers = [.regress, .forecast].contains(encoding.task)
    func metrics(_ outputs: SplitOutputs, _ threshold: Double?) -> [Metric] {
      outputs.tally(data, threshold: threshold).metrics(split, data.encoding)
        .filter { !isNumbers || $0.name != "loss" }
    }
    return Comparison(
      members: zip(outputs, members).map { metrics($0, $1.document.threshold) },
      mean: metrics(SplitOutputs(meanOf: outputs), threshold))
  }

  /// Batch by batch: the probabilities of all tokens at all steps would be too many.
  private func compareNextTokens(on data: PreparedData, _ split: Split) -> Comparison {
    var tallies = members.map { _ in Tally(data.encoding) }
    var mean = Tally(data.encoding)
    let (own, sum) = (Matrix<Float>(), Matrix<Float>())
    let sequences = data[split]
    let order = BatchOrder.evaluation(sequences.lengths, steps: members[0].batchSteps)
    var packer = BatchPacker(sequences)
    for batch in 0..<order.count {
      let packed = packer.pack(order[batch])
      for (place, member) in members.enumerated() {
        member.probabilities(packed, into: own)
        tallies[place].add(probabilities: own, packer.classes)
        if place == 0 {
          sum.reshape(rows: own.rows, columns: own.columns)
          sum.zero()
        }
        for index in 0..<own.count { sum.pointer[index] += own.pointer[index] }
      }
      for index in 0..<sum.count { sum.pointer[index] /= Float(members.count) }
      mean.add(probabilities: sum, packer.classes)
    }
    return Comparison(
      members: tallies.map { $0.metrics(split, data.encoding) },
      mean: mean.metrics(split, data.encoding))
  }
}

extension Tally {
  /// Adds what was held probable of classes.
  fileprivate mutating func add(probabilities: Matrix<Float>, _ classes: [Int32]) {
    let width = probabilities.columns
    for (row, target) in classes.enumerated() where target >= 0 {
      let first = probabilities.pointer + row * width
      add(loss: -log(max(Double(first[Int(target)]), .leastNormalMagnitude)))
      add(answer: Self.largest(first, width), target: Int(target), width)
    }
  }
}

/// An ensemble belongs to one thread at a time.
@available(*, unavailable)
extension Ensemble: Sendable {}

extension Predictor {
  /// The fold of a backtest that it is tested on, from 0.
  fileprivate var fold: Int? { document.plan.data.split.fold }

  fileprivate var foldText: String { fold.map { "fold \($0 + 1)" } ?? "no fold" }
}
