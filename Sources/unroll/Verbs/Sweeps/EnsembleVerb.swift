import ArgumentParser
import Orchestration
import Store
import Training

struct EnsembleVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ensemble",
    abstract: "Show what the mean of a sweep's best trials reaches, beside the best one.",
    discussion: """
      Probabilities of labels or of next tokens, or numbers, are averaged. All columns are computed in the \
      same way, on the same examples.

        unroll ensemble latest --best 5
        unroll promote --best 5 latest --as NAME     to keep it
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var argument: SweepArgument

  @Option(help: ArgumentHelp("How many trials.", valueName: "count"))
  var best = 5

  func validate() throws {
    guard (1...100).contains(best) else {
      throw ValidationError("--best: found \(best), allowed: 1 to 100")
    }
  }

  /// What `--json` prints of a metric.
  private struct Row: Encodable {
    let split: String
    let metric: String
    let best: Double
    let mean: Double
  }

  func run() throws {
    let (sweep, value, trials, ensemble, data) = try database.withDatabase { database in
      let models = TrialModels(database)
      let sweep = try argument.find(database)
      let value = try sweep.objective.map { try ObjectiveValue(database, sweep, $0) }
      let trials = try ModelOptions.best(best, of: sweep, database)
      let ensemble = try Ensemble(trials.map { try models.artifacts(trial: $0) })
      return (sweep, value, trials, ensemble, try models.data(trial: trials[0], ensemble.document))
    }
    var rows: [Row] = []
    for split in [Split.validation, .test] {
      guard let compared = ensemble.compare(on: data, split) else { continue }
      let split = split.rawValue
      let measured = zip(compared.members[0], compared.mean).map { one, mean in
        Row(split: split, metric: one.name, best: one.value, mean: mean.value)
      }
      rows += Self.computed(sweep.objective, value, measured) + measured
    }
    if output.isJSON { return try JSONOutput.print(rows) }
    guard !rows.isEmpty else {
      throw SystemError("the sweep has neither a validation nor a test split to compare on")
    }
    print("trials \(trials.map(String.init).joined(separator: ", "))")
    var table = Table([
      ("", .left), ("validation: best", .right), ("mean of \(trials.count)", .right),
      ("test: best", .right), ("mean of \(trials.count)", .right),
    ])
    let names = rows.map(\.metric).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    for name in names {
      let cells = ["validation", "test"].flatMap { split -> [String] in
        let row = rows.first { $0.split == split && $0.metric == name }
        return [
          row.map { Format.metric($0.best) } ?? "–", row.map { Format.metric($0.mean) } ?? "–",
        ]
      }
      table.add([name] + cells)
    }
    for line in table.lines() { print(line) }
    if let objective = sweep.objective, !names.contains(objective.metric) {
      print("\n" + Self.absence(of: objective, ensemble.encoding.task))
    }
  }

  /// The objective of a split where it is computed from metrics that are all there.
  private static func computed(
    _ objective: Store.Objective?, _ value: ObjectiveValue?, _ rows: [Row]
  ) -> [Row] {
    guard let objective, let value, let split = rows.first?.split,
      !rows.contains(where: { $0.metric == objective.metric })
    else { return [] }
    func computed(_ part: (Row) -> Double) -> Double? {
      value.value(objective.metric) { name in rows.first { $0.metric == name }.map(part) }
    }
    guard let best = computed(\.best), let mean = computed(\.mean) else { return [] }
    return [Row(split: split, metric: objective.metric, best: best, mean: mean)]
  }

  /// Why the objective is not among the metrics.
  private static func absence(of objective: Store.Objective, _ task: DataPlan.Task) -> String {
    let isNumbers = [.regress, .forecast].contains(task)
    return "\(objective.split) \(objective.metric), the objective, is not compared: "
      + (isNumbers
        ? "a mean of numbers is taken in the units of the data, and has no loss in the scale of training."
        : "it is not told of means.")
  }
}
