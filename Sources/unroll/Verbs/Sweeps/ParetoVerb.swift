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
      "The metrics, with commas; the objective and training_seconds if not said.",
      valueName: "names"))
  var metrics: String?

  private static let effort = "training_seconds"

  private struct Candidate {
    let entry: LeaderboardEntry
    let assignment: Assignment
    let values: [Double]
  }

  private var named: [String]? {
    metrics?.split(separator: ",").map(String.init)
  }

  func validate() throws {
    guard let named else { return }
    let known = SpecSchema.sweep.metrics.map(\.name) + [Self.effort]
    if let unknown = named.first(where: { !known.contains($0) }) {
      let all = known.joined(separator: ", ")
      throw ValidationError("--metrics: no metric \(unknown); there are \(all).")
    }
    guard named.count >= 2, Set(named).count == named.count else {
      throw ValidationError("--metrics takes two or more that differ, with commas between.")
    }
  }

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      guard let objective = sweep.objective else {
        return output.isJSON ? output.print([]) : show([], of: 0, [], sweep)
      }
      let metrics = named ?? [objective.metric, Self.effort]
      let candidates = try candidates(sweep, objective, metrics, database)
      let signs: [Double] = metrics.map { isGain($0, objective) ? -1 : 1 }
      let losses = candidates.map { zip($0.values, signs).map(*) }
      let front = ParetoFront.indices(of: losses).map { ($0, losses[$0]) }
        .sorted { $0.1.lexicographicallyPrecedes($1.1) }.map { candidates[$0.0] }
      if output.isJSON { return output.print(front.map { json($0, metrics) }) }
      show(front, of: candidates.count, metrics, sweep)
    }
  }

  /// The trials that have a finite number for every metric.
  private func candidates(
    _ sweep: SweepReport, _ objective: Store.Objective, _ metrics: [String], _ database: Database
  ) throws -> [Candidate] {
    var values: [Int: [String: Double]] = [:]
    for metric in try database.finalMetrics(sweep: sweep.id, split: objective.split) {
      values[metric.trialID, default: [:]][metric.name] = metric.value
    }
    return try database.leaderboard(sweep: sweep.id, limit: .max).compactMap { entry in
      let known = (values[entry.trialID] ?? [:]).merging(
        [objective.metric: entry.objective, Self.effort: entry.trainingSeconds]) { $1 }
      let found = metrics.compactMap { known[$0] }.filter(\.isFinite)
      guard found.count == metrics.count else { return nil }
      return Candidate(
        entry: entry, assignment: try Assignment(json: entry.params.text), values: found)
    }
  }

  private func isGain(_ metric: String, _ objective: Store.Objective) -> Bool {
    if metric == objective.metric { return objective.goal == "maximize" }
    return SpecSchema.sweep.metrics.first { $0.name == metric }?.goal == .maximize
  }

  private func show(
    _ front: [Candidate], of count: Int, _ metrics: [String], _ sweep: SweepReport
  ) {
    guard !front.isEmpty else {
      return print("no trial of sweep \(sweep.id) has succeeded with these metrics yet")
    }
    let paths = Set(front.flatMap { $0.assignment.map(\.path) }).sorted()
    let split = sweep.objective.map { $0.split + " " } ?? ""
    var table = Table(
      [("trial", .right)] + metrics.map { ($0 == Self.effort ? $0 : split + $0, .right) }
        + paths.map { ($0, .left) })
    for candidate in front {
      table.add(
        ["\(candidate.entry.trialID)"] + candidate.values.map(Format.metric)
          + paths.map { candidate.assignment[$0].map(Format.value) ?? "–" })
    }
    for line in table.lines() { print(line) }
    print(
      "\nFor each of these, no other of \(count) trials is at least as good in every metric and"
        + " better in one.")
  }

  private func json(_ candidate: Candidate, _ metrics: [String]) -> JSON {
    let values = zip(metrics, candidate.values).map { ($0, Value.number($1)) }
    let params = candidate.assignment.map { ($0.path, $0.value) }
    let row: Value = [
      "trial_id": .integer(candidate.entry.trialID), "number": .integer(candidate.entry.number),
      "params": .map(Dictionary(uniqueKeysWithValues: params)),
      "metrics": .map(Dictionary(uniqueKeysWithValues: values)),
    ]
    return JSON(text: row.json)
  }
}
