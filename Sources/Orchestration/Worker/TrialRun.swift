import Dispatch
import Glibc
import Logging
import Postgres
import Recurrent
import Search
import Store
import Training

/// What the trials of a worker share.
struct TrialContext: Sendable {
  let incarnation: Incarnation
  let client: DatabaseClient
  let shutdown: Shutdown
  let running: RunningLeases
  let data: PreparedDataCache
  let recording: DispatchQueue
  let settings: WorkerSettings
  let logger: Logger
}

/// One attempt of a trial, from its claim to its end, on the thread of a slot.
struct TrialRun {
  /// Why a session was stopped before its end.
  private enum Interruption {
    case shutdown
    case cancelled
    case lost
    /// It stands at a rung, with these objectives.
    case rung([Double])
  }

  let claim: Claim
  let context: TrialContext
  let logger: Logger
  let recorder: Recorder
  let start = ContinuousClock.now
  let cpuStart = Self.threadSeconds

  init(_ claim: Claim, _ context: TrialContext) {
    self.claim = claim
    self.context = context
    var logger = context.logger
    logger[metadataKey: "trial"] = "\(claim.lease.trial)"
    logger[metadataKey: "attempt"] = "\(claim.lease.token)"
    self.logger = logger
    recorder = Recorder(
      claim.lease, context.client, queue: context.recording,
      gathering: context.settings.reportEvery,
      while: { [incarnation = context.incarnation] in !incarnation.isLost })
  }

  /// Trains, and ends the attempt in the database one way or another.
  func run() {
    do {
      try train()
    } catch let error as StoreError where error.code == .leaseLost {
      logger.warning("the lease is lost: dropped")
    } catch {
      if context.incarnation.isLost {
        logger.warning("dropped with the worker's identity")
      } else {
        fail(error)
      }
    }
  }

  private func train() throws {
    let spec = try SweepSpec.stored(claim.spec.text, file: "spec", schema: .sweep)
    // Until it is our turn, another slot prepares data under its own watch.
    context.running.waits(claim.lease)
    let data = try context.data.data(
      version: claim.datasetVersion, plan: Binding.dataPlan(spec, trial: claim.number),
      seed: spec.seed,
      load: { cache in
        try ask { database in
          try cache.dataset(database.dataset(id: claim.datasetID), from: database)
        }
      }, onProgress: advanced)
    advanced()
    let plan = try Binding.plan(
      spec, Assignment(json: claim.params.text), trial: UInt32(claim.number), on: data,
      accepted: claim.objective)
    let parent = try claim.parent.map {
      try Binding.plan(
        spec, Assignment(json: $0.params.text), trial: UInt32($0.number), on: data,
        accepted: claim.objective)
    }
    let session = try session(plan, data, Binding.score(spec, plan), copiedFrom: parent)
    logger.debug("training", metadata: ["number": "\(claim.number)"])

    var interruption: Interruption?
    var best: [Double]?
    var nextCheckpoint = ContinuousClock.now + context.settings.checkpointEvery
    let ending = try session.run(
      onBatch: { _ in
        advanced()
        interruption = findInterruption()
        if interruption != nil { return .stop }
        guard ContinuousClock.now >= nextCheckpoint else { return .proceed }
        nextCheckpoint = .now + context.settings.checkpointEvery
        return .checkpoint
      },
      onCheckpoint: { recorder.record(stored($0)) },
      onEvaluation: advanced,
      onEpoch: { report in
        recorder.record(
          report.metrics.map {
            MetricPoint(
              epoch: report.epoch, split: $0.split.rawValue, name: $0.name, value: $0.value)
          }, flow: report.flow.map { FlowMeasurement($0, epoch: report.epoch) })
        makeRoom()
        if claim.until != nil, report.isBest {
          best = Binding.objectives(spec, plan, report.metrics)
        }
        guard report.epoch == claim.until, report.epoch < plan.training.epochs else {
          return .proceed
        }
        // A population goes on from the weights of now, not from the best ones.
        interruption = .rung(
          spec.sampler == .pbt
            ? Binding.objectives(spec, plan, report.metrics)
            : try best ?? objectives(spec, plan, epoch: report.bestEpoch))
        return .stop
      })
    // What is left waits for the database.
    context.running.waits(claim.lease)
    switch ending {
    case .finished(let outcome):
      if claim.until != nil, best == nil {
        best = try objectives(spec, plan, epoch: outcome.bestEpoch)
      }
      try succeed(
        outcome, claim.until == nil ? nil : best, epochs: plan.training.epochs,
        predictions: predictions(of: session, outcome))
    case .stopped(let checkpoint):
      switch interruption {
      case .shutdown: try release(checkpoint)
      case .rung(let objectives): try pause(checkpoint, objectives)
      case .cancelled: try cancel()
      case .lost, nil:
        if let failure = recorder.failure { throw failure }
        logger.warning("dropped with the worker's identity")
      }
    }
  }

  private func findInterruption() -> Interruption? {
    if context.incarnation.isLost || recorder.failure != nil { return .lost }
    if context.incarnation.isCancelled(claim.lease.trial, claimed: start) { return .cancelled }
    return context.shutdown.isRequested ? .shutdown : nil
  }

  /// Until a stopping worker has lost its patience, waiting for the database is worth it.
  func mayWait() -> Bool {
    !context.incarnation.isLost && !context.shutdown.isRequested
  }

  /// Waits if the database takes in nothing for so long that metrics pile up.
  private func makeRoom() {
    guard recorder.isFull else { return }
    context.running.waits(claim.lease)
    recorder.makeRoom(while: mayWait)
    advanced()
  }

  /// Tells the watchdog that this thread does not hang.
  func advanced() { context.running.advanced(claim.lease) }

  /// Asks the database for something that training cannot begin without.
  func ask<R>(_ body: (Database) throws -> R) throws -> R {
    context.running.waits(claim.lease)
    defer { advanced() }
    return try context.client.persist(while: mayWait, body)
  }

  // MARK: Going on

  /// A session where the newest checkpoint that can be read was taken, or at the start.
  private func session(
    _ plan: Plan, _ data: PreparedData, _ score: (([Training.Metric]) -> [Double])?,
    copiedFrom parent: Plan?
  ) throws -> Session {
    let initial = try initialWeights(plan)
    let vectors = try wordVectors(plan, data)
    guard let newest = claim.checkpoint else {
      return try Session(plan, data, initial: initial, vectors: vectors, score: score)
    }
    let positions = try ask { try $0.checkpoints(trial: claim.lease.trial) }
    for position in positions {
      do {
        let bytes = try ask {
          try $0.checkpointContent(trial: claim.lease.trial, at: position)
        }
        let session = try Session(
          plan, data, initial: initial, vectors: vectors, score: score,
          resumingFrom: try Checkpoint(decoding: bytes), of: parent)
        if position != newest { try rewind(to: position) }
        logger.info(
          "going on", metadata: ["epoch": "\(position.epoch)", "step": "\(position.step)"])
        return session
      } catch let error as CheckpointError {
        logger.warning("step \(position.step): \(error)")
      } catch let error as StoreError where error.code == .corrupt {
        logger.warning("step \(position.step): \(error)")
      }
    }
    try rewind(to: nil)
    return try Session(plan, data, initial: initial, vectors: vectors, score: score)
  }

  /// The vectors of words that the plan begins with: only those of the vocabulary are fetched.
  private func wordVectors(_ plan: Plan, _ data: PreparedData) throws -> [String: [Float]] {
    guard let name = plan.model.vectors, let words = data.vocabulary?.tokens else { return [:] }
    return try ask { try $0.vectors(named: name, of: words).vectors }
  }

  /// What the plan begins with.
  private func initialWeights(_ plan: Plan) throws -> [UInt8]? {
    guard let reference = plan.model.initial.flatMap(WeightsReference.init) else { return nil }
    return try ask { try $0.content(of: reference) }
  }

  private func rewind(to position: CheckpointPosition?) throws {
    try ask { try $0.rewind(claim.lease, to: position) }
  }

  func stored(_ checkpoint: Checkpoint) -> NewCheckpoint {
    NewCheckpoint(
      // A checkpoint names the epoch under way, the database counts those that are whole.
      position: CheckpointPosition(epoch: checkpoint.epoch - 1, step: checkpoint.step),
      sha256: Digest.text(of: checkpoint.bytes), content: checkpoint.bytes)
  }

  /// The objectives at an epoch of an earlier attempt, whose metrics are rows.
  private func objectives(_ spec: SweepSpec, _ plan: Plan, epoch: Int) throws -> [Double] {
    let points = try ask { try $0.curve(trial: claim.lease.trial) }
    return Binding.objectives(
      spec, plan,
      points.filter { $0.epoch == epoch }.compactMap { point in
        Split(word: point.split).map {
          Training.Metric(split: $0, name: point.name, value: point.value)
        }
      })
  }

  /// What this thread has worked for the attempt.
  var cpuSeconds: Double { Self.threadSeconds - cpuStart }

  private static var threadSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
