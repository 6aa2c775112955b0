internal import Recurrent

/// What a model answers to one input.
public struct Prediction: Codable, Hashable, Sendable {
  /// A label and how probable the model holds it.
  public struct Candidate: Codable, Hashable, Sendable {
    /// The label, or the next token.
    public var label: String
    /// From 0 to 1.
    public var probability: Double
  }

  /// The most probable label, or the most probable next token.
  public var label: String?
  /// Every label in the order of the labels; of next tokens the ten most probable.
  public var probabilities: [Candidate]?
  /// The predicted numbers, in the scale of the data; of quantiles that nearest to the median.
  public var numbers: [Double]?
  /// Of each predicted step the quantiles of the plan, in the scale of the data.
  public var quantiles: [[Double]]?
  /// The most probable class of each step.
  public var steps: [String]?
}

/// A trained model read back from its artifacts. It belongs to one thread at a time.
public final class Predictor {
  private let trained: TrainedModel
  private var model: Model<Float> { trained.model }

  /// What was trained, and how its inputs and outputs are to be read.
  public var document: PlanDocument { trained.document }

  /// Reads a model.
  ///
  /// - Parameter artifacts: The bytes by name: `model.safetensors`, `plan.json` and, for texts,
  ///   `vocabulary.json`.
  /// - Throws: ``ArtifactError`` if one is missing or does not fit the others.
  public init(_ artifacts: [String: [UInt8]]) throws(ArtifactError) {
    trained = try TrainedModel(artifacts)
  }

  /// What the model answers to texts.
  public func predict(texts: [String]) throws(ArtifactError) -> [Prediction] {
    try outputs(.texts(texts)).map { answer($0) }
  }

  /// What the model answers to sequences of symbols, none of them empty.
  public func predict(symbols: [[Int32]]) throws(ArtifactError) -> [Prediction] {
    try outputs(.symbols(symbols)).map { answer($0) }
  }

  /// What the model answers to sequences of values, step by step, none of them empty.
  ///
  /// For a forecast these are the last steps before what is to be predicted: at least a window of them,
  /// and a period more if differences are predicted. A value that was not measured is not a number; a
  /// model that was trained on data with gaps knows what to do with it.
  ///
  /// - Parameters:
  ///   - values: The sequences.
  ///   - times: The time of each step, in seconds since 1970 by the clock of the data, for a forecast
  ///     that reads the calendar.
  /// - Returns: An answer to each sequence.
  /// - Throws: ``ArtifactError`` if the model reads something else.
  public func predict(
    values: [[Float]], times: [[Int64]]? = nil
  ) throws(ArtifactError) -> [Prediction] {
    try outputs(values: values, times: times).map { answer($0) }
  }

  /// What a model is asked.
  public enum Inputs: Sendable {
    /// Texts.
    case texts([String])
    /// Sequences of symbols.
    case symbols([[Int32]])
    /// Sequences of values, step by step, with the time of each step if it is known; what is not a
    /// number was not measured.
    case values([[Float]], times: [[Int64]]? = nil)
  }

  /// What the model puts out for each input: the probabilities of the classes, one step after the
  /// other if each has an answer; of next tokens those after the last step; numbers in the scale of the data.
  func outputs(_ inputs: Inputs) throws(ArtifactError) -> [[Double]] {
    switch inputs {
    case .texts(let texts):
      guard let encoder = trained.encoder else { throw wrongInput("texts") }
      return outputs(texts.map { encoder.encode($0) })
    case .symbols(let symbols): return try outputs(symbols: symbols)
    case .values(let values, let times): return try outputs(values: values, times: times)
    }
  }

  private func outputs(symbols: [[Int32]]) throws(ArtifactError) -> [[Double]] {
    guard trained.encoder == nil, let size = document.encoding.vocabularySize else {
      throw wrongInput("symbols")
    }
    let range = 0..<Int32(size)
    guard symbols.allSatisfy({ !$0.isEmpty && $0.allSatisfy(range.contains) }) else {
      throw ArtifactError(
        artifact: "input", found: "an empty sequence or an unknown symbol",
        allowed: "symbols from 0 to \(size - 1)")
    }
    return outputs(symbols)
  }

  private func outputs(
    values: [[Float]], times: [[Int64]]?
  ) throws(ArtifactError) -> [[Double]] {
    let encoding = document.encoding
    var values = values
    if document.plan.data.missing == .zero {
      // As in the data that it learned from.
      values = values.map { $0.map { $0.isNaN ? 0 : $0 } }
    }
    guard let channels = encoding.channels, encoding.inputScale != nil else {
      throw wrongInput("values")
    }
    let width = channels.count
    let least =
      encoding.task == .forecast
      ? (encoding.maximumLength ?? 1) + (encoding.forecast?.period ?? 0) : 1
    let mayHaveGaps = encoding.features != nil
    for sequence in values
    where sequence.count % width != 0 || sequence.count / width < least
      || !sequence.allSatisfy({ $0.isFinite || (mayHaveGaps && $0.isNaN) })
    {
      throw ArtifactError(
        artifact: "input", found: "\(sequence.count) values",
        allowed: "finite values, \(width) a step, at least \(least) steps")
    }
    if let forecast = encoding.forecast {
      let (target, least) = (encoding.targetChannel ?? 0, forecast.logarithm.lowerBound)
      for sequence in values {
        for step in stride(from: target, to: sequence.count, by: width) {
          guard let least, sequence[step] <= least else { continue }
          throw ArtifactError(
            artifact: "input", found: "the value \(sequence[step]) of '\(channels[target])'",
            allowed: "values above \(Int(least)): the model reads their logarithms")
        }
      }
      return try outputs(values, times, forecast)
    }
    return outputs(
      lengths: values.map { encoding.cut($0.count / width).count }
    ) { members in
      PackedBatch(
        values: members.map { member in
          let cut = encoding.cut(values[member].count / width)
          return encoding.modelInput(
            values[member][cut.lowerBound * width..<cut.upperBound * width])
        }, channels: encoding.inputWidth)
    }
  }

  /// Forecasts from the ends of series.
  private func outputs(
    _ series: [[Float]], _ times: [[Int64]]?, _ forecast: ForecastEncoding
  ) throws(ArtifactError) -> [[Double]] {
    let encoding = document.encoding
    let width = encoding.channels?.count ?? 1
    if encoding.features?.calendar.isEmpty == false,
      times?.map(\.count) != series.map({ $0.count / width })
    {
      throw ArtifactError(
        artifact: "input", found: "\(times == nil ? "no" : "other") times",
        allowed: "a csv or tsv file of a series with times, since the model reads the calendar")
    }
    return series.enumerated().map { number, values in
      let ending = ForecastInput(values, times?[number], encoding, forecast)
      let result =
        forecast.isRecursive
        ? RecursiveForecast(encoding, steps: forecast.horizon).run(
          model, windows: [ending.steps], following: { _, step in ending.calendar[step] })
        : model.forward(PackedBatch(values: [ending.steps], channels: encoding.inputWidth))
      return forecast.restored(
        UnsafeBufferPointer(start: result.pointer, count: result.columns),
        encoding.targetScale ?? .identity(width: 1), anchors: ending.anchors[...])
    }
  }

  private func outputs(_ tokens: [[Int32]]) -> [[Double]] {
    let cut = tokens.map { Array($0[document.encoding.cut($0.count)]) }
    return outputs(lengths: cut.map(\.count)) { members in
      PackedBatch(tokens: members.map { cut[$0] })
    }
  }

  /// Runs the model over batches of sequences that are nearly equally long.
  private func outputs(
    lengths: [Int], _ pack: (ArraySlice<Int>) -> PackedBatch<Float>
  ) -> [[Double]] {
    var outputs = [[Double]](repeating: [], count: lengths.count)
    let encoding = document.encoding
    let order = BatchOrder.evaluation(lengths, steps: Evaluator.steps(model.plan))
    let probabilities = Matrix<Float>()
    let isClasses = ![.regress, .forecast].contains(encoding.task)
    for batch in 0..<order.count {
      let members = order[batch]
      let packed = pack(members)
      var result = model.forward(packed)
      if isClasses {
        document.plan.training.loss.probabilities(result, into: probabilities)
        result = probabilities
      }
      let scale = encoding.targetScale ?? .identity(width: result.columns)
      for (place, sequence) in packed.order.enumerated() {
        let member = members[members.startIndex + sequence]
        func row(_ row: Int) -> [Double] {
          let first = result.pointer + row * result.columns
          return isClasses
            ? (0..<result.columns).map { Double(first[$0]) }
            : (0..<result.columns).map { scale.restore(first[$0], column: $0) }
        }
        switch encoding.task {
        case .classify, .regress, .forecast: outputs[member] = row(place)
        case .tag:
          outputs[member] = (0..<lengths[member]).flatMap { row(packed.offsets[$0] + place) }
        case .language: outputs[member] = row(packed.offsets[lengths[member] - 1] + place)
        }
      }
    }
    return outputs
  }

  /// What an output means.
  ///
  /// - Parameters:
  ///   - output: What the model put out for an input, or the mean of several models.
  ///   - threshold: The probability from which on the positive one of two labels is meant; nil: the
  ///     model's own.
  /// - Returns: The answer.
  func answer(_ output: [Double], threshold: Double? = nil) -> Prediction {
    let encoding = document.encoding
    switch encoding.task {
    case .forecast where encoding.forecast?.quantiles != nil:
      let (each, middle) = (
        encoding.forecast?.answersPerStep ?? 1, encoding.forecast?.middle ?? 0
      )
      let quantiles = stride(from: 0, to: output.count, by: each).map {
        Array(output[$0..<$0 + each])
      }
      return Prediction(numbers: quantiles.map { $0[middle] }, quantiles: quantiles)
    case .regress, .forecast: return Prediction(numbers: output)
    case .classify:
      let label = Threshold.answer(
        output[...], positive: encoding.positive, threshold ?? document.threshold)
      let candidates = output.indices.map { candidate($0, output) }
      return Prediction(label: candidates[label].label, probabilities: candidates)
    case .tag:
      let width = encoding.outputs
      return Prediction(
        steps: stride(from: 0, to: output.count, by: width).map { first in
          let row = output[first..<first + width]
          return name(Threshold.answer(row, positive: encoding.positive, nil))
        })
    case .language:
      let top = output.indices.sorted { (output[$1], $0) < (output[$0], $1) }.prefix(10)
      let candidates = top.map { candidate($0, output) }
      return Prediction(label: candidates.first?.label, probabilities: candidates)
    }
  }

  private func candidate(_ index: Int, _ output: [Double]) -> Prediction.Candidate {
    Prediction.Candidate(label: name(index), probability: output[index])
  }

  private func name(_ index: Int) -> String {
    let names =
      document.encoding.task == .language ? trained.vocabulary : document.encoding.labels
    return names?[index] ?? String(index)
  }

  /// The tokens of a language model.
  var vocabulary: [String]? { trained.vocabulary }

  /// The steps of a batch for which its workspace stays small.
  var batchSteps: Int { Evaluator.steps(model.plan) }

  /// How probable the model holds each class at each row of a batch.
  func probabilities(_ batch: PackedBatch<Float>, into probabilities: Matrix<Float>) {
    document.plan.training.loss.probabilities(model.forward(batch), into: probabilities)
  }

  /// What the model puts out for the sequences of a split.
  func outputs(on data: PreparedData, _ split: Split) -> SplitOutputs {
    SplitOutputs(model, data, split, document.plan.training.loss) {}
  }

  /// What the model says of the examples of the validation and test splits of the data that it was
  /// trained on.
  public func predictions(on data: PreparedData) -> [ExamplePredictions] {
    ExamplePredictions.all(
      model, data, document.plan.training.loss, threshold: document.threshold
    ) {}
  }

  private func wrongInput(_ found: String) -> ArtifactError {
    ArtifactError(
      artifact: "input", found: found,
      allowed: trained.encoder != nil
        ? "texts" : document.encoding.channels == nil ? "symbols" : "values")
  }
}

/// A predictor belongs to one thread at a time.
@available(*, unavailable)
extension Predictor: Sendable {}
