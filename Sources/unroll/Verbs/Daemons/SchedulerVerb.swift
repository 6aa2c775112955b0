import ArgumentParser
import Glibc
import Orchestration

struct SchedulerVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler",
    abstract: "Run the scheduler until SIGTERM.",
    discussion: """
      It accepts or refuses sweeps, makes their trials, and takes trials back from workers that are gone. \
      Run one for a database, or two on different machines: one leads, the other takes over.
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var log: LogOptions

  @Option(help: "Drive the sweeps of this queue.")
  var queue = "default"

  @Option(
    help: ArgumentHelp(
      "A scheduler that stands by takes over after so long.", valueName: "seconds"))
  var lease = 10.0

  @Option(help: ArgumentHelp("End when this process is gone.", visibility: .hidden))
  var parent: Int32?

  func validate() throws {
    if !(0.5...86_400).contains(lease) {
      throw ValidationError("--lease is \(lease), allowed: 0.5 to 86400")
    }
  }

  func run() throws {
    let shutdown = Shutdown()
    shutdown.listenForSignals()
    if let parent { shutdown.watchParent(parent) }
    try database.withServer { server in
      try server.checkAtStart(isSupervised: parent != nil)
      try Scheduler(
        server.options, SchedulerSettings(queue: queue, lease: .seconds(lease)),
        logger: log.logger("scheduler")
      ).run(until: shutdown)
    }
  }
}
