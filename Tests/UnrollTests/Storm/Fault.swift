import FoundationEssentials
import Glibc
import Orchestration
import Postgres
import Store
import TestSupport

/// What can happen to daemons and their database.
enum Fault: String, CaseIterable {
  case killWorker, stopWorker, killScheduler, stopScheduler, terminateWorker, declaredDead
  case killBackends, crashServer, readOnly, diskFull, lockedTable, heldSnapshot, noConnections
  case lockTimeout, statementTimeout
  case halfOpen, slowNetwork, cutNetwork, lostAnswers, vanished
  case cancelTrial
  /// Not injected at a moment: a daemon begins with it.
  case clockShift

  /// Those that come at a moment.
  static let sudden = allCases.filter { $0 != .clockShift }

  /// What the server writes into its log when this has met somebody.
  var trace: String? {
    switch self {
    case .killBackends: "terminating connection due to administrator command"
    case .crashServer: "database system was not properly shut down"
    case .readOnly: "in a read-only transaction"
    case .diskFull: "No space left on device"
    case .noConnections: "too many clients already"
    case .lockTimeout: "canceling statement due to lock timeout"
    case .statementTimeout: "canceling statement due to statement timeout"
    default: nil
    }
  }

  /// Whether a scheduler may be late because of it.
  var hindersSchedulers: Bool {
    switch self {
    case .killWorker, .stopWorker, .terminateWorker, .declaredDead, .heldSnapshot, .diskFull,
      .vanished, .cancelTrial, .clockShift:
      false
    default: true
    }
  }

  /// Whether a worker may be late because of it.
  var hindersWorkers: Bool { ![.cancelTrial, .heldSnapshot, .clockShift].contains(self) }
}

extension Storm {
  /// Faults that have not come yet, but must.
  var missing: [Fault] { plan.only == nil ? Fault.sudden.filter { injected[$0] == nil } : [] }

  /// The next fault, each of them once before any comes again, and its end.
  func inject() throws {
    if deck.isEmpty { deck = Fault.sudden.shuffled(using: &random) }
    let fault = plan.only ?? deck.removeLast()
    switch fault {
    case .killWorker, .cancelTrial, .vanished: try settle()
    default: pause(share() * 0.6)
    }
    injected[fault, default: 0] += 1
    incidents.append(Incident(fault: fault, begin: Self.now, end: .infinity))
    try happen(fault)
    incidents[incidents.count - 1].end = Self.now
  }

  /// Seconds of the machine's clock.
  static var now: Double { Date().timeIntervalSince1970 }

  /// After a fault everybody is back at work: backoffs end, and a leader is found.
  var recovery: Double { 5 + plan.lease }

  /// Waits until nothing hinders anybody and all are at work, so that what follows can be timed.
  private func settle() throws {
    let end = (incidents.last?.end ?? 0) + recovery
    try wait("load", seconds: 60) {
      try replaceDead()
      try refill()
      return try isLoaded() && Self.now > end
    }
  }

  /// Whether several trials are under way.
  func isLoaded() throws -> Bool {
    try value("select count(*) > 1 from unroll_internal.status where state = 'leased'")
  }

  private func happen(_ fault: Fault) throws {
    switch fault {
    case .killWorker:
      try holder().send(SIGKILL)
      pause(plan.lease + 2)
    case .terminateWorker: worker().send(SIGTERM)
    case .killScheduler: scheduler().send(SIGKILL)
    case .stopWorker: stop(worker())
    case .stopScheduler: stop(scheduler())
    case .declaredDead:
      // As a leader does that did not see its beats; it goes on until it hears of it.
      try run(
        """
        update unroll_internal.worker
        set state = 'dead', ended_at = clock_timestamp(), end_reason = 'declared dead by the storm'
        where id = (select worker_id from unroll_internal.status where state = 'leased'
          order by random() limit 1)
        """)
    case .killBackends:
      try run(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and random() < 0.5
        """)
    case .crashServer:
      try server.crash()
      pause(share() * 2)
      try restartServer()
    case .readOnly: try with("default_transaction_read_only", "on") { pause(0.5 + share() * 2) }
    case .lockTimeout: try with("lock_timeout", "50ms") { try lockTable() }
    case .statementTimeout: try with("statement_timeout", "50ms") { try lockTable() }
    case .diskFull: try fillDisk()
    case .lockedTable: try lockTable()
    case .heldSnapshot:
      try inTransaction("select count(*) from unroll_internal.status", share() * 3)
    case .noConnections: try exhaust(share() * 2)
    case .halfOpen: behave(.halfOpen, for: 0.5 + share() * plan.lease * 2)
    case .lostAnswers:
      behave(.swallowAnswers, for: 0.2 + share())
      proxy.behave(.cut)
      proxy.behave(.pass)
    case .slowNetwork:
      proxy.delay(milliseconds: Int(1 + share() * 40))
      pause(share() * 3)
      proxy.delay(milliseconds: 0)
    case .cutNetwork:
      proxy.cut(afterBytes: Int(share() * 20_000))
      pause(share())
      proxy.behave(.pass)
    case .vanished:
      // The machines of all workers lose their power.
      proxy.vanish(afterBytes: Int(share() * 200_000))
      pause(0.5)
      for worker in workers { worker.send(SIGKILL) }
      proxy.behave(.pass)
      pause(plan.lease + 2)
    case .cancelTrial: try cancel()
    case .clockShift: break
    }
  }

  private func share() -> Double { Double(random.next() >> 11) / Double(UInt64(1) << 53) }
  private func worker() -> ChildProcess { workers[Int(random.next() % UInt64(workers.count))] }

  /// A worker that holds a trial just now, or else any.
  private func holder() throws -> ChildProcess {
    let pids: [Int] = try value(
      """
      select array(select w.pid::bigint from unroll_internal.worker w
        join unroll_internal.status s on s.worker_id = w.id and s.state = 'leased'
        where w.state <> 'dead' order by random())
      """)
    return workers.first { pids.contains(Int($0.pid)) } ?? worker()
  }

  private func scheduler() -> ChildProcess {
    schedulers[Int(random.next() % UInt64(schedulers.count))]
  }

  /// A process that sleeps until its lease is over, and then goes on as if nothing had happened.
  private func stop(_ process: ChildProcess) {
    process.send(SIGSTOP)
    pause(plan.lease * (0.5 + 1.5 * share()))
    process.send(SIGCONT)
  }

  private func behave(_ behaviour: FaultyProxy.Behaviour, for seconds: Double) {
    proxy.behave(behaviour)
    pause(seconds)
    proxy.behave(.pass)
  }

  func run(_ sql: String) throws {
    try database { database in
      do {
        try database.connection.query(Query(sql))
      } catch let error as PostgresError {
        throw StoreError(error)
      }
    }
  }

  private func inTransaction(_ sql: String, _ seconds: Double) throws {
    // On a connection of its own: while it lasts, the storm's own one must not wait for it.
    guard let connection = try? Connection(direct) else { return }
    defer { connection.close() }
    try? connection.transaction(isolation: .repeatableRead) {
      try connection.query(Query(sql))
      pause(seconds)
    }
  }

  /// Holds for all sessions but the storm's own.
  private func with(_ setting: String, _ value: String, _ body: () throws -> Void) throws {
    try run("alter system set \(setting) = '\(value)'")
    try run("select pg_reload_conf()")
    try body()
    try run("alter system reset \(setting)")
    try run("select pg_reload_conf()")
  }

  private func lockTable() throws {
    try inTransaction("lock unroll_internal.status in access exclusive mode", 0.3 + share() * 1.7)
  }

  /// A disk that has no room for a worker's writes, until one has met it.
  private func fillDisk() throws {
    let before = traces(of: .diskFull)
    let limit = ContinuousClock.now + .seconds(10)
    try disk.fill { sql in try run(sql) }
    pause(0.5 + share() * 2)
    while traces(of: .diskFull) == before && ContinuousClock.now < limit { pause(0.1) }
    try disk.empty { sql in try run(sql) }
  }

  /// How often the server's log tells of a fault.
  func traces(of fault: Fault) -> Int {
    guard let trace = fault.trace, let log = FileManager.default.contents(atPath: server.log)
    else { return 0 }
    return String(decoding: log, as: UTF8.self).ranges(of: trace).count
  }

  private func exhaust(_ seconds: Double) throws {
    var open: [Connection] = []
    for _ in 0..<300 {
      guard let connection = try? Connection(direct) else { break }
      open.append(connection)
    }
    pause(seconds)
    for connection in open { connection.close() }
  }

  private func cancel() throws {
    let trial: Int? = try value(
      """
      select max(t.trial_id) from unroll_internal.status t
        join unroll_internal.sweep s on s.id = t.sweep_id
      where s.state = 'active' and t.state = 'leased'
        -- Without a member the others of a population copy somebody else, as they should.
        and coalesce(s.spec #>> '{search,sampler}', '') <> 'pbt'
      """)
    guard let trial else { return }
    let state: String = try value("select unroll.cancel_trial(\(trial))")
    guard state == "cancelled" || state == "cancelling" else { return }
    cancelled.append(trial)
    // Nothing else happens until its worker has heard of it.
    let limit = ContinuousClock.now + .seconds(plan.lease + 2)
    while ContinuousClock.now < limit {
      let isOver: Bool = try value(
        "select finished_at is not null from unroll.trials where id = \(trial)")
      if isOver { return }
      pause(0.05)
    }
  }
}
