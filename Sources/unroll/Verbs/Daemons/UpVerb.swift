import ArgumentParser
import Glibc
import Logging
import Orchestration
import Postgres
import Store

struct UpVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Run a scheduler and workers on this machine until Control-C.",
    discussion: """
      Each is a process of its own and is started again when it dies. With no database named, a private \
      PostgreSQL is started with them: a Unix socket, no TCP, data that is found again next time.

        unroll up                        one worker with a slot for each core
        unroll up --workers 4 --slots 2  four workers with two slots each
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var log: LogOptions

  @Option(help: ArgumentHelp("Worker processes.", valueName: "n"))
  var workers = 1

  @Option(
    help: ArgumentHelp(
      "Trials at a time in each; the cores over the workers if not said.", valueName: "n"))
  var slots: Int?

  @Option(help: "The queue that is served.")
  var queue = "default"

  @Option(
    help: ArgumentHelp(
      "After so long without a heartbeat a worker's trials are given to others.",
      valueName: "seconds"))
  var lease = 30.0

  @Option(
    help: ArgumentHelp("How much of a trial's work a crash may cost.", valueName: "seconds"))
  var checkpointEvery = 30.0

  func validate() throws {
    if !(1...1024).contains(workers) {
      throw ValidationError("--workers is \(workers), allowed: 1 to 1024")
    }
    if let slots, !(1...4096).contains(slots) {
      throw ValidationError("--slots is \(slots), allowed: 1 to 4096")
    }
  }

  func run() throws {
    let shutdown = Shutdown()
    shutdown.listenForSignals()
    let logger = log.logger("up")
    let code = try database.withServer { server in
      let database = try Database(server.options)
      try database.migrate()
      database.connection.close()
      if server.isPrivate {
        logger.info(
          "the database is a private PostgreSQL", metadata: ["url": "\(server.text ?? "")"])
      }
      // By environment, not by argument: a URL may hold a password, and ps shows arguments.
      let environment = server.text.map { ["DATABASE_URL": $0] } ?? [:]
      let common = ["--queue", queue, "--parent", "\(getpid())"] + log.arguments
      let each = slots ?? max(1, WorkerSettings.cores / workers)
      let program = try ChildProcess.thisProgram()
      let scheduler = Supervisor.Role(
        name: "scheduler", command: [program, "scheduler"] + common, environment: environment)
      let roles = (1...workers).map { number in
        Supervisor.Role(
          name: workers == 1 ? "worker" : "worker \(number)",
          command: [
            program, "worker", "--slots", "\(each)", "--lease", "\(lease)", "--checkpoint-every",
            "\(checkpointEvery)",
          ] + common, environment: environment)
      }
      return try Supervisor(roles: [scheduler] + roles, logger: logger).run(until: shutdown)
    }
    if code != 0 { throw ExitCode(code) }
  }
}
