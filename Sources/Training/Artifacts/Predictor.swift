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
  /// What was trained, and how its inputs and outputs are to be read.
  public let document: PlanDocument
  private let model: Model<Float>
  private let vocabulary: [String]?
  private let encoder: TextEncoder?

  /// Reads a model.
  ///
  /// - Parameter artifacts: The bytes by name: `model.safetensors`, `plan.json` and, for texts,
  ///   `vocabulary.json`.
  /// - Throws: ``ArtifactError`` if one is missing or does not fit the others.
  public init(_ artifacts: [String: [UInt8]]) throws(ArtifactError) {
    func bytes(_ name: String) throws(ArtifactError) -> [UInt8] {
      guard let bytes = artifacts[name] else {
        throw ArtifactError(artifact: name, found: "nothing", allowed: "the artifact of a trial")
      }
      return bytes
    }
    let planBytes = try bytes(Artifact.Name.plan)
    guard let document = try? CanonicalJSON.decode(PlanDocument.self, from: planBytes),
      document.formatVersion == 1
    else {
      throw ArtifactError(
        artifact: Artifact.Name.plan, found: "another document", allowed: "a plan of version 1")
    }
    self.document = document
    if let tokens = document.encoding.tokens {
      let content = try bytes(Artifact.Name.vocabulary)
      guard let words = try? CanonicalJSON.decode([String].self, from: content),
        words.count == document.encoding.vocabularySize, words.count >= Vocabulary.special.count
      else {
        throw ArtifactError(
          artifact: Artifact.Name.vocabulary, found: "another document",
          allowed: "an array of \(document.encoding.vocabularySize ?? 0) strings")
      }
      vocabulary = words
      encoder = TextEncoder(
        Tokenizer(tokens), Vocabulary(words: Array(words.dropFirst(Vocabulary.special.count))))
    } else {
      vocabulary = nil
      encoder = nil
    }
    model = Model(document.network)
    try model.load(try bytes(Artifact.Name.model), named: Artifact.Name.model)
  }

  /// What the model answers to texts.
  public func predict(texts: [String]) throws(ArtifactError) -> [Prediction] {
    guard let encoder else { throw wrongInput("texts") }
    return predict(texts.map { encoder.encode($0) })
  }

  /// What the model answers to sequences of symbols, none of them empty.
  public func predict(symbols: [[Int32]]) throws(ArtifactError) -> [Prediction] {
    guard encoder == nil, let size = document.encoding.vocabularySize else {
      throw wrongInput("symbols")
    }
    let range = 0..<Int32(size)
    guard symbols.allSatisfy({ !$0.isEmpty && $0.allSatisfy(range.contains) }) else {
      throw ArtifactError(
        artifact: "input", found: "an empty sequence or an unknown symbol",
        allowed: "symbols from 0 to \(size - 1)")
    }
    return predict(symbols)
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
    let encoding = document.encoding
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
    if let forecast = encoding.forecast { return try predict(values, times, forecast) }
    return predict(
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
  private func predict(
    _ series: [[Float]], _ times: [[Int64]]?, _ forecast: ForecastEncoding
  ) throws(ArtifactError) -> [Prediction] {
    let encoding = document.encoding
    let width = encoding.channels?.count ?? 1
    if encoding.features?.calendar.isEmpty == false,
      times?.map(\.count) != series.map({ $0.count / width })
    {
      throw ArtifactError(
        artifact: "input", found: "\(times == nil ? "no" : "other") times",
        allowed: "a time for each step: the model reads the calendar")
    }
    return series.enumerated().map { number, values in
      let ending = ForecastInput(values, times?[number], encoding, forecast)
      let result =
        forecast.isRecursive
        ? RecursiveForecast(encoding, steps: forecast.horizon).run(
          model, windows: [ending.steps], following: { _, step in ending.calendar[step] })
        : model.forward(PackedBatch(values: [ending.steps], channels: encoding.inputWidth))
      let answers = forecast.restored(
        UnsafeBufferPointer(start: result.pointer, count: result.columns),
        encoding.targetScale ?? .identity(width: 1), anchors: ending.anchors[...])
      guard forecast.quantiles != nil else { return Prediction(numbers: answers) }
      let each = forecast.answersPerStep
      // Neighbouring quantiles that cross are put in order, which makes none of them worse.
      let quantiles = stride(from: 0, to: answers.count, by: each).map {
        answers[$0..<$0 + each].sorted()
      }
      return Prediction(numbers: quantiles.map { $0[forecast.middle] }, quantiles: quantiles)
    }
  }

  private func predict(_ tokens: [[Int32]]) -> [Prediction] {
    let cut = tokens.map { Array($0[document.encoding.cut($0.count)]) }
    return predict(lengths: cut.map(\.count)) { members in
      PackedBatch(tokens: members.map { cut[$0] })
    }
  }

  /// Runs the model over batches of sequences that are nearly equally long.
  private func predict(
    lengths: [Int], _ pack: (ArraySlice<Int>) -> PackedBatch<Float>
  ) -> [Prediction] {
    var predictions = [Prediction](repeating: Prediction(), count: lengths.count)
    let order = BatchOrder.evaluation(lengths, steps: Evaluator.steps(model.plan))
    let probabilities = Matrix<Float>()
    let isClasses = ![.regress, .forecast].contains(document.encoding.task)
    for batch in 0..<order.count {
      let members = order[batch]
      let packed = pack(members)
      let result = model.forward(packed)
      if isClasses { Loss.softmax(result, into: probabilities) }
      for (place, sequence) in packed.order.enumerated() {
        let member = members[members.startIndex + sequence]
        let rows =
          model.plan.readout == .every
          ? (0..<lengths[member]).map { packed.offsets[$0] + place } : [place]
        predictions[member] = prediction(isClasses ? probabilities : result, rows)
      }
    }
    return predictions
  }

  private func prediction(_ result: Matrix<Float>, _ rows: [Int]) -> Prediction {
    let encoding = document.encoding
    let width = result.columns
    let last = result.pointer + (rows.last ?? 0) * width
    switch encoding.task {
    case .regress, .forecast:
      let scale = encoding.targetScale ?? .identity(width: width)
      return Prediction(numbers: (0..<width).map { scale.restore(last[$0], column: $0) })
    case .classify:
      let candidates = (0..<width).map { candidate($0, last) }
      return Prediction(
        label: candidates[Tally.largest(last, width)].label, probabilities: candidates)
    case .tag:
      return Prediction(
        steps: rows.map { row in
          candidate(Tally.largest(result.pointer + row * width, width), last).label
        })
    case .language:
      let top = (0..<width).sorted { (last[$1], $0) < (last[$0], $1) }.prefix(10)
      let candidates = top.map { candidate($0, last) }
      return Prediction(label: candidates.first?.label, probabilities: candidates)
    }
  }

  private func candidate(
    _ index: Int, _ row: UnsafeMutablePointer<Float>
  ) -> Prediction.Candidate {
    let names = document.encoding.task == .language ? vocabulary : document.encoding.labels
    return Prediction.Candidate(
      label: names?[index] ?? String(index), probability: Double(row[index]))
  }

  private func wrongInput(_ found: String) -> ArtifactError {
    ArtifactError(
      artifact: "input", found: found,
      allowed: encoder != nil ? "texts" : document.encoding.channels == nil ? "symbols" : "values")
  }
}

/// A predictor belongs to one thread at a time.
@available(*, unavailable)
extension Predictor: Sendable {}
