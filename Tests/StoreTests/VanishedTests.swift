import Dispatch
import Postgres
import Store
import TestSupport
import Testing

/// A machine that loses its power in the middle of a write: the server hears nothing of it.
@Suite struct VanishedTests {
  /// A session that holds the lease's row and waits for the rest of a checkpoint.
  private func vanish(_ fixture: Fixture, _ lease: Lease, _ proxy: FaultyProxy) throws {
    let database = try Database(proxy.options)
    #expect(try database.holds(lease))
    let progress = fixture.progress(
      1, checkpoint: try fixture.checkpoint(epoch: 1, bytes: 3_000_000))
    proxy.vanish(afterBytes: 500_000)
    #expect(try storeError { try database.write(progress, under: lease) }.code == .unavailable)
  }

  @Test(.scratchDatabase) func `who vanishes within a checkpoint does not keep the trial`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let worker = try fixture.worker()
    let lease = try fixture.claim(worker).lease
    let proxy = try FaultyProxy(for: try Scratch.database)
    defer { proxy.stop() }
    try vanish(fixture, lease, proxy)

    try fixture.connection.execute("set unroll.alert_after = '0 s'")
    // Until it waits for its client it is a session like any other.
    let wait = ContinuousClock.now + .seconds(20)
    var found = try fixture.database.alerts().first
    while found?.kind != "silent client" {
      try #require(ContinuousClock.now < wait, "nobody tells of the silent client")
      found = try fixture.database.alerts().first
    }
    let alert = try #require(found)
    #expect(alert.found.hasPrefix("waits in the middle of a batch for its client"))

    // While the worker lives, it may only be slow.
    #expect(try fixture.database.reap(by: fixture.leader).isEmpty)
    #expect(try fixture.database.alerts().map(\.kind) == ["silent client"])
    try fixture.silence(worker)
    let limit = ContinuousClock.now + .seconds(20)
    var reaped: [Reaped] = []
    while reaped.isEmpty {
      try #require(ContinuousClock.now < limit, "nobody takes the trial back")
      reaped = try fixture.database.reap(by: fixture.leader)
    }
    #expect(reaped.map(\.lease) == [lease])
    #expect(try fixture.database.alerts() == [])
    try fixture.skipBackoff()
    let claim = try fixture.claim(try fixture.worker())
    #expect(claim.lease.token == 2 && claim.checkpoint == nil)
  }

  @Test(.scratchDatabase) func `who vanishes is ended although the tables cannot be read`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1)
    let lease = try fixture.claim(try fixture.worker()).lease
    let proxy = try FaultyProxy(for: try Scratch.database)
    defer { proxy.stop() }
    try vanish(fixture, lease, proxy)

    // Somebody waits for the row, and everybody else behind him.
    let somebody = try Connection(try Scratch.database)
    let locking = DispatchGroup()
    DispatchQueue(label: "lock").async(group: locking) {
      try? somebody.execute("begin; lock unroll_internal.status in access exclusive mode; commit")
    }
    let limit = ContinuousClock.now + .seconds(20)
    let waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1"
    var isWaiting: Bool?
    while isWaiting != true {
      try #require(ContinuousClock.now < limit, "nobody waits")
      isWaiting = try fixture.connection.query(waits, [Int(somebody.backendProcessID)]).one()[0]
    }
    #expect(try fixture.database.endSilentClients(patience: .seconds(3600)) == 0)
    var ended = 0
    while ended == 0 {
      try #require(ContinuousClock.now < limit, "the silent client stays")
      ended = try fixture.database.endSilentClients(patience: .milliseconds(10))
    }
    #expect(ended == 1)
    locking.wait()
    #expect(try fixture.database.holds(lease))
  }
}
