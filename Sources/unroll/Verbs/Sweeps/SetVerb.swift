import ArgumentParser
import Orchestration
import Postgres
import Search
import Store

struct SweepVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Change a sweep that is under way.", subcommands: [SetVerb.self]
  )
}

struct SetVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change priority, limits, budget, ranges or points of a sweep.",
    discussion: """
      Values are written as in a sweep file. A parameter that is searched gets another distribution, or \
      is pinned to one value; points are added to those to try. Trials that exist stay as they are. Each \
      change is a decision: unroll show.

        unroll sweep set latest priority=10 limits.max_parallel=8 trials=200
        unroll sweep set 7 'training.rate={log_uniform: [1e-5, 1e-1]}' model.cell=gru
        unroll sweep set 7 'try=[{model.hidden: 48, training.rate: 0.003}]'
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  @Argument(help: ArgumentHelp("What to change.", valueName: "key=value"))
  var changes: [String]

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      let pairs = try changes.map { change -> (key: String, value: Value) in
        guard let sign = change.firstIndex(of: "="), sign != change.startIndex else {
          throw SystemError("found \(change), allowed: KEY=VALUE, such as priority=10")
        }
        let (key, text) = (String(change[..<sign]), change[change.index(after: sign)...])
        guard text.contains(where: { !$0.isWhitespace }) else {
          throw SystemError("\(key): found nothing, allowed: a value")
        }
        return (key, try SweepSpec.value(String(text), file: key))
      }
      // All are checked before the first one is made.
      var spec = try database.spec(sweep: sweep.id).text
      for (key, value) in pairs {
        spec = try SweepSpec.changed(
          spec, key, to: value, file: "sweep \(sweep.id)", schema: .sweep
        ).json
      }
      try database.set(
        sweep: sweep.id,
        pairs.map { key, value in
          // A single point is a list of one.
          let value = key == "try" && value.list == nil ? Value.list([value]) : value
          return (key, JSON(text: value.json))
        })
      if output.isJSON { return output.print(try database.json(.sweep(id: sweep.id))) }
      for decision in try database.decisions(sweep: sweep.id, limit: pairs.count).reversed() {
        print(decision.reason)
      }
    }
  }
}
