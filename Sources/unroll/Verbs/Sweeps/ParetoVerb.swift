import ArgumentParser
import Orchestration
import Postgres
import Search
import Store

struct ParetoVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pareto", abstract: "Show the trials of a sweep that no other trial beats in all.",
    discussion: """
      A trial is shown if no other is at least as good in every metric and better in one. Metrics are those of \
      the best epoch on the split of the objective; training_seconds is the time spent training.

        unroll pareto latest
        unroll pareto latest --metrics accuracy,loss
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  @Option(
    help: ArgumentHelp(
      "The metrics, with commas; the objectives, or the one and training_seconds, if not said.",
      valueName: "names"))
  var metrics: String?

  private var named: [String]? { metrics?.listedNames }

  func validate() throws {
    guard let named else { return }
    try ParetoTrials.check(named)
  }

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      guard let objective = sweep.objective else {
        return output.isJSON ? output.print([]) : show([], of: 0, [], sweep)
      }
      let trials = try ParetoTrials(database, sweep, objective, named: named)
      let front = trials.front.map { trials.candidates[$0] }
      if output.isJSON { return output.print(front.map { json($0, trials.axes) }) }
      show(front, of: trials.candidates.count, trials.axes, sweep)
    }
  }

  private func show(
    _ front: [ParetoTrials.Candidate], of count: Int, _ axes: [ParetoTrials.Axis],
    _ sweep: SweepReport
  ) {
    guard !front.isEmpty else {
      return print("no trial of sweep \(sweep.id) has succeeded with these metrics yet")
    }
    let paths = Set(front.flatMap { $0.assignment.map(\.path) }).sorted()
    var table = Table(
      [("trial", .right)]
        + axes.map { ($0.title, .right) }
        + paths.map { ($0, .left) })
    for candidate in front {
      table.add(
        ["\(candidate.entry.trialID)"] + candidate.values.map(Format.metric)
          + paths.map { candidate.assignment[$0].map(Format.value) ?? "–" })
    }
    for line in table.lines() { print(line) }
    print(
      "\nFor each of these, no other of \(sweep.counted(count)) is at least as good in every metric"
        + " and better in one.")
  }

  private func json(_ candidate: ParetoTrials.Candidate, _ axes: [ParetoTrials.Axis]) -> JSON {
    // The same metric of two splits has two names.
    let names = axes.map { axis in
      axes.count { $0.name == axis.name } == 1 ? axis.name : axis.title
    }
    let values = zip(names, candidate.values).map { ($0, Value.number($1)) }
    let params = candidate.assignment.map { ($0.path, $0.value) }
    let row: Value = [
      "trial_id": .integer(candidate.entry.trialID), "number": .integer(candidate.entry.number),
      "params": .map(Dictionary(uniqueKeysWithValues: params)),
      "metrics": .map(Dictionary(uniqueKeysWithValues: values)),
    ]
    return JSON(text: row.json)
  }
}
