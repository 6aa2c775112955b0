import ArgumentParser
import Orchestration
import Store

struct PredictionsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predictions",
    abstract: "Store what the model of a trial says of each example, for SQL.",
    discussion: """
      The best trials of a sweep keep theirs anyway (predictions: K in its file). Rows are in \
      unroll.predictions, for validation and test, joined to the texts of the examples.

        unroll predictions 7
        unroll sql "select text, truth, prediction from unroll.predictions where trial_id = 7 and is_wrong"
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(help: ArgumentHelp("The number of the trial.", valueName: "trial"))
  var trial: Int

  func run() throws {
    let count = try database.withDatabase {
      try TrialModels($0).storePredictions(trial: trial)
    }
    print("\(count) predictions of trial \(trial) are in unroll.predictions")
  }
}

struct MistakesVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mistakes",
    abstract: "Show where a model was most sure and wrong, or farthest from the truth.",
    discussion: """
      Of labels those wrong answers that the model held most probable, of numbers those farthest from the \
      truth.

        unroll mistakes 7
        unroll mistakes 7 --split validation -n 5
      """)

  enum SplitName: String, ExpressibleByArgument, CaseIterable {
    case validation, test
  }

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: ArgumentHelp("The number of the trial.", valueName: "trial"))
  var trial: Int

  @Option(help: "Which split.")
  var split = SplitName.test

  @Option(name: [.customShort("n"), .customLong("count")], help: "How many.")
  var count = 20

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("-n: found \(count), allowed: 1 to 1000000")
    }
  }

  func run() throws {
    try database.withDatabase { database in
      let sweep = try database.sweep(id: database.trial(id: trial).sweepID)
      guard !sweep.isOfLanguage else {
        throw SystemError(
          "trial \(trial) is a language model, whose mistakes are of degree: unroll.predictions has the "
            + "loss of each window (unroll predictions \(trial))")
      }
      guard try database.hasPredictions(trial: trial) else {
        let state = try database.trial(id: trial).state
        throw SystemError(
          "no predictions of trial \(trial) are stored"
            + (state == "succeeded"
              ? "; unroll predictions \(trial) stores them"
              : ", and it has no model that could make them: it is \(state)"))
      }
      if output.isJSON {
        return output.print(
          try database.json(.mistakes(trial: trial, split: split.rawValue, limit: count)))
      }
      let mistakes = try database.mistakes(trial: trial, split: split.rawValue, limit: count)
      guard !mistakes.isEmpty else {
        return print("trial \(trial) made no mistake on the \(split.rawValue) split")
      }
      for line in table(mistakes).lines() { print(line) }
    }
  }

  private func table(_ mistakes: [Mistake]) -> Table {
    let (hasPosition, hasStep) = (
      mistakes.contains { $0.position != nil }, mistakes.contains { $0.step != nil }
    )
    let (hasSeries, times) = (
      mistakes.contains { $0.series != nil }, Self.shown(mistakes.map(\.time))
    )
    let isNumbers = mistakes.contains { $0.residual != nil }
    let hasText = mistakes.contains { $0.text != nil }
    var columns: [(String, Table.Alignment)] = [("example", .right)]
    if hasSeries { columns.append(("series", .left)) }
    if hasPosition { columns.append(("position", .right)) }
    if times != nil { columns.append(("time", .right)) }
    if hasStep { columns.append(("step", .right)) }
    let side = isNumbers ? Table.Alignment.right : .left
    columns += [
      ("truth", side), ("prediction", side), (isNumbers ? "residual" : "probability", .right),
    ]
    if hasText { columns.append(("text", .left)) }
    var table = Table(columns)
    for (place, mistake) in mistakes.enumerated() {
      var cells = ["\(mistake.example)"]
      if hasSeries { cells.append(mistake.series ?? "–") }
      if hasPosition { cells.append(mistake.position.map(String.init) ?? "–") }
      if let times { cells.append(times[place]) }
      if hasStep { cells.append(mistake.step.map(String.init) ?? "–") }
      cells += [Self.shown(mistake.truth, isNumbers), Self.shown(mistake.prediction, isNumbers)]
      cells.append(
        isNumbers
          ? mistake.residual.map { Format.number($0) } ?? "–"
          : mistake.probability.map { Format.decimal($0, places: 4) } ?? "–")
      if hasText {
        cells.append(
          (mistake.text ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " "))
      }
      table.add(cells)
    }
    return table
  }

  /// Times as short as they can all be; nil if there are none.
  private static func shown(_ times: [String?]) -> [String]? {
    guard times.contains(where: { $0 != nil }) else { return nil }
    let known = times.compactMap(\.self)
    let cut =
      known.allSatisfy { $0.hasSuffix("T00:00:00") }
      ? "T00:00:00".count : known.allSatisfy { $0.hasSuffix(":00") } ? ":00".count : 0
    return times.map { time in
      time.map { String($0.dropLast(cut)).replacing("T", with: " ") } ?? "–"
    }
  }

  private static func shown(_ value: String, _ isNumber: Bool) -> String {
    guard isNumber, let number = Double(value) else { return value }
    return Format.number(number, digits: 6)
  }
}
