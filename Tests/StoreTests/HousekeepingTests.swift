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

  @Test(.scratchDatabase) func `a held snapshot and a silent worker are told`() throws {
    let fixture = try Fixture()
    #expect(try fixture.database.alerts() == [])
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
