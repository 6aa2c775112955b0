import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// Every function against every other one: the first pauses inside its transaction, the second (and
/// a third) come meanwhile, the first commits or rolls back, and the others come again. Nobody
/// deadlocks, and the tables agree with each other afterwards.
@Suite(.scratchDatabase) struct PairTests {
  /// What can happen to a trial that a worker holds, and to one that waits.
  enum Operation: String, CaseIterable {
    case claim, beat, write, succeed, finishMany, fail, release, cancelHeld, rewind
    case reap, refill, enforceBudgets, finishSweep, expire
    case cancelSweep, cancelTrial, pause, retry, deregister
  }

  /// One sweep: a trial that is held, one in the window, and one that waits.
  struct Situation {
    let sweep: Int
    let held: Lease
    let worker: UUID
    let other: UUID
  }

  private func situation(_ fixture: Fixture) throws -> Situation {
    // What earlier ones left must not be in the way.
    try fixture.connection.execute(
      """
      delete from unroll_internal.ready;
      update unroll_internal.sweep set state = 'cancelled', finished_at = clock_timestamp()
        where state in ('submitted', 'active');
      """)
    let sweep = try fixture.sweep(trials: 3, #","limits":{"wall_time":1000}"#)
    let worker = try fixture.worker()
    let other = try fixture.worker()
    _ = try fixture.database.refill(window: 2, by: fixture.leader)
    let claim = try #require(try fixture.database.claim(worker: worker, count: 1).first)
    try fixture.database.write(
      try fixture.progress(1, checkpoint: fixture.checkpoint(epoch: 1)), under: claim.lease)
    return Situation(sweep: sweep, held: claim.lease, worker: worker, other: other)
  }

  private func run(
    _ operation: Operation, _ it: Situation, _ fixture: Fixture, on database: Database
  ) throws {
    let (lease, leader) = (it.held, fixture.leader)
    func sql(_ text: String, _ values: [any PostgresEncodable] = []) throws {
      do {
        try database.connection.query(text, values)
      } catch let error as PostgresError {
        throw StoreError(error)
      }
    }
    let fence = "select unroll_internal.fence($1, $2::int)"
    switch operation {
    case .claim: _ = try database.claim(worker: it.other, count: 2)
    case .beat: _ = try database.beat(worker: it.worker)
    case .write:
      try sql(fence, [lease.trial, lease.token])
      try sql(
        "select unroll_internal.write_metrics($1, $2::int, $3, $4, $5, $6)",
        [lease.trial, lease.token, [Int32(2)], ["train"], ["loss"], [0.25]])
    case .succeed:
      try sql(fence, [lease.trial, lease.token])
      try sql(
        """
        insert into unroll_internal.result
          (trial_id, token, objective, best_epoch, epochs, training_seconds)
        values ($1, $2::int, 0.5, 1, 1, 1)
        """, [lease.trial, lease.token])
      try sql(
        "select unroll_internal.finish($1, $2::int, 'succeeded', null, 1)",
        [lease.trial, lease.token])
    case .finishMany:
      // Two at a time, one of which is never held: what it leaves alone stays as it is.
      _ = try database.succeed([
        (lease: Lease(trial: lease.trial + 1, token: 77), cpuSeconds: 1)
      ])
    case .fail: try database.fail(lease, error: "no", retry: true, cpuSeconds: 1)
    case .release:
      try sql(fence, [lease.trial, lease.token])
      try sql("select unroll_internal.release($1, $2::int, 1)", [lease.trial, lease.token])
    case .cancelHeld:
      try sql(fence, [lease.trial, lease.token])
      try sql(
        "select unroll_internal.finish($1, $2::int, 'cancelled', null, 1)",
        [lease.trial, lease.token])
    case .rewind: try database.rewind(lease, to: nil)
    case .reap:
      try sql(
        "update unroll_internal.worker set beat_at = beat_at - ttl * 2 where id = $1", [it.worker])
      try sql("select unroll_internal.reap(100)")
    case .refill: _ = try database.refill(window: 3, by: leader)
    case .enforceBudgets:
      try sql(
        "update unroll_internal.sweep set wall_time = interval '1 us' where id = $1", [it.sweep])
      _ = try database.enforceBudgets(by: leader)
    case .finishSweep: _ = try database.finish(sweep: it.sweep, by: leader)
    case .expire: _ = try database.expire(by: leader)
    case .cancelSweep: try sql("select unroll.cancel($1)", [it.sweep])
    case .cancelTrial: try sql("select unroll.cancel_trial($1)", [lease.trial])
    case .pause: try sql("select unroll.pause($1)", [it.sweep])
    case .retry: try sql("select unroll.retry_failed($1)", [it.sweep])
    case .deregister: try database.deregister(worker: it.worker)
    }
  }

  /// What a function may answer when another one was faster. All else is a mistake: above all a
  /// deadlock, which the server would break by ending one of two.
  private func attempt(_ body: () throws -> Void) throws -> Bool {
    do {
      try body()
      return true
    } catch let error as StoreError {
      switch (error.code, error.sqlState) {
      case (.leaseLost, _), (.invalid, _), (.conflict, "23505"): return true
      case (.busy, _): return false
      default: throw error
      }
    }
  }

  /// One line for each thing that cannot be.
  private static let contradictions = """
    select array(
      select format('trial %s is %s and ready', r.trial_id, s.state)
      from unroll_internal.ready r join unroll_internal.status s using (trial_id)
      where s.state <> 'queued'
      union all
      select format('trial %s is %s, token %s, open attempt %s', s.trial_id, s.state, s.token, a.token)
      from unroll_internal.status s
        left join unroll_internal.attempt a on a.trial_id = s.trial_id and a.ended_at is null
      where (s.state = 'leased') is distinct from (a.token is not null) or a.token <> s.token
      union all
      select format('trial %s has %s attempts and token %s', s.trial_id, count(a.*), s.token)
      from unroll_internal.status s left join unroll_internal.attempt a using (trial_id)
      group by s.trial_id, s.token having count(a.*) <> s.token
      union all
      select format('trial %s has a result and is %s', r.trial_id, s.state)
      from unroll_internal.result r join unroll_internal.status s using (trial_id)
      where s.state <> 'succeeded'
      union all
      select format('sweep %s is over, trial %s is ready', w.id, r.trial_id)
      from unroll_internal.ready r join unroll_internal.sweep w on w.id = r.sweep_id
      where w.state in ('finished', 'cancelled') or w.stopped is not null or w.paused
      union all
      select format('sweep %s is stopped, trial %s is %s', w.id, s.trial_id, s.state)
      from unroll_internal.status s join unroll_internal.sweep w on w.id = s.sweep_id
      where w.stopped is not null and s.state = 'queued')
    """

  func interleave(
    _ operations: [Operation], commits: Bool, _ fixture: Fixture, _ others: [Database]
  ) throws {
    let it = try situation(fixture)
    let first = operations[0]
    var waiting: [(Operation, Database)] = []
    var firstFailed = false
    do {
      try fixture.connection.transaction {
        do {
          try run(first, it, fixture, on: fixture.database)
        } catch let error as StoreError where [.leaseLost, .invalid].contains(error.code) {
          firstFailed = true
          throw error
        }
        for (operation, database) in zip(operations.dropFirst(), others) {
          let isDone = try attempt {
            try database.connection.transaction {
              try run(operation, it, fixture, on: database)
            }
          }
          if !isDone { waiting.append((operation, database)) }
        }
        if !commits { throw MissingError() }
      }
    } catch is MissingError {
    } catch let error as StoreError where firstFailed {
      _ = error
    }
    for (operation, database) in waiting {
      let isDone = try attempt {
        try database.connection.transaction { try run(operation, it, fixture, on: database) }
      }
      #expect(isDone, "\(operations) \(operation) waits for nobody")
    }
    let found: [String] = try fixture.connection.query(Query(Self.contradictions)).one()[0]
    #expect(found == [], "\(operations), commits \(commits)")
  }

  func connections(_ count: Int, _ fixture: Fixture) throws -> [Database] {
    try (0..<count).map { _ in
      let database = try fixture.another()
      try database.connection.execute("set lock_timeout = '20ms'")
      return database
    }
  }

  @Test func `every pair of functions`() throws {
    let fixture = try Fixture()
    let others = try connections(1, fixture)
    for first in Operation.allCases {
      for second in Operation.allCases {
        for commits in [true, false] {
          try interleave([first, second], commits: commits, fixture, others)
        }
      }
    }
  }
}

/// Likewise with two that come meanwhile, in orders drawn from a seed.
@Suite(.scratchDatabase) struct TripleTests {
  @Test func `three functions at a time`() throws {
    let fixture = try Fixture()
    let pairs = PairTests()
    let others = try pairs.connections(2, fixture)
    var state: UInt64 = 7
    func draw() -> PairTests.Operation {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return PairTests.Operation.allCases[Int(state >> 33) % PairTests.Operation.allCases.count]
    }
    for round in 0..<300 {
      try pairs.interleave(
        [draw(), draw(), draw()], commits: !round.isMultiple(of: 3), fixture, others)
    }
  }
}
