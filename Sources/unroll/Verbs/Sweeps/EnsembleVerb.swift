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
    let (trials, ensemble, data) = try database.withDatabase { database in
      let models = TrialModels(database)
      let trials = try ModelOptions.best(best, of: argument.find(database), database)
      let ensemble = try Ensemble(trials.map { try models.artifacts(trial: $0) })
      return (trials, ensemble, try models.data(trial: trials[0], ensemble.document))
    }
    var rows: [Row] = []
    for split in [Split.validation, .test] {
      guard let compared = ensemble.compare(on: data, split) else { continue }
      for (one, mean) in zip(compared.members[0], compared.mean) {
        rows.append(
          Row(split: split.rawValue, metric: one.name, best: one.value, mean: mean.value))
      }
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
  }
}
