import Dispatch
import Glibc
import Orchestration
import Postgres
import TestSupport
import Testing

/// `kill -9` of real processes: another one goes on from the last checkpoint.
@Suite(.scratchDatabaseForEach, .serialized) struct KillTests {
  static let sweep = """
    dataset: {name: order}
    model: {cell: lstm, hidden: 48, embedding: 8, dropout: 0.3}
    training: {epochs: 250, batch: 4}
    trials: 2
    seed: 5
    """

  private func prepare() throws -> Program {
    let program = try Program()
    try program.good("migrate")
    try program.good(
      "dataset", "generate", "temporal-order", "--length", "12", "--count", "300", "--seed", "3",
      "--name", "order")
    try program.write("sweep.yaml", Self.sweep)
    return program
  }

  private func value<T: PostgresDecodable>(_ sql: String) throws -> T {
    try Connection(Scratch.database).query(Query(sql)).one()[0]
  }

  private func wait(_ what: Comment, until isTrue: () throws -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(60)
    let never = DispatchSemaphore(value: 0)
    while try !isTrue() {
      try #require(ContinuousClock.now < limit, what)
      _ = never.wait(timeout: .now() + .milliseconds(10))
    }
  }

  /// The metrics and models of a sweep, to the bit.
  private func results(_ sweep: Int) throws -> String {
    try value(
      """
      select string_agg(x, ';' order by x) from (
        select concat_ws(' ', number, epoch, split, metric, float8send(value)) as x
        from unroll.curves where sweep_id = \(sweep)
        union all
        select concat_ws(' ', number, name, sha256) from unroll.artifacts where sweep_id = \(sweep)) r
      """)
  }

  @Test func `a killed worker's trial goes on elsewhere, and no trial is lost or run twice`() throws
  {
    let program = try prepare()
    let up = try program.start(
      "up", "--workers", "2", "--slots", "1", "--lease", "2", "--checkpoint-every", "0.1")
    try program.good("enqueue", "sweep.yaml", "--watch")
    try program.good("enqueue", "sweep.yaml")

    // Kill whoever trains, in the middle, as soon as there is something to go on from.
    let held =
      "from unroll.attempts a join unroll.checkpoints c using (trial_id)"
      + " where a.sweep_id = 2 and a.outcome = 'running' and c.epoch > 10"
    try wait("no checkpoint comes") { try value("select exists (select \(held))") }
    let trial: Int = try value("select min(trial_id) \(held)")
    let pid: Int = try value("select min(pid) \(held) and trial_id = \(trial)")
    kill(pid_t(pid), SIGKILL)
    let killed = ContinuousClock.now
    try wait("nobody goes on") {
      try value("select count(*) > 1 from unroll.attempts where trial_id = \(trial)")
    }
    // The lease and five seconds.
    #expect(ContinuousClock.now - killed < .seconds(7))
    try program.good("watch", "2")
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))

    #expect(
      try value(
        "select resumed_epoch > 10 from unroll.attempts where trial_id = \(trial) and attempt = 2"))
    #expect(try value("select count(*) from unroll.trials where sweep_id = 2") == 2)
    #expect(try value("select count(*) from unroll.leaderboard where sweep_id = 2") == 2)
    #expect(try value("select losses = 1 and failures = 0 from unroll.trials where id = \(trial)"))
    #expect(try results(1) == results(2))
  }

  @Test func `a killed scheduler is started again and decides nothing twice`() throws {
    let program = try prepare()
    let up = try program.start("up", "--slots", "2")
    try program.good("enqueue", "sweep.yaml")
    try wait("nothing runs") { try value("select exists (select from unroll.curves)") }
    let children: Int = try value("select pid from unroll.workers")
    // The scheduler is the child of up that is no worker.
    let scheduler = try #require(
      try Self.children(of: up.pid).first { $0 != pid_t(children) })
    kill(scheduler, SIGKILL)
    try program.good("watch", "latest")
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
    #expect(try value("select count(*) from unroll.trials") == 2)
    #expect(try value("select count(*) from unroll.attempts") == 2)
    #expect(try value("select state from unroll.sweeps") == "finished")
  }

  @Test(arguments: [
    "search: {sampler: tpe, startup: 4, order: deterministic, window: 8}\nstop: {rule: asha}",
    "search: {sampler: pbt, order: deterministic, window: 23}",
  ])
  func `a deterministic search is the same with 1 slot, 8 slots, and a scheduler that is killed`(
    search: String
  ) throws {
    let program = try prepare()
    try program.write(
      "search.yaml",
      """
      dataset: {name: order}
      model: {cell: gru, hidden: 6, embedding: 4}
      training: {epochs: 9, batch: 32, rate: {log_uniform: [0.001, 0.1]}}
      objective: {metric: loss}
      \(search)
      trials: 24
      seed: 5
      """)
    func decisions(_ sweep: Int) throws -> [String] {
      try value(
        """
        select array(select concat_ws(' ', number, kind, reason, details) from unroll.decisions
          where sweep_id = \(sweep) and number is not null
            -- That a worker was starved for two seconds is not the search's decision.
            and kind <> 'retry' order by 1)
        """)
    }
    func legs(_ sweep: Int) throws -> [String] {
      try value(
        """
        select array(select concat_ws(' ', leg, number, until, result, float8send(objective),
          judgement, known, params) from unroll.legs where sweep_id = \(sweep) order by leg)
        """)
    }
    for slots in ["1", "8"] {
      let up = try program.start("up", "--slots", slots, "--lease", "2")
      try program.good("enqueue", "search.yaml", "--watch")
      up.send(SIGTERM)
      #expect(up.wait() == .exited(0))
    }
    let up = try program.start("up", "--slots", "8", "--lease", "2")
    try program.good("enqueue", "search.yaml")
    for _ in 1...5 {
      let before: Int = try value("select count(*) from unroll.legs where sweep_id = 3")
      try wait("the search makes no progress") {
        try value("select count(*) > \(before) from unroll.legs where sweep_id = 3")
      }
      let workers: [Int] = try value("select array(select pid::bigint from unroll.workers)")
      let scheduler = try #require(
        try Self.children(of: up.pid).first { !workers.contains(Int($0)) })
      kill(scheduler, SIGKILL)
    }
    try program.good("watch", "3")
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
    let expected = (try decisions(1), try legs(1), try results(1))
    #expect(expected.0.count > 18)
    for sweep in [2, 3] {
      let differences = (
        try decisions(sweep).difference(from: expected.0),
        try legs(sweep).difference(from: expected.1)
      )
      #expect(differences.0.isEmpty, "\(differences.0.prefix(4))")
      #expect(differences.1.isEmpty, "\(differences.1.prefix(4))")
      #expect(try results(sweep) == expected.2)
    }
    #expect(try value("select count(*) from unroll.trials") == 72)
  }

  @Test func `workers do not outlive a killed parent`() throws {
    let program = try prepare()
    let up = try program.start("up", "--slots", "1")
    try wait("no worker comes") {
      try value("select count(*) = 1 from unroll.workers where state = 'alive'")
    }
    let children = try Self.children(of: up.pid)
    #expect(children.count == 2)
    up.send(SIGKILL)
    _ = up.wait()
    try wait("they go on") { children.allSatisfy { kill($0, 0) == -1 } }
    #expect(try value("select state from unroll.workers") == "dead")
  }

  static func children(of parent: pid_t) throws -> [pid_t] {
    guard let file = fopen("/proc/\(parent)/task/\(parent)/children", "r") else { return [] }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    guard fgets(&line, 4095, file) != nil else { return [] }
    let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return text.split { $0 == " " || $0 == "\n" }.compactMap { pid_t($0) }
  }
}
