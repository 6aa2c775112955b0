import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

@Suite struct RetryTests {
  @Test(.scratchDatabase) func `failures end as failed after as many as allowed`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 1)
    let worker = try fixture.worker()
    for (attempt, expected) in ["queued", "queued", "failed"].enumerated() {
      try fixture.skipBackoff()
      let lease = try fixture.claim(worker).lease
      #expect(lease.token == attempt + 1)
      let state = try fixture.database.fail(
        lease, error: "bad number \(attempt)", retry: true, cpuSeconds: 1)
      #expect(state == expected)
    }
    let trial = try fixture.database.trials(sweep: sweep)[0]
    #expect(trial.state == "failed")
    #expect(trial.failures == 3)
    #expect(trial.losses == 0)
    #expect(
      trial.error == "bad number 2; before: attempt 1 on here failed: bad number 0; "
        + "attempt 2 on here failed: bad number 1")
    #expect(
      try fixture.database.decisions(trial: trial.id).map(\.kind)
        == ["create", "retry", "retry", "give_up"])
    #expect(try fixture.database.finish(sweep: sweep, by: fixture.leader))
  }

  @Test(.scratchDatabase) func `a failure that retrying cannot mend ends the trial`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    #expect(
      try fixture.database.fail(lease, error: "nonsense", retry: false, cpuSeconds: 1) == "failed")
  }

  @Test(.scratchDatabase) func `silence while the database was away is no loss`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1, #","limits":{"max_losses":1}"#)
    let away: [(ago: Duration, ttl: String)] = [
      // The leader reaches it again for less than the worker's time to live.
      (.zero, "interval '1 s'"),
      // The server was started less than that ago.
      (.seconds(86_400), "clock_timestamp() - pg_postmaster_start_time() + interval '1 h'"),
    ]
    for (ago, ttl) in away {
      try fixture.skipBackoff()
      let worker = try fixture.worker()
      let lease = try fixture.claim(worker).lease
      try fixture.connection.query(
        "update unroll_internal.worker set ttl = \(ttl), beat_at = beat_at - (\(ttl)) * 2"
          + " where id = $1", [worker])
      let reaped = try fixture.database.reap(inTouch: ago, by: fixture.leader)
      #expect(reaped.map(\.lease) == [lease])
      #expect(reaped.map(\.state) == ["queued"])
      #expect(reaped.first?.reason.hasSuffix("; the database was away before") == true)
      #expect(try fixture.database.trial(id: lease.trial).losses == 0)
      #expect(try fixture.database.outcome(of: lease) == "released")
    }
    // Once it is there for long enough, silence is the worker's own.
    try fixture.skipBackoff()
    let worker = try fixture.worker()
    _ = try fixture.claim(worker)
    try fixture.silence(worker)
    let reaped = try fixture.database.reap(inTouch: .seconds(2), by: fixture.leader)
    #expect(reaped.map(\.state) == ["failed"])
  }

  @Test(.scratchDatabase) func `losses are counted apart and end as failed`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1, #","limits":{"max_losses":2,"max_failures":9}"#)
    var trial = 0
    for expected in ["queued", "failed"] {
      try fixture.skipBackoff()
      let worker = try fixture.worker(host: "doomed")
      trial = try fixture.claim(worker).lease.trial
      try fixture.silence(worker)
      let reaped = try fixture.database.reap(by: fixture.leader)
      #expect(reaped.map(\.state) == [expected])
      #expect(reaped.first?.reason.contains("worker on doomed is gone: no heartbeat for") == true)
      #expect(try fixture.database.beat(worker: worker) == .dead)
    }
    let report = try fixture.database.trial(id: trial)
    #expect(report.losses == 2)
    #expect(report.failures == 0)
    #expect(report.error?.hasPrefix("lost 2 times, last: worker on doomed") == true)
    #expect(try fixture.database.attempts(trial: trial).map(\.outcome) == ["lost", "lost"])
  }

  @Test(.scratchDatabase) func `giving back counts as neither`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let worker = try fixture.worker()
    for token in 1...5 {
      let lease = try fixture.claim(worker).lease
      #expect(lease.token == token)
      let progress = fixture.progress(token, checkpoint: try fixture.checkpoint(epoch: token))
      #expect(
        try fixture.database.release(lease, progress: progress, cpuSeconds: 1) == "queued")
    }
    let claim = try fixture.claim(worker)
    #expect(claim.checkpoint?.epoch == 5)
    let trial = try fixture.database.trial(id: claim.lease.trial)
    #expect(trial.failures == 0)
    #expect(trial.losses == 0)
    #expect(trial.attempts == 6)
  }

  @Test(.scratchDatabase) func `a failure waits before it is tried again`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let worker = try fixture.worker()
    let lease = try fixture.claim(worker).lease
    try fixture.database.fail(lease, error: "no", retry: true, cpuSeconds: 1)
    #expect(try fixture.claims(worker).isEmpty)
    #expect(
      try fixture.count(
        "unroll_internal.status",
        where: "run_at between clock_timestamp() and clock_timestamp() + interval '2 s'") == 1)
  }

  @Test(.scratchDatabase) func `a dead worker claims nothing and never lives again`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 2)
    let worker = try fixture.worker()
    #expect(try fixture.database.beat(worker: worker) == .alive(cancelled: []))
    try fixture.silence(worker)
    #expect(try fixture.database.reap(by: fixture.leader).isEmpty)
    #expect(try fixture.database.beat(worker: worker) == .dead)
    #expect(try fixture.claims(worker).isEmpty)
    #expect(try fixture.database.drain(worker: worker) == false)
    #expect(try fixture.database.workers().map(\.state) == ["dead"])
  }

  @Test(.scratchDatabase) func `a draining worker beats but claims nothing`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 2)
    let worker = try fixture.worker()
    let lease = try fixture.claim(worker).lease
    #expect(try fixture.database.drain(worker: worker))
    #expect(try fixture.claims(worker).isEmpty)
    #expect(try fixture.database.beat(worker: worker) == .alive(cancelled: []))
    try fixture.succeed(lease)
    #expect(try fixture.database.deregister(worker: worker))
    #expect(try fixture.database.workers().map(\.endReason) == ["stopped"])
  }

  @Test(.scratchDatabase) func `a reaper does not touch what is alive`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 2)
    let alive = try fixture.worker()
    let doomed = try fixture.worker()
    let kept = try fixture.claim(alive).lease
    let lost = try fixture.claim(doomed).lease
    try fixture.silence(doomed)
    #expect(try fixture.database.reap(by: fixture.leader).map(\.lease) == [lost])
    #expect(try fixture.database.reap(by: fixture.leader).isEmpty)
    #expect(try fixture.database.holds(kept))
  }
}
