import Postgres
import Store
import TestSupport
import Testing

@Suite struct ControlTests {
  @Test(.scratchDatabase) func `cancelling a sweep ends what waits and tells what runs`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 5)
    let worker = try fixture.worker()
    let leases = try fixture.claims(worker, 2).map(\.lease)
    #expect(try database.cancel(sweep: sweep) == "cancelled")
    #expect(try fixture.count("unroll_internal.ready") == 0)
    var progress = try database.progress(sweep: sweep)
    #expect(progress.state == "cancelled")
    #expect(progress.cancelled == 3)
    #expect(progress.running == 2)
    #expect(try database.beat(worker: worker) == .alive(cancelled: leases.map(\.trial)))
    try database.cancel(leases[0], progress: fixture.progress(1), cpuSeconds: 1)
    #expect(try database.release(leases[1], cpuSeconds: 1) == "cancelled")
    progress = try database.progress(sweep: sweep)
    #expect(progress.cancelled == 5)
    #expect(try fixture.claims(worker, 5).isEmpty)
    // Once more does nothing.
    #expect(try database.cancel(sweep: sweep) == "cancelled")
    #expect(try database.decisions(sweep: sweep).filter { $0.kind == "cancel" }.count == 1)
  }

  @Test(.scratchDatabase) func `cancelling a trial, waiting or running`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 2)
    let worker = try fixture.worker()
    let lease = try fixture.claim(worker).lease
    let waiting = try database.trials(sweep: sweep)[1].id
    #expect(try database.cancel(trial: waiting) == "cancelled")
    #expect(try database.cancel(trial: lease.trial) == "cancelling")
    #expect(try database.trial(id: lease.trial).cancelling)
    #expect(try database.beat(worker: worker) == .alive(cancelled: [lease.trial]))
    // A worker that was too slow to hear of it may still succeed.
    try fixture.succeed(lease)
    #expect(try fixture.state(lease.trial) == "succeeded")
    #expect(try database.cancel(trial: lease.trial) == "succeeded")
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
  }

  @Test(.scratchDatabase) func `a worker that dies or does not listen cannot stop a cancellation`()
    throws
  {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 2)
    let deaf = try fixture.worker(ttl: .seconds(1))
    let dying = try fixture.worker()
    let ignored = try fixture.claim(deaf).lease
    let orphan = try fixture.claim(dying).lease
    for lease in [ignored, orphan] { try fixture.database.cancel(trial: lease.trial) }
    try fixture.silence(dying)
    try fixture.connection.query(
      """
      update unroll_internal.status set cancel_requested_at = cancel_requested_at - interval '1 h'
      where worker_id = $1
      """, [deaf])
    let reaped = try fixture.database.reap(by: fixture.leader)
    #expect(reaped.map(\.lease) == [ignored, orphan])
    #expect(reaped.map(\.state) == ["cancelled", "cancelled"])
    #expect(reaped[0].reason == "worker does not heed the cancellation")
  }

  @Test(.scratchDatabase) func `a paused sweep starts nothing until it is resumed`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 3)
    let worker = try fixture.worker()
    let running = try fixture.claim(worker).lease
    #expect(try fixture.database.pause(sweep: sweep))
    #expect(try fixture.database.pause(sweep: sweep) == false)
    #expect(try fixture.claims(worker, 3).isEmpty)
    try fixture.database.write(fixture.progress(1), under: running)
    #expect(try fixture.database.resume(sweep: sweep))
    #expect(try fixture.database.resume(sweep: sweep) == false)
    #expect(try fixture.claims(worker, 3).count == 2)
  }

  @Test(.scratchDatabase) func `retrying clears the counts, keeps the token and reopens the sweep`()
    throws
  {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 2)
    let worker = try fixture.worker()
    let failed = try fixture.claim(worker).lease
    try database.fail(failed, error: "no", retry: false, cpuSeconds: 1)
    let good = try fixture.claim(worker).lease
    try fixture.succeed(good)
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
    let refusal = try storeError { try database.retry(trial: good.trial) }
    #expect(refusal.code == .invalid)
    #expect(
      refusal.message == "trial: found trial \(good.trial), which is succeeded; "
        + "allowed: a trial that failed or was cancelled")
    #expect(try database.retryFailed(sweep: sweep) == 1)
    #expect(try database.progress(sweep: sweep).state == "active")
    let again = try fixture.claim(worker).lease
    #expect(again == Lease(trial: failed.trial, token: 2, worker: worker))
    #expect(try database.trial(id: failed.trial).failures == 0)
    try fixture.succeed(again)
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
  }

  @Test(.scratchDatabase) func `a sweep whose time is used up takes no trial again`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 2, #","limits":{"wall_time":1000}"#)
    let failed = try fixture.claim(try fixture.worker()).lease
    try database.fail(failed, error: "no", retry: false, cpuSeconds: 1)
    try fixture.connection.execute("update unroll_internal.sweep set wall_time = '1 us'")
    #expect(try database.enforceBudgets(by: fixture.leader).map(\.id) == [sweep])
    // Before it is finished and afterwards: nothing would ever run it.
    for isFinished in [false, true] {
      if isFinished { #expect(try database.finish(sweep: sweep, by: fixture.leader)) }
      let one = try storeError { try database.retry(trial: failed.trial) }
      #expect(one.code == .invalid)
      #expect(
        one.message.hasPrefix(
          "trial: found trial \(failed.trial) of sweep \(sweep), which was stopped: its wall time"))
      let all = try storeError { _ = try database.retryFailed(sweep: sweep) }
      #expect(
        all.message.hasPrefix("sweep: found sweep \(sweep), which was stopped: its wall time"))
    }
    #expect(try database.progress(sweep: sweep).state == "finished")
    #expect(try fixture.state(failed.trial) == "failed")
  }

  @Test(.scratchDatabase) func `what is not there is said`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    #expect(
      try storeError { try database.cancel(sweep: 77) }.message
        == "sweep: found 77; allowed: the id of a sweep in unroll.sweeps")
    #expect(
      try storeError { try database.retry(trial: 77) }.message
        == "trial: found 77; allowed: the id of a trial in unroll.trials")
    #expect(try storeError { _ = try database.trial(id: 77) }.code == .notFound)
    #expect(try storeError { _ = try database.progress(sweep: 77) }.code == .notFound)
    #expect(try storeError { _ = try database.sweep(matching: "x") }.code == .notFound)
    #expect(try storeError { _ = try database.artifact(trial: 7, name: "x") }.code == .notFound)
  }
}
