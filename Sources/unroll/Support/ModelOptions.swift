import ArgumentParser
import Orchestration
import Store

/// Which model a verb asks: that of a trial, one with a name, or the mean of the best of a sweep.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The number of a trial.", valueName: "id"))
  var trial: Int?

  @Option(
    help: ArgumentHelp(
      "A name that a model was given: its newest version, or name@version.", valueName: "name"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The best trial of a sweep: its number, its name (the newest of that name), or latest.",
      valueName: "sweep"))
  var sweep: String?

  @Option(
    help: ArgumentHelp("With --sweep: the mean of so many of its best trials.", valueName: "count"))
  var best: Int?

  func validate() throws {
    guard [trial != nil, model != nil, sweep != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("say which model: one of --trial, --model and --sweep")
    }
    guard best == nil || sweep != nil else {
      throw ValidationError("--best goes with --sweep")
    }
    guard (1...100).contains(best ?? 1) else {
      throw ValidationError("--best: found \(best ?? 0), allowed: 1 to 100")
    }
  }

  /// The trials whose answers are averaged.
  func trials(_ database: Database) throws -> [Int] {
    if let model { return try database.model(model).trials }
    if let sweep {
      return try Self.best(best ?? 1, of: database.sweep(matching: sweep), database)
    }
    return trial.map { [$0] } ?? []
  }

  /// The best trials of a sweep; a person is told where there are fewer than were asked for.
  static func best(_ count: Int, of sweep: SweepReport, _ database: Database) throws -> [Int] {
    let trials = try TrialModels(database).best(count, of: sweep)
    if trials.count < count {
      let noun = trials.count == 1 ? "trial" : "trials"
      Terminal.complain(
        "unroll: \(trials.count) \(noun) of sweep \(sweep.id) succeeded, fewer than the \(count) "
          + "asked for: all of them are taken")
    }
    return trials
  }

  /// The artifacts of each of them, by name.
  func artifacts(_ database: Database) throws -> [[String: [UInt8]]] {
    try trials(database).map { try TrialModels(database).artifacts(trial: $0) }
  }
}
