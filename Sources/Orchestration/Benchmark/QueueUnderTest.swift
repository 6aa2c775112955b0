import Dispatch
import FoundationEssentials
import Logging
import Postgres
import Store

/// A migrated scratch database with one sweep, a scheduler's loop, and workers.
final class QueueUnderTest {
  private let options: ConnectionOptions
  private let plan: QueueBenchmark
  private let shutdown: Shutdown
  private let database: Database
  private let leader: Leadership
  private let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
  private let ending = Shutdown()
  private let scheduling = DispatchGroup()
  private var datasetIsStored = false

  init(_ options: ConnectionOptions, _ plan: QueueBenchmark, _ shutdown: Shutdown) throws {
    self.options = options
    self.plan = plan
    self.shutdown = shutdown
    database = try Database(options)
    try database.migrate()
    let ttl = Duration.seconds(86_400)
    guard let leader = try database.acquireLeadership(holder: UUID(), ttl: ttl) else {
      preconditionFailure("a fresh database has a leader")
    }
    self.leader = leader
    pace = Locked(Self.bare(plan))
    schedule()
  }

  func stop() {
    ending.request()
    scheduling.wait()
    database.connection.close()
  }

  /// How the scheduler's loop goes.
  private struct Pace {
    var window: Int
    /// After each turn.
    var pause: Duration
  }

  private let pace: Locked<Pace>
  /// A scheduler does one thing after the other: it makes trials or fills the window.
  private let turn = Locked(())

  /// A window that workers cannot empty between two turns: what the statements themselves can do.
  private static func bare(_ plan: QueueBenchmark) -> Pace {
    Pace(window: max(1_000, 8 * plan.workers * plan.batch), pause: .milliseconds(20))
  }

  /// As a scheduler goes by default, with workers of `slots` slots in all.
  private static func real(slots: Int) -> Pace {
    let settings = SchedulerSettings()
    return Pace(window: max(settings.window, 4 * slots), pause: settings.interval)
  }

  private func at<R>(_ pace: Pace, _ body: () throws -> R) rethrows -> R {
    self.pace.withLock { $0 = pace }
    defer { self.pace.withLock { $0 = Self.bare(plan) } }
    return try body()
  }

  /// What the scheduler's loop does in a turn.
  private func schedule() {
    let client = DatabaseClient(options, name: "bench.scheduler", logger: logger)
    let (ending, leader, logger, pace, turn) = (ending, leader, logger, pace, turn)
    DispatchQueue(label: "unroll.bench.scheduler").async(group: scheduling) {
      defer { client.close() }
      var ready = ReadyWindow(queue: "default")
      var housekeeping = Housekeeping(queue: "default", logger: logger)
      while !ending.isRequested {
        let now = pace.withLock { $0 }
        do {
          try turn.withLock { _ in
            // As if each sweep had the queue to itself: nothing is ranked.
            housekeeping.note(
              try ready.turn(of: leader, client, size: now.window, sweeps: [1]))
            try housekeeping.turn(of: leader, client)
          }
          ending.wait(now.pause.interval)
        } catch {
          ending.wait(.milliseconds(50))
        }
      }
    }
  }

  // MARK: Parts

  func create(_ report: (QueueBenchmark.Row) -> Void) throws {
    let begin = ContinuousClock.now
    try sweep(plan.trials, priority: 100)
    report(
      QueueBenchmark.Row(
        name: "create", count: plan.trials, unit: "trials",
        rate: Double(plan.trials) / (.now - begin).inSeconds))
  }

  /// Trials with ten reports each, which come at once and so go with the end of the trial.
  func reports(_ report: (QueueBenchmark.Row) -> Void) throws {
    let each = max(1, min(400, plan.trials) / plan.workers)
    try sweep(each * plan.workers, priority: 1)
    var row = try recorded(each: each, together: 1, apart: .zero)
    row.name = "10 reports"
    row.note = "all at once: they are written with the end of the trial"
    report(row)
  }

  /// The same at the pace of real trials: an epoch a second, written while the trial goes on.
  func pacedReports(_ report: (QueueBenchmark.Row) -> Void) throws {
    let together = 8
    try sweep(together * plan.workers, priority: 1)
    var row = try at(Self.real(slots: together * plan.workers)) {
      try recorded(each: together, together: together, apart: .seconds(1))
    }
    row.name = "10 reports, 1 s"
    row.note = "a second apart, \(together) trials on each worker: each report is written by itself"
    report(row)
  }

  /// Each worker runs `each` trials through a recorder, so many at a time.
  private func recorded(each: Int, together: Int, apart: Duration) throws -> QueueBenchmark.Row {
    let counts = Locked((statements: 0, commits: 0))
    let run = try onWorkers { [options, logger, shutdown] _, worker in
      let client = DatabaseClient(options, name: "bench.reports", logger: logger)
      defer { client.close() }
      let recording = DispatchQueue(label: "unroll.bench.recorder")
      var part = WorkerPart()
      func counted() throws -> (Int, Int) {
        try client.perform { ($0.connection.statementCount, $0.connection.transactionCount) }
      }
      let before = try counted()
      var empty = (statements: 0, commits: 0)
      while part.count < each && !shutdown.isRequested {
        let asked = try counted()
        let wanted = min(together, each - part.count)
        let claims = try part.claim {
          try client.perform { try $0.claim(worker: worker, count: wanted) }
        }
        guard !claims.isEmpty else {
          let answered = try counted()
          empty.statements += answered.0 - asked.0
          empty.commits += answered.1 - asked.1
          shutdown.wait(.milliseconds(20))
          continue
        }
        let recorders = claims.map {
          // As workers do by default, but for the pace of the trials.
          Recorder($0.lease, client, queue: recording) { true }
        }
        for epoch in 1...10 {
          for recorder in recorders { recorder.record(Self.metrics(epoch)) }
          if apart > .zero { shutdown.wait(apart.interval) }
        }
        for (claim, recorder) in zip(claims, recorders) {
          let rest = try recorder.finish()
          try part.finishes.time {
            try client.perform {
              try $0.succeed(Self.result, progress: rest, cpuSeconds: 0, under: claim.lease)
            }
          }
          part.count += 1
        }
      }
      let after = try counted()
      counts.withLock {
        $0.statements += after.0 - before.0 - empty.statements
        $0.commits += after.1 - before.1 - empty.commits
      }
      return part
    }
    var row = self.row("", "trials", run)
    let sums = counts.withLock { $0 }
    row.statements = Double(sums.statements) / Double(max(run.part.count, 1))
    row.commits = Double(sums.commits) / Double(max(run.part.count, 1))
    return row
  }

  /// Metric points under a fence, a thousand in a transaction.
  func points(_ report: (QueueBenchmark.Row) -> Void) throws {
    try sweep(plan.workers, priority: 1)
    let run = try onWorkers { [seconds = plan.seconds, shutdown] database, worker in
      var claim: Claim?
      while claim == nil && !shutdown.isRequested {
        claim = try database.claim(worker: worker, count: 1).first
      }
      var part = WorkerPart()
      guard let claim else { return part }
      let end = ContinuousClock.now + .seconds(seconds)
      var epoch = 0
      while ContinuousClock.now < end && !shutdown.isRequested {
        let points = (epoch..<epoch + 500).flatMap { Self.metrics($0) }
        try database.write(Progress(metrics: points), under: claim.lease)
        epoch += 500
      }
      _ = try database.release(claim.lease, cpuSeconds: 0)
      part.count = 2 * epoch
      return part
    }
    var row = self.row("points", "points", run)
    row.emptyClaims = nil
    report(row)
  }

  /// One trial at a time, claimed and ended with a result, beside a scheduler that rests between its
  /// turns: what short trials get.
  func paced(_ report: (QueueBenchmark.Row) -> Void) throws {
    var row = try at(Self.real(slots: plan.workers)) {
      self.row("paced", "trials", try claimedSingly(pausing: .milliseconds(20)))
    }
    let settings = SchedulerSettings()
    row.note =
      "singly, the scheduler's window of \(settings.window) filled every \(settings.interval)"
    report(row)
  }

  /// The same with a window that is always full.
  func singly(_ report: (QueueBenchmark.Row) -> Void) throws {
    report(row("singly", "trials", try claimedSingly(pausing: .milliseconds(1))))
  }

  private func claimedSingly(pausing pause: DispatchTimeInterval) throws -> Run {
    let most = plan.trials / 4 / plan.workers
    return try onWorkers { [seconds = plan.seconds, shutdown] database, worker in
      var part = WorkerPart()
      let end = ContinuousClock.now + .seconds(seconds)
      while part.count < most && ContinuousClock.now < end && !shutdown.isRequested {
        let claims = try part.claim { try database.claim(worker: worker, count: 1) }
        guard let claim = claims.first else {
          shutdown.wait(pause)
          continue
        }
        try part.finishes.time {
          try database.succeed(
            Self.result, progress: Progress(metrics: []), cpuSeconds: 0, under: claim.lease)
        }
        part.count += 1
      }
      return part
    }
  }

  /// All the others, a batch at a time; told by quarters, whose latencies should not differ.
  func batches(_ report: (QueueBenchmark.Row) -> Void) throws {
    let left = try database.sweeps().reduce(0) { $0 + $1.queued }
    let (batch, workers) = (plan.batch, plan.workers)
    for quarter in 1...4 where !shutdown.isRequested {
      let most = left / 4 / workers
      let run = try onWorkers { [shutdown] database, worker in
        var part = WorkerPart()
        while part.count < most && !shutdown.isRequested {
          let wanted = min(batch, most - part.count)
          let claimed = try part.claim { try database.claim(worker: worker, count: wanted) }
          guard !claimed.isEmpty else {
            shutdown.wait(.milliseconds(1))
            continue
          }
          let lost = try part.finishes.time {
            try database.succeed(claimed.map { ($0.lease, cpuSeconds: 0) })
          }
          part.count += claimed.count - lost.count
        }
        return part
      }
      var row = self.row("by \(batch), quarter \(quarter)", "trials", run)
      row.note =
        "claimed by \(batch) and ended by one statement without results: workers end each by itself"
      report(row)
    }
  }

  // MARK: Pieces

  private typealias Run = (part: WorkerPart, seconds: Double)

  private func onWorkers(
    _ body: @escaping @Sendable (Database, UUID) throws -> WorkerPart
  ) throws -> Run {
    let parts = Locked<[Result<WorkerPart, any Error>]>([])
    let workers = try (0..<plan.workers).map { _ in try register() }
    let group = DispatchGroup()
    let begin = ContinuousClock.now
    for worker in workers {
      DispatchQueue(label: "unroll.bench.worker").async(group: group) { [options] in
        let part = Result {
          let database = try Database(options)
          defer { database.connection.close() }
          return try body(database, worker)
        }
        parts.withLock { $0.append(part) }
      }
    }
    group.wait()
    let seconds = (.now - begin).inSeconds
    var sum = WorkerPart()
    for part in parts.withLock({ $0 }) { sum.add(try part.get()) }
    return (sum, seconds)
  }

  private func register() throws -> UUID {
    let worker = WorkerRegistration(
      host: "bench", pid: 1, slots: plan.batch, version: "", kernels: "", ttl: .seconds(86_400))
    try database.register(worker)
    return worker.id
  }

  private func sweep(_ trials: Int, priority: Int) throws {
    if !datasetIsStored {
      _ = try database.putDataset(
        NewDataset(
          name: "bench",
          // The sha256 of one zero byte.
          version: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", kind: "text",
          header: JSON(text: "{}"), summary: JSON(text: "{}"), examples: 1), content: [0])
      datasetIsStored = true
    }
    let sweep = try database.enqueue(
      JSON(text: #"{"dataset":"bench","model":{"hidden":64},"priority":\#(priority)}"#))
    let activation = Activation(
      trials: trials,
      objective: Objective(metric: "accuracy", split: "validation", goal: "maximize"),
      facts: JSON(text: "{}"), baselines: [], reason: "bench")
    _ = try database.activate(sweep: sweep, activation, by: leader)
    for first in stride(from: 0, to: trials, by: 10_000) where !shutdown.isRequested {
      let new = (first..<min(first + 10_000, trials)).map {
        NewTrial(
          params: JSON(text: #"{"model.hidden":\#($0),"training.rate":0.001}"#), reason: "drawn")
      }
      _ = try turn.withLock { _ in
        try database.createTrials(sweep: sweep, first: first, new, by: leader)
      }
    }
  }

  private static func metrics(_ epoch: Int) -> [MetricPoint] {
    [
      MetricPoint(epoch: epoch, split: "train", name: "loss", value: 1 / Double(epoch + 1)),
      MetricPoint(epoch: epoch, split: "validation", name: "accuracy", value: 0.5),
    ]
  }

  private static let result = TrialResult(
    objective: 0.5, bestEpoch: 1, epochs: 10, trainingSeconds: 0, confusion: [], artifacts: [])

  private func row(_ name: String, _ unit: String, _ run: Run) -> QueueBenchmark.Row {
    QueueBenchmark.Row(
      name: name, count: run.part.count, unit: unit, rate: Double(run.part.count) / run.seconds,
      emptyClaims: run.part.emptyClaims,
      claimP50: run.part.claims.quantile(0.5), claimP99: run.part.claims.quantile(0.99),
      finishP50: run.part.finishes.quantile(0.5), finishP99: run.part.finishes.quantile(0.99))
  }
}
