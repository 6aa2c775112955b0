import ArgumentParser
import Orchestration
import Postgres
import Search
import Store

struct ReplayVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Tell what another stop rule would have saved and lost.",
    discussion: """
      The curves of the sweep's objective are judged by the rule as if it had been there: which trials it \
      would have stopped, how many epochs it would have trained, and which trial it would have found.

        unroll replay latest --stop 'asha: {eta: 3}'
        unroll replay latest --stop 'median: {startup: 4}' --workers 8
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  @Option(help: ArgumentHelp("The rule as in a sweep file, such as asha or 'asha: {eta: 3}'."))
  var stop: String

  @Option(help: ArgumentHelp("How many trials are trained at a time.", valueName: "n"))
  var workers = 1

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers: at least 1.") }
  }

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      guard let objective = sweep.objective else {
        throw SystemError("sweep \(sweep.id) has no objective yet: it is \(sweep.state)")
      }
      let spec = try SweepSpec.changed(
        try database.spec(sweep: sweep.id).text, "stop", to: try rule(), file: "--stop",
        schema: .sweep)
      let curves = try ObjectiveCurves(database, sweep, spec, objective)
      var settings = spec.stop
      settings.epochs = max(settings.epochs, curves.losses.map(\.count).max() ?? 1)
      let replay = Replay(settings, curves: curves.losses, workers: workers)
      let goals = curves.goals
      let ids = Dictionary(
        uniqueKeysWithValues: try database.trials(sweep: sweep.id, limit: .max).map {
          ($0.number, $0.id)
        })
      if output.isJSON { return try JSONOutput.print(Told(replay, goals[0], ids)) }
      print(replay.description(goals: goals) { "\(ids[$0] ?? 0)" })
      if !replay.cut.isEmpty {
        print(
          "\(replay.cut.count) trials would have been trained further than they were; they are taken "
            + "to stay as good as they were.")
      }
      guard !replay.stopped.isEmpty else { return }
      var table = Table(
        [("trial", .right), ("number", .right), ("stopped at", .right)]
          + curves.names.map { ($0, .right) })
      for trial in replay.stopped {
        table.add(
          ["\(ids[trial.trial] ?? 0)", "\(trial.trial)", "epoch \(trial.epochs)"]
            + goals.indices.map { place in
              trial.losses.indices.contains(place)
                ? Format.metric(goals[place].loss(of: trial.losses[place])) : "–"
            })
      }
      for line in table.lines() { print(line) }
    }
  }

  /// `asha`, `asha: {eta: 3}` or `{rule: asha, eta: 3}`.
  private func rule() throws -> Value {
    let value = try SweepSpec.value(stop, file: "--stop")
    guard let map = value.map, map.count == 1, let (name, options) = map.first,
      let options = options.map, StopRuleKind(rawValue: name) != nil
    else { return value.string.map { .map(["rule": .string($0)]) } ?? value }
    return .map(options.merging(["rule": .string(name)]) { option, _ in option })
  }

  private struct Told: Encodable {
    let rule: String
    let epochs: Int
    let stored_epochs: Int
    /// Numbers within the sweep, and what the leaderboard calls the same trials.
    let found: Int?
    let found_trial_id: Int?
    let found_objective: Double?
    let best: Int?
    let best_trial_id: Int?
    let best_objective: Double?
    let stopped: [Int]
    let stopped_trial_ids: [Int]

    init(_ replay: Replay, _ goal: Goal, _ ids: [Int: Int]) {
      rule = "\(replay.settings)"
      (epochs, stored_epochs) = (replay.epochs, replay.storedEpochs)
      (found, best) = (replay.found?.trial, replay.best?.trial)
      found_objective = replay.found?.losses.first.map(goal.loss)
      best_objective = replay.best?.losses.first.map(goal.loss)
      stopped = replay.stopped.map(\.trial)
      (found_trial_id, best_trial_id) = (found.flatMap { ids[$0] }, best.flatMap { ids[$0] })
      stopped_trial_ids = stopped.compactMap { ids[$0] }
    }
  }
}
