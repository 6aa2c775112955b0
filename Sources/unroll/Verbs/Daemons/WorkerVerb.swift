import ArgumentParser
import Orchestration

struct WorkerVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Run a worker until SIGTERM.",
    discussion: """
      It trains as many trials at a time as it has slots, each on one thread, and writes what they reach. \
      SIGTERM stops it within a batch; its trials go back with a checkpoint and go on elsewhere.

        unroll worker --slots 8 --database postgresql://unroll@db.example/unroll
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var log: LogOptions

  @Option(
    help: ArgumentHelp("Trials at a time; the cores of this process if not said.", valueName: "n"))
  var slots: Int?

  @Option(help: "Take trials of this queue.")
  var queue = "default"

  @Option(
    help: ArgumentHelp(
      "After so long without a heartbeat its trials are given to others.", valueName: "seconds"))
  var lease = 30.0

  @Option(
    help: ArgumentHelp("How much of a trial's work a crash may cost.", valueName: "seconds"))
  var checkpointEvery = 30.0

  @Option(
    help: ArgumentHelp(
      "A trial that makes no step for so long is given to others, and the worker ends.",
      valueName: "seconds"))
  var progressTimeout = 600.0

  @Option(help: ArgumentHelp("End when this process is gone.", visibility: .hidden))
  var parent: Int32?

  func validate() throws {
    if let slots, !(1...4096).contains(slots) {
      throw ValidationError("--slots is \(slots), allowed: 1 to 4096")
    }
    if !(0.5...86_400).contains(lease) {
      throw ValidationError("--lease is \(lease), allowed: 0.5 to 86400")
    }
    if !(0.1...1_000_000).contains(progressTimeout) {
      throw ValidationError("--progress-timeout is \(progressTimeout), allowed: 0.1 to 1000000")
    }
    if !(0.01...1_000_000).contains(checkpointEvery) {
      throw ValidationError("--checkpoint-every is \(checkpointEvery), allowed: 0.01 to 1000000")
    }
  }

  func run() throws {
    let shutdown = Shutdown()
    shutdown.listenForSignals()
    if let parent { shutdown.watchParent(parent) }
    try database.withServer { server in
      try server.checkAtStart(isSupervised: parent != nil)
      try Worker(
        server.options,
        WorkerSettings(
          slots: slots ?? WorkerSettings.cores, queue: queue, lease: .seconds(lease),
          checkpointEvery: .seconds(checkpointEvery),
          progressTimeout: .seconds(progressTimeout), version: Unroll.version),
        logger: log.logger("worker")
      ).run(until: shutdown)
    }
  }
}
