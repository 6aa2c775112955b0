import ArgumentParser
import FoundationEssentials
import Store

struct WorkersVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers", abstract: "List the workers, those alive first.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Option(help: ArgumentHelp("List so many at most.", valueName: "n"))
  var limit = 50

  func validate() throws { try ListLimit.check(limit) }

  func run() throws {
    try database.withDatabase { database in
      if output.isJSON { return output.print(try database.json(.workers(limit: limit))) }
      let workers = try database.workers(limit: limit)
      guard !workers.isEmpty else {
        return print("no worker was ever started; unroll up starts one")
      }
      var table = Table([
        ("host", .left), ("pid", .right), ("state", .left), ("running", .right),
        ("slots", .right), ("kernels", .left), ("silent for", .right), ("ended", .left),
      ])
      for worker in workers {
        table.add([
          worker.host, "\(worker.pid)", worker.state, "\(worker.running)", "\(worker.slots)",
          worker.kernels,
          worker.isAlive ? Format.seconds(max(0, Date.now.timeIntervalSince(worker.beatAt))) : "",
          worker.endReason ?? "",
        ])
      }
      for line in table.lines() { print(line) }
    }
  }
}
