import ArgumentParser
import Orchestration
import Postgres
import Search
import Store
import Training

struct EnqueueVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enqueue",
    abstract: "Check a sweep and enqueue it.",
    discussion: """
      The file is YAML or JSON; unroll schema prints all that it can say. Everything that is wrong with it \
      is told with its line before anything is enqueued. The dataset must be in the database already.

        unroll enqueue deploy/examples/sms-spam.yaml --watch
        unroll enqueue - --key nightly-2026-11-24 < sweep.yaml

      The same sweep may be enqueued from SQL: select unroll.enqueue('{"dataset": …}').
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: "The file, or - for the standard input.")
  var file: String

  @Flag(help: "Follow the sweep to its end and print its leaderboard.")
  var watch = false

  @Option(help: "Enqueue only once for this key, however often it is said.")
  var key: String?

  @Flag(help: "Only check; enqueue nothing.")
  var dryRun = false

  func run() throws {
    let written = try SweepSpec.parse(try InputFile.bytes(file), file: file, schema: .sweep)
    try database.withDatabase { database, server in
      var spec = written
      if let name = spec.search.warmStartName {
        do { spec = spec.warmStarting(from: try database.sweep(matching: name).id) } catch let error
          as StoreError where error.code == .notFound
        {
          throw spec.error("search.warm_start", error.message)
        }
      }
      let checked = try SweepCheck(database).check(spec)
      guard !dryRun else {
        print("\(file): good, \(spec.trials) trials")
        return
      }
      let id = try database.enqueue(
        JSON(text: spec.json), idempotencyKey: key ?? spec.idempotencyKey)
      if output.isJSON && !watch {
        return output.print(try database.json(.sweep(id: id)))
      }
      if !output.isJSON {
        let noun = spec.trials == 1 ? "trial" : "trials"
        let dataset = spec.fixed["dataset.name"]?.string ?? ""
        print("sweep \(id) enqueued: \(spec.trials) \(noun) on \(dataset)")
        for note in checked.facts.notes { print("  \(note)") }
      }
      if watch { try SweepWatch(server, sweep: id, isQuiet: output.isJSON).run(output) }
    }
  }
}
