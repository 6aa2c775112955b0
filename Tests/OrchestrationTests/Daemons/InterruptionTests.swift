import Glibc
import Orchestration
import Postgres
import Store
import TestSupport
import Testing

/// Trials that are stopped, lost and taken back: they end as if nothing had happened.
@Suite(.scratchDatabaseForEach) struct InterruptionTests {
  /// The results of an undisturbed run.
  private func calm(_ daemons: Daemons) throws -> [String] {
    let worker = daemons.worker()
    let sweep = try daemons.enqueue(Daemons.long)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    return try daemons.results(sweep)
  }

  @Test func `a stopping worker gives its trial back, and another ends it with the same bits`()
    throws
  {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let expected = try calm(daemons)

    let sweep = try daemons.enqueue(Daemons.long)
    let attempts =
      "from unroll.attempts a join unroll.trials t on t.id = a.trial_id"
      + " where t.sweep_id = \(sweep)"
    for round in 1...2 {
      let worker = daemons.worker()
      let after = 20 * round
      try daemons.wait("epoch \(after) does not come") {
        try daemons.value(
          "select coalesce(max(epoch), 0) >= \(after) from unroll.curves c"
            + " join unroll.trials t on t.id = c.trial_id where t.sweep_id = \(sweep)")
      }
      try worker.stop()
      #expect(try daemons.value("select count(*) \(attempts) and outcome = 'released'") == round)
    }
    // It went on where it was, not from the start.
    let worker = daemons.worker()
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    #expect(try daemons.value("select count(*) \(attempts)") == 3)
    #expect(try daemons.value("select min(resumed_epoch) >= 20 \(attempts)"))
    #expect(try daemons.value("select max(failures + losses) = 0 from unroll.trials"))
    #expect(try daemons.results(sweep) == expected)
  }

  @Test func `a trial that was granted and never told is given back by its worker`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler(queue: "other")
    // It serves another queue, so that it learns of the trial in no other way.
    let worker = daemons.worker(lease: .seconds(1))
    let sweep = try daemons.enqueue(
      Daemons.long.replacing("epochs: 400", with: "epochs: 2") + "\nqueue: other")
    try daemons.wait("nothing can be claimed") {
      try daemons.value(
        "select exists (select from unroll_internal.ready)"
          + " and exists (select from unroll.workers)")
    }
    #expect(
      try daemons.value(
        "select count(*) from unroll_internal.claim("
          + "(select id from unroll_internal.worker), 'other', 1)") == 1)
    try daemons.wait("nobody gives it back") {
      try daemons.value("select outcome = 'released' from unroll.attempts")
    }
    let other = daemons.worker(queue: "other")
    try daemons.waitForEnd(sweep)
    #expect(try daemons.state(sweep) == "finished")
    #expect(
      try daemons.value("select array_agg(outcome order by attempt) from unroll.attempts")
        == ["released", "succeeded"])
    #expect(try daemons.value("select losses + failures = 0 from unroll.trials"))
    for daemon in [worker, other, scheduler] { try daemon.stop() }
  }

  @Test func `a worker that was declared dead drops its trial, which goes on elsewhere`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let expected = try calm(daemons)

    let sweep = try daemons.enqueue(Daemons.long)
    // Long enough that a beat that comes late on a busy machine is not a second loss.
    let worker = daemons.worker(lease: .seconds(6), checkpointEvery: .milliseconds(50))
    try daemons.wait("no checkpoint comes") {
      try daemons.value(
        "select exists (select from unroll_internal.checkpoint c join unroll.trials t"
          + " on t.id = c.trial_id where t.sweep_id = \(sweep) and c.complete and c.epoch > 5)")
    }
    try daemons.database.connection.execute(
      """
      update unroll_internal.worker
      set state = 'dead', ended_at = clock_timestamp(), end_reason = 'a test' where state = 'alive'
      """)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    let trial = try #require(try daemons.database.trials(sweep: sweep).first)
    #expect(trial.losses == 1 && trial.failures == 0 && trial.state == "succeeded")
    let attempts = try daemons.database.attempts(trial: trial.id)
    #expect(attempts.map(\.outcome) == ["lost", "succeeded"])
    #expect(try #require(attempts.last?.resumed).epoch > 5)
    // The same process came back under another identity.
    #expect(try daemons.value("select count(*) from unroll.workers where pid = \(getpid())") == 3)
    #expect(try daemons.results(sweep) == expected)
  }

  @Test func `a checkpoint that cannot be read costs time, not the trial`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let expected = try calm(daemons)

    let sweep = try daemons.enqueue(Daemons.long)
    let first = daemons.worker()
    try daemons.wait("epoch 10 does not come") {
      try daemons.value(
        "select coalesce(max(epoch), 0) >= 10 from unroll.curves c"
          + " join unroll.trials t on t.id = c.trial_id where t.sweep_id = \(sweep)")
    }
    try first.stop()
    try daemons.database.connection.execute(
      "update unroll_internal.checkpoint_chunk set content = content || '\\x00'")
    let second = daemons.worker()
    try daemons.waitForEnd(sweep)
    try second.stop()
    try scheduler.stop()
    #expect(try daemons.results(sweep) == expected)
  }

  @Test func `a running sweep is cancelled within two beats`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker(lease: .seconds(3))
    let sweep = try daemons.enqueue(
      Daemons.long.replacing("epochs: 400", with: "epochs: 1000000"))
    try daemons.wait("nothing runs") {
      try daemons.value("select exists (select from unroll.curves)")
    }
    try daemons.database.cancel(sweep: sweep)
    let asked = ContinuousClock.now
    try daemons.wait("the trial goes on") {
      try daemons.value("select state = 'cancelled' from unroll.trials")
    }
    // A beat is a third of the lease.
    #expect(ContinuousClock.now - asked < .seconds(2.5))
    #expect(try daemons.value("select outcome from unroll.attempts") == "cancelled")
    try worker.stop()
    try scheduler.stop()
  }

  @Test func `a trial that is asked for again right after its cancellation goes on`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    // Between two beats there is time enough for the second attempt to begin.
    let worker = daemons.worker(lease: .seconds(9))
    let sweep = try daemons.enqueue(
      Daemons.long.replacing("epochs: 400", with: "epochs: 1000000"))
    let newest = "select coalesce(max(token), 0) from unroll_internal.metric"
    try daemons.wait("nothing runs") { try daemons.value("\(newest)") == 1 }
    let trial: Int = try daemons.value("select id from unroll.trials")
    try daemons.database.cancel(trial: trial)
    try daemons.wait("the trial goes on") {
      try daemons.value("select state = 'cancelled' from unroll.trials")
    }
    try daemons.database.retry(trial: trial)
    let second = "select coalesce(min(outcome), '') from unroll.attempts where attempt = 2"
    try daemons.wait("it does not begin again") {
      try daemons.value("\(newest)") == 2 || !["", "running"].contains(daemons.value(second))
    }
    #expect(try daemons.value(second) == "running")
    // A new cancellation is heeded.
    try daemons.database.cancel(sweep: sweep)
    try daemons.wait("the trial goes on") {
      try daemons.value("select state = 'cancelled' from unroll.trials")
    }
    try worker.stop()
    try scheduler.stop()
  }

  @Test func `each queue has a scheduler of its own`() throws {
    let daemons = try Daemons()
    let schedulers = [daemons.scheduler(), daemons.scheduler(queue: "other")]
    let workers = [daemons.worker(), daemons.worker(queue: "other")]
    let sweeps = [
      try daemons.enqueue(Daemons.small), try daemons.enqueue(Daemons.small + "\nqueue: other"),
    ]
    for sweep in sweeps { try daemons.waitForEnd(sweep) }
    for daemon in workers + schedulers { try daemon.stop() }
    for sweep in sweeps { #expect(try daemons.state(sweep) == "finished") }
    #expect(try daemons.results(sweeps[0]) == daemons.results(sweeps[1]))
  }

  @Test func `what a stopping worker was given without hearing of it goes back uncounted`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker()
    let sweep = try daemons.enqueue(
      Daemons.long.replacing("epochs: 400", with: "epochs: 1000000")
        .replacing("trials: 1", with: "trials: 2"))
    try daemons.wait("nothing runs") {
      try daemons.value("select exists (select from unroll.curves)")
    }
    // A claim whose answer was lost, while the only slot is taken.
    let id = try #require(try daemons.database.workers().first).id
    var stray: Claim?
    try daemons.wait("the second trial is not there") {
      stray = try daemons.database.claim(worker: id, count: 1).first
      return stray != nil
    }
    try worker.stop()
    #expect(try daemons.database.outcome(of: #require(stray).lease) == "released")
    try daemons.wait("they are not queued") {
      try daemons.value(
        "select count(*) = 2 from unroll.trials where state = 'queued' and losses = 0")
    }
    try daemons.database.cancel(sweep: sweep)
    try scheduler.stop()
  }

  @Test func `a second scheduler takes over`() throws {
    let daemons = try Daemons()
    let first = daemons.scheduler(lease: .seconds(1))
    try daemons.wait("nobody leads") {
      try daemons.value("select exists (select from unroll_internal.leader)")
    }
    let second = daemons.scheduler(lease: .seconds(1))
    try first.stop()
    let worker = daemons.worker()
    let sweep = try daemons.enqueue(Daemons.small)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try second.stop()
    #expect(try daemons.value("select term >= 2 from unroll_internal.leader"))
    #expect(try daemons.database.trials(sweep: sweep).count == 6)
  }

  @Test func `a trial that makes no step is given to others, and its worker ends`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    // A step of this model takes longer than the watchdog is patient.
    let sweep = try daemons.enqueue(
      """
      dataset: {name: order}
      model: {cell: lstm, hidden: 1500, layers: 4}
      training: {batch: 200, epochs: 2}
      trials: 1
      limits: {max_failures: 2}
      """)
    let worker = daemons.worker(progressTimeout: .milliseconds(20))
    try daemons.wait("it is not found") {
      try daemons.value("select exists (select from unroll.attempts where outcome = 'failed')")
    }
    #expect(throws: StalledError.self) { try worker.stop() }
    let error: String = try daemons.value("select error from unroll.attempts where attempt = 1")
    #expect(error == "no progress for 0.02 seconds")
    #expect(try daemons.value("select failures = 1 and state = 'queued' from unroll.trials"))
    #expect(try daemons.value("select count(*) = 0 from unroll.workers where alive"))
    #expect(try daemons.state(sweep) == "active")
    try scheduler.stop()
  }
}
