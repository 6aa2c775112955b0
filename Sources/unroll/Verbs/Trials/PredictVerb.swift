import ArgumentParser
import Orchestration
import Store
import Training

struct PredictVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Ask the model of a trial.",
    discussion: """
      Texts are given on the command line or one a line in a file. A model of numbers or symbols takes a \
      sequence a line: numbers between spaces or commas, step after step.

        unroll predict --trial 7 'WINNER! Claim your prize now' 'See you at seven?'
        unroll predict --trial 7 --file messages.txt --json

      A text that begins with - comes after a bare --.
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Option(help: ArgumentHelp("The number of the trial.", valueName: "id"))
  var trial: Int

  @Option(help: "A file with one input a line, or - for the standard input.")
  var file: String?

  @Argument(help: "Inputs.")
  var inputs: [String] = []

  func run() throws {
    let inputs = try inputs + fileLines()
    guard !inputs.isEmpty else {
      throw SystemError("nothing to predict: give texts, or a file with --file")
    }
    let predictor = try database.withDatabase { database in
      _ = try database.trial(id: trial)
      let artifacts = try database.artifacts(trial: trial)
      guard !artifacts.isEmpty else {
        throw SystemError("trial \(trial) has no model: it has not succeeded")
      }
      return try Predictor(
        Dictionary(
          uniqueKeysWithValues: artifacts.map { ($0.name, try database.content(of: $0)) }))
    }
    let predictions = try predict(predictor, inputs)
    if output.isJSON {
      try JSONOutput.print(zip(inputs, predictions).map { Answer(input: $0, prediction: $1) })
    } else {
      for (input, prediction) in zip(inputs, predictions) { show(input, prediction) }
    }
  }

  /// What `--json` prints of one input.
  private struct Answer: Encodable {
    let input: String
    let prediction: Prediction

    enum CodingKeys: String, CodingKey {
      case input
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(input, forKey: .input)
      try prediction.encode(to: encoder)
    }
  }

  private func fileLines() throws -> [String] {
    guard let file else { return [] }
    let bytes = try InputFile.bytes(file)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SystemError("\(file): found bytes that are not UTF-8, allowed: text in UTF-8")
    }
    return text.split(whereSeparator: \.isNewline).map(String.init)
  }

  private func predict(_ predictor: Predictor, _ inputs: [String]) throws -> [Prediction] {
    let encoding = predictor.document.encoding
    if encoding.tokens != nil { return try predictor.predict(texts: inputs) }
    if encoding.channels != nil {
      return try predictor.predict(
        values: try inputs.map { try numbers($0, "a number") { Float($0) } })
    }
    return try predictor.predict(
      symbols: try inputs.map { try numbers($0, "a symbol, from 0") { Int32($0) } })
  }

  private func numbers<Number>(
    _ line: String, _ allowed: String, _ read: (Substring) -> Number?
  ) throws -> [Number] {
    try line.split { $0 == " " || $0 == "," || $0 == "\t" }.map { word in
      guard let number = read(word) else {
        throw SystemError("found '\(word)', allowed: \(allowed) at each step")
      }
      return number
    }
  }

  private func show(_ input: String, _ prediction: Prediction) {
    let width = max(24, (Terminal.width ?? 100) - 44)
    let shown = input.count > width ? input.prefix(width - 1) + "…" : input[...]
    var answer = prediction.label ?? ""
    if let candidates = prediction.probabilities {
      let best = candidates.sorted { $0.probability > $1.probability }.prefix(4)
      answer +=
        "  ("
        + best.map { "\($0.label) \(Format.decimal($0.probability, places: 4))" }
        .joined(separator: ", ") + ")"
    } else if let numbers = prediction.numbers {
      answer = numbers.map { Format.number($0, digits: 6) }.joined(separator: " ")
    } else if let steps = prediction.steps {
      answer = steps.joined(separator: " ")
    }
    print("\(answer)  ← \(shown)")
  }
}
