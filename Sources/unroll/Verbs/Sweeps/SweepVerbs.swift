import ArgumentParser
import Orchestration
import Search
import Postgres
import Store

struct WatchVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Follow a sweep to its end.",
    discussion: """
      Shows trials done, running and failed, the best so far, the rate and the time left, then the \
      leaderboard. Control-C ends the watching, not the sweep.
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  func run() throws {
    try database.withDatabase { database, server in
      let sweep = try target.find(database)
      try SweepWatch(server, sweep: sweep.id, isQuiet: output.isJSON).run(output)
    }
  }
}

struct SweepsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweeps", abstract: "List the sweeps, newest first.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Option(help: ArgumentHelp("List so many at most.", valueName: "n"))
  var limit = 50

  func validate() throws { try ListLimit.check(limit) }

  func run() throws {
    try database.withDatabase { database in
      if output.isJSON { return output.print(try database.json(.sweeps(limit: limit))) }
      let sweeps = try database.sweeps(limit: limit)
      guard !sweeps.isEmpty else {
        return print("no sweeps yet; unroll enqueue FILE makes one")
      }
      var table = Table([
        ("sweep", .right), ("name", .left), ("dataset", .left), ("state", .left),
        ("done", .right), ("running", .right), ("failed", .right), ("best", .right),
        ("left", .right),
      ])
      for sweep in sweeps {
        let done = sweep.succeeded + sweep.pruned + sweep.failed
        table.add([
          "\(sweep.id)", sweep.name, sweep.dataset,
          sweep.paused && sweep.state == "active" ? "paused" : sweep.state,
          sweep.trials.map { "\(done)/\($0)" } ?? "–", "\(sweep.running)", "\(sweep.failed)",
          sweep.bestObjective.map(Format.metric) ?? "–",
          sweep.state == "active" ? sweep.secondsLeft.map(Format.seconds) ?? "–" : "",
        ])
      }
      for line in table.lines() { print(line) }
    }
  }
}

struct ShowVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a sweep: what it is, how far it is, why it is so.",
    discussion:
      "Errors of trials and the latest decisions are listed; unroll leaderboard has the results.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      if output.isJSON { return output.print(try database.json(.sweep(id: sweep.id))) }
      try show(sweep, database)
    }
  }

  private func show(_ sweep: SweepReport, _ database: Database) throws {
    print(
      "sweep \(sweep.id)  \(Terminal.readable(sweep.name))  \(sweep.state)"
        + (sweep.paused ? ", paused" : ""))
    if let error = sweep.error { print("refused: \(Terminal.readable(error))") }
    print("dataset    \(Terminal.readable(sweep.dataset))@\(sweep.datasetVersion.prefix(12))")
    if let objective = sweep.objective {
      print("objective  \(objective.goal) \(objective.split) \(objective.metric)")
    }
    print("seed       \(sweep.seed)")
    print("progress   \(ProgressLine.text(try database.progress(sweep: sweep.id)))")
    if let best = sweep.bestTrialID, let value = sweep.bestObjective {
      print("best       trial \(best) (number \(sweep.bestNumber ?? 0)): \(Format.metric(value))")
    }
    if let facts = try? sweep.facts.decode(SweepFacts.self) {
      for (index, note) in facts.notes.enumerated() {
        print((index == 0 ? "data       " : "           ") + Terminal.readable(note))
      }
    }
    let faulty = try database.faultyTrials(sweep: sweep.id, limit: 10)
    if faulty.count > 0 {
      print("\nerrors of trials")
      for trial in faulty.first {
        print("  trial \(trial.id) (\(trial.state)): \(Terminal.readable(trial.error ?? ""))")
      }
      let rest = faulty.count - faulty.first.count
      if rest > 0 { print("  … and \(rest) more") }
    }
    print("\nlatest decisions")
    for decision in try database.decisions(sweep: sweep.id, limit: 8) {
      let who = decision.trialID.map { "trial \($0): " } ?? ""
      print("  \(decision.kind)  \(who)\(Terminal.readable(decision.reason))")
    }
  }
}

struct LeaderboardVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leaderboard", abstract: "Show the best trials of a sweep, beside its baselines.",
    discussion: """
      Trials are ranked by the objective at their best epoch. The test columns are of the same weights and \
      chose nothing.

        unroll leaderboard latest --limit 5
        unroll sql "select * from unroll.leaderboard where sweep_id = 1"
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  @Option(help: ArgumentHelp("Show so many at most.", valueName: "n"))
  var limit = 20

  func validate() throws { try ListLimit.check(limit) }

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      if output.isJSON {
        return output.print(try database.json(.leaderboard(sweep: sweep.id, limit: limit)))
      }
      for line in try LeaderboardTable(database, sweep, limit: limit).lines() { print(line) }
    }
  }
}

struct SchemaVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of sweep files, for editors.",
    discussion: """
      For editors with a YAML language server: unroll schema > sweep.schema.json, and as the first line of a \
      sweep file: # yaml-language-server: $schema=sweep.schema.json
      """)

  func run() {
    print(SpecSchema.sweep.jsonSchema(title: "A sweep of Unroll"))
  }
}
