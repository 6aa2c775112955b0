import ArgumentParser
import FoundationEssentials
import Orchestration

struct BenchQueueVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "Time the queue: claims, ends and metrics of null trials.",
    discussion: """
      On a scratch database of the server, which is dropped afterwards. The user must be allowed to \
      create databases. Latencies are in milliseconds, as the worker sees them; a claim that is \
      granted nothing is counted and not timed.
      """)

  @OptionGroup var database: DatabaseOptions

  @Option(help: ArgumentHelp("Trials in the queue.", valueName: "n"))
  var trials = 100_000
  @Option(help: ArgumentHelp("Workers side by side.", valueName: "n"))
  var workers = 4
  @Option(help: ArgumentHelp("Trials that a worker takes and ends together.", valueName: "n"))
  var batch = 50
  @Option(help: "Seconds of the parts that have no end of their own.")
  var seconds = 10.0
  @Flag(help: "Print JSON, one object a line.")
  var json = false

  func validate() throws {
    if !(100...10_000_000).contains(trials) {
      throw ValidationError("--trials is \(trials), allowed: 100 to 10000000")
    }
    if !(1...64).contains(workers) {
      throw ValidationError("--workers is \(workers), allowed: 1 to 64")
    }
    if !(1...1000).contains(batch) {
      throw ValidationError("--batch is \(batch), allowed: 1 to 1000")
    }
    if !(seconds > 0 && seconds <= 3600) {
      throw ValidationError("--seconds is \(seconds), allowed: above 0, up to 3600")
    }
  }

  func run() throws {
    var benchmark = QueueBenchmark()
    benchmark.trials = trials
    benchmark.workers = workers
    benchmark.batch = batch
    benchmark.seconds = seconds
    let shutdown = Shutdown()
    shutdown.listenForSignals()
    let isJSON = json
    try database.withServer { server in
      if !isJSON { Terminal.write(Self.titles + "\n") }
      try benchmark.run(on: server.options, until: shutdown) { row in
        // A line as soon as it is known: a part may take minutes.
        Terminal.write((isJSON ? Self.line(row) : Self.text(row)) + "\n")
      }
    }
    if shutdown.isRequested { throw ExitCode(130) }
  }

  private static let titles =
    pad("", 18) + left("count", 9) + left("a second", 13) + left("claim p50", 11)
    + left("p99", 8) + left("end p50", 9) + left("p99", 8)

  private static func text(_ row: QueueBenchmark.Row) -> String {
    var line = pad(row.name, 18) + left("\(row.count)", 9)
    line += left(Format.decimal(row.rate, places: 0), 7) + " " + pad(row.unit, 6)
    for value in [row.claimP50, row.claimP99, row.finishP50, row.finishP99] {
      line += left(value.map { Format.decimal($0, places: 2) } ?? "", 9)
    }
    if let statements = row.statements, let commits = row.commits {
      line +=
        "\n  a trial: \(Format.decimal(statements, places: 1)) statements, "
        + "\(Format.decimal(commits, places: 1)) commits"
    }
    while line.last == " " { line.removeLast() }
    if let empty = row.emptyClaims, empty > 0 {
      line += "\n  claims that were granted nothing: \(empty)"
    }
    if let note = row.note { line += "\n  \(note)" }
    return line
  }

  private static func line(_ row: QueueBenchmark.Row) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(row) else { preconditionFailure("a row has no JSON") }
    return String(decoding: data, as: UTF8.self)
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private static func left(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}
