import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// A search decides, trials pause and go on, and every step is a row.
@Suite(.scratchDatabaseForEach) struct LegTests {
  private let fixture: Fixture
  private var database: Database { fixture.database }

  init() throws { fixture = try Fixture() }

  private func activeSweep(trials: Int) throws -> Int {
    try fixture.dataset()
    let sweep = try database.enqueue(fixture.spec())
    let activation = Activation(
      trials: trials,
      objective: Objective(metric: "accuracy", split: "validation", goal: "maximize"),
      facts: JSON(text: "{}"), baselines: [], reason: "r")
    #expect(try database.activate(sweep: sweep, activation, by: fixture.leader))
    return sweep
  }

  /// Trials first..<first + count begin, each with a leg to an epoch.
  private func beginning(_ first: Int, _ count: Int, until: Int = 1) -> SearchDecision {
    var decision = SearchDecision()
    for number in first..<first + count {
      decision.begun.append(JSON(text: #"{"x":\#(number)}"#))
      decision.legs.append(SearchDecision.Leg(trial: number, until: until, known: 0))
      decision.told.append(
        SearchDecision.Told(
          trial: number, kind: "create", reason: "drawn", details: JSON(text: #"{"n":1}"#)))
    }
    return decision
  }

  private func goingOn(_ trial: Int, until: Int, known: Int) -> SearchDecision {
    var decision = SearchDecision()
    decision.legs.append(SearchDecision.Leg(trial: trial, until: until, known: known))
    decision.told.append(
      SearchDecision.Told(
        trial: trial, kind: "promote", reason: "best", details: JSON(text: "{}")))
    return decision
  }

  private func decide(_ sweep: Int, _ legs: Int, _ taken: Int, _ decision: SearchDecision) throws
    -> Bool
  {
    try database.decide(sweep: sweep, legs: legs, taken: taken, decision, by: fixture.leader)
  }

  private func pause(_ claim: Claim, _ objective: Double, epoch: Int) throws -> String {
    try database.pause(
      claim.lease, objectives: [objective],
      progress: fixture.progress(epoch, objective, checkpoint: fixture.checkpoint(epoch: epoch)),
      cpuSeconds: 1)
  }

  @Test func `a trial pauses at a rung and any worker goes on from there`() throws {
    let sweep = try activeSweep(trials: 2)
    #expect(try decide(sweep, 0, 0, beginning(0, 2)))
    let first = try fixture.claims(try fixture.worker(), 2)
    #expect(first.map(\.until) == [1, 1])
    #expect(try pause(first[0], 0.7, epoch: 1) == "blocked")
    #expect(try pause(first[1], 0.9, epoch: 1) == "blocked")
    #expect(try fixture.claims(try fixture.worker(), 2).isEmpty)
    #expect(try database.arrivals(sweep: sweep).map(\.objectives) == [[0.7], [0.9]])

    var decision = goingOn(1, until: 3, known: 2)
    decision.taken = [0, 1]
    decision.judged = [
      SearchDecision.Judgement(leg: 0, judgement: "stop"),
      SearchDecision.Judgement(leg: 1, judgement: "pause"),
    ]
    decision.ended = [0]
    decision.told.append(
      SearchDecision.Told(trial: 0, kind: "stop", reason: "worst", details: JSON(text: "{}")))
    #expect(try decide(sweep, 2, 0, decision))
    #expect(try database.arrivals(sweep: sweep).isEmpty)
    #expect(try fixture.state(first[0].lease.trial) == "pruned")

    let other = try fixture.worker()
    let second = try #require(try fixture.claims(other, 2).first)
    #expect(second.lease == Lease(trial: first[1].lease.trial, token: 2, worker: other))
    #expect(second.until == 3)
    #expect(second.checkpoint == CheckpointPosition(epoch: 1, step: 100))
    #expect(
      try fixture.count("unroll.curves", where: "trial_id = \(second.lease.trial) and epoch = 1")
        == 2)
    try database.succeed(
      try fixture.result(0.95, epoch: 3), objectives: [0.95],
      progress: fixture.progress(3, 0.95), cpuSeconds: 1, under: second.lease)
    let legs = try database.legs(sweep: sweep)
    #expect(legs.map(\.number) == [0, 1, 2])
    #expect(legs.map(\.trial) == [0, 1, 1])
    #expect(legs.map(\.until) == [1, 1, 3])
    #expect(legs.map(\.result) == ["reached", "reached", "reached"])
    #expect(legs.map(\.objectives) == [[0.7], [0.9], [0.95]])
    #expect(legs.map(\.taken) == [0, 1, nil])
    #expect(legs.map(\.judgement) == ["stop", "pause", nil])
    #expect(legs.map(\.known) == [0, 0, 2])
    #expect(legs[2].params?.text.contains("1") == true)
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
    let told = try database.decisions(trial: second.lease.trial).map(\.kind)
    #expect(told == ["create", "promote"])
  }

  @Test(arguments: ["queued", "running"])
  func `a trial that was queued again by hand runs for itself`(_ how: String) throws {
    let sweep = try activeSweep(trials: 1)
    #expect(try decide(sweep, 0, 0, beginning(0, 1)))
    let claim = try #require(try fixture.claims(try fixture.worker()).first)
    #expect(try pause(claim, 0.7, epoch: 1) == "blocked")
    #expect(try database.cancel(trial: claim.lease.trial) == "cancelled")
    try database.retry(trial: claim.lease.trial)
    let worker = try fixture.worker()
    _ = try database.refill(window: 10, by: fixture.leader)
    var lease: Lease?
    if how == "running" {
      lease = try #require(try database.claim(worker: worker, count: 1).first).lease
    }
    // Its search knows nothing of all that.
    var decision = goingOn(0, until: 3, known: 1)
    decision.taken = [0]
    #expect(try decide(sweep, 1, 0, decision))
    if let lease {
      #expect(try database.legs(sweep: sweep).map(\.result) == ["reached", "failed"])
      try fixture.succeed(lease)
      #expect(try database.finish(sweep: sweep, by: fixture.leader))
    } else {
      // It is on its leg before anybody can claim it without.
      #expect(try database.claim(worker: worker, count: 1).isEmpty)
      #expect(try fixture.claims(worker).map(\.until) == [3])
      #expect(try database.legs(sweep: sweep).map(\.result) == ["reached", nil])
    }
  }

  @Test(arguments: [
    (#"{"search": {"sampler": "pbt"}}"#, "trials"),
    (#"{"search": {"sampler": "pbt"}}"#, "model.hidden"),
    (#"{"stop": {"rule": "halving"}}"#, "trials"), (#"{"stop": "hyperband"}"#, "trials"),
    (#"{"search": {"order": "deterministic"}}"#, "trials"),
  ])
  func `what would change decisions that were made is refused`(spec: String, key: String) throws {
    let sweep = try activeSweep(trials: 2)
    try fixture.connection.query(
      """
      update unroll_internal.sweep
      set spec = spec || '{"model": {"hidden": {"int": [1, 9]}}}' || $1::jsonb
      """, [spec])
    let value = JSON(text: key == "trials" ? "2" : #"{"int":[2,3]}"#)
    // As long as nothing was decided, it may be anything.
    try database.set(sweep: sweep, key: key, value: value)
    #expect(try decide(sweep, 0, 0, beginning(0, 1)))
    let error = try storeError { try database.set(sweep: sweep, key: key, value: value) }
    #expect(error.code == .invalid)
    #expect(error.message.hasPrefix("key: found \"\(key)\"; allowed: "))
    try database.set(sweep: sweep, key: "priority", value: JSON(text: "7"))
  }

  @Test func `only what is searched can be changed, and it is there when it was`() throws {
    let sweep = try activeSweep(trials: 2)
    try fixture.connection.execute(
      """
      update unroll_internal.sweep
      set spec = spec || '{"training": {"schedule": {"kind": "constant", "factor": 0.1},
        "momentum": {"uniform": [0, 1], "when": {"optimizer": "sgd"}}}}'
      """)
    let schedule = JSON(text: #"{"kind":"step","factor":0.000001}"#)
    let error = try storeError {
      try database.set(sweep: sweep, key: "training.schedule", value: schedule)
    }
    #expect(error.code == .invalid && error.message.contains("a searched parameter"))
    func momentum() throws -> String {
      try fixture.connection.query(
        "select spec #>> '{training,momentum}' from unroll_internal.sweep where id = $1", [sweep]
      ).one()[0]
    }
    try database.set(sweep: sweep, key: "training.momentum", value: JSON(text: "0.5"))
    #expect(try momentum() == #"{"when": {"optimizer": "sgd"}, "choice": [0.5]}"#)
    let range = JSON(text: #"{"uniform":[0,0.2],"when":{"optimizer":"rmsprop"}}"#)
    try database.set(sweep: sweep, key: "training.momentum", value: range)
    #expect(try momentum().contains("rmsprop"))
  }

  @Test func `a search learns from what was there when it was accepted`() throws {
    let database = fixture.database
    let earlier = try fixture.sweep(trials: 2)
    let worker = try fixture.worker()
    func succeed(_ objective: Double) throws {
      let claim = try fixture.claim(worker)
      try database.succeed(
        TrialResult(
          objective: objective, bestEpoch: 1, epochs: 1, trainingSeconds: 0, confusion: [],
          artifacts: []), progress: Progress(metrics: []), cpuSeconds: 0, under: claim.lease)
    }
    try succeed(0.25)
    let sweep = try activeSweep(trials: 2)
    try succeed(0.5)
    #expect(try database.finishedPoints(sweep: earlier, before: sweep).map(\.objective) == [0.25])
  }

  @Test func `what members of a population stand on is kept while it goes on`() throws {
    let sweep = try activeSweep(trials: 2)
    try fixture.connection.execute(
      """
      update unroll_internal.sweep
      set spec = spec || '{"search": {"sampler": "pbt"}}', keep_checkpoints = '0'
      """)
    #expect(try decide(sweep, 0, 0, beginning(0, 2)))
    let claims = try fixture.claims(try fixture.worker(), 2)
    for claim in claims { #expect(try pause(claim, 0.7, epoch: 1) == "blocked") }
    #expect(try database.cancel(trial: claims[0].lease.trial) == "cancelled")
    #expect(try database.expire(by: fixture.leader) == 0)
    #expect(try fixture.count("unroll_internal.checkpoint") == 2)
    #expect(try storeError { try database.retry(trial: claims[0].lease.trial) }.code == .invalid)

    // Nobody told the search: it goes on as a copy of the trial that is over.
    var decision = goingOn(1, until: 3, known: 2)
    decision.taken = [0, 1]
    decision.heirs = [SearchDecision.Heir(trial: 1, parent: 0, params: JSON(text: #"{"x":9}"#))]
    #expect(try decide(sweep, 2, 0, decision))
    let heir = try #require(try fixture.claims(try fixture.worker(), 2).first)
    #expect(heir.params.text.contains("9"))
    #expect(heir.parent?.number == 0)

    // Its leg is closed then, and it still stands on what it was copied from.
    #expect(try database.fail(heir.lease, error: "no", retry: false, cpuSeconds: 1) == "failed")
    #expect(try storeError { _ = try database.retryFailed(sweep: sweep) }.code == .invalid)
    #expect(try database.finish(sweep: sweep, by: fixture.leader))
    try database.retry(trial: heir.lease.trial)
    let again = try #require(try fixture.claims(try fixture.worker(), 2).first)
    #expect(again.lease.trial == heir.lease.trial && again.parent?.number == 0)
  }

  @Test func `more trials than there can be are taken back`() throws {
    let sweep = try activeSweep(trials: 2)
    try database.set(sweep: sweep, key: "trials", value: JSON(text: "100"))
    #expect(
      try database.takeBack(
        sweep: sweep, revision: 1, reason: "a grid of 2", by: fixture.leader))
    #expect(try database.spec(sweep: sweep).text.contains("100") == false)
    let last = try #require(try database.decisions(sweep: sweep).first { $0.kind == "take_back" })
    #expect(last.reason.contains("a grid of 2"))
  }

  @Test(arguments: [("", "1"), ("trials", "null"), ("priority", "null"), ("weight", "null")])
  func `a change of nothing, or to nothing, is refused`(key: String, value: String) throws {
    let sweep = try activeSweep(trials: 2)
    let error = try storeError {
      try database.set(sweep: sweep, key: key, value: JSON(text: value))
    }
    #expect(error.code == .invalid)
    #expect(error.message.contains("found nothing; allowed: "))
  }

  @Test func `a decision from rows that have changed is not written`() throws {
    let sweep = try activeSweep(trials: 4)
    #expect(try decide(sweep, 0, 0, beginning(0, 1)))
    #expect(try decide(sweep, 0, 0, beginning(0, 1)) == false)
    #expect(try decide(sweep, 1, 1, beginning(1, 1)) == false)
    #expect(try fixture.count("unroll_internal.trial") == 1)
    #expect(try decide(sweep, 1, 0, beginning(1, 3)))
    #expect(
      try storeError { _ = try decide(sweep, 4, 0, beginning(4, 1)) }.code == .budgetSpent)
    try database.cancel(sweep: sweep)
    #expect(try decide(sweep, 4, 0, SearchDecision()) == false)
  }

  @Test func `a place without a decision is a leg without a trial`() throws {
    let sweep = try activeSweep(trials: 1)
    var decision = beginning(0, 1)
    decision.legs.append(SearchDecision.Leg(trial: nil, until: nil, known: 0))
    #expect(try decide(sweep, 0, 0, decision))
    #expect(try database.legs(sweep: sweep).map(\.trial) == [0, nil])
    #expect(try fixture.count("unroll_internal.status") == 1)
  }

  @Test(arguments: ["failed", "cancelled", "cancelled while it waits", "cancelled while it runs"])
  func `a trial that is over without a value ends its leg`(_ how: String) throws {
    let sweep = try activeSweep(trials: 1)
    #expect(try decide(sweep, 0, 0, beginning(0, 1)))
    let claim = try #require(try fixture.claims(try fixture.worker()).first)
    switch how {
    case "failed":
      #expect(
        try database.fail(claim.lease, error: "NaN", retry: false, cpuSeconds: 1) == "failed")
    case "cancelled":
      try database.cancel(trial: claim.lease.trial)
      try database.cancel(claim.lease, cpuSeconds: 1)
    case "cancelled while it runs":
      try database.cancel(trial: claim.lease.trial)
      #expect(try pause(claim, 0.5, epoch: 1) == "cancelled")
    default:
      #expect(try pause(claim, 0.5, epoch: 1) == "blocked")
      #expect(try database.cancel(trial: claim.lease.trial) == "cancelled")
      // The search does not know yet, and lets it go on.
      var decision = goingOn(0, until: 2, known: 1)
      decision.taken = [0]
      #expect(try decide(sweep, 1, 0, decision))
    }
    let arrivals = try database.arrivals(sweep: sweep)
    #expect(arrivals.count == 1)
    #expect(arrivals.last?.objectives == nil)
    #expect(try fixture.claims(try fixture.worker()).isEmpty)
  }

  @Test func `an attempt that is tried again is still the same leg`() throws {
    let sweep = try activeSweep(trials: 1)
    #expect(try decide(sweep, 0, 0, beginning(0, 1, until: 5)))
    let worker = try fixture.worker()
    let claim = try #require(try fixture.claims(worker).first)
    #expect(try database.fail(claim.lease, error: "once", retry: true, cpuSeconds: 1) == "queued")
    try fixture.skipBackoff()
    let again = try #require(try fixture.claims(worker).first)
    #expect(again.until == 5)
    try fixture.silence(worker)
    #expect(try database.reap(by: fixture.leader).count == 1)
    try fixture.skipBackoff()
    let third = try #require(try fixture.claims(try fixture.worker()).first)
    #expect(third.until == 5)
    // Who lost the lease cannot reach the rung.
    #expect(try storeError { _ = try pause(again, 0.5, epoch: 5) }.code == .leaseLost)
    #expect(try database.arrivals(sweep: sweep).isEmpty)
    #expect(try pause(third, 0.5, epoch: 5) == "blocked")
    #expect(try database.arrivals(sweep: sweep).map(\.objectives) == [[0.5]])
  }

  /// t(0.975, n − 1), from tables.
  @Test(arguments: [(3, 4.303), (31, 2.042), (32, 2.0395), (41, 2.0211)])
  func `repeats of a setting have a mean and an interval`(count: Int, t: Double) throws {
    let sweep = try fixture.sweep(trials: count, params: { _ in #"{"x":1}"# })
    let claims = try fixture.claims(try fixture.worker(), count)
    let objectives = (0..<count).map { Double($0 * 7 % count) / 10 }
    #expect(claims.count == count)
    for (claim, objective) in zip(claims, objectives) {
      try fixture.succeed(claim.lease, objective)
    }
    let row = try fixture.connection.query(
      "select trials, mean, deviation, low, high from unroll.repeats where sweep_id = $1", [sweep]
    ).one()
    let mean = objectives.reduce(0, +) / Double(count)
    let squares = objectives.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = (squares / Double(count - 1)).squareRoot()
    #expect(try row["trials"] == count)
    #expect(abs(try row["mean", as: Double.self] - mean) < 1e-12)
    #expect(abs(try row["deviation", as: Double.self] - deviation) < 1e-12)
    let half = deviation / Double(count).squareRoot()
    #expect(abs((mean - (try row["low", as: Double.self])) / half - t) < 1e-4)
    #expect(abs(((try row["high", as: Double.self]) - mean) / half - t) < 1e-4)
  }

  @Test func `what is no number is no best of repeats`() throws {
    let sweep = try fixture.sweep(trials: 2, params: { _ in #"{"x":1}"# })
    for claim in try fixture.claims(try fixture.worker(), 2) {
      try fixture.succeed(claim.lease, claim.number == 0 ? .nan : 0.5)
    }
    let best: Double = try fixture.connection.query(
      "select best from unroll.repeats where sweep_id = $1", [sweep]
    ).one()[0]
    #expect(best == 0.5)
  }
}
