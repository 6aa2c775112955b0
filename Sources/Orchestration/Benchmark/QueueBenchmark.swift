import Dispatch
import FoundationEssentials
import Logging
public import Postgres
import Store

/// What the queue takes: null trials through the statements of real workers and a real scheduler, on
/// a scratch database that is dropped afterwards.
///
/// The commits are those of the server: `fsync` and its disk decide about one trial at a time.
public struct QueueBenchmark {
  /// Trials in the queue.
  public var trials = 100_000
  /// Workers side by side, a connection each.
  public var workers = 4
  /// Trials that a worker takes and ends together.
  public var batch = 50
  /// Seconds of each part that has no end of its own.
  public var seconds = 10.0

  /// What one part of the benchmark came to.
  public struct Row: Encodable, Sendable {
    /// The part.
    public var name: String
    /// How many there were.
    public var count: Int
    /// What was counted: trials or points.
    public var unit: String
    /// Per second of wall time, all workers together.
    public var rate: Double
    /// The median claim.
    public var claimP50: Double?
    /// The slowest claim in a hundred, in milliseconds.
    public var claimP99: Double?
    /// The median end of a trial or batch.
    public var finishP50: Double?
    /// The slowest end in a hundred, in milliseconds.
    public var finishP99: Double?
    /// SQL statements a trial.
    public var statements: Double?
    /// Transactions a trial.
    public var commits: Double?
  }

  /// The defaults of `unroll bench queue`.
  public init() {}

  /// Creates the scratch database, runs all parts, and drops it.
  ///
  /// - Parameters:
  ///   - server: A server whose user may create databases.
  ///   - shutdown: Ends the benchmark early.
  ///   - report: Told of each part as it ends.
  /// - Throws: `StoreError` when the server refuses.
  public func run(
    on server: ConnectionOptions, until shutdown: Shutdown, report: @escaping (Row) -> Void
  ) throws {
    let name = "unroll_bench_\(UUID().uuidString.prefix(8).lowercased())"
    try Database(server).createScratch(name)
    var options = server
    options.database = name
    let result = Result {
      let queue = try QueueUnderTest(options, self, shutdown)
      defer { queue.stop() }
      for part in [
        queue.create, queue.reports, queue.points, queue.singly, queue.batches,
      ] where !shutdown.isRequested {
        try part(report)
      }
    }
    try Database(server).dropScratch(name)
    try result.get()
  }
}

/// A migrated scratch database with one sweep, a scheduler's loop, and workers.
private final class QueueUnderTest {
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
    schedule()
  }

  func stop() {
    ending.request()
    scheduling.wait()
    database.connection.close()
  }

  /// What the scheduler's loop does in a turn, without its pause.
  private func schedule() {
    let window = max(1_000, 8 * plan.workers * plan.batch)
    let client = DatabaseClient(options, name: "bench.scheduler", logger: logger)
    let (ending, leader, logger) = (ending, leader, logger)
    DispatchQueue(label: "unroll.bench.scheduler").async(group: scheduling) {
      defer { client.close() }
      var housekeeping = Housekeeping(queue: "default", logger: logger)
      while !ending.isRequested {
        do {
          let moved = try client.perform { try $0.refill(window: window, by: leader) }
          housekeeping.moved += moved
          try housekeeping.turn(of: leader, client)
          if moved == 0 { ending.wait(.milliseconds(5)) }
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
    report(row("create", plan.trials, "trials", since: begin))
  }

  /// Trials with ten reports each, as a worker's recorder writes them.
  func reports(_ report: (QueueBenchmark.Row) -> Void) throws {
    let count = min(200, plan.trials)
    try sweep(count, priority: 1)
    let client = DatabaseClient(options, name: "bench.reports", logger: logger)
    defer { client.close() }
    let worker = try register()
    let recording = DispatchQueue(label: "unroll.bench.recorder")
    var (claims, finishes) = (Latencies(), Latencies())
    let before = try client.perform { database in
      (
        statements: database.connection.statementCount,
        commits: database.connection.transactionCount
      )
    }
    let begin = ContinuousClock.now
    var ended = 0
    while ended < count && !shutdown.isRequested {
      let claim = try claims.time {
        try client.perform { try $0.claim(worker: worker, count: 1).first }
      }
      guard let claim else { continue }
      let recorder = Recorder(claim.lease, client, queue: recording) { true }
      for epoch in 1...10 { recorder.record(Self.metrics(epoch)) }
      let rest = try recorder.finish()
      try finishes.time {
        try client.perform {
          try $0.succeed(Self.result, progress: rest, cpuSeconds: 0, under: claim.lease)
        }
      }
      ended += 1
    }
    let after = try client.perform { database in
      (
        statements: database.connection.statementCount,
        commits: database.connection.transactionCount
      )
    }
    var row = row("10 reports", ended, "trials", since: begin, claims, finishes)
    row.statements = Double(after.statements - before.statements) / Double(max(ended, 1))
    row.commits = Double(after.commits - before.commits) / Double(max(ended, 1))
    report(row)
  }

  /// Metric points under a fence, a thousand in a transaction.
  func points(_ report: (QueueBenchmark.Row) -> Void) throws {
    try sweep(plan.workers, priority: 1)
    let counts = try onWorkers { [seconds = plan.seconds, shutdown] database, worker in
      var claim: Claim?
      while claim == nil && !shutdown.isRequested {
        claim = try database.claim(worker: worker, count: 1).first
      }
      guard let claim else { return (0, Latencies(), Latencies()) }
      let end = ContinuousClock.now + .seconds(seconds)
      var epoch = 0
      while ContinuousClock.now < end && !shutdown.isRequested {
        let points = (epoch..<epoch + 500).flatMap { Self.metrics($0) }
        try database.write(Progress(metrics: points), under: claim.lease)
        epoch += 500
      }
      try database.cancel(claim.lease, cpuSeconds: 0)
      return (2 * epoch, Latencies(), Latencies())
    }
    report(row("points", counts.count, "points", seconds: counts.seconds))
  }

  /// One trial at a time: claimed, and ended with a result.
  func singly(_ report: (QueueBenchmark.Row) -> Void) throws {
    let most = plan.trials / 2 / plan.workers
    let run = try onWorkers { [seconds = plan.seconds, shutdown] database, worker in
      var (claims, finishes) = (Latencies(), Latencies())
      var ended = 0
      let end = ContinuousClock.now + .seconds(seconds)
      while ended < most && ContinuousClock.now < end && !shutdown.isRequested {
        let claim = try claims.time { try database.claim(worker: worker, count: 1).first }
        guard let claim else { continue }
        try finishes.time {
          try database.succeed(
            Self.result, progress: Progress(metrics: []), cpuSeconds: 0, under: claim.lease)
        }
        ended += 1
      }
      return (ended, claims, finishes)
    }
    report(row("singly", run.count, "trials", seconds: run.seconds, run.claims, run.finishes))
  }

  /// All the others, a batch at a time; told by quarters, whose latencies should not differ.
  func batches(_ report: (QueueBenchmark.Row) -> Void) throws {
    let left = try database.sweeps().reduce(0) { $0 + $1.queued }
    let (batch, workers) = (plan.batch, plan.workers)
    for quarter in 1...4 where !shutdown.isRequested {
      let most = left / 4 / workers
      let run = try onWorkers { [shutdown] database, worker in
        var (claims, finishes) = (Latencies(), Latencies())
        var ended = 0
        while ended < most && !shutdown.isRequested {
          let claimed = try claims.time {
            try database.claim(worker: worker, count: min(batch, most - ended))
          }
          guard !claimed.isEmpty else { continue }
          let lost = try finishes.time {
            try database.succeed(claimed.map { ($0.lease, cpuSeconds: 0) })
          }
          ended += claimed.count - lost.count
        }
        return (ended, claims, finishes)
      }
      report(
        row(
          "by \(batch), quarter \(quarter)", run.count, "trials", seconds: run.seconds,
          run.claims, run.finishes))
    }
  }

  // MARK: Pieces

  private typealias Part = (count: Int, claims: Latencies, finishes: Latencies)

  private func onWorkers(
    _ body: @escaping @Sendable (Database, UUID) throws -> Part
  ) throws -> (count: Int, claims: Latencies, finishes: Latencies, seconds: Double) {
    let parts = Locked<[Result<Part, any Error>]>([])
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
    var sum: Part = (0, Latencies(), Latencies())
    for part in parts.withLock({ $0 }) {
      let part = try part.get()
      sum.count += part.count
      sum.claims.add(part.claims)
      sum.finishes.add(part.finishes)
    }
    return (sum.count, sum.claims, sum.finishes, seconds)
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
      _ = try database.createTrials(sweep: sweep, first: first, new, by: leader)
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

  private func row(
    _ name: String, _ count: Int, _ unit: String, since begin: ContinuousClock.Instant,
    _ claims: Latencies = Latencies(), _ finishes: Latencies = Latencies()
  ) -> QueueBenchmark.Row {
    row(name, count, unit, seconds: (.now - begin).inSeconds, claims, finishes)
  }

  private func row(
    _ name: String, _ count: Int, _ unit: String, seconds: Double,
    _ claims: Latencies = Latencies(), _ finishes: Latencies = Latencies()
  ) -> QueueBenchmark.Row {
    QueueBenchmark.Row(
      name: name, count: count, unit: unit, rate: Double(count) / seconds,
      claimP50: claims.quantile(0.5), claimP99: claims.quantile(0.99),
      finishP50: finishes.quantile(0.5), finishP99: finishes.quantile(0.99))
  }
}

/// How long calls took, in milliseconds.
private struct Latencies: Sendable {
  private var all: [Double] = []

  mutating func time<R>(_ body: () throws -> R) rethrows -> R {
    let begin = ContinuousClock.now
    let result = try body()
    all.append((.now - begin).inSeconds * 1000)
    return result
  }

  mutating func add(_ other: Latencies) { all += other.all }

  /// - Complexity: O(n log n).
  func quantile(_ share: Double) -> Double? {
    all.isEmpty ? nil : all.sorted()[min(Int(share * Double(all.count)), all.count - 1)]
  }
}
