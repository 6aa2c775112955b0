import FoundationEssentials
import Postgres
import Store
import Testing

/// All that workers, schedulers and people do to sweeps and trials.
enum Operation: String, CaseIterable, Sendable {
  // A worker.
  case claim, beat, write, checkpoint, succeed, finishMany, fail, failForGood, release
  case cancelHeld, rewind, reachRung, drain, deregister
  // A scheduler.
  case reap, refill, rankWindow, enforceBudgets, finishSweep, expire, createTrials, activate, refuse
  case decide, takeBack, renew, resign, succeedLeader
  // A person.
  case enqueue, cancelSweep, cancelTrial, cancelReady, cancelWaiting, cancelBlocked, pause, resume
  case retry, retryLast, retryLongAgo, retryFailed, promote, set, setOwner

  /// What a worker writes under the lease that is held.
  static let underLease: Set<Operation> = [
    .write, .checkpoint, .succeed, .finishMany, .fail, .failForGood, .release, .cancelHeld, .rewind,
  ]

  /// The rows that it needs besides those of the main sweep.
  var part: Situation.Part? {
    switch self {
    case .reachRung, .decide, .cancelBlocked: .search
    case .finishSweep, .retryLast: .finishable
    case .expire, .retryLongAgo, .promote: .expirable
    case .activate, .refuse: .submitted
    case .createTrials: .empty
    case .resume: .paused
    default: nil
    }
  }

  /// Does it, in the transaction that is open; returns whether there was anything to do.
  func run(_ it: Situation, on fixture: Fixture) throws -> Bool {
    let (database, lease, leader) = (fixture.database, it.held, it.leader)
    switch self {
    case .claim: return try !database.claim(worker: it.other, count: 2).isEmpty
    case .beat: return try database.beat(worker: it.worker) != .dead
    case .write: try database.write(fixture.progress(2), under: lease)
    case .checkpoint:
      try database.write(
        Progress(metrics: [], checkpoint: fixture.checkpoint(epoch: 2)), under: lease)
    case .succeed:
      try database.succeed(
        fixture.result(0.5), progress: fixture.progress(2), cpuSeconds: 1, under: lease)
    case .finishMany: return try database.succeed([(lease: lease, cpuSeconds: 1)]).isEmpty
    case .fail:
      return try database.fail(lease, error: "once", retry: true, cpuSeconds: 1) == "queued"
    case .failForGood:
      return try database.fail(lease, error: "no", retry: false, cpuSeconds: 1) == "failed"
    case .release: return try database.release(lease, cpuSeconds: 1) == "queued"
    case .cancelHeld:
      try database.cancel(trial: lease.trial)
      try database.cancel(lease, cpuSeconds: 1)
    case .rewind: try database.rewind(lease, to: nil)
    case .reachRung:
      let climbing = try #require(it.climbing)
      let progress = try fixture.progress(1, checkpoint: fixture.checkpoint(epoch: 1))
      return try database.pause(
        climbing, objectives: [0.7], progress: progress, cpuSeconds: 1) == "blocked"
    case .drain: return try database.drain(worker: it.worker)
    case .deregister: return try database.deregister(worker: it.worker)
    case .reap: return try !database.reap(by: leader).isEmpty
    case .refill: return try database.refill(window: 3, by: leader) > 0
    case .rankWindow: return try database.rankWindow(window: 3, by: leader) > 0
    case .enforceBudgets: return try !database.enforceBudgets(by: leader).isEmpty
    case .finishSweep: return try database.finish(sweep: #require(it.finishable), by: leader)
    case .expire:
      // Checkpoints, metrics, trials and the sweep itself, each in a batch of its own.
      var batches = 0
      while try database.expire(by: leader) > 0, batches < 10 { batches += 1 }
      return batches > 0
    case .createTrials:
      let trials = (0..<2).map { NewTrial(params: JSON(text: #"{"x":\#($0)}"#), reason: "drawn") }
      let sweep = try #require(it.empty)
      return try database.createTrials(sweep: sweep, first: 0, trials, by: leader) == 2
    case .activate:
      return try database.activate(
        sweep: #require(it.submitted), Situation.activation(2), by: leader)
    case .refuse:
      return try database.refuse(sweep: #require(it.submitted), reason: "no", by: leader)
    case .decide:
      var decision = SearchDecision()
      decision.taken = [1]
      decision.judged = [SearchDecision.Judgement(leg: 1, judgement: "continue")]
      decision.begun = [JSON(text: #"{"x":2}"#)]
      decision.legs = [
        SearchDecision.Leg(trial: 1, until: 3, known: 1),
        SearchDecision.Leg(trial: 2, until: 1, known: 1),
      ]
      // What waits goes on as a copy of what is on its way: its checkpoint of that rung is there.
      decision.heirs = [SearchDecision.Heir(trial: 1, parent: 0, params: JSON(text: #"{"x":7}"#))]
      let sweep = try #require(it.search)
      return try database.decide(sweep: sweep, legs: 2, taken: 0, decision, by: leader)
    case .takeBack:
      return try database.takeBack(sweep: it.sweep, revision: 1, reason: "no", by: leader)
    case .renew: return try database.renew(leader, ttl: .seconds(3600))
    case .resign: return try database.resign(leader)
    case .succeedLeader:
      try database.resign(leader)
      return try database.acquireLeadership(holder: UUID(), ttl: .seconds(3600)) != nil
    case .enqueue:
      return try database.enqueue(fixture.spec(), idempotencyKey: "pair \(it.first)") > it.first
    case .cancelSweep: return try database.cancel(sweep: it.sweep) == "cancelled"
    case .cancelTrial: return try database.cancel(trial: lease.trial) == "cancelling"
    case .cancelReady: return try database.cancel(trial: it.ready) == "cancelled"
    case .cancelWaiting: return try database.cancel(trial: it.waiting) == "cancelled"
    case .cancelBlocked: return try database.cancel(trial: #require(it.blocked)) == "cancelled"
    case .pause: return try database.pause(sweep: it.sweep)
    case .resume: return try database.resume(sweep: #require(it.paused))
    case .retry: try database.retry(trial: it.failed)
    case .retryLast: try database.retry(trial: #require(it.failedLast))
    case .retryLongAgo: try database.retry(trial: #require(it.failedLongAgo))
    case .retryFailed: return try database.retryFailed(sweep: it.sweep) > 0
    case .set:
      try database.set(
        sweep: it.sweep, key: "limits.max_parallel", value: JSON(text: "9"))
    case .setOwner:
      try fixture.connection.query(
        """
        select unroll.set_owner(s.owner, 1, 9) from unroll_internal.sweep s where s.id = $1
        """, [it.sweep])
    case .promote: return try database.promote(trials: [#require(it.goodLongAgo)], name: "a") > 0
    }
    return true
  }
}
