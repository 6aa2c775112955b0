public import Training

extension Ensemble {
  /// What is said of values that are so large in the scale of training that no answer comes of them.
  static let unanswered = (
    found: "values for which the model has no finite answer",
    allowed: "values nearer to those that it learned from"
  )

  /// What the models answer to inputs as people write them: texts, or for models of numbers and symbols
  /// numbers between spaces or commas, step after step.
  ///
  /// - Parameters:
  ///   - inputs: The inputs.
  ///   - refusing: Makes an error of the number of an input, what was found there and what is allowed.
  /// - Returns: The answers.
  /// - Throws: What `refusing` makes, or `ArtifactError`.
  public func predict(
    _ inputs: [String], refusing: (Int, String, String) -> any Error
  ) throws -> [Prediction] {
    if encoding.tokens != nil { return try predict(.texts(inputs)) }
    func numbers<Number>(
      _ allowed: String, _ read: (Substring) -> Number?
    ) throws -> [[Number]] {
      try inputs.enumerated().map { place, line in
        let words = line.split { $0 == " " || $0 == "," || $0 == "\t" || $0 == ";" }
        guard !words.isEmpty else {
          throw refusing(place, "nothing", "\(allowed) at each step")
        }
        return try words.map { word in
          guard let number = read(word) else {
            throw refusing(place, "'\(word.prefix(40))'", "\(allowed) at each step")
          }
          return number
        }
      }
    }
    if let channels = encoding.channels {
      // What was not measured is a gap to a model that learned from data with gaps.
      let gaps = readsGaps ? ["nan", "na", "?", "null"] : []
      let values = try numbers("a number") { word in
        gaps.contains(word.lowercased())
          ? .nan : Float(word).flatMap { $0.isFinite ? $0 : nil }
      }
      let least =
        encoding.task == .forecast
        ? (encoding.maximumLength ?? 1) + (encoding.forecast?.period ?? 0) : 1
      for (place, sequence) in values.enumerated()
      where sequence.count % channels.count != 0 || sequence.count / channels.count < least {
        throw refusing(
          place, "\(sequence.count) numbers",
          "\(channels.count) at each of at least \(least) steps")
      }
      let predictions = try finitePredictions(.values(values, times: nil))
      return try predictions.enumerated().map { place, prediction in
        guard let prediction else {
          throw refusing(place, Self.unanswered.found, Self.unanswered.allowed)
        }
        return prediction
      }
    }
    let size = encoding.vocabularySize ?? 0
    return try predict(
      .symbols(
        numbers("a symbol from 0 to \(size - 1)") { word in
          Int32(word).flatMap { (0..<Int32(size)).contains($0) ? $0 : nil }
        }))
  }
}
