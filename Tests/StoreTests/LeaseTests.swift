import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// Everything that a worker can write under a lease; a new write must be added here.
enum WorkerWrite: String, CaseIterable {
  case metrics, flow, checkpoint, success, cancellation, failure, release, releaseWithCheckpoint
  case rewind, pause

  func perform(_ fixture: Fixture, _ lease: Lease) throws {
    let database = fixture.database
    switch self {
    case .metrics: try database.write(fixture.progress(7), under: lease)
    case .flow:
      try database.write(Progress(metrics: [], flow: [fixture.flow(7)]), under: lease)
    case .checkpoint:
      let progress = Progress(metrics: [], checkpoint: try fixture.checkpoint(epoch: 7))
      try database.write(progress, under: lease)
    case .success: try fixture.succeed(lease)
    case .cancellation:
      // Somebody must have asked for it.
      if try database.holds(lease) { try database.cancel(trial: lease.trial) }
      try database.cancel(lease, progress: fixture.progress(7), cpuSeconds: 1)
    case .failure: try database.fail(lease, error: "no", retry: true, cpuSeconds: 1)
    case .release: try database.release(lease, cpuSeconds: 1)
    case .releaseWithCheckpoint:
      try database.release(
        lease, progress: fixture.progress(7, checkpoint: try fixture.checkpoint(epoch: 7)),
        cpuSeconds: 1)
    case .rewind: try database.rewind(lease, to: nil)
    case .pause:
      try database.pause(lease, objectives: [1], progress: fixture.progress(7), cpuSeconds: 1)
    }
  }
}

@Suite(.scratchDatabase) struct LeaseTests {
  /// All that a write could change, as one text.
  private func contents(_ fixture: Fixture) throws -> String {
    try fixture.connection.query(
      """
      select concat_ws('|',
        (select string_agg(m::text, ',' order by trial_id, name_id, split, epoch)
          from unroll_internal.metric m),
        (select string_agg(f::text, ',' order by trial_id, epoch, layer, measure, lag)
          from unroll_internal.flow f),
        (select string_agg(v::text, ',' order by trial_id, epoch, layer)
          from unroll_internal.flow_verdict v),
        (select string_agg(c::text, ',' order by trial_id, step) from unroll_internal.checkpoint c),
        (select string_agg(s::text, ',' order by trial_id) from unroll_internal.status s),
        (select string_agg(a::text, ',' order by trial_id, token) from unroll_internal.attempt a),
        (select count(*) from unroll_internal.result),
        (select count(*) from unroll_internal.artifact),
        (select count(*) from unroll_internal.confusion),
        (select count(*) from unroll_internal.predicted),
        (select count(*) from unroll_internal.prediction),
        (select count(*) from unroll_internal.decision))
      """
    ).one()[0]
  }

  /// A trial whose first lease was lost and that a second worker holds now.
  private func zombie(_ fixture: Fixture) throws -> (old: Lease, new: Lease) {
    _ = try fixture.sweep(trials: 1)
    let first = try fixture.worker()
    let old = try fixture.claim(first).lease
    let saved = fixture.progress(1, checkpoint: try fixture.checkpoint(epoch: 1))
    try fixture.database.write(saved, under: old)
    try fixture.silence(first)
    #expect(try fixture.database.reap(by: fixture.leader).map(\.lease) == [old])
    try fixture.skipBackoff()
    let second = try fixture.worker()
    let new = try fixture.claim(second).lease
    #expect(new == Lease(trial: old.trial, token: old.token + 1, worker: second))
    return (old, new)
  }

  @Test(.scratchDatabase, arguments: WorkerWrite.allCases)
  func `a lost lease writes nothing`(write: WorkerWrite) throws {
    let fixture = try Fixture()
    let (old, new) = try zombie(fixture)
    let before = try contents(fixture)
    let error = try storeError { try write.perform(fixture, old) }
    #expect(error.code == .leaseLost)
    #expect(error.message == "lease lost: trial \(old.trial) token 1")
    #expect(try contents(fixture) == before)
    // The same write under the lease that holds does change something.
    try write.perform(fixture, new)
    #expect(try contents(fixture) != before)
  }

  @Test(.scratchDatabase, arguments: WorkerWrite.allCases)
  func `a token that was granted twice writes only for its worker`(write: WorkerWrite) throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let old = try fixture.claim(try fixture.worker()).lease
    try fixture.database.write(fixture.progress(1), under: old)
    // As after a failover to a standby that had not heard of the grant.
    let second = try fixture.worker()
    for table in ["status", "attempt"] {
      try fixture.connection.query("update unroll_internal.\(table) set worker_id = $1", [second])
    }
    let before = try contents(fixture)
    #expect(try storeError { try write.perform(fixture, old) }.code == .leaseLost)
    #expect(try contents(fixture) == before)
    #expect(try storeError { _ = try fixture.database.outcome(of: old) }.code == .notFound)
    #expect(try fixture.database.succeed([(old, cpuSeconds: 1)]) == [old.trial])
    try write.perform(fixture, Lease(trial: old.trial, token: old.token, worker: second))
    #expect(try contents(fixture) != before)
  }

  @Test(.scratchDatabase) func `a trial that nobody cancelled does not end as cancelled`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    let error = try storeError { try fixture.database.cancel(lease, cpuSeconds: 1) }
    #expect(error.code == .invalid)
    #expect(error.message == "nobody asked to cancel trial \(lease.trial)")
    #expect(try fixture.state(lease.trial) == "running")
  }

  @Test(
    .scratchDatabase,
    arguments: [WorkerWrite.metrics, .flow, .checkpoint, .rewind])
  func `without the fence a lost lease does write`(write: WorkerWrite) throws {
    let fixture = try Fixture()
    let (old, _) = try zombie(fixture)
    try fixture.connection.execute(
      """
      create or replace function unroll_internal.fence(
        p_trial bigint, p_token integer, p_worker uuid)
      returns void language plpgsql as 'begin end'
      """)
    let before = try contents(fixture)
    try write.perform(fixture, old)
    #expect(try contents(fixture) != before)
  }

  @Test(.scratchDatabase) func `a trial that is over takes no more writes`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    try fixture.succeed(lease)
    let before = try contents(fixture)
    for write in WorkerWrite.allCases {
      #expect(try storeError { try write.perform(fixture, lease) }.code == .leaseLost)
    }
    #expect(try contents(fixture) == before)
    #expect(try fixture.database.outcome(of: lease) == "succeeded")
    #expect(try fixture.database.holds(lease) == false)
  }

  @Test(.scratchDatabase) func `writing the same again changes nothing`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    let progress = fixture.progress(1, .nan, checkpoint: try fixture.checkpoint(epoch: 1))
    try fixture.database.write(progress, under: lease)
    try fixture.database.write(progress, under: lease)
    let curve = try fixture.database.curve(trial: lease.trial)
    #expect(curve.map(\.name) == ["accuracy", "loss"])
    #expect(curve[0].value.isNaN)
    #expect(
      try fixture.database.checkpoints(trial: lease.trial)
        == [CheckpointPosition(epoch: 1, step: 100)])
  }

  @Test(.scratchDatabase) func `a batch that fails at its end leaves nothing`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    var result = try fixture.result(0.9)
    result.artifacts[0].sha256 = String(repeating: "0", count: 64)
    let before = try contents(fixture)
    let error = try storeError {
      try fixture.database.succeed(
        result, progress: fixture.progress(1), cpuSeconds: 1, under: lease)
    }
    #expect(error.code == .corrupt)
    #expect(try contents(fixture) == before)
    #expect(try fixture.state(lease.trial) == "running")
  }

  @Test(.scratchDatabase) func `a claim grants the latest checkpoint and forgets the rest`() throws
  {
    let fixture = try Fixture()
    let database = fixture.database
    _ = try fixture.sweep(trials: 1)
    let worker = try fixture.worker()
    var claim = try fixture.claim(worker)
    #expect(claim.checkpoint == nil)
    for epoch in 1...3 {
      let checkpoint = epoch < 3 ? try fixture.checkpoint(epoch: epoch, bytes: 3_000_000) : nil
      try database.write(fixture.progress(epoch, checkpoint: checkpoint), under: claim.lease)
    }
    try database.release(claim.lease, cpuSeconds: 1)
    claim = try fixture.claim(worker)
    let position = CheckpointPosition(epoch: 2, step: 200)
    #expect(claim.checkpoint == position)
    #expect(try database.curve(trial: claim.lease.trial).map(\.epoch).max() == 2)
    #expect(try database.gradientVerdicts(trial: claim.lease.trial).map(\.epoch).max() == 2)
    #expect(try database.attempts(trial: claim.lease.trial).map(\.resumed) == [nil, position])
    let content = try database.checkpointContent(trial: claim.lease.trial, at: position)
    #expect(content == (try fixture.checkpoint(epoch: 2, bytes: 3_000_000)).content)

    try database.rewind(claim.lease, to: CheckpointPosition(epoch: 1, step: 100))
    #expect(try database.curve(trial: claim.lease.trial).map(\.epoch).max() == 1)
    #expect(try database.gradientVerdicts(trial: claim.lease.trial).map(\.epoch) == [1])
    // The late twin of a call whose answer was lost does nothing.
    try database.write(fixture.progress(2), under: claim.lease)
    try database.rewind(claim.lease, to: CheckpointPosition(epoch: 1, step: 100))
    #expect(try database.curve(trial: claim.lease.trial).map(\.epoch).max() == 2)
    try database.rewind(claim.lease, to: nil)
    #expect(try fixture.count("unroll_internal.flow") == 0)
    #expect(try database.curve(trial: claim.lease.trial).isEmpty)
    #expect(try database.checkpoints(trial: claim.lease.trial).isEmpty)
    #expect(try database.attempts(trial: claim.lease.trial).map(\.resumed) == [nil, nil])
  }

  @Test(.scratchDatabase) func `the newest two checkpoints are kept`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    for epoch in 1...4 {
      try fixture.database.write(
        fixture.progress(epoch, checkpoint: try fixture.checkpoint(epoch: epoch)), under: lease)
    }
    #expect(try fixture.database.checkpoints(trial: lease.trial).map(\.epoch) == [4, 3])
    #expect(try fixture.count("unroll_internal.checkpoint_chunk") == 2)
  }

  @Test(.scratchDatabase) func `a damaged checkpoint is refused, at writing and at reading`() throws
  {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    var bad = try fixture.checkpoint(epoch: 1)
    bad.content[0] ^= 1
    #expect(
      try storeError {
        try fixture.database.write(fixture.progress(1, checkpoint: bad), under: lease)
      }.code == .corrupt)
    #expect(try fixture.database.curve(trial: lease.trial).isEmpty)

    let good = try fixture.checkpoint(epoch: 1)
    try fixture.database.write(fixture.progress(1, checkpoint: good), under: lease)
    try fixture.connection.execute(
      "update unroll_internal.checkpoint_chunk set content = '\\x00'")
    #expect(
      try storeError {
        _ = try fixture.database.checkpointContent(trial: lease.trial, at: good.position)
      }.code == .corrupt)
  }
}
