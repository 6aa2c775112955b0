internal import Philox
internal import Recurrent

/// One trial: the training loop. It belongs to one thread at a time.
///
/// The same plan on the same data gives the same bits, also when it was stopped any number of times
/// and went on from a checkpoint, as long as the processor takes the same kernels.
public final class Session {
  /// The plan with everything filled in.
  public let plan: Plan
  private let data: PreparedData
  private let objective: Objective
  private let model: Model<Float>
  private let optimizer: Optimizer<Float>
  private let schedule: Schedule
  private let loss: TrainingLoss
  private let philox: Philox
  private let initial: [UInt8]?
  private let vectors: [String: [Float]]
  private let score: (([Metric]) -> [Double])?
  private let batchesPerEpoch: Int
  private let upstream = Matrix<Float>()
  private var packer: BatchPacker
  private var evaluators: [Split: Evaluator] = [:]

  // The state, all of which is in a checkpoint.
  private var epoch = 0
  private var batch = 0
  private var tally: Tally
  private var best: (epoch: Int, value: Double, ties: [Double]?, loss: Double?, weights: [Float])?
  /// Epochs since the objective last improved, and how often that was too many.
  private var stale = 0
  private var plateaus = 0
  /// The norm of the last gradient before clipping.
  private var lastNorm: Double?
  private var carried: [RecurrentState<Float>] = []

  // What became of it.
  private var isFinished = false
  private var threshold: Double?

  /// A session at the start of a plan, or where a checkpoint was taken.
  ///
  /// - Parameters:
  ///   - plan: What to train and how.
  ///   - data: The dataset made ready by the plan's data part.
  ///   - initial: The weights to begin with, a safetensors file; nil: they are drawn.
  ///   - vectors: Vectors of words for the embedding to begin with, as wide as it is; the others are drawn.
  ///   - score: From the metrics of an epoch the objective, for a plan whose objective is computed or has
  ///     others behind it: less of those is better, and they decide between epochs that are equal before.
  ///   - checkpoint: Where to go on.
  ///   - origin: The plan under which the checkpoint was taken, if it may be another trial's, of a
  ///     model with the same shapes.
  /// - Throws: ``PlanError``, ``ArtifactError`` or ``CheckpointError``.
  public init(
    _ plan: Plan, _ data: PreparedData, initial: [UInt8]? = nil, vectors: [String: [Float]] = [:],
    score: (([Metric]) -> [Double])? = nil, resumingFrom checkpoint: Checkpoint? = nil,
    of origin: Plan? = nil
  ) throws {
    let plan = try plan.resolved(for: data)
    guard let objective = plan.objective else { preconditionFailure("a plan without objective") }
    self.plan = plan
    self.data = data
    self.objective = objective
    model = Model(try plan.network(for: data.encoding))
    optimizer = Optimizer(plan.training.optimizerPlan, model.layout)
    let size = plan.training.batch
    batchesPerEpoch = data.train.count / size + (data.train.count % size == 0 ? 0 : 1)
    loss = TrainingLoss(plan.training, data)
    schedule = plan.training.schedule(stepsPerEpoch: batchesPerEpoch)
    philox = Philox(seed: plan.seed, trial: plan.trial)
    packer = BatchPacker(data.train)
    tally = Tally(data.encoding)
    self.initial = initial
    self.vectors = vectors
    self.score = score
    precondition(
      score != nil || objective.isComputed != true, "a computed objective needs its score")
    if let checkpoint {
      try resume(checkpoint, of: try origin?.resolved(for: data))
    } else {
      try begin(model)
    }
  }

  /// Gives a model the weights that training begins with.
  private func begin(_ model: Model<Float>) throws {
    if let initial {
      try model.load(initial, named: plan.model.initial ?? Artifact.Name.initial)
    } else {
      model.initialize(philox)
      if let tokens = data.vocabulary?.tokens { try model.embed(vectors, of: tokens) }
    }
  }

  /// Trains to the end of the plan, or until told to stop.
  ///
  /// - Parameters:
  ///   - onBatch: Asked before each batch.
  ///   - onCheckpoint: Given the checkpoints that were asked for.
  ///   - onEvaluation: Called before each batch that is only evaluated, and between the other parts
  ///     of an epoch's end: it goes on, although no batch is trained.
  ///   - onEpoch: Told of each epoch, and asked.
  /// - Returns: The outcome, or a checkpoint.
  /// - Throws: ``DivergedError``, or what a closure throws.
  public func run(
    onBatch: (Progress) throws -> Command = { _ in .proceed },
    onCheckpoint: (Checkpoint) throws -> Void = { _ in },
    onEvaluation: () -> Void = {},
    onEpoch: (EpochReport) throws -> Command = { _ in .proceed }
  ) throws -> Ending {
    while epoch < plan.training.epochs {
      let order = BatchOrder.training(
        data.train.lengths, batch: plan.training.batch, shuffle: plan.training.shuffle,
        epoch: epoch, philox)
      while batch < order.count {
        switch try onBatch(progress) {
        case .proceed: break
        case .checkpoint: try onCheckpoint(checkpoint())
        case .stop: return .stopped(checkpoint())
        }
        try step(order[batch])
      }
      let report = try finishEpoch(onEvaluation)
      switch try onEpoch(report) {
      case .proceed: break
      case .checkpoint: try onCheckpoint(checkpoint())
      case .stop: return .stopped(checkpoint())
      }
    }
    return .finished(try outcome(onEvaluation))
  }

  private var progress: Progress {
    Progress(epoch: epoch + 1, batch: batch, batches: batchesPerEpoch, step: optimizer.steps)
  }

  /// Learns from one batch.
  private func step(_ members: ArraySlice<Int>) throws {
    let packed = packer.pack(members)
    if let length = plan.training.truncate, packed.stepCount > length {
      try learnInPieces(packed, length)
    } else {
      try learn(model.forward(packed, dropout: dropoutKey), packer.answers)
    }
    batch += 1
  }

  /// The masks of the step that comes next. Also masks that are kept over time are new in each piece of a
  /// sequence: when they were the same in all pieces, many steps in a row learnt for the same few masks, and a
  /// character model was worse by 0.014 nats (two layers of 256, 64 pieces a sequence).
  private var dropoutKey: DropoutKey? {
    guard model.plan.dropout > 0 || model.plan.recurrentDropout > 0 else { return nil }
    return DropoutKey(philox: philox, step: UInt32(truncatingIfNeeded: optimizer.steps))
  }

  /// Truncated back-propagation through time: the state goes on, the gradient does not.
  private func learnInPieces(_ packed: PackedBatch<Float>, _ length: Int) throws {
    if carried.isEmpty { carried = [RecurrentState(model.plan), RecurrentState(model.plan)] }
    carried[0].reset(sequences: packed.sequenceCount)
    for start in stride(from: 0, to: packed.stepCount, by: length) {
      let piece = packed.steps(start..<min(start + length, packed.stepCount))
      carried[0].keep(sequences: piece.sequenceCount, into: carried[1])
      let result = model.forward(piece, dropout: dropoutKey, from: carried[1])
      model.copyState(of: piece, into: carried[0])
      let row = packed.offsets[start]
      let classes = packer.answers.classes[row..<row + piece.rowCount]
      try learn(result, BatchAnswers(classes: Array(classes)))
    }
  }

  /// One step of the optimizer, given the result of a forward pass.
  private func learn(_ result: Matrix<Float>, _ answers: BatchAnswers) throws {
    let loss = loss.add(result, answers, to: &tally, gradient: upstream)
    guard loss.sum.isFinite else { throw diverged(.train) }
    model.zeroGradient()
    model.backward(upstream)
    let norm = model.gradient.norm
    guard norm.isFinite else { throw diverged(.train) }
    lastNorm = norm
    if let limit = plan.training.clipValue { Clip.value(limit).apply(to: model.gradient) }
    if let limit = plan.training.clipNorm {
      Clip.norm(limit).apply(
        to: model.gradient, norm: plan.training.clipValue == nil ? norm : nil)
    }
    let rate = schedule.rate(
      base: plan.training.rate, step: epoch * batchesPerEpoch + batch, plateaus: plateaus)
    optimizer.step(model.parameters, model.gradient, learningRate: rate)
  }

  private func diverged(_ split: Split) -> DivergedError {
    DivergedError(
      epoch: epoch + 1, step: optimizer.steps + (split == .train ? 1 : 0), split: split,
      lastNorm: lastNorm, isClipped: plan.training.clipNorm != nil, rate: plan.training.rate)
  }

  /// Evaluates, remembers the weights if they are the best, and moves on to the next epoch.
  private func finishEpoch(_ onEvaluation: () -> Void) throws -> EpochReport {
    let validation = evaluate(.validation, onEvaluation)
    if let validation, !validation.meanLoss.isFinite {
      throw diverged(.validation)
    }
    let metrics =
      tally.metrics(.train, data.encoding)
      + (validation?.metrics(.validation, data.encoding) ?? [])
    let scores = score?(metrics)
    guard let value = scores?.first ?? metrics.first(where: objective.names)?.value else {
      preconditionFailure("no metric \(objective.metric) of \(objective.split)")
    }
    let ties = scores.map { Array($0.dropFirst()) }
    let loss = metrics.first { $0.name == "loss" && $0.split == objective.split }?.value
    let isBetter =
      best.map {
        objective.prefers(value, over: $0.value)
          || value == $0.value && (ties ?? []).lexicographicallyPrecedes($0.ties ?? [])
      } ?? true
    // Of equal epochs the surest is kept: the accuracy of a few thousand examples is soon all it can be,
    // long before the model is.
    let isSurer =
      best.map { best in
        guard let loss, let other = best.loss else { return false }
        return value == best.value && ties == best.ties && loss < other
      } ?? false
    let isBest = isBetter || isSurer
    if isBest { best = (epoch, value, ties, loss, model.parameters.elements) }
    stale = isBetter ? 0 : stale + 1
    if case .plateau(_, let patience) = schedule.course, stale > patience {
      plateaus += 1
      stale = 0
    }
    onEvaluation()
    let flow = probe()
    onEvaluation()
    epoch += 1
    batch = 0
    tally = Tally(data.encoding)
    return EpochReport(
      epoch: epoch, step: optimizer.steps, metrics: metrics, objective: value, isBest: isBest,
      bestEpoch: (best?.epoch ?? 0) + 1, flow: flow)
  }

  /// How gradients flow back, on a few sequences of the training split, always the same ones.
  ///
  /// The rule: a measurement takes at most 3 % of the multiply-adds of the passes forward and back since the
  /// last one. It reads half a percent of the sequences (1 to 16), and what is left goes into Jacobians. Where
  /// 3 % of an epoch do not pay for one sequence and four steps of each singular value, as with fewer than
  /// about 200 sequences, it is made after every second, third, … epoch. Only a training that is too short for
  /// any has one all the same, after its last epoch.
  private func probe() -> [GradientFlow] {
    guard let settings = plan.probe else { return [] }
    let count = data.train.count
    let sequences = min(max(count / 200, 1), 16)
    let stride = max(count / sequences, 1)
    let members = (0..<sequences).map { $0 * stride }
    let packed = packer.pack(members[...])
    let answers = packer.answers
    let rows = data.train.lengths.reduce(0, +)
    let share =
      FlowCost.passes(model.plan, rows: rows, results: model.plan.readout == .every ? rows : count)
      * 3 / 100
    let least = model.leastFlowWork(packed)
    let interval = max((least - 1) / max(share, 1) + 1, 1)
    let isLast = epoch + 1 == plan.training.epochs && interval > plan.training.epochs
    guard (epoch + 1).isMultiple(of: interval) || isLast else { return [] }
    return model.measureFlow(packed, work: interval * share, settings) { result, upstream in
      var forgotten = Tally(data.encoding)
      loss.add(result, answers, to: &forgotten, gradient: upstream)
    }
  }

  /// The sums over a split. With a threshold, answers are those of the one with the best F1 on validation for
  /// these weights: an epoch is judged, and trials are ranked, by what is kept of them.
  private func evaluate(_ split: Split, _ onBatch: () -> Void) -> Tally? {
    guard data[split].count > 0 else { return nil }
    var outputs =
      plan.training.threshold == .f1
      ? SplitOutputs(of: split, data, model.plan, plan.training.loss) : nil
    var tally = evaluators[split, default: Evaluator(data[split], data.encoding, model.plan, loss)]
      .run(model, onBatch) { outputs?.take($0, $1, $2, data) }
    guard let filled = outputs else { return tally }
    if split == .validation { threshold = filled.bestThreshold(data) }
    if let threshold { tally.takeAnswers(of: filled.tally(data, threshold: threshold)) }
    return tally
  }

  /// Evaluates the best weights, on the test split for the first and only time.
  private func outcome(_ onEvaluation: () -> Void) throws -> Outcome {
    guard let best else { preconditionFailure("a plan has at least one epoch") }
    model.parameters.assign(best.weights)
    isFinished = true
    var metrics: [Metric] = []
    var confusion: [Split: ConfusionMatrix] = [:]
    for split in [Split.validation, .test] {
      guard let tally = evaluate(split, onEvaluation) else { continue }
      metrics += tally.metrics(split, data.encoding)
      confusion[split] = tally.confusionMatrix(data.encoding)
    }
    onEvaluation()
    var first: Model<Float>?
    if plan.training.keepInitial {
      let fresh = Model<Float>(model.plan)
      try begin(fresh)
      first = fresh
    }
    return Outcome(
      objective: best.value, bestEpoch: best.epoch + 1, metrics: metrics, confusion: confusion,
      artifacts: Artifact.all(plan, data, model, initial: first, threshold: threshold),
      threshold: threshold, labels: data.encoding.labels)
  }

  /// What the model says of each example of validation and test.
  ///
  /// - Parameter onBatch: Called before each batch.
  /// - Returns: A list for each of the two that is not empty.
  /// - Precondition: The session is finished.
  public func predictions(onBatch: () -> Void = {}) -> [ExamplePredictions] {
    precondition(isFinished, "predictions of a session that is not finished")
    return ExamplePredictions.all(
      model, data, plan.training.loss, threshold: threshold, onBatch)
  }

  // MARK: Checkpoints

  /// The state between two batches.
  private func checkpoint() -> Checkpoint {
    let vectors =
      [model.parameters.elements] + (best.map { [$0.weights] } ?? []) + optimizer.state.vectors
    let header = Checkpoint.Header(
      plan: plan.digest(dataset: data.datasetVersion), layout: model.layout.digest, epoch: epoch,
      batch: batch, optimizerSteps: optimizer.steps, tally: tally, bestEpoch: best?.epoch,
      bestValue: best?.value, bestTies: best?.ties, bestLoss: best?.loss,
      stale: stale, plateaus: plateaus, vectorSize: model.layout.bufferCount,
      vectorCount: vectors.count)
    return Checkpoint(header, vectors: vectors)
  }

  private func resume(_ checkpoint: Checkpoint, of origin: Plan?) throws(CheckpointError) {
    let header = checkpoint.header
    let stateCount = optimizer.vectors.count
    try checkpoint.check(
      plans: [plan, origin].compactMap { $0?.digest(dataset: data.datasetVersion) },
      layout: model.layout.digest,
      vectors: stateCount + 1...stateCount + 2, size: model.layout.bufferCount)
    epoch = header.epoch
    batch = header.batch
    tally = header.tally
    stale = header.stale
    plateaus = header.plateaus
    var vectors = checkpoint.vectors[...]
    model.parameters.assign(vectors.removeFirst())
    if let epoch = header.bestEpoch, let value = header.bestValue {
      best = (epoch, value, header.bestTies, header.bestLoss, vectors.removeFirst())
    }
    optimizer.state = Optimizer.State(steps: header.optimizerSteps, vectors: Array(vectors))
  }
}

/// A session belongs to one thread at a time.
@available(*, unavailable)
extension Session: Sendable {}

extension Objective {
  /// Whether a metric is the one that is meant.
  func names(_ metric: Metric) -> Bool { metric.name == self.metric && metric.split == split }
}
