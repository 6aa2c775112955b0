import FoundationEssentials
import Postgres
import Store
import Testing

/// Rows at which functions find something to do, in a database that holds nothing else alive.
struct Situation: Sendable {
  /// Rows that only some functions need.
  enum Part { case search, finishable, expirable, submitted, empty, paused }

  let leader: Leadership
  /// All sweeps of this situation have at least this number.
  let first: Int
  /// An active sweep whose time is over: a trial that is held, one that failed, one in the window,
  /// and one that waits.
  let sweep: Int
  let held: Lease
  let failed: Int
  let ready: Int
  let waiting: Int
  /// Silent for too long, but nobody has noticed: it holds `held` and `climbing`.
  let worker: UUID
  let other: UUID
  /// A sweep with a search: a trial on its way to a rung, and one that waits at it.
  private(set) var search: Int?
  private(set) var climbing: Lease?
  private(set) var blocked: Int?
  /// All trials are over, one of them failed, and nobody has finished it.
  private(set) var finishable: Int?
  private(set) var failedLast: Int?
  /// Finished, and nothing of it is to be kept.
  private(set) var expirable: Int?
  private(set) var failedLongAgo: Int?
  private(set) var goodLongAgo: Int?
  private(set) var submitted: Int?
  /// Active, without a trial yet.
  private(set) var empty: Int?
  private(set) var paused: Int?

  /// Empties the tables.
  static let forget = """
    truncate unroll_internal.sweep, unroll_internal.trial, unroll_internal.status,
      unroll_internal.ready, unroll_internal.worker, unroll_internal.metric, unroll_internal.flow,
      unroll_internal.flow_verdict cascade
    """

  /// What earlier situations left behind is over.
  private static let sweepAway = """
    delete from unroll_internal.ready;
    update unroll_internal.sweep
      set state = 'cancelled', finished_at = coalesce(finished_at, clock_timestamp()),
        keep_checkpoints = null, keep_metrics = null, keep_sweep = null
      where state in ('submitted', 'active', 'finished');
    update unroll_internal.status
      set state = 'cancelled', worker_id = null, deadline_at = null, cancel_requested_at = null,
        finished_at = clock_timestamp()
      where state = 'leased';
    update unroll_internal.worker
      set state = 'dead', ended_at = clock_timestamp(), end_reason = 'the situation is over'
      where state <> 'dead';
    update unroll_internal.leader set expires_at = clock_timestamp() - interval '1 s';
    """

  /// - Parameters:
  ///   - given: Where.
  ///   - operations: What will be done: their rows are there.
  /// - Throws: `StoreError` when the database refuses.
  init(_ given: Fixture, for operations: [Operation]) throws {
    var fixture = given
    let database = fixture.database
    try fixture.connection.execute(Self.sweepAway)
    leader = try #require(try database.acquireLeadership(holder: UUID(), ttl: .seconds(3600)))
    fixture.leader = leader
    worker = try fixture.worker()
    other = try fixture.worker()

    sweep = try fixture.sweep(trials: 4, #","limits":{"wall_time":1000}"#)
    first = sweep
    // A change that can be taken back.
    try database.set(sweep: sweep, key: "try", value: JSON(text: #"[{"model.hidden":3}]"#))
    try fixture.connection.query(
      "update unroll_internal.sweep set wall_time = interval '1 us' where id = $1", [sweep])
    _ = try database.refill(window: 2, by: leader)
    let claims = try database.claim(worker: worker, count: 2).map(\.lease)
    (held, failed) = (claims[0], claims[1].trial)
    (ready, waiting) = (held.trial + 2, held.trial + 3)
    let progress = try fixture.progress(1, checkpoint: fixture.checkpoint(epoch: 1))
    try database.write(progress, under: held)
    try database.fail(claims[1], error: "no", retry: false, cpuSeconds: 1)

    // Trials of the main sweep must not be claimed for these.
    try database.pause(sweep: sweep)
    for part in Set(operations.compactMap(\.part)) {
      switch part {
      case .search: try addSearch(fixture, progress)
      case .finishable: try addFinishable(fixture)
      case .expirable: try addExpirable(fixture, progress)
      case .submitted: submitted = try database.enqueue(fixture.spec())
      case .empty: empty = try Self.activeSweep(fixture, trials: 2)
      case .paused:
        let sweep = try fixture.sweep(trials: 1)
        #expect(try database.pause(sweep: sweep))
        paused = sweep
      }
    }
    try database.resume(sweep: sweep)
    _ = try database.refill(window: 1, by: leader)
    try fixture.silence(worker)
  }

  private mutating func addSearch(_ fixture: Fixture, _ progress: Progress) throws {
    let sweep = try Self.activeSweep(fixture, trials: 3)
    var decision = SearchDecision()
    for number in 0..<2 {
      decision.begun.append(JSON(text: #"{"x":\#(number)}"#))
      decision.legs.append(SearchDecision.Leg(trial: number, until: 1, known: 0))
    }
    #expect(
      try fixture.database.decide(sweep: sweep, legs: 0, taken: 0, decision, by: leader))
    let climbers = try fixture.claims(worker, 2).map(\.lease)
    try fixture.database.write(progress, under: climbers[0])
    try fixture.database.pause(
      climbers[1], objectives: [0.5], progress: progress, cpuSeconds: 1)
    (search, climbing, blocked) = (sweep, climbers[0], climbers[1].trial)
  }

  private mutating func addFinishable(_ fixture: Fixture) throws {
    finishable = try fixture.sweep(trials: 2)
    let last = try fixture.claims(other, 2).map(\.lease)
    try fixture.succeed(last[0])
    try fixture.database.fail(last[1], error: "no", retry: false, cpuSeconds: 1)
    failedLast = last[1].trial
  }

  private mutating func addExpirable(_ fixture: Fixture, _ progress: Progress) throws {
    let sweep = try fixture.sweep(trials: 2)
    let claims = try fixture.claims(other, 2).map(\.lease)
    let old = claims[0]
    try fixture.succeed(claims[1])
    try fixture.database.write(progress, under: old)
    try fixture.database.fail(old, error: "no", retry: false, cpuSeconds: 1)
    #expect(try fixture.database.finish(sweep: sweep, by: leader))
    try fixture.connection.query(
      """
      update unroll_internal.sweep
      set keep_checkpoints = '0', keep_metrics = '0', keep_sweep = '0' where id = $1
      """, [sweep])
    (expirable, failedLongAgo, goodLongAgo) = (sweep, old.trial, claims[1].trial)
  }

  private static func activeSweep(_ fixture: Fixture, trials: Int) throws -> Int {
    let sweep = try fixture.database.enqueue(fixture.spec())
    #expect(
      try fixture.database.activate(sweep: sweep, activation(trials), by: fixture.leader))
    return sweep
  }

  static func activation(_ trials: Int) -> Activation {
    Activation(
      trials: trials,
      objective: Objective(metric: "accuracy", split: "validation", goal: "maximize"),
      facts: JSON(text: "{}"), baselines: [], reason: "it is good")
  }

  /// One line for each thing that cannot be. $1 is `first`.
  static let contradictions = """
    with sweep as (select * from unroll_internal.sweep where id >= $1),
      status as (select * from unroll_internal.status where sweep_id >= $1),
      attempt as (select a.* from unroll_internal.attempt a join status using (trial_id)),
      leg as (select * from unroll_internal.leg where sweep_id >= $1)
    select array(
      select format('I5: trial %s is %s and ready', r.trial_id, s.state)
      from unroll_internal.ready r left join status s using (trial_id)
      where s.state is distinct from 'queued'
      union all
      select format('I2: trial %s is %s, token %s, open attempt %s', s.trial_id, s.state, s.token,
        a.token)
      from status s left join attempt a on a.trial_id = s.trial_id and a.ended_at is null
      where (s.state = 'leased') is distinct from (a.token is not null) or a.token <> s.token
      union all
      select format('I2: trial %s has %s attempts and token %s', s.trial_id, count(a.*), s.token)
      from status s left join attempt a using (trial_id)
      group by s.trial_id, s.token having count(a.*) <> s.token
      union all
      select format('I3: trial %s shows epoch %s of attempt %s, attempt %s began at epoch %s',
        m.trial_id, m.epoch, m.token, a.token, a.resumed_epoch)
      from unroll_internal.metric m join attempt a using (trial_id)
      where a.token > m.token and m.epoch > coalesce(a.resumed_epoch, -1)
      union all
      select format('I4: trial %s has a result and is %s', r.trial_id, s.state)
      from unroll_internal.result r join status s using (trial_id) where s.state <> 'succeeded'
      union all
      select format('I8: trial %s: %s losses, %s failures, attempts %s', s.trial_id, s.losses,
        s.failures, array_agg(a.outcome order by a.token))
      from status s left join attempt a using (trial_id)
      group by s.trial_id, s.losses, s.failures
      having s.losses > count(*) filter (where a.outcome = 'lost')
        or s.failures > count(*) filter (where a.outcome = 'failed')
      union all
      select format('sweep %s is %s, trial %s is %s', w.id, w.state, s.trial_id, s.state)
      from status s left join sweep w on w.id = s.sweep_id
      where w.state is null or w.state = 'finished' and s.state < 'succeeded'
        or w.state = 'cancelled' and s.state in ('queued', 'blocked')
        or w.stopped is not null and s.state in ('queued', 'blocked')
      union all
      select format('sweep %s is %s, stopped %L, paused %s: trial %s is ready', w.id, w.state,
        w.stopped, w.paused, r.trial_id)
      from unroll_internal.ready r join sweep w on w.id = r.sweep_id
      where w.state <> 'active' or w.stopped is not null or w.paused
      union all
      select format('sweep %s counts %s trials and has %s', w.id, w.trials_created, count(s.*))
      from sweep w left join status s on s.sweep_id = w.id
      where w.state = 'active'
      group by w.id, w.trials_created having w.trials_created <> count(s.*)
      union all
      select format('sweep %s counts %s legs, %s taken, and has %s, %s', w.id, w.legs, w.taken,
        count(l.*), count(l.taken))
      from sweep w left join leg l on l.sweep_id = w.id
      group by w.id, w.legs, w.taken having w.legs <> count(l.*) or w.taken <> count(l.taken)
      union all
      select format('trial %s is %s and has %s open legs', s.trial_id, s.state, count(l.*))
      from status s left join leg l on l.trial_id = s.trial_id and l.result is null
      where s.until is not null
      group by s.trial_id, s.state
      having count(l.*) <> (s.state in ('queued', 'leased'))::int
      union all
      select format('checkpoint %s of trial %s is not whole', c.step, c.trial_id)
      from unroll_internal.checkpoint c join status using (trial_id) where not c.complete)
    """
}
