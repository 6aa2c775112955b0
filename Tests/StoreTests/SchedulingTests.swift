import Dispatch
import FoundationEssentials
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

@Suite struct SchedulingTests {
  @Test(.scratchDatabase) func `one leads until the lease is over, and each term is another`()
    throws
  {
    let fixture = try Fixture()
    let database = fixture.database
    let first = fixture.leader
    #expect(first.term == 1)
    #expect(try database.acquireLeadership(holder: UUID(), ttl: .seconds(60)) == nil)
    #expect(try database.renew(first, ttl: .seconds(60)))
    #expect(try database.resign(first))
    #expect(try database.resign(first) == false)
    #expect(try database.renew(first, ttl: .seconds(60)) == false)
    let second = try #require(
      try database.acquireLeadership(holder: UUID(), ttl: .seconds(60)))
    #expect(second.term == 2)
  }

  @Test(.scratchDatabase) func `each queue has a leader of its own`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 1, #","queue":"other""#)
    #expect(try database.isLed(sweep: sweep) == false)
    #expect(try database.queues() == (led: ["default"], abandoned: ["other"]))
    let other = try #require(
      try database.acquireLeadership(of: "other", holder: UUID(), ttl: .seconds(60)))
    #expect(other.term == 1)
    #expect(try database.isLed(sweep: sweep))
    #expect(try database.queues() == (led: ["default", "other"], abandoned: []))
    #expect(try database.refill(queue: "other", window: 5, by: other) == 1)
    try database.resign(other)
    #expect(
      try storeError { _ = try database.refill(queue: "other", window: 5, by: other) }.code
        == .leadershipLost)
    // The other one leads on.
    #expect(try database.refill(window: 5, by: fixture.leader) == 0)
  }

  @Test(.scratchDatabase) func `who no longer leads decides nothing`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 1)
    try database.resign(fixture.leader)
    let old = fixture.leader
    let activation = Activation(
      trials: 1, objective: Objective(metric: "a", split: "train", goal: "minimize"),
      facts: JSON(text: "{}"), baselines: [], reason: "r")
    let writes: [() throws -> Void] = [
      { _ = try database.activate(sweep: sweep, activation, by: old) },
      { _ = try database.refuse(sweep: sweep, reason: "r", by: old) },
      { _ = try database.finish(sweep: sweep, by: old) },
      {
        _ = try database.createTrials(
          sweep: sweep, first: 1, [NewTrial(params: JSON(text: "{}"), reason: "r")], by: old)
      },
      { _ = try database.refill(window: 1, by: old) },
      { _ = try database.reap(by: old) },
      { try database.record(kind: "note", reason: "r", sweep: sweep, by: old) },
    ]
    for write in writes {
      #expect(try storeError(write).code == .leadershipLost)
    }
    #expect(try fixture.count("unroll_internal.ready") == 0)
  }

  @Test(.scratchDatabase) func `numbers are given once and the budget is exact`() throws {
    let fixture = try Fixture()
    try fixture.dataset()
    let sweep = try fixture.database.enqueue(fixture.spec())
    let activation = Activation(
      trials: 3, objective: Objective(metric: "a", split: "train", goal: "minimize"),
      facts: JSON(text: "{}"), baselines: [], reason: "r")
    #expect(try fixture.database.activate(sweep: sweep, activation, by: fixture.leader))
    #expect(try fixture.database.activate(sweep: sweep, activation, by: fixture.leader) == false)
    let trial = NewTrial(
      params: JSON(text: #"{"x":1}"#), reason: "grid", details: JSON(text: #"{"point":0}"#))
    func create(_ first: Int, _ count: Int) throws -> Int {
      try fixture.database.createTrials(
        sweep: sweep, first: first, Array(repeating: trial, count: count), by: fixture.leader)
    }
    #expect(try create(0, 2) == 2)
    #expect(try create(0, 2) == 0)
    #expect(try storeError { _ = try create(2, 2) }.code == .budgetSpent)
    #expect(try fixture.database.finish(sweep: sweep, by: fixture.leader) == false)
    #expect(try create(2, 1) == 1)
    #expect(try fixture.database.trials(sweep: sweep).map(\.number) == [0, 1, 2])
    #expect(try fixture.count("unroll.decisions", where: "kind = 'create'") == 3)
    #expect(try fixture.database.openSweeps().map(\.unfinished) == [3])
  }

  @Test(.scratchDatabase) func `the window is filled in fair order and is bounded`() throws {
    let fixture = try Fixture()
    let slow = try fixture.sweep(trials: 8, #","priority":200"#)
    let first = try fixture.sweep(trials: 8)
    let second = try fixture.sweep(trials: 8)
    let limited = try fixture.sweep(trials: 8, #","limits":{"max_parallel":1}"#)
    #expect(try fixture.database.refill(window: 9, by: fixture.leader) == 9)
    #expect(try fixture.database.refill(window: 9, by: fixture.leader) == 0)
    let worker = try fixture.worker()
    let claims = try fixture.database.claim(worker: worker, count: 100)
    #expect(
      claims.map(\.sweepID)
        == [first, second, limited, first, second, first, second, first, second])
    #expect(claims.prefix(5).map(\.number) == [0, 0, 0, 1, 1])
    // What runs counts: the limited sweep gets nothing, the slow one what nobody else wants.
    #expect(try fixture.database.refill(window: 100, by: fixture.leader) == 4 + 4 + 8)
    let rest = try fixture.database.claim(worker: worker, count: 100)
    #expect(rest.filter { $0.sweepID == limited }.isEmpty)
    #expect(rest.suffix(8).allSatisfy { $0.sweepID == slow })
    // A place that becomes free is filled again.
    let running = try #require(claims.first { $0.sweepID == limited })
    try fixture.succeed(running.lease)
    #expect(try fixture.database.refill(window: 100, by: fixture.leader) == 1)
  }

  @Test(.scratchDatabase) func `workers of a queue see only that queue`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 1, #","queue":"gpu""#)
    let worker = try fixture.worker()
    #expect(try fixture.claims(worker).isEmpty)
    #expect(try fixture.database.refill(queue: "gpu", window: 5, by: fixture.leader) == 1)
    #expect(try fixture.database.claim(worker: worker, queue: "gpu", count: 5).count == 1)
  }

  @Test(.scratchDatabase) func `claimers at the same time never share a trial`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 300)
    _ = try fixture.database.refill(window: 1000, by: fixture.leader)
    let options = try Scratch.database
    let workers = try (0..<6).map { _ in try fixture.worker() }
    let claimed = Mutex<[Result<[Lease], any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: workers.count) { index in
      let leases = Result {
        let database = try Database(options)
        var leases: [Lease] = []
        while true {
          let batch = try database.claim(worker: workers[index], count: 1 + index % 3)
          guard !batch.isEmpty else { return leases }
          leases += batch.map(\.lease)
        }
      }
      claimed.withLock { $0.append(leases) }
    }
    let leases = try claimed.withLock { $0 }.flatMap { try $0.get() }
    #expect(leases.count == 300)
    #expect(Set(leases.map(\.trial)).count == 300)
    #expect(leases.allSatisfy { $0.token == 1 })
    #expect(try fixture.database.progress(sweep: sweep).running == 300)
  }
}
