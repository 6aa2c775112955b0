import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

@Suite struct PlanTests {
  /// A database with many trials in the window and many more that wait.
  private func crowd(_ fixture: Fixture, ready: Int, queued: Int) throws {
    let sweep = try fixture.sweep(trials: 1)
    try fixture.connection.query(
      """
      with made as (
        insert into unroll_internal.trial (sweep_id, number, params)
        select $1, n, '{}' from generate_series(1, $2::int + $3::int) n
        returning id, number)
      , stated as (
        insert into unroll_internal.status (trial_id, sweep_id, max_failures, max_losses)
        select id, $1, 3, 5 from made)
      insert into unroll_internal.ready (trial_id, sweep_id, queue, priority)
      select id, $1, 'default', 100 from made where number <= $2::int
      """, [sweep, ready, queued])
    try fixture.connection.execute("analyze")
  }

  @Test(.scratchDatabase) func `a claim among 200,000 reads by index only what it takes`() throws {
    let fixture = try Fixture()
    try crowd(fixture, ready: 200_000, queued: 0)
    let worker = try fixture.worker()
    // The body of the function, as the function itself runs it: planned without its values.
    let body: String = try fixture.connection.query(
      "select prosrc from pg_proc where oid = 'unroll_internal.claim'::regproc"
    ).one()[0]
    let start = try #require(body.firstRange(of: "return query")).upperBound
    let end = try #require(body.firstRange(of: ";")).lowerBound
    let statement = body[start..<end].replacing("p_worker", with: "$1")
      .replacing("p_queue", with: "$2").replacing("p_count", with: "$3")
    try fixture.connection.execute(
      "set plan_cache_mode = force_generic_plan; prepare c (uuid, text, int) as \(statement)")
    let plan = try fixture.connection.query(
      "explain (analyze, costs off, timing off, summary off) "
        + "execute c ('\(worker.uuidString)', 'default', 20)"
    ).map { try $0[0, as: String.self] }.joined(separator: "\n")
    #expect(plan.contains("Index Scan using ready_order on ready"), "\(plan)")
    #expect(plan.contains("using ready_pkey on ready"), "\(plan)")
    #expect(plan.contains("Seq Scan on ready") == false, "\(plan)")
    #expect(plan.contains("Seq Scan on status") == false, "\(plan)")
    #expect(plan.contains("Seq Scan on trial") == false, "\(plan)")

    // The real one, by the counters of its own transaction.
    try fixture.connection.transaction {
      #expect(try fixture.database.claim(worker: worker, count: 20).count == 20)
      let scans = try fixture.connection.query(
        """
        select relname, seq_tup_read from pg_stat_xact_user_tables
        where schemaname = 'unroll_internal' and seq_tup_read > 10
        """)
      #expect(try scans.map { try $0["relname", as: String.self] } == [])
    }
  }

  @Test(.scratchDatabase) func `a leaderboard looks up metrics of the trials that it shows alone`()
    throws
  {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 12)
    for claim in try fixture.claims(try fixture.worker(), 12) {
      try fixture.succeed(claim.lease, Double(claim.number) / 100)
    }
    try fixture.connection.execute("analyze")
    let statement =
      "select * from unroll.leaderboard where sweep_id = \(sweep) order by rank, number limit 2"
    let plan = try fixture.connection.query(
      Query("explain (analyze, costs off, timing off, summary off) \(statement)")
    ).map { try $0[0, as: String.self] }
    // The metrics of a trial are put together by the only aggregate.
    let aggregates = plan.filter { $0.contains("Aggregate ") }
    #expect(aggregates.count == 1 && aggregates[0].contains("loops=2)"), "\(plan)")
    // Nobody asked for them: nothing is read.
    let counted = try fixture.connection.query(
      Query("explain (costs off) select rank, number, objective from (\(statement)) l")
    ).map { try $0[0, as: String.self] }
    #expect(!counted.contains { $0.contains("on metric") }, "\(counted)")
  }

  @Test(.scratchDatabase) func `refilling does not walk along trials that are over`() throws {
    let fixture = try Fixture()
    try crowd(fixture, ready: 0, queued: 60_000)
    // Since the statistics were taken, most of them ended: the primary key seems to give in order what
    // waits, and gives all that was.
    try fixture.connection.execute(
      """
      update unroll_internal.status set state = 'succeeded', finished_at = clock_timestamp()
      where trial_id <= (select min(trial_id) + 54000 from unroll_internal.status)
      """)
    try fixture.connection.transaction {
      func read() throws -> Int {
        try fixture.connection.query(
          """
          select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint
          from pg_stat_xact_user_tables
          where schemaname = 'unroll_internal' and relname = 'status'
          """
        ).one()[0]
      }
      let before = try read()
      #expect(try fixture.database.refill(window: 300, by: fixture.leader) == 300)
      #expect(try read() - before < 3000)
    }
  }

  @Test(.scratchDatabase) func `refilling among 200,000 reads by index only what it moves`() throws
  {
    let fixture = try Fixture()
    try crowd(fixture, ready: 100, queued: 200_000)
    for _ in 1...2 {
      try fixture.connection.execute("delete from unroll_internal.ready")
      try fixture.connection.transaction {
        #expect(try fixture.database.refill(window: 300, by: fixture.leader) == 300)
        let read: Int = try fixture.connection.query(
          """
          select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint
          from pg_stat_xact_user_tables
          where schemaname = 'unroll_internal' and relname in ('status', 'trial')
          """
        ).one()[0]
        #expect(read < 1000)
      }
    }
  }
}
