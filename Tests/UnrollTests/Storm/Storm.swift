import Dispatch
import FoundationEssentials
import Glibc
import Logging
import Orchestration
import Postgres
import Store
import TestSupport
import Testing

/// Real schedulers and workers on a server of their own, all behind a proxy, under a seeded storm of
/// faults; afterwards the database must look as if nothing had happened.
final class Storm {
  /// What it does besides the faults.
  struct Plan {
    var seconds: Double
    var seed: UInt64
    /// Whether the database lets a worker write that has lost its lease: the negative control.
    var isFenced = true
    /// Only this fault, for the negative control; all of them if nil.
    var only: Fault?
    var workers = 3
    var lease = 2.0
    /// Whether the daemons reach the server through PgBouncer in transaction mode.
    var isPooled = false
    /// How long the sweeps may take to end when it is over.
    var patience = 300.0
  }

  /// A sweep that the database has acknowledged.
  struct Acknowledged {
    let sweep: Int
    let key: String
    let kind: Int
  }

  /// A fault as it happened, in seconds of the machine's clock, which is the server's.
  struct Incident {
    let fault: Fault
    let begin: Double
    var end: Double
  }

  let plan: Plan
  let server: PrivatePostgres
  let program: Program
  let proxy: FaultyProxy
  let direct: ConnectionOptions
  var random: SplitMix
  var workers: [ChildProcess] = []
  var schedulers: [ChildProcess] = []
  var acknowledged: [Acknowledged] = []
  var cancelled: [Int] = []
  var injected: [Fault: Int] = [:]
  var incidents: [Incident] = []
  /// Faults that are still to come before one comes again.
  var deck: [Fault] = []
  /// What workers write lies on it.
  private(set) var disk: SmallDisk
  /// Sweeps that met no fault, one of each kind.
  private(set) var calm: [Int] = []
  private var use: [PrivatePostgres.Use] = []
  private let home: String
  private let client: DatabaseClient
  private let pooler: Pooler?

  /// What makes the kinds of sweeps different; all of them have eight trials.
  struct Kind {
    var model: String
    var epochs = 120
    var limits = ""
    /// Further lines of the sweep.
    var more = ""
  }

  static let kinds = [
    Kind(model: "{cell: lstm, hidden: 24, dropout: 0.3}"),
    Kind(model: "{cell: gru, hidden: 32}", limits: ", max_parallel: 2"),
    Kind(model: "{cell: rnn, hidden: 16}", epochs: 40, more: "probe: epoch"),
    // Legs, rungs and copies: exact, whatever happens to whom.
    Kind(
      model: "{cell: gru, hidden: 16}", epochs: 40,
      more: "search: {sampler: pbt, every: 10, order: deterministic, window: 7}"),
  ]
  static let trials = 8

  static func sweep(_ kind: Int, key: String) -> String {
    let what = kinds[kind]
    return """
      dataset: {name: order}
      model: \(what.model)
      training: {epochs: \(what.epochs), batch: 8, rate: {uniform: [0.001, 0.01]}}
      trials: \(trials)
      seed: \(kind + 1)
      limits: {max_losses: 1000\(what.limits)}
      idempotency_key: \(key)
      \(what.more)
      """
  }

  init(_ plan: Plan) throws {
    self.plan = plan
    random = SplitMix(seed: plan.seed)
    // Not below a folder that only root may enter: the server runs as another user.
    var template = Array("/tmp/unroll-storm-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    home = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    chmod(home, 0o711)
    server = try PrivatePostgres(home: home + "/server")
    use.append(try server.use())
    var direct = ConnectionOptions(server.url)
    // What the storm does to all sessions by the server's settings must not hinder its own.
    direct.settings = [
      "default_transaction_read_only": "off", "lock_timeout": "0", "statement_timeout": "0",
    ]
    // What looks at all that many sweeps wrote takes its time where others use the machine too.
    direct.callTimeout = .seconds(300)
    self.direct = direct
    let pooler: Pooler? =
      try plan.isPooled ? Pooler(for: ConnectionOptions(server.url), connections: 20) : nil
    self.pooler = pooler
    proxy = try FaultyProxy(for: pooler?.options ?? ConnectionOptions(server.url))
    disk = try SmallDisk(home + "/disk", ofOwnerOf: server.home)
    let socket = proxy.folder
    program = try Program(
      database: "postgresql:///unroll?host=\(socket)&port=1&user=unroll&connect_timeout=2")
    client = DatabaseClient(direct, name: "storm", logger: Logger(label: "storm"))
  }

  /// Ends everything that was started, and removes it.
  func end() {
    for process in workers + schedulers where process.poll() == nil {
      process.send(SIGCONT)
      process.send(SIGKILL)
      _ = process.wait()
    }
    client.close()
    proxy.stop()
    pooler?.stop()
    stopServer()
    disk.remove()
    try? FileManager.default.removeItem(atPath: home)
  }

  // MARK: The course of a storm

  /// Calm runs, then the storm, then calm again until all sweeps are over.
  func run() throws {
    try begin()
    if !plan.isFenced { try database { try $0.connection.execute(Self.unfenced) } }
    let end = ContinuousClock.now + .seconds(plan.seconds)
    while ContinuousClock.now < end || !missing.isEmpty {
      try refill()
      try inject()
      try replaceDead()
    }
    proxy.behave(.pass)
    // Sockets of this machine have no keep-alives that would end idle sessions after half a minute.
    proxy.noticeVanished()
    // Enough to see that it goes on as fast as before.
    for kind in Self.kinds.indices { _ = try enqueue(kind) }
    try finish()
  }

  /// Starts everything, and runs a sweep of each kind in peace.
  func begin() throws {
    try Database(direct).migrate()
    try disk.hold(Self.writtenTables) { sql in try run(sql) }
    try waitForAnswer()
    try program.good(
      "dataset", "generate", "temporal-order", "--length", "12", "--count", "200", "--seed", "3",
      "--name", "order")
    for number in 0..<2 { try startScheduler(isShifted: number == 0) }
    for number in 0..<plan.workers { try startWorker(isShifted: number == 0) }
    for kind in Self.kinds.indices { calm.append(try enqueue(kind)) }
    try wait("the calm sweeps", seconds: 300) { try unfinished() == 0 }
  }

  /// Until all sweeps are over.
  func finish() throws {
    try replaceDead()
    try wait("the end of all sweeps", seconds: plan.patience) { [self] in
      try replaceDead()
      return try unfinished() == 0
    }
  }

  /// Keeps the workers busy.
  func refill() throws {
    while try unfinished() < 3 {
      _ = try enqueue(Int(random.next() % UInt64(Self.kinds.count)))
    }
  }

  private func waitForAnswer() throws {
    let limit = ContinuousClock.now + .seconds(30)
    while (try? Connection(proxy.options).query("select 1")) == nil {
      guard ContinuousClock.now < limit else { throw SystemError("the proxy does not answer") }
      pause(0.05)
    }
  }

  func enqueue(_ kind: Int) throws -> Int {
    let key = "storm-\(plan.seed)-\(acknowledged.count + calm.count)"
    let spec = try program.spec(Self.sweep(kind, key: key))
    // Asked again until there is an answer: a lost one must not make a second sweep.
    let sweep = try database { try $0.enqueue(spec, idempotencyKey: key) }
    acknowledged.append(Acknowledged(sweep: sweep, key: key, kind: kind))
    return sweep
  }

  func unfinished() throws -> Int {
    try value("select count(*) from unroll_internal.sweep where state in ('submitted', 'active')")
  }

  // MARK: Pieces for the faults

  /// Whatever happens to the server, until there is an answer.
  func database<R>(_ body: (Database) throws -> R) throws -> R {
    let limit = ContinuousClock.now + .seconds(60)
    return try client.persist(while: { ContinuousClock.now < limit }, body)
  }

  func value<T: PostgresDecodable>(_ sql: String) throws -> T {
    try database { database in
      do {
        return try database.connection.query(Query(sql)).one()[0]
      } catch let error as PostgresError {
        throw StoreError(error)
      }
    }
  }

  func pause(_ seconds: Double) {
    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + seconds)
  }

  func wait(_ what: String, seconds: Double, until isTrue: () throws -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(seconds)
    while try !isTrue() {
      guard ContinuousClock.now < limit else {
        let open: String = try value(
          """
          select coalesce(string_agg(concat_ws(' ', t.sweep_id, t.number, t.state, t.attempts,
            t.error), '; '), 'none') from unroll.trials t
          where t.state not in ('succeeded', 'failed', 'cancelled')
          """)
        throw SystemError(
          "\(what) did not come in \(seconds) s; open trials: \(open); log: "
            + "\(program.log.suffix(4000))")
      }
      pause(0.05)
    }
  }

  func startWorker(isShifted: Bool? = nil) throws {
    workers.append(
      try program.start(
        [
          "worker", "--slots", "1", "--lease", "\(plan.lease)", "--checkpoint-every", "0.1",
          "--parent", "\(getpid())",
        ],
        environment: try clock(isShifted)))
  }

  func startScheduler(isShifted: Bool? = nil) throws {
    schedulers.append(
      try program.start(
        ["scheduler", "--lease", "\(plan.lease)", "--parent", "\(getpid())"],
        environment: try clock(isShifted)))
  }

  /// Every third daemon, if not said, lives an hour from now or an hour ago.
  private func clock(_ isShifted: Bool?) throws -> [String: String] {
    guard isShifted ?? (random.next() % 3 == 0) else { return [:] }
    guard let library = Self.faketime else {
      throw SystemError("libfaketime is not there: apt-get install faketime, or run deploy/test")
    }
    injected[.clockShift, default: 0] += 1
    return [
      "LD_PRELOAD": library, "FAKETIME": random.next() % 2 == 0 ? "+3600s" : "-3600s",
      "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    ]
  }

  /// Starts the server again after ``PrivatePostgres/crash()`` or ``stopServer()``.
  func restartServer() throws {
    use.append(try server.use())
  }

  /// Stops it as an administrator does.
  func stopServer() {
    for each in use { try? each.close() }
    use = []
  }

  func replaceDead() throws {
    for (index, worker) in workers.enumerated().reversed() where worker.poll() != nil {
      workers.remove(at: index)
      try startWorker()
    }
    for (index, scheduler) in schedulers.enumerated().reversed() where scheduler.poll() != nil {
      schedulers.remove(at: index)
      try startScheduler()
    }
  }

  /// What workers write as they go, and nothing else: the disk of these may be full.
  private static let writtenTables = [
    "metric", "checkpoint", "checkpoint_chunk", "flow", "flow_verdict", "result", "confusion",
    "artifact", "artifact_chunk",
  ]

  private static let faketime: String? = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
  ].first { access($0, R_OK) == 0 }

  /// The guards that other queues have: whether the trial runs, not who runs it.
  private static let unfenced = """
    create or replace function unroll_internal.fence(
      p_trial bigint, p_token integer, p_worker uuid)
    returns void language plpgsql as $$ begin end $$;
    create or replace function unroll_internal.finish(
      p_trial bigint, p_token integer, p_worker uuid, p_state unroll_internal.trial_state,
      p_error text, p_cpu_seconds double precision)
    returns void language plpgsql as $$
    begin
      update unroll_internal.status
        set state = p_state, worker_id = null, deadline_at = null, cancel_requested_at = null,
          finished_at = clock_timestamp(), error = p_error
        where trial_id = p_trial and state = 'leased';
      update unroll_internal.attempt
        set ended_at = clock_timestamp(), outcome = p_state::text::unroll_internal.attempt_outcome,
          cpu_seconds = p_cpu_seconds
        where trial_id = p_trial and token = p_token;
    end $$;
    """
}

/// Numbers that a seed gives again: Steele, Lea and Flood 2014.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
