import ArgumentParser
import Store

/// The sweep that a verb is about.
struct SweepArgument: ParsableArguments {
  @Argument(help: "The sweep: its number, its name (the newest of that name), or latest.")
  var sweep: String

  func find(_ database: Database) throws -> SweepReport {
    try database.sweep(matching: sweep)
  }
}

/// A sweep or one trial, for verbs that take either.
struct TargetArguments: ParsableArguments {
  enum Target {
    case sweep(SweepReport)
    case trial(Int)
  }

  @Argument(help: "The sweep: its number, its name (the newest of that name), or latest.")
  var sweep: String?

  @Option(help: ArgumentHelp("One trial instead of a sweep.", valueName: "id"))
  var trial: Int?

  func validate() throws {
    guard (sweep == nil) != (trial == nil) else {
      throw ValidationError("name either a sweep or a trial (--trial ID)")
    }
  }

  func find(_ database: Database) throws -> Target {
    if let trial { return .trial(trial) }
    return .sweep(try database.sweep(matching: sweep ?? ""))
  }
}
