import Philox
import Recurrent
import Testing
import Training

/// The options of training, through whole sessions.
@Suite struct TrainingOptionTests {
  private func plan(_ change: (inout Plan) -> Void) -> Plan {
    var plan = Plan(
      model: ModelSettings(cell: .gru, hidden: 6, embedding: 5),
      training: TrainingPlan(epochs: 3, batch: 32, rate: 0.02), seed: 4)
    change(&plan)
    return plan
  }

  private func outcome(_ change: (inout Plan) -> Void) throws -> Outcome {
    let run = try SessionTests.run(plan(change), SessionTests.order())
    return try #require(run.outcome)
  }

  @Test func `each loss of classes trains, and says another number`() throws {
    let plain = try outcome { _ in }
    let others = try [
      outcome { $0.training.loss = .binary },
      outcome { $0.training.labelSmoothing = 0.2 },
      outcome { $0.training.classWeights = .balanced },
    ]
    for other in others {
      #expect(other.objective.isFinite)
      #expect(other.artifacts.first?.sha256 != plain.artifacts.first?.sha256)
    }
    #expect(try outcome { $0.training.loss = .crossEntropy }.metrics == plain.metrics)
  }

  @Test(arguments: [TrainingPlan.LossName.absolute, .huber, .quantile, .squared])
  func `each loss of numbers learns the adding problem's mean`(loss: TrainingPlan.LossName) throws {
    let data = try PreparedData(
      Generator.adding.dataset(count: 400, length: 6, seed: 2), DataPlan(), seed: 1)
    let run = try SessionTests.run(
      plan {
        $0.training.loss = loss
        $0.training.epochs = 8
      }, data)
    let first = try #require(run.reports.first?.metrics.first { $0.name == "mae" })
    let last = try #require(run.reports.last?.metrics.first { $0.name == "mae" })
    #expect(last.value < first.value)
  }

  @Test func `bf16 trains about as well, resumes bit for bit, and is in the artifacts`() throws {
    let data = try SessionTests.order()
    let rounded = plan { $0.training.precision = .bf16 }
    let calm = try SessionTests.run(rounded, data)
    let exact = try SessionTests.run(plan { _ in }, data)
    func loss(_ run: SessionTests.Run) throws -> Double {
      let metrics = try #require(run.reports.last).metrics
      return try #require(metrics.first { $0.name == "loss" && $0.split == .train }).value
    }
    let (left, right) = (try loss(calm), try loss(exact))
    #expect(left != right && abs(left - right) < 0.01 * right)
    let first = try SessionTests.run(rounded, data) { $0.step == 13 ? .stop : .proceed }
    let second = try SessionTests.run(rounded, data, from: first.checkpoints.last)
    #expect(second.outcome == calm.outcome)

    let artifacts = try #require(calm.outcome).artifacts
    let predictor = try Predictor(
      Dictionary(uniqueKeysWithValues: artifacts.map { ($0.name, $0.bytes) }))
    #expect(predictor.document.network.precision == .bf16)
    #expect(predictor.document.plan.training.precision == .bf16)
  }

  @Test func `a loss of another kind is refused`() throws {
    let error = #expect(throws: PlanError.self) {
      try Session(plan { $0.training.loss = .huber }, SessionTests.order())
    }
    #expect(error?.field == "training.loss" && error?.allowed.contains("binary") == true)
    #expect(throws: PlanError.self) {
      try Session(plan { $0.training.truncate = 4 }, SessionTests.order())
    }
  }

  /// Copying needs each step's answer; the state goes on where the gradient is cut.
  @Test func `truncation cuts gradients, goes on with states, and resumes bit for bit`() throws {
    let data = try PreparedData(
      Generator.copy.dataset(count: 200, length: 7, seed: 2), DataPlan(), seed: 1)
    let whole = try SessionTests.run(plan { _ in }, data)
    let cut = plan { $0.training.truncate = 5 }
    let calm = try SessionTests.run(cut, data)
    #expect(calm.outcome != whole.outcome)
    // More steps of the optimizer than batches: one for each piece.
    #expect((calm.reports.last?.step ?? 0) > 2 * (whole.reports.last?.step ?? 0))
    // Pieces longer than any sequence are no pieces.
    let long = try SessionTests.run(plan { $0.training.truncate = 1000 }, data)
    #expect(long.reports.map(\.metrics) == whole.reports.map(\.metrics))
    let stopped = try SessionTests.run(cut, data) {
      $0.epoch == 2 && $0.batch == 2 ? .stop : .proceed
    }
    let checkpoint = try #require(stopped.checkpoints.last)
    let resumed = try SessionTests.run(cut, data, from: Checkpoint(decoding: checkpoint.bytes))
    #expect(resumed.outcome == calm.outcome)
  }

  static let masks: [(String, @Sendable (inout ModelSettings) -> Void)] = [
    ("dropout", { $0.dropout = 0.5 }),
    (
      "variational",
      {
        $0.dropout = 0.5
        $0.variational = true
      }
    ),
    ("recurrent", { $0.recurrentDropout = 0.4 }),
    (
      "all",
      {
        $0.dropout = 0.3
        $0.recurrentDropout = 0.4
        $0.layers = 2
      }
    ),
  ]

  /// The loss of an epoch at a rate of about 0 is that of forward passes, piece by piece, each with masks of
  /// its own.
  @Test(arguments: masks)
  func `pieces of a sequence have masks of their own`(
    name: String, change: @Sendable (inout ModelSettings) -> Void
  ) throws {
    let data = try PreparedData(
      Generator.copy.dataset(count: 90, length: 7, seed: 2), DataPlan(), seed: 1)
    let cut = plan {
      change(&$0.model)
      $0.training.truncate = 5
      $0.training.optimizer = .sgd
      $0.training.rate = 1e-30
      $0.training.epochs = 1
    }
    let run = try SessionTests.run(cut, data)
    let philox = Philox(seed: cut.seed, trial: cut.trial)
    let model = Model<Float>(try cut.model.plan(for: data.encoding))
    model.initialize(philox)
    let order = BatchOrder.training(
      data.train.lengths, batch: 32, shuffle: true, epoch: 0, philox)
    var (packer, step, sum) = (BatchPacker(data.train), UInt32(0), LossSum())
    for batch in 0..<order.count {
      let packed = packer.pack(order[batch])
      let states = [RecurrentState<Float>(model.plan), RecurrentState<Float>(model.plan)]
      states[0].reset(sequences: packed.sequenceCount)
      for start in stride(from: 0, to: packed.stepCount, by: 5) {
        let piece = packed.steps(start..<min(start + 5, packed.stepCount))
        states[0].keep(sequences: piece.sequenceCount, into: states[1])
        let result = model.forward(
          piece, dropout: DropoutKey(philox: philox, step: step), from: states[1])
        model.copyState(of: piece, into: states[0])
        let rows = packed.offsets[start]..<packed.offsets[start] + piece.rowCount
        sum += Loss.crossEntropy(result, targets: Array(packer.classes[rows]))
        step += 1
      }
    }
    let found = run.reports[0].metrics.first { $0.name == "loss" && $0.split == .train }?.value
    #expect(abs((found ?? .nan) - sum.mean) < 1e-6 * sum.mean, "\(name)")
  }

  @Test(arguments: masks)
  func `truncation with masks resumes bit for bit`(
    name: String, change: @Sendable (inout ModelSettings) -> Void
  ) throws {
    let data = try PreparedData(
      Generator.copy.dataset(count: 120, length: 7, seed: 2), DataPlan(), seed: 1)
    let cut = plan {
      change(&$0.model)
      $0.training.truncate = 5
      $0.training.epochs = 2
    }
    let calm = try SessionTests.run(cut, data)
    for stop in 1...3 {
      let first = try SessionTests.run(cut, data) {
        $0.epoch == 2 && $0.batch == stop - 1 ? .stop : .proceed
      }
      let checkpoint = try #require(first.checkpoints.last)
      let second = try SessionTests.run(cut, data, from: Checkpoint(decoding: checkpoint.bytes))
      #expect(second.outcome == calm.outcome, "\(name)")
    }
  }

  @Test func `the perplexity of a smoothed loss goes on after a resumption`() throws {
    let text = Dataset(
      name: "d", inputs: .texts([String(repeating: "aaab aac ", count: 200)]), targets: .none)
    let data = try PreparedData(text, DataPlan(maximumLength: 16), seed: 1)
    let smooth = plan { $0.training.labelSmoothing = 0.2 }
    let calm = try SessionTests.run(smooth, data)
    let first = try SessionTests.run(smooth, data) {
      $0.epoch == 2 && $0.batch == 1 ? .stop : .proceed
    }
    let checkpoint = try #require(first.checkpoints.last)
    let second = try SessionTests.run(smooth, data, from: Checkpoint(decoding: checkpoint.bytes))
    #expect(first.reports + second.reports == calm.reports && second.outcome == calm.outcome)
  }

  @Test func `options that a loss does not have are refused`() throws {
    let numbers = try PreparedData(
      Generator.adding.dataset(count: 100, length: 6, seed: 2), DataPlan(), seed: 1)
    let classes = try SessionTests.order(100)
    func field(_ data: PreparedData, _ change: (inout TrainingPlan) -> Void) -> String? {
      #expect(throws: PlanError.self) { try Session(plan { change(&$0.training) }, data) }?.field
    }
    #expect(field(numbers) { $0.labelSmoothing = 0.1 } == "training.label_smoothing")
    #expect(field(numbers) { $0.classWeights = .balanced } == "training.class_weights")
    let weighted = field(classes) {
      $0.loss = .binary
      $0.classWeights = .balanced
    }
    #expect(weighted == "training.class_weights")
    let nothing = field(classes) { $0.labelWeights = ["XX": 0, "XY": 0, "YX": 0, "YY": 0] }
    #expect(nothing == "training.label_weights")
    #expect(try outcome { $0.training.labelWeights = ["XX": 0, "XY": 0] }.objective.isFinite)
  }

  @Test func `smoothing moves the binary loss too`() throws {
    let plain = try outcome { $0.training.loss = .binary }
    let smooth = try outcome {
      $0.training.loss = .binary
      $0.training.labelSmoothing = 0.2
    }
    #expect(smooth.metrics != plain.metrics && smooth.objective.isFinite)
  }

  /// Counted, not timed: a formula of its own for what an epoch takes.
  @Test(arguments: [30, 240, 1000], [1, 2])
  func `a probe takes at most three percent of the work of training`(count: Int, layers: Int) throws
  {
    let data = try PreparedData(
      Generator.adding.dataset(count: count, length: 12, seed: 2), DataPlan(), seed: 1)
    let (epochs, units) = (count < 100 ? 40 : 6, 6)
    let run = try SessionTests.run(
      plan {
        $0.probe = FlowSettings(lags: 5)
        $0.model.layers = layers
        $0.training.epochs = epochs
      }, data)
    // Forward, and back to the states and to the weights; the values that enter have no gradient.
    let rows = data.train.lengths.reduce(0, +)
    let gates = 3 * units
    var row = gates * (3 * units + 2 * 2)
    if layers == 2 { row += 3 * gates * (units + units) }
    let epoch = rows * row + 3 * data.train.count * units
    let spent = run.reports.flatMap(\.flow).reduce(0) { $0 + $1.work }
    #expect(spent > 0 && 100 * spent <= 3 * epochs * epoch)
    let measured = run.reports.filter { !$0.flow.isEmpty }.map(\.epoch)
    #expect(measured.count == epochs || measured[0] > 1)
    #expect(zip(measured, measured.dropFirst()).allSatisfy { $1 - $0 == measured[0] })
  }

  @Test func `a training too short for a probe has one at its end`() throws {
    let data = try PreparedData(
      Generator.adding.dataset(count: 30, length: 12, seed: 2), DataPlan(), seed: 1)
    let run = try SessionTests.run(plan { $0.probe = FlowSettings(lags: 5) }, data)
    #expect(run.reports.map(\.flow.count) == [0, 0, 1])
  }

  @Test func `a plateau lowers the rate, also after a resumption`() throws {
    let data = try SessionTests.order()
    // A rate at which nothing improves: accuracy stays where it is.
    let falling = plan {
      $0.training.schedule = .plateau
      $0.training.patience = 0
      $0.training.decayFactor = 0.01
      $0.training.epochs = 6
      $0.training.rate = 1e-9
    }
    let calm = try SessionTests.run(falling, data)
    var constant = falling
    constant.training.schedule = .constant
    let steady = try SessionTests.run(constant, data)
    // A hundredth of the rate each epoch: the weights end elsewhere.
    #expect(calm.outcome?.metrics != nil && calm.reports.last != steady.reports.last)
    for stop in [9, 20, 37] {
      let first = try SessionTests.run(falling, data) { $0.step == stop ? .stop : .proceed }
      let second = try SessionTests.run(falling, data, from: first.checkpoints.last)
      #expect(second.outcome == calm.outcome)
    }
  }

  @Test func `training begins with the weights that it is given, and keeps them`() throws {
    let data = try SessionTests.order()
    let keeping = plan { $0.training.keepInitial = true }
    let first = try #require(try SessionTests.run(keeping, data).outcome)
    let initial = try #require(first.artifacts.first { $0.name == Artifact.Name.initial })
    let model = try #require(first.artifacts.first { $0.name == Artifact.Name.model })
    #expect(initial.sha256 != model.sha256)

    // Another seed draws other weights; with those given, no number is drawn but the order's.
    func train(seed: UInt64, _ bytes: [UInt8]?) throws -> Outcome {
      var other = keeping
      other.seed = seed
      other.training.shuffle = false
      other.training.batch = data.train.count
      guard case .finished(let outcome) = try Session(other, data, initial: bytes).run() else {
        throw CancellationError()
      }
      return outcome
    }
    let (left, right) = (try train(seed: 7, initial.bytes), try train(seed: 8, initial.bytes))
    #expect(left.metrics == right.metrics)
    #expect(left.artifacts.last { $0.name == Artifact.Name.initial }?.sha256 == initial.sha256)
    #expect(try train(seed: 7, nil).metrics != train(seed: 8, nil).metrics)
    let error = #expect(throws: ArtifactError.self) {
      try Session(plan { $0.model.hidden = 9 }, data, initial: initial.bytes)
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("weight_ih_l0"))
  }

  @Test func `a probe measures each epoch and changes nothing`() throws {
    let data = try SessionTests.order()
    let calm = try SessionTests.run(plan { _ in }, data)
    let probed = try SessionTests.run(plan { $0.probe = FlowSettings(lags: 5) }, data)
    #expect(probed.reports.map(\.metrics) == calm.reports.map(\.metrics))
    #expect(
      probed.outcome?.artifacts.first { $0.name == Artifact.Name.model }
        == calm.outcome?.artifacts.first { $0.name == Artifact.Name.model })
    for report in probed.reports {
      let flow = try #require(report.flow.first)
      #expect(report.flow.count == 1 && flow.lag >= 9 && flow.jacobian > 0)
      let measures = Set(flow.points.map(\.measure))
      #expect(measures == ["state_gradient", "jacobian", "gate_r", "gate_z"])
      #expect(flow.points.filter { $0.measure == "state_gradient" }.count == 5)
    }
    #expect(calm.reports.allSatisfy { $0.flow.isEmpty })
  }

  @Test func `a run that bursts says when, and what may help`() throws {
    let error = #expect(throws: DivergedError.self) {
      try outcome {
        $0.training.rate = 1e30
        $0.model.cell = .rnn
        $0.model.nonlinearity = .relu
      }
    }
    let text = "\(error.map { "\($0)" } ?? "")"
    #expect(text.hasPrefix("diverged: ") && text.contains("at step "))
    #expect(text.contains("training.clip_norm: 1") && text.contains("the last gradient before it"))
  }
}
