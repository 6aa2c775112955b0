import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// Who gets how much: weights, owners' limits, and budgets of time.
@Suite struct FairnessTests {
  /// How many trials of each sweep are in the window.
  private func window(_ fixture: Fixture) throws -> [Int: Int] {
    let rows = try fixture.connection.query(
      "select sweep_id, count(*) from unroll_internal.ready group by sweep_id")
    var counts: [Int: Int] = [:]
    for row in rows { counts[try row[0]] = try row[1] }
    return counts
  }

  private func own(_ sweep: Int, _ owner: String, in fixture: Fixture) throws {
    try fixture.connection.query(
      "update unroll_internal.sweep set owner = $2 where id = $1", [sweep, owner])
  }

  @Test(.scratchDatabase) func `trials in flight are in proportion to the weights`() throws {
    let fixture = try Fixture()
    let light = try fixture.sweep(trials: 50)
    let heavy = try fixture.sweep(trials: 50, #","weight":3"#)
    #expect(try fixture.database.refill(window: 20, by: fixture.leader) == 20)
    #expect(try window(fixture) == [light: 5, heavy: 15])
    // What runs counts: after the heavy one's trials were taken, the light one is behind no more.
    let worker = try fixture.worker()
    #expect(try fixture.database.claim(worker: worker, count: 12).count == 12)
    _ = try fixture.database.refill(window: 20, by: fixture.leader)
    let running = try fixture.connection.query(
      "select sweep_id, count(*) from unroll_internal.status where state = 'leased' group by 1")
    var inFlight = try window(fixture)
    for row in running { inFlight[try row[0], default: 0] += try row[1] }
    #expect(inFlight == [light: 8, heavy: 24])
  }

  @Test(.scratchDatabase) func `an owner with many sweeps gets no more than one with few`() throws {
    let fixture = try Fixture()
    let alone = try fixture.sweep(trials: 50)
    var others: [Int] = []
    for _ in 0..<3 { others.append(try fixture.sweep(trials: 50)) }
    try own(alone, "ada", in: fixture)
    for sweep in others { try own(sweep, "bob", in: fixture) }
    #expect(try fixture.database.refill(window: 24, by: fixture.leader) == 24)
    #expect(
      try window(fixture) == [alone: 12, others[0]: 4, others[1]: 4, others[2]: 4])
  }

  @Test(.scratchDatabase) func `an owner's limit holds over all queues`() throws {
    let fixture = try Fixture()
    let sweeps = [
      try fixture.sweep(trials: 4), try fixture.sweep(trials: 4, #","queue":"other""#),
    ]
    for sweep in sweeps { try own(sweep, "ada", in: fixture) }
    try fixture.connection.query("select unroll.set_owner('ada', max_parallel => 3)")
    #expect(try fixture.database.refill(window: 2, by: fixture.leader) == 2)
    #expect(try fixture.database.refill(queue: "other", window: 9, by: fixture.leader) == 1)
    #expect(try fixture.database.claim(worker: try fixture.worker(), count: 9).count == 2)
    #expect(try fixture.database.refill(window: 9, by: fixture.leader) == 0)
    #expect(try fixture.database.refill(queue: "other", window: 9, by: fixture.leader) == 0)
  }

  @Test(.scratchDatabase) func `an owner's weight and limit hold over all of its sweeps`() throws {
    let fixture = try Fixture()
    let sweeps = try (0..<3).map { _ in try fixture.sweep(trials: 50) }
    try own(sweeps[0], "ada", in: fixture)
    try own(sweeps[1], "bob", in: fixture)
    try own(sweeps[2], "bob", in: fixture)
    try fixture.connection.query("select unroll.set_owner('ada', weight => 2)")
    #expect(try fixture.database.refill(window: 12, by: fixture.leader) == 12)
    #expect(try window(fixture) == [sweeps[0]: 8, sweeps[1]: 2, sweeps[2]: 2])
    try fixture.connection.query("select unroll.set_owner('bob', max_parallel => 5)")
    // What waited of it has to come in again under the limit.
    #expect(try fixture.database.refill(window: 60, by: fixture.leader) == 42 + 5)
    #expect(try window(fixture).filter { $0.key != sweeps[0] }.values.reduce(0, +) == 5)
    // More than the limit never runs, however often the window is filled.
    let worker = try fixture.worker()
    _ = try fixture.database.claim(worker: worker, count: 100)
    _ = try fixture.database.refill(window: 60, by: fixture.leader)
    #expect(try window(fixture) == [:])
    #expect(throws: (any Error).self) {
      try fixture.connection.query("select unroll.set_owner('bob', weight => 0)")
    }
  }

  /// A budget, and what makes it seem used up.
  static let budgets = [
    (#","limits":{"wall_time":60}"#, "activated_at = activated_at - interval '61 s'", "wall time"),
    (
      #","limits":{"deadline":"2030-01-31T12:00:00+01:00"}"#,
      "deadline = clock_timestamp() - interval '1 s'", "deadline"
    ),
    (#","limits":{"cpu_time":100}"#, "cpu_time = interval '4 s'", "CPU time"),
  ]

  @Test(.scratchDatabase, arguments: budgets)
  func `a sweep whose time is used up stops, and only that`(
    _ spec: String, _ change: String, _ reason: String
  ) throws {
    let fixture = try Fixture()
    let database = fixture.database
    let sweep = try fixture.sweep(trials: 5, spec)
    let other = try fixture.sweep(trials: 5)
    let worker = try fixture.worker()
    let claims = try fixture.claims(worker, 10)
    let (mine, theirs) = (
      claims.filter { $0.sweepID == sweep }, claims.filter { $0.sweepID == other }
    )
    #expect(mine.count == 5)
    for claim in [mine[0], mine[1], theirs[0]] { try fixture.succeed(claim.lease) }
    // Each of the two reported 1.5 s, and the others run for a moment.
    try database.release(mine[2].lease, cpuSeconds: 1.5)
    #expect(try database.enforceBudgets(by: fixture.leader) == [])
    try fixture.connection.query(
      "update unroll_internal.sweep set \(change) where id = $1", [sweep])
    let stopped = try database.enforceBudgets(by: fixture.leader)
    #expect(stopped.map(\.id) == [sweep])
    #expect(stopped.first?.reason.contains(reason) == true)
    #expect(try database.enforceBudgets(by: fixture.leader) == [])
    #expect(try fixture.state(mine[2].lease.trial) == "cancelled")
    #expect(
      try database.beat(worker: worker)
        == .alive(cancelled: [mine[3].lease.trial, mine[4].lease.trial].sorted()))
    #expect(try database.finish(sweep: sweep, by: fixture.leader) == false)
    for claim in mine[3...] { try database.cancel(claim.lease, cpuSeconds: 1) }
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
    #expect(try fixture.count("unroll.sweeps", where: "stopped like '%\(reason)%'") == 1)
    #expect(try fixture.count("unroll.sweeps", where: "state = 'active' and running = 4") == 1)
  }

  @Test(.scratchDatabase) func `a stopped sweep gets no further trials`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 2)
    try fixture.connection.query(
      "update unroll_internal.sweep set trials = 5, stopped = 'enough' where id = $1", [sweep])
    let error = try storeError {
      _ = try fixture.database.createTrials(
        sweep: sweep, first: 2, [NewTrial(params: JSON(text: "{}"), reason: "r")],
        by: fixture.leader)
    }
    #expect("\(error)".contains("was stopped"))
    #expect(try fixture.database.refill(window: 5, by: fixture.leader) == 0)
    #expect(try fixture.count("unroll_internal.trial") == 2)
  }
}
