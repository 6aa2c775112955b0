import Logging
import Store
import Training

/// How an attempt ends in the database.
extension TrialRun {
  /// What the model says of each example, if the trial is among the best of its sweep so far. Seldom: of
  /// a thousand trials in a random order a single best one is found about seven times.
  func predictions(
    of session: Session, _ outcome: Training.Outcome
  ) throws -> TrialPredictions? {
    let isWanted = try ask {
      try $0.wantsPredictions(trial: claim.lease.trial, objective: outcome.objective)
    }
    guard isWanted else { return nil }
    let predictions = session.predictions(onBatch: advanced)
    return TrialPredictions(predictions, labels: outcome.labels)
  }

  func succeed(
    _ outcome: Training.Outcome, _ objectives: [Double]?, epochs: Int,
    predictions: TrialPredictions?
  ) throws {
    context.running.waits(claim.lease)
    var progress = try recorder.finish()
    progress.metrics += outcome.metrics.filter { $0.split == .test }.map {
      MetricPoint(
        epoch: outcome.bestEpoch, split: $0.split.rawValue, name: $0.name, value: $0.value)
    }
    if let threshold = outcome.threshold {
      progress.metrics.append(
        MetricPoint(
          epoch: outcome.bestEpoch, split: Split.validation.rawValue, name: "threshold",
          value: threshold))
    }
    let earlier = try earlierSeconds()
    let result = TrialResult(
      objective: outcome.objective, bestEpoch: outcome.bestEpoch, epochs: epochs,
      trainingSeconds: earlier + (ContinuousClock.now - start).inSeconds,
      confusion: outcome.confusion.flatMap { split, matrix in
        matrix.labels.indices.flatMap { actual in
          matrix.labels.indices.map { predicted in
            ConfusionCell(
              split: split.rawValue, actual: matrix.labels[actual],
              predicted: matrix.labels[predicted], count: matrix.counts[actual][predicted])
          }
        }
      },
      artifacts: outcome.artifacts.map {
        NewArtifact(
          name: $0.name, mediaType: $0.mediaType, sha256: $0.sha256, content: $0.bytes)
      }, predictions: predictions)
    try settle(as: "succeeded") {
      try $0.succeed(
        result, objectives: objectives, progress: progress, cpuSeconds: cpuSeconds,
        under: claim.lease)
    }
    logger.info(
      "succeeded",
      metadata: [
        "number": "\(claim.number)", "objective": "\(outcome.objective)",
        "epoch": "\(outcome.bestEpoch)",
      ])
  }

  func release(_ checkpoint: Checkpoint) throws {
    var progress = try recorder.finish()
    progress.checkpoint = stored(checkpoint)
    try settle(as: "released") {
      _ = try $0.release(claim.lease, progress: progress, cpuSeconds: cpuSeconds)
    }
    logger.info(
      "given back", metadata: ["epoch": "\(checkpoint.epoch)", "step": "\(checkpoint.step)"])
  }

  func pause(_ checkpoint: Checkpoint, _ objectives: [Double]) throws {
    var progress = try recorder.finish()
    progress.checkpoint = stored(checkpoint)
    try settle(as: "paused") {
      _ = try $0.pause(
        claim.lease, objectives: objectives, progress: progress, cpuSeconds: cpuSeconds)
    }
    logger.info(
      "at a rung",
      metadata: [
        "number": "\(claim.number)", "epoch": "\(checkpoint.epoch - 1)",
        "objectives": "\(objectives)",
      ])
  }

  func cancel() throws {
    let progress = try recorder.finish()
    try settle(as: "cancelled") {
      try $0.cancel(claim.lease, progress: progress, cpuSeconds: cpuSeconds)
    }
    logger.info("cancelled")
  }

  /// Ends the attempt with an error: what the same plan on the same data would run into again is
  /// not tried again.
  func fail(_ error: any Error) {
    let isMissing = (error as? StoreError)?.code == .notFound
    // A specification that cannot be read may have been changed a moment ago, and is taken back then.
    let isFinal =
      isMissing || error is DivergedError || error is PlanError || error is ArtifactError
    context.running.waits(claim.lease)
    do {
      // What was reached before it failed is worth seeing, but no reason to keep the trial.
      if let rest = try? recorder.finish(), !(rest.metrics.isEmpty && rest.flow.isEmpty) {
        try context.client.persist(while: mayWait) { try $0.write(rest, under: claim.lease) }
      }
    } catch {
      logger.warning("the last metrics could not be written: \(error)")
    }
    do {
      if !isFinal, context.shutdown.isRequested, let error = error as? StoreError, error.isRetryable
      {
        // The database went away while this worker was stopping: not the trial's fault.
        try settle(as: "released") {
          _ = try $0.release(claim.lease, cpuSeconds: cpuSeconds)
        }
        return
      }
      logger.error("failed: \(error)")
      try settleFailure("\(error)", isFinal: isFinal)
    } catch {
      logger.warning("the failure could not be written: \(error)")
    }
  }

  private func settleFailure(_ message: String, isFinal: Bool) throws {
    func write(_ message: String) throws {
      try settle(as: "failed") {
        try $0.fail(claim.lease, error: message, retry: !isFinal, cpuSeconds: cpuSeconds)
      }
    }
    do {
      try write(message)
    } catch let error as StoreError where !error.isRetryable && error.code != .leaseLost {
      // It must count as failed whatever it said: else it would be tried for ever.
      try write("failed with a message that the database refuses: \(error.code)")
    }
  }

  /// Does what ends the attempt, again and again while the database is away. An answer may be lost
  /// after the effect: then the next try finds the lease gone and the outcome written.
  private func settle(as outcome: String, _ body: (Database) throws -> Void) throws {
    let limit = ContinuousClock.now + context.settings.patience
    var isRepeated = false
    try context.client.persist(
      while: {
        !context.incarnation.isLost && (!context.shutdown.isRequested || .now < limit)
      },
      { database in
        do {
          defer { isRepeated = true }
          try body(database)
        } catch let error as StoreError where error.code == .leaseLost && isRepeated {
          guard try database.outcome(of: claim.lease) == outcome else { throw error }
        }
      })
  }

  private func earlierSeconds() throws -> Double {
    guard claim.lease.token > 1 else { return 0 }
    // An attempt that was lost says nothing about its processor time: nobody could write it.
    return try context.client.persist(while: mayWait) { try $0.attempts(trial: claim.lease.trial) }
      .filter { $0.cpuSeconds != nil }.reduce(0) { $0 + $1.seconds }
  }
}
