import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// A migrated scratch database with a leader, and shorthands to fill it.
struct Fixture {
  var database: Database
  var leader: Leadership

  init() throws {
    database = try Database(try Scratch.database)
    try database.migrate()
    leader = try #require(
      try database.acquireLeadership(holder: UUID(), ttl: .seconds(3600)))
  }

  /// Another connection to the same database.
  func another() throws -> Database { try Database(try Scratch.database) }

  var connection: Connection { database.connection }

  func sha256(_ content: [UInt8]) throws -> String {
    try connection.query("select encode(sha256($1), 'hex')", [content]).one()[0]
  }

  @discardableResult
  func count(_ table: String, where condition: String = "true") throws -> Int {
    try connection.query("select count(*) from \(table) where \(condition)").one()[0]
  }

  @discardableResult
  func dataset(_ name: String = "words", _ text: String = "hello") throws -> StoredDataset {
    let content = Array(text.utf8)
    return try database.putDataset(
      NewDataset(
        name: name, version: try sha256(content), kind: "text",
        header: JSON(text: #"{"labels":["a","b"]}"#), summary: JSON(text: "{}"), examples: 3),
      content: content)
  }

  func spec(_ more: String = "") -> JSON {
    JSON(text: #"{"name":"sweep","dataset":"words","model":{"hidden":8}\#(more)}"#)
  }

  /// An active sweep with all its trials created.
  func sweep(
    trials: Int, goal: String = "maximize", _ more: String = "",
    params: (Int) -> String = { #"{"model.cell":"lstm","model.hidden":\#($0)}"# }
  ) throws -> Int {
    try dataset()
    let sweep = try database.enqueue(spec(more))
    let activation = Activation(
      trials: trials,
      objective: Objective(metric: "accuracy", split: "validation", goal: goal),
      facts: JSON(text: "{}"),
      baselines: [Baseline(name: "majority", split: "test", metric: "accuracy", value: 0.5)],
      reason: "it is good")
    _ = try #require(try database.activate(sweep: sweep, activation, by: leader) ? sweep : nil)
    let created = try database.createTrials(
      sweep: sweep, first: 0,
      (0..<trials).map { NewTrial(params: JSON(text: params($0)), reason: "drawn at random") },
      by: leader)
    _ = try #require(created == trials ? created : nil)
    return sweep
  }

  func worker(
    on database: Database? = nil, host: String = "here", ttl: Duration = .seconds(3600)
  ) throws -> UUID {
    let worker = WorkerRegistration(
      host: host, pid: 42, slots: 4, version: "1", kernels: "naive", ttl: ttl)
    try (database ?? self.database).register(worker)
    return worker.id
  }

  /// Fills the window and claims for a worker.
  func claims(_ worker: UUID, _ count: Int = 1) throws -> [Claim] {
    _ = try database.refill(window: 1000, by: leader)
    return try database.claim(worker: worker, count: count)
  }

  func claim(_ worker: UUID) throws -> Claim {
    try #require(try claims(worker).first)
  }

  /// As if the worker had been silent for longer than its time to live, which must be shorter than
  /// the server runs: the first time after a start excuses all.
  func silence(_ worker: UUID) throws {
    try connection.query(
      """
      update unroll_internal.worker set beat_at = beat_at - interval '2 s', ttl = '1 s'
      where id = $1
      """, [worker])
  }

  /// As if backoffs were over.
  func skipBackoff() throws {
    try connection.query("update unroll_internal.status set run_at = clock_timestamp()")
  }

  func progress(_ epoch: Int, _ value: Double = 0.5, checkpoint: NewCheckpoint? = nil) -> Progress {
    Progress(
      metrics: [
        MetricPoint(epoch: epoch, split: "train", name: "loss", value: 1 / Double(epoch)),
        MetricPoint(epoch: epoch, split: "validation", name: "accuracy", value: value),
      ], checkpoint: checkpoint, flow: [flow(epoch)])
  }

  func flow(_ epoch: Int) -> FlowMeasurement {
    FlowMeasurement(
      epoch: epoch, layer: 0,
      points: (1...3).map {
        FlowMeasurement.Point(
          measure: "jacobian", lag: $0, mean: 0.5, low: 0.1, median: 1 / Double($0 * epoch),
          high: .infinity)
      }, verdict: "healthy", reason: "it is", lag: 3, jacobian: 0.3, decay: 0.7,
      memorySteps: .infinity,
      spectralRadius: 0.9, normBound: nil)
  }

  func checkpoint(epoch: Int, bytes: Int = 10) throws -> NewCheckpoint {
    let content = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ epoch) }
    return NewCheckpoint(
      position: CheckpointPosition(epoch: epoch, step: epoch * 100),
      sha256: try sha256(content), content: content)
  }

  func result(_ objective: Double, epoch: Int = 1) throws -> TrialResult {
    let model = Array("model \(objective)".utf8)
    return TrialResult(
      objective: objective, bestEpoch: epoch, epochs: epoch, trainingSeconds: 2,
      confusion: [
        ConfusionCell(split: "test", actual: "a", predicted: "a", count: 7),
        ConfusionCell(split: "test", actual: "a", predicted: "b", count: 1),
      ],
      artifacts: [
        NewArtifact(
          name: "model.safetensors", mediaType: "application/octet-stream",
          sha256: try sha256(model), content: model)
      ], predictions: labelled())
  }

  /// Three test examples, of which the second is wrong.
  func labelled() -> TrialPredictions {
    var answers = SplitAnswers(split: "test", examples: [1, 2, 3])
    answers.truths = [0, 0, 1]
    answers.predictions = [0, 1, 1]
    answers.probabilities = [0.75, 0.875, 0.5]
    answers.losses = [0.25, 2, 0.5]
    return TrialPredictions(labels: ["a", "b"], splits: [answers])
  }

  /// Two forecasts of two steps.
  func forecast() -> TrialPredictions {
    var answers = SplitAnswers(split: "test", examples: [1, 1, 1, 1])
    answers.positions = [11, 12, 12, 13]
    answers.steps = [1, 2, 1, 2]
    answers.times = [1_262_304_000, 1_262_307_600, 1_262_307_600, 1_262_311_200]
    answers.truths = [4, 5, 5, 6]
    answers.predictions = [4.5, 5, 3, 9]
    answers.losses = [0.25, 0, 4, 9]
    return TrialPredictions(labels: nil, splits: [answers])
  }

  func succeed(_ lease: Lease, _ objective: Double = 0.9) throws {
    var progress = progress(1, objective)
    progress.metrics += [
      MetricPoint(epoch: 1, split: "test", name: "accuracy", value: objective - 0.01),
      MetricPoint(epoch: 1, split: "train", name: "accuracy", value: objective + 0.01),
    ]
    try database.succeed(
      try result(objective), progress: progress, cpuSeconds: 1.5, under: lease)
  }

  func state(_ trial: Int) throws -> String { try database.trial(id: trial).state }
}

/// The error that `body` must throw.
func storeError(_ body: () throws -> Void) throws -> StoreError {
  do {
    try body()
  } catch let error as StoreError {
    return error
  }
  throw MissingError()
}

struct MissingError: Error {}
