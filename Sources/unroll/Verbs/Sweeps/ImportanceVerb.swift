import ArgumentParser
import Orchestration
import Postgres
import Search
import Store

struct ImportanceVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "importance", abstract: "Show which hyperparameters of a sweep matter.",
    discussion: """
      ped-anova compares the values of the best trials with those of all trials: what matters for being among \
      the best. fanova learns the objective with a random forest: what moves it over the whole space, and which \
      pairs act only together. Both count trials that succeeded; with fewer than about fifty, read them as hints.

        unroll importance latest
        unroll sql "select * from unroll.importance(1, quantile => 0.2)"
      """)

  enum Method: String, ExpressibleByArgument, CaseIterable {
    case pedANOVA = "ped-anova"
    case fanova
  }

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  @Option(help: ArgumentHelp("How to measure it.", valueName: "method"))
  var method = Method.pedANOVA
  @Option(
    help: ArgumentHelp("Which share of the trials are the best, for ped-anova.", valueName: "share")
  )
  var quantile = 0.1

  func validate() throws {
    guard quantile > 0, quantile < 1 else {
      throw ValidationError("--quantile must be above 0 and below 1.")
    }
  }

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      switch method {
      case .pedANOVA:
        if output.isJSON {
          return output.print(
            try database.json(.importance(sweep: sweep.id, quantile: quantile)))
        }
        let rows = try database.importance(sweep: sweep.id, quantile: quantile)
        show(rows.map { ($0.name, $0.importance, $0.trials) }, sweep)
      case .fanova:
        let found = try analysis(of: sweep, database)
        if output.isJSON {
          return output.print(
            found.importances.map { importance in
              let row: Value = [
                "name": .string(importance.path), "importance": .number(importance.share),
                "trials": .integer(importance.trials),
              ]
              return JSON(text: row.json)
            })
        }
        show(found.importances.map { ($0.path, $0.share, $0.trials) }, sweep)
        show(found.interactions)
      }
    }
  }

  private func analysis(of sweep: SweepReport, _ database: Database) throws -> FANOVA {
    let spec = try SweepSpec.stored(sweep.spec.text, file: sweep.name, schema: .sweep)
    let sign: Double = sweep.objective?.goal == "maximize" ? -1 : 1
    let trials = try database.leaderboard(sweep: sweep.id, limit: .max).map { entry in
      (assignment: try Assignment(json: entry.params.text), loss: sign * entry.objective)
    }
    let parameters = spec.space.parameters.map { parameter in
      let values = Set(trials.compactMap { $0.assignment[parameter.path] })
      // One that was pinned after it had others.
      guard parameter.distribution.count == 1, values.count > 1 else { return parameter }
      let numbers = values.compactMap(\.number)
      let observed: Distribution =
        if numbers.count == values.count, let low = numbers.min(), let high = numbers.max() {
          .uniform(low: low, high: high)
        } else {
          .choice(values.sorted { $0.json < $1.json })
        }
      return Parameter(parameter.path, observed, when: parameter.conditions)
    }
    return FANOVA(Space(parameters), trials, seed: spec.seed)
  }

  private func show(
    _ rows: [(name: String, importance: Double, trials: Int)], _ sweep: SweepReport
  ) {
    if let lacking = sweep.lacking(importancesFrom: rows.map(\.trials)) { return print(lacking) }
    var table = Table([
      ("importance", .right), ("", .left), ("setting", .left), ("trials", .right),
    ])
    for row in rows {
      table.add([
        Format.decimal(row.importance, places: 3), bar(row.importance), row.name, "\(row.trials)",
      ])
    }
    for line in table.lines() { print(line) }
    let count = rows.map(\.trials).max() ?? 0
    var notes: [String] = []
    if count < sweep.created { notes.append("From \(sweep.counted(count)).") }
    if count < SweepReport.enoughTrials { notes.append(SweepReport.hint) }
    if !notes.isEmpty { print("\n" + notes.joined(separator: " ")) }
  }

  /// The pairs that are worth a line.
  private func show(_ interactions: [Interaction]) {
    let notable = interactions.prefix(3).filter { $0.share >= 0.01 }
    guard !notable.isEmpty else { return }
    print("\nshare of the variance that two settings have only together")
    for pair in notable {
      print("  \(Format.decimal(pair.share, places: 3))  \(pair.paths.joined(separator: ", "))")
    }
  }

  private func bar(_ share: Double) -> String {
    String(repeating: "█", count: Int((share * 20).rounded()))
  }
}
