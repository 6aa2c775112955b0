import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// A session that holds something, and those that must not wait for it; who comes late, and does not
/// wait either.
@Suite struct HeldTests {
  private func order(_ fixture: Fixture, _ count: Int) throws -> [Int] {
    try fixture.database.claim(worker: try fixture.worker(), count: count).map(\.sweepID)
  }

  @Test(.scratchDatabase) func `a sweep that a session holds gets nothing, the others do`() throws {
    let fixture = try Fixture()
    let held = try fixture.sweep(trials: 3)
    let free = try fixture.sweep(trials: 3)
    let person = try fixture.another()
    try person.connection.transaction {
      try person.connection.query("select unroll.pause($1)", [held])
      #expect(try fixture.database.refill(window: 10, by: fixture.leader) == 3)
      #expect(try fixture.count("unroll_internal.ready", where: "sweep_id = \(free)") == 3)
      // What acts on the sweep itself does not wait for long.
      let error = try storeError {
        _ = try fixture.database.finish(sweep: held, by: fixture.leader)
      }
      #expect(error.code == .busy && error.isRetryable && !error.isOutage)
      #expect(try fixture.database.enforceBudgets(by: fixture.leader) == [])
      try person.connection.query("select unroll.resume($1)", [held])
    }
    #expect(try fixture.database.refill(window: 10, by: fixture.leader) == 3)
  }

  @Test(.scratchDatabase) func `an owner whose limit a session holds is passed over`() throws {
    let fixture = try Fixture()
    let sweeps = try (0..<2).map { _ in try fixture.sweep(trials: 3) }
    try fixture.connection.query(
      "update unroll_internal.sweep set owner = 'ada' where id = $1", [sweeps[0]])
    try fixture.connection.query("select unroll.set_owner('ada', max_parallel => 2)")
    let person = try fixture.another()
    try person.connection.transaction {
      try person.connection.query("select unroll.set_owner('ada', max_parallel => 1)")
      #expect(try fixture.database.refill(window: 10, by: fixture.leader) == 3)
      #expect(try fixture.count("unroll_internal.ready", where: "sweep_id = \(sweeps[0])") == 0)
    }
    #expect(try fixture.database.refill(window: 10, by: fixture.leader) == 1)
  }

  @Test(.scratchDatabase) func `who holds a sweep and says nothing is ended`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 1)
    let connection = try fixture.another().connection
    func limit() throws -> String {
      try connection.query("select current_setting('idle_in_transaction_session_timeout')")
        .one()[0]
    }
    try connection.transaction {
      #expect(try limit() == "0")
      try connection.query("select unroll.pause($1)", [sweep])
      #expect(try limit() == "30s")
    }
    #expect(try limit() == "0")
    // Who is stricter stays so.
    try connection.execute("set idle_in_transaction_session_timeout = '5s'")
    try connection.transaction {
      try connection.query("select unroll.resume($1)", [sweep])
      #expect(try limit() == "5s")
    }
  }

  @Test(.scratchDatabase) func `who comes late to a full window is claimed next`() throws {
    let fixture = try Fixture()
    let early = try fixture.sweep(trials: 40)
    #expect(try fixture.database.refill(window: 16, by: fixture.leader) == 16)
    #expect(try order(fixture, 2) == [early, early])
    let late = try fixture.sweep(trials: 40)
    #expect(try fixture.database.refill(window: 14, by: fixture.leader) == 0)
    // In the order as it is now, it comes first until as many are in flight.
    #expect(try fixture.database.rankWindow(window: 14, by: fixture.leader) > 0)
    #expect(try order(fixture, 2) == [late, late])
    // From here on they take turns.
    let next = try order(fixture, 6)
    #expect(next.count { $0 == late } == 3)
    #expect(Set(next.prefix(2)) == [early, late])
    // Who has had more went, for the time being.
    _ = try fixture.database.refill(window: 16, by: fixture.leader)
    try fixture.database.rankWindow(window: 16, by: fixture.leader)
    #expect(try fixture.count("unroll_internal.ready") == 16)
  }

  @Test(.scratchDatabase) func `what is more urgent is claimed to its end`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 100)
    #expect(try fixture.database.refill(window: 8, by: fixture.leader) == 8)
    let urgent = try fixture.sweep(trials: 30, #","priority":1"#)
    try fixture.database.rankWindow(window: 8, by: fixture.leader)
    for _ in 0..<5 {
      #expect(try order(fixture, 6) == [Int](repeating: urgent, count: 6))
      _ = try fixture.database.refill(window: 8, by: fixture.leader)
    }
  }

  /// Which share of one slot each sweep gets, when trials follow each other.
  private func turns(_ fixture: Fixture, _ count: Int) throws -> [Int: Int] {
    let worker = try fixture.worker()
    var turns: [Int: Int] = [:]
    var running: Lease?
    for lot in 0..<count {
      _ = try fixture.database.refill(window: 4, by: fixture.leader)
      try fixture.database.rankWindow(window: 4, lot: lot, by: fixture.leader)
      if let running { try fixture.succeed(running) }
      let claim = try #require(try fixture.database.claim(worker: worker, count: 1).first)
      turns[claim.sweepID, default: 0] += 1
      running = claim.lease
    }
    return turns
  }

  @Test(.scratchDatabase) func `with fewer slots than sweeps all take turns`() throws {
    let fixture = try Fixture()
    let sweeps = try (0..<3).map { _ in try fixture.sweep(trials: 90) }
    let turns = try turns(fixture, 90)
    for sweep in sweeps { #expect(turns[sweep, default: 0] >= 20, "\(turns)") }
  }

  @Test(.scratchDatabase) func `with one slot a small weight is not rounded to nothing`() throws {
    let fixture = try Fixture()
    let heavy = try fixture.sweep(trials: 90, #","weight":3"#)
    let light = try fixture.sweep(trials: 90)
    let turns = try turns(fixture, 90)
    #expect(turns[light, default: 0] >= 15, "\(turns)")
    #expect(turns[heavy, default: 0] > turns[light, default: 0], "\(turns)")
  }

  @Test(.scratchDatabase) func `a lower limit holds for what waits in the window too`() throws {
    let fixture = try Fixture()
    let sweeps = try (0..<2).map { _ in try fixture.sweep(trials: 9) }
    try fixture.connection.query(
      "update unroll_internal.sweep set owner = 'ada' where id = $1", [sweeps[1]])
    #expect(try fixture.database.refill(window: 18, by: fixture.leader) == 18)
    try fixture.database.set(
      sweep: sweeps[0], key: "limits.max_parallel", value: JSON(text: "2"))
    try fixture.connection.query("select unroll.set_owner('ada', max_parallel => 3)")
    _ = try fixture.database.refill(window: 18, by: fixture.leader)
    try fixture.database.rankWindow(window: 18, by: fixture.leader)
    let claimed = try order(fixture, 18)
    #expect(claimed.count { $0 == sweeps[0] } == 2 && claimed.count { $0 == sweeps[1] } == 3)
  }

  @Test(.scratchDatabase) func `what replaces a trial that is claimed keeps the limit`() throws {
    let fixture = try Fixture()
    for _ in 0..<2 { _ = try fixture.sweep(trials: 9) }
    try fixture.connection.query("update unroll_internal.sweep set owner = 'ada'")
    try fixture.connection.query("select unroll.set_owner('ada', max_parallel => 1)")
    #expect(try fixture.database.refill(window: 9, by: fixture.leader) == 1)
    let worker = try fixture.worker()
    let claiming = try fixture.another()
    var moved = 0
    try claiming.connection.transaction {
      #expect(try claiming.claim(worker: worker, count: 1).count == 1)
      for lot in 0..<8 {
        moved += try fixture.database.rankWindow(window: 9, lot: lot, by: fixture.leader)
      }
    }
    #expect(moved == 0)
    #expect(try fixture.count("unroll_internal.ready") == 0)
  }

  @Test(.scratchDatabase) func `an owner's limit does not keep an urgent sweep out`() throws {
    let fixture = try Fixture()
    let usual = try fixture.sweep(trials: 9)
    try fixture.connection.query("update unroll_internal.sweep set owner = 'ada'")
    try fixture.connection.query("select unroll.set_owner('ada', max_parallel => 4)")
    #expect(try fixture.database.refill(window: 9, by: fixture.leader) == 4)
    let urgent = try fixture.sweep(trials: 3, #","priority":1"#)
    try fixture.connection.query("update unroll_internal.sweep set owner = 'ada'")
    #expect(try fixture.database.refill(window: 9, by: fixture.leader) == 0)
    try fixture.database.rankWindow(window: 9, by: fixture.leader)
    #expect(try order(fixture, 9) == [urgent, urgent, urgent, usual])
  }

  @Test(.scratchDatabase) func `one that ends its trials slowly does not take all slots`() throws {
    let fixture = try Fixture()
    let slow = try fixture.sweep(trials: 20)
    let quick = try fixture.sweep(trials: 100)
    let worker = try fixture.worker()
    var running: [Int: [Lease]] = [:]
    var ended = 0
    for _ in 0..<40 {
      _ = try fixture.database.refill(window: 8, by: fixture.leader)
      try fixture.database.rankWindow(window: 8, by: fixture.leader)
      let free = 4 - running.values.reduce(0) { $0 + $1.count }
      for claim in try fixture.database.claim(worker: worker, count: free) {
        running[claim.sweepID, default: []].append(claim.lease)
      }
      #expect(running[slow, default: []].count <= 2)
      for lease in running.removeValue(forKey: quick) ?? [] {
        try fixture.succeed(lease)
        ended += 1
      }
    }
    #expect(running[slow]?.count == 2)
    #expect(ended == 80)
  }

  @Test(.scratchDatabase) func `alone in its queue a sweep goes in the order of its trials`() throws
  {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 30)
    let worker = try fixture.worker()
    var numbers: [Int] = []
    for count in [1, 5, 2, 9, 3, 10] {
      _ = try fixture.database.refill(window: 12, by: fixture.leader)
      for claim in try fixture.database.claim(worker: worker, count: count) {
        numbers.append(claim.number)
        try fixture.succeed(claim.lease)
      }
    }
    #expect(numbers == Array(0..<30))
  }

  @Test(.scratchDatabase) func `rows of a trial that still runs stay, cancelled or not`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 2, #","retention":{"sweep":0,"metrics":0}"#)
    let lease = try fixture.claim(try fixture.worker()).lease
    #expect(try fixture.database.cancel(sweep: sweep) == "cancelled")
    try fixture.database.write(fixture.progress(1), under: lease)
    for _ in 0..<5 { #expect(try fixture.database.expire(by: fixture.leader) == 0) }
    #expect(try fixture.count("unroll_internal.trial") == 2)
    try fixture.database.cancel(lease, progress: fixture.progress(2), cpuSeconds: 1)
    for _ in 0..<5 { _ = try fixture.database.expire(by: fixture.leader) }
    #expect(try fixture.count("unroll_internal.trial") == 0)
    #expect(try fixture.count("unroll_internal.metric") == 0)
  }

  @Test(.scratchDatabase, arguments: [true, false])
  func `what would be stopped at once, or is half deleted, is not queued again`(
    isDeleted: Bool
  ) throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 2, #","limits":{"wall_time":1000}"#)
    let claims = try fixture.claims(try fixture.worker(), 2)
    for claim in claims { try database.fail(claim.lease, error: "no", retry: false, cpuSeconds: 1) }
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
    if isDeleted {
      try fixture.connection.execute(
        """
        update unroll_internal.sweep set keep_sweep = '0';
        update unroll_internal.trial set number = 200 where number = 1
        """)
      // A batch of one trial.
      _ = try database.expire(limit: 100, by: fixture.leader)
      #expect(try fixture.count("unroll_internal.trial") == 1)
    } else {
      try fixture.connection.execute("update unroll_internal.sweep set wall_time = '1 us'")
    }
    let left = try fixture.connection.query("select max(id) from unroll_internal.trial").one()
    let error = try storeError { try database.retry(trial: try left[0]) }
    #expect(error.code == .invalid)
    #expect(error.message.contains(isDeleted ? "are deleted" : "wall time"))
    #expect(try storeError { _ = try database.retryFailed(sweep: sweep) }.code == .invalid)
    #expect(try database.progress(sweep: sweep).state == "finished")
  }

  @Test(.scratchDatabase) func `ten thousand failed trials are queued again at once`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 10_000)
    try fixture.connection.execute(
      "update unroll_internal.status set state = 'failed', finished_at = clock_timestamp(), error = 'no'"
    )
    try fixture.connection.execute("set statement_timeout = '10s'")
    #expect(try fixture.database.retryFailed(sweep: sweep) == 10_000)
    #expect(
      try fixture.count("unroll.decisions", where: "sweep_id = \(sweep) and kind = 'retry'")
        == 10_000)
  }
}
