import Dispatch
import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// What is deleted and when, what is warned of, and the story of a trial that was given up.
@Suite struct HousekeepingTests {
  private func age(_ fixture: Fixture, days: Int) throws {
    for table in ["status", "sweep"] {
      try fixture.connection.query(
        """
        update unroll_internal.\(table)
        set finished_at = finished_at - $1::int * interval '1 day' where finished_at is not null
        """, [days])
    }
  }

  /// Expires batch after batch until nothing is left to expire.
  private func expireAll(_ fixture: Fixture, limit: Int) throws -> Int {
    for turns in 1...1000 {
      if try fixture.database.expire(limit: limit, by: fixture.leader) == 0 { return turns }
    }
    throw MissingError()
  }

  private func finished(_ fixture: Fixture, _ more: String, trials: Int = 3) throws -> Int {
    let sweep = try fixture.sweep(trials: trials, more)
    let worker = try fixture.worker()
    for claim in try fixture.claims(worker, trials) {
      try fixture.database.write(
        try fixture.progress(1, checkpoint: fixture.checkpoint(epoch: 1)), under: claim.lease)
      try fixture.succeed(claim.lease)
    }
    #expect(try fixture.database.finish(sweep: sweep, by: fixture.leader))
    return sweep
  }

  @Test(.scratchDatabase) func `each kind of rows stays as long as the sweep says`() throws {
    let fixture = try Fixture()
    let kept = try finished(fixture, "")
    let sweep = try finished(
      fixture, #","retention":{"checkpoints":2,"metrics":5,"sweep":10}"#, trials: 3)
    let rows = { (table: String) in
      try fixture.count(
        "unroll_internal.\(table)",
        where: "trial_id in (select id from unroll_internal.trial where sweep_id = \(sweep))")
    }
    _ = try expireAll(fixture, limit: 100)
    #expect(try rows("checkpoint") == 3)
    #expect(try rows("metric") > 0)
    try age(fixture, days: 3)
    _ = try expireAll(fixture, limit: 2)
    #expect(try fixture.count("unroll_internal.checkpoint") == 0)
    #expect(try rows("metric") > 0)
    try age(fixture, days: 3)
    #expect(try expireAll(fixture, limit: 2) > 3)
    #expect(try rows("metric") == 0)
    #expect(try rows("flow") == 0)
    #expect(try rows("result") == 3)
    try age(fixture, days: 5)
    #expect(try expireAll(fixture, limit: 2) > 3)
    #expect(try fixture.count("unroll_internal.sweep", where: "id = \(sweep)") == 0)
    #expect(try fixture.count("unroll_internal.trial") == 3)
    // The other one says nothing: only its checkpoints went, after a day.
    #expect(try fixture.count("unroll.metrics", where: "sweep_id = \(kept)") > 0)
    #expect(try fixture.count("unroll_internal.artifact") == 3)
    #expect(try fixture.count("unroll_internal.artifact_chunk") == 3)
  }

  @Test(
    .scratchDatabase,
    arguments: [#""model":{"initial":"%/model.safetensors"}"#, #""search":{"warm_start":%}"#])
  func `what an open sweep needs is kept`(need: String) throws {
    let fixture = try Fixture()
    let old = try finished(fixture, #","retention":{"sweep":1}"#)
    try age(fixture, days: 2)
    let trial = try fixture.database.trials(sweep: old)[0].id
    let open = try fixture.database.enqueue(
      JSON(
        text: #"{"dataset":"words","#
          + need.replacing("%", with: need.contains("initial") ? "\(trial)" : "\(old)") + "}"))
    _ = try expireAll(fixture, limit: 100)
    #expect(try fixture.count("unroll_internal.sweep", where: "id = \(old)") == 1)
    #expect(try fixture.database.cancel(sweep: open) == "cancelled")
    _ = try expireAll(fixture, limit: 100)
    #expect(try fixture.count("unroll_internal.sweep", where: "id = \(old)") == 0)
  }

  @Test(.scratchDatabase) func `checkpoints of a trial that still runs are kept`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1, #","retention":{"checkpoints":0}"#)
    let lease = try fixture.claim(try fixture.worker()).lease
    try fixture.database.write(
      try fixture.progress(1, checkpoint: fixture.checkpoint(epoch: 1)), under: lease)
    #expect(try fixture.database.expire(by: fixture.leader) == 0)
    try fixture.succeed(lease)
    #expect(try fixture.database.expire(by: fixture.leader) == 1)
    try fixture.database.resign(fixture.leader)
    #expect(
      try storeError { _ = try fixture.database.expire(by: fixture.leader) }.code == .leadershipLost
    )
  }

  @Test(.scratchDatabase) func `the hot tables can be vacuumed while others claim`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 50)
    let worker = try fixture.worker()
    for _ in 0..<5 {
      for claim in try fixture.claims(worker, 10) { try fixture.succeed(claim.lease) }
    }
    let dead =
      "select n_dead_tup from pg_stat_all_tables where relid = 'unroll_internal.ready'::regclass"
    try fixture.database.vacuumWindow()
    try fixture.database.vacuumStates()
    #expect(try fixture.connection.query(dead).one()[0] == 0)
  }

  @Test(.scratchDatabase) func `metrics go trial by trial, and again after a retry`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 3, #","retention":{"metrics":1}"#)
    let leases = try fixture.claims(try fixture.worker(), 3).map(\.lease)
    for lease in leases { try database.write(fixture.progress(1), under: lease) }
    for lease in leases.dropLast() { try fixture.succeed(lease) }
    try database.fail(leases[2], error: "no", retry: false, cpuSeconds: 1)
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
    try age(fixture, days: 2)
    for done in 1...3 {
      #expect(try database.expire(limit: 100, by: fixture.leader) == 100)
      #expect(
        try fixture.count("unroll_internal.sweep", where: "metrics_deleted_to = \(done)") == 1)
      let left: Int = try fixture.connection.query(
        "select count(distinct trial_id) from unroll_internal.metric"
      ).one()[0]
      #expect(left == 3 - done)
    }
    #expect(try database.expire(limit: 100, by: fixture.leader) == 0)

    try database.retry(trial: leases[2].trial)
    let again = try fixture.claim(try fixture.worker()).lease
    try fixture.succeed(again)
    #expect(try fixture.count("unroll_internal.metric") > 0)
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
    try age(fixture, days: 2)
    _ = try expireAll(fixture, limit: 100)
    #expect(try fixture.count("unroll_internal.metric") == 0)
  }

  /// Waits for what the server tells a little later.
  private func wait(_ what: Comment, until isTrue: () throws -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(30)
    while try !isTrue() { try #require(ContinuousClock.now < limit, what) }
  }

  @Test(.scratchDatabase) func `a held snapshot and an idle transaction are told`() throws {
    let fixture = try Fixture()
    #expect(try fixture.database.alerts() == [])
    try fixture.connection.execute("set unroll.alert_after = '0 s'")
    #expect(try fixture.database.alerts() == [])
    let idle = try fixture.another().connection
    let holder = try fixture.another().connection
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      do {
        try holder.query("select pg_sleep(60)")
      } catch let error as PostgresError {
        // It is ended below.
        if error.sqlState != "57014" { Issue.record(error) }
      } catch {
        Issue.record(error)
      }
    }
    defer {
      _ = try? holder.canceller.cancel()
      group.wait()
    }
    try idle.transaction {
      try idle.query("select 1")
      // What is judged is what was waited for: asked again, the server may tell less.
      var alerts = try fixture.database.alerts()
      try wait("no alert") {
        alerts = try fixture.database.alerts()
        return alerts.count == 2
      }
      #expect(alerts.map(\.kind) == ["held snapshot", "idle transaction"])
      #expect(alerts[0].subject.hasPrefix("process \(holder.backendProcessID) ("))
      #expect(alerts[0].remedy.hasSuffix("pg_terminate_backend(\(holder.backendProcessID))"))
      #expect(alerts[1].subject.hasPrefix("process \(idle.backendProcessID) ("))
      #expect(alerts[1].found.hasPrefix("idle inside a transaction for "))
    }
    try fixture.connection.execute("reset unroll.alert_after")
    #expect(try fixture.database.alerts() == [])
  }

  @Test(.scratchDatabase) func `bloat of a hot table is told, and a vacuum ends it`() throws {
    let fixture = try Fixture()
    try fixture.connection.execute(
      "alter table unroll_internal.ready set (autovacuum_enabled = off)")
    try fixture.connection.execute(
      """
      insert into unroll_internal.ready (trial_id, sweep_id, queue, priority)
        select n, 1, 'default', 1 from generate_series(1, 20500) n
      """)
    try fixture.connection.execute("delete from unroll_internal.ready")
    try wait("no alert") { try fixture.database.alerts().map(\.kind) == ["bloat"] }
    let alert = try #require(try fixture.database.alerts().first)
    #expect(alert.subject == "unroll_internal.ready")
    #expect(alert.found == "20500 dead rows beside 0 live ones")
    try fixture.database.vacuumWindow()
    try wait("the alert stays") { try fixture.database.alerts() == [] }
  }

  @Test(.scratchDatabase) func `a silent worker is told`() throws {
    let fixture = try Fixture()
    let worker = try fixture.worker(host: "quiet", ttl: .seconds(1))
    try fixture.connection.query(
      "update unroll_internal.worker set beat_at = beat_at - interval '1 h' where id = $1", [worker]
    )
    let alerts = try fixture.database.alerts()
    #expect(alerts.map(\.kind) == ["silent worker"])
    #expect(alerts.first?.subject == "quiet, process 42")
  }

  @Test(.scratchDatabase) func `a trial that is given up tells the story of its attempts`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1, #","limits":{"max_losses":2,"max_failures":3}"#)
    let database = fixture.database
    let first = try fixture.worker(host: "alpha")
    #expect(
      try database.fail(
        fixture.claim(first).lease, error: "loss is NaN", retry: true, cpuSeconds: 1) == "queued")
    for host in ["beta", "gamma"] {
      try fixture.skipBackoff()
      let worker = try fixture.worker(host: host)
      _ = try fixture.claim(worker)
      try fixture.silence(worker)
      #expect(try database.reap(by: fixture.leader).count == 1)
    }
    let trial = try #require(
      try fixture.connection.query("select state, error from unroll.trials").map { row in
        (try row[0] as String, try row[1] as String)
      }.first)
    #expect(trial.0 == "failed")
    #expect(trial.1.hasPrefix("lost 2 times, last: worker on gamma is gone: no heartbeat for "))
    #expect(
      trial.1.contains("before: attempt 1 on alpha failed: loss is NaN; attempt 2 on beta lost"))
  }

  @Test(.scratchDatabase) func `many trials end at once, except those whose lease was lost`() throws
  {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 3)
    let leases = try fixture.claims(try fixture.worker(), 3).map(\.lease)
    try fixture.database.release(leases[1], cpuSeconds: 0)
    let lost = try fixture.database.succeed(leases.map { ($0, cpuSeconds: 2) })
    #expect(lost == [leases[1].trial])
    #expect(try fixture.count("unroll_internal.status", where: "state = 'succeeded'") == 2)
    #expect(
      try fixture.count(
        "unroll_internal.attempt", where: "outcome = 'succeeded' and cpu_seconds = 2") == 2)
  }
}
