import Philox
import Recurrent
import Testing
import Training

@Suite struct SessionTests {
  static func order(_ count: Int = 300) throws -> PreparedData {
    try PreparedData(
      Generator.temporalOrder.dataset(count: count, length: 10, seed: 1), DataPlan(), seed: 1)
  }

  /// Dropout, two layers, momentum, decay and both clips: all that has a state or a random number.
  static func plan(
    _ optimizer: TrainingPlan.OptimizerName = .rmsprop, cell: ModelPlan.Cell = .gru
  ) -> Plan {
    Plan(
      model: ModelSettings(cell: cell, hidden: 7, layers: 2, dropout: 0.3, embedding: 5),
      training: TrainingPlan(
        epochs: 3, batch: 32, optimizer: optimizer, rate: 0.01, momentum: 0.9, weightDecay: 0.001,
        clipNorm: 1, clipValue: 0.5, schedule: .cosine, warmUp: 5), seed: 3, trial: 2)
  }

  struct Run {
    var reports: [EpochReport] = []
    var checkpoints: [Checkpoint] = []
    var outcome: Outcome?
  }

  static func run(
    _ plan: Plan, _ data: PreparedData, from checkpoint: Checkpoint? = nil,
    command: (Progress) -> Command = { _ in .proceed }
  ) throws -> Run {
    var run = Run()
    let session = try Session(plan, data, resumingFrom: checkpoint)
    let ending = try session.run(
      onBatch: command, onCheckpoint: { run.checkpoints.append($0) },
      onEpoch: {
        run.reports.append($0)
        return .proceed
      })
    switch ending {
    case .finished(let outcome): run.outcome = outcome
    case .stopped(let checkpoint): run.checkpoints.append(checkpoint)
    }
    return run
  }

  @Test func `further objectives decide between epochs that are equal`() throws {
    var plan = Self.plan()
    plan.training.epochs = 4
    let data = try Self.order()
    // By epoch: the objective, which is to be low here, and another one behind it.
    let scores: [[Double]] = [[.nan, .infinity], [2, 5], [2, 3], [2, 4]]
    plan.objective = Objective(
      metric: "loss", split: .validation, goal: .minimize, isComputed: true)
    // Also a checkpoint whose best epoch has no finite objective is written and read.
    for stops in [[], [1], [1, 2]] {
      var epoch = 0
      var checkpoint: Checkpoint?
      func score(_ metrics: [Metric]) -> [Double] {
        defer { epoch += 1 }
        return scores[epoch]
      }
      var bests: [Bool] = []
      func train(from: Checkpoint?, until: Int) throws {
        let session = try Session(plan, data, score: score, resumingFrom: from)
        let ending = try session.run(onEpoch: {
          bests.append($0.isBest)
          return $0.epoch == until ? .stop : .proceed
        })
        if case .stopped(let reached) = ending {
          checkpoint = try Checkpoint(decoding: reached.bytes)
        }
      }
      for stop in stops { try train(from: checkpoint, until: stop) }
      try train(from: checkpoint, until: 5)
      #expect(bests == [true, true, true, false])
    }
  }

  @Test func `of epochs that are equal the surest is kept`() throws {
    var plan = Self.plan()
    plan.training.epochs = 5
    plan.objective = Objective(
      metric: "loss", split: .validation, goal: .minimize, isComputed: true)
    let data = try Self.order()
    for resumed in [false, true] {
      var reports: [EpochReport] = []
      var checkpoint: Checkpoint?
      func train(from: Checkpoint?, until: Int) throws {
        // A share of few examples: the same in all epochs.
        let session = try Session(plan, data, score: { _ in [1] }, resumingFrom: from)
        let ending = try session.run(onEpoch: {
          reports.append($0)
          return $0.epoch == until ? .stop : .proceed
        })
        if case .stopped(let reached) = ending { checkpoint = reached }
      }
      if resumed { try train(from: nil, until: 2) }
      try train(from: checkpoint, until: 5)
      let losses = try reports.map { report in
        try #require(report.metrics.first { $0.name == "loss" && $0.split == .validation }).value
      }
      #expect(
        reports.map(\.isBest)
          == losses.indices.map { place in losses[..<place].allSatisfy { losses[place] < $0 } })
      #expect(reports.dropFirst(2).contains { $0.isBest }, "\(losses)")
      #expect(reports.last?.bestEpoch == losses.firstIndex(of: losses.min() ?? 0).map { $0 + 1 })
    }
  }

  @Test func `somebody can see that an evaluation goes on`() throws {
    var (trained, evaluated) = (0, [Int]())
    _ = try Session(Self.plan(), Self.order()).run(
      onBatch: { _ in
        trained += 1
        return .proceed
      }, onEvaluation: { evaluated.append(trained) })
    // After each 8 steps the validation split and two more parts; at the end both splits and one.
    #expect(evaluated == [8, 8, 8, 16, 16, 16, 24, 24, 24, 24, 24, 24])
  }

  @Test(arguments: [
    (TrainingPlan.OptimizerName.sgd, ModelPlan.Cell.rnn), (.rmsprop, .gru), (.adam, .lstm),
    (.adamw, .gru),
  ])
  func `an interrupted run ends with the bits of a calm one`(
    optimizer: TrainingPlan.OptimizerName, cell: ModelPlan.Cell
  ) throws {
    let data = try Self.order()
    let plan = Self.plan(optimizer, cell: cell)
    let calm = try Self.run(plan, data)
    #expect(calm.reports.count == 3)
    // 240 training sequences in batches of 32: 8 steps an epoch.
    for stop in [0, 1, 5, 8, 13, 16, 23] {
      let first = try Self.run(plan, data) { $0.step == stop ? .stop : .proceed }
      let checkpoint = try #require(first.checkpoints.last)
      #expect(checkpoint.step == stop)
      let copy = try Checkpoint(decoding: checkpoint.bytes)
      let second = try Self.run(plan, data, from: copy)
      #expect(first.reports + second.reports == calm.reports)
      #expect(second.outcome == calm.outcome)
    }
  }

  @Test func `a run interrupted at every batch ends with the same bits`() throws {
    let data = try Self.order()
    let calm = try Self.run(Self.plan(), data)
    var checkpoint: Checkpoint?
    var reports: [EpochReport] = []
    var outcome: Outcome?
    while outcome == nil {
      let resumed = checkpoint?.step ?? 0
      let part = try Self.run(Self.plan(), data, from: checkpoint) {
        $0.step > resumed ? .stop : .proceed
      }
      reports += part.reports
      outcome = part.outcome
      checkpoint = part.checkpoints.last
    }
    #expect(reports == calm.reports)
    #expect(outcome == calm.outcome)
  }

  @Test func `a checkpoint on the way changes nothing, and resumes too`() throws {
    let data = try Self.order()
    let calm = try Self.run(Self.plan(), data)
    let watched = try Self.run(Self.plan(), data) { $0.step == 11 ? .checkpoint : .proceed }
    #expect(watched.outcome == calm.outcome)
    let resumed = try Self.run(Self.plan(), data, from: watched.checkpoints.first)
    #expect(resumed.outcome == calm.outcome)
    #expect(resumed.reports == Array(calm.reports.suffix(2)))
  }

  @Test func `a stop after the last epoch resumes to the outcome`() throws {
    let data = try Self.order()
    let calm = try Self.run(Self.plan(), data)
    let ending = try Session(Self.plan(), data).run(onEpoch: { $0.epoch == 3 ? .stop : .proceed })
    guard case .stopped(let checkpoint) = ending else {
      Issue.record("stopped expected")
      return
    }
    #expect(checkpoint.epoch == 4 && checkpoint.batch == 0)
    #expect(try Self.run(Self.plan(), data, from: checkpoint).outcome == calm.outcome)
  }

  @Test func `a trial may be given more epochs`() throws {
    let data = try Self.order()
    var plan = Self.plan()
    plan.training.schedule = .constant
    var longer = plan
    longer.training.epochs = 5
    let whole = try Self.run(longer, data)
    let ending = try Session(plan, data).run(onEpoch: { $0.epoch == 3 ? .stop : .proceed })
    guard case .stopped(let checkpoint) = ending else {
      Issue.record("stopped expected")
      return
    }
    #expect(try Self.run(longer, data, from: checkpoint).outcome == whole.outcome)
  }

  @Test func `seeds and trials differ, the same plan does not`() throws {
    let data = try Self.order()
    var plan = Self.plan()
    let first = try Self.run(plan, data)
    #expect(try Self.run(plan, data).outcome == first.outcome)
    plan.trial = 3
    #expect(try Self.run(plan, data).reports != first.reports)
    plan.trial = 2
    plan.seed = 4
    #expect(try Self.run(plan, data).reports != first.reports)
  }

  @Test func `a damaged or foreign checkpoint is refused`() throws {
    let data = try Self.order()
    let plan = Self.plan()
    let run = try Self.run(plan, data) { $0.step == 9 ? .stop : .proceed }
    let checkpoint = try #require(run.checkpoints.last)
    for index in stride(from: 8, to: checkpoint.bytes.count, by: 97) {
      var bytes = checkpoint.bytes
      bytes[index] ^= 4
      #expect(throws: CheckpointError.self) { try Checkpoint(decoding: bytes) }
    }
    for count in [0, 7, 20, 60, checkpoint.bytes.count - 1] {
      #expect(throws: CheckpointError.self) {
        try Checkpoint(decoding: Array(checkpoint.bytes.prefix(count)))
      }
    }
    func code(_ plan: Plan, _ data: PreparedData) -> CheckpointError.Code? {
      #expect(throws: CheckpointError.self) {
        try Session(plan, data, resumingFrom: checkpoint)
      }?.code
    }
    var other = plan
    other.training.rate = 0.02
    #expect(code(other, data) == .foreign)
    other = plan
    other.model.hidden = 8
    #expect(code(other, data) == .foreign)
    other = plan
    other.training.precision = .bf16
    #expect(code(other, data) == .foreign)
    #expect(code(plan, try Self.order(310)) == .foreign)
  }

  @Test func `a run that diverges says where`() throws {
    let series = (0..<200).map { Float($0 % 7) * 1e18 }
    let data = try PreparedData(
      Dataset(name: "d", inputs: .values([series], channels: ["a"]), targets: .none),
      DataPlan(window: 4, scaling: DataPlan.Scaling.none), seed: 0)
    let plan = Plan(
      model: ModelSettings(cell: .rnn, nonlinearity: .relu, hidden: 4),
      training: TrainingPlan(epochs: 4, batch: 16, optimizer: .sgd, rate: 1e10))
    let error = #expect(throws: DivergedError.self) { try Session(plan, data).run() }
    #expect(error?.epoch == 1)
    #expect((1...3).contains(error?.step ?? 0))
  }

  @Test(arguments: ModelPlan.Cell.allCases)
  func `the order of two symbols is learned`(cell: ModelPlan.Cell) throws {
    let data = try Self.order(1000)
    let plan = Plan(
      model: ModelSettings(cell: cell, hidden: 16, embedding: 8),
      training: TrainingPlan(epochs: 12, batch: 32, rate: 0.01, clipNorm: 1), seed: 1)
    let run = try Self.run(plan, data)
    let accuracy = run.outcome?.metrics.first { $0.split == .test && $0.name == "accuracy" }
    #expect(accuracy?.value ?? 0 >= 0.95)
    #expect(run.reports.first?.metrics.contains { $0.split == .test } == false)
    #expect(run.outcome?.objective == run.reports.map(\.objective).max())
    let best = run.reports.last { $0.isBest }
    #expect(run.outcome?.bestEpoch == best?.epoch)
    // The final validation metrics are those of the best epoch, not of the last.
    #expect(
      run.outcome?.metrics.filter { $0.split == .validation }
        == best?.metrics.filter { $0.split == .validation })
    let confusion = run.outcome?.confusion[.test]
    #expect(confusion?.counts.joined().reduce(0, +) == data.test.count)
    #expect(confusion?.labels == ["XX", "XY", "YX", "YY"])
  }

  @Test func `a plan that cannot be trained is refused by the name of its field`() throws {
    let data = try Self.order()
    func field(_ change: (inout Plan) -> Void) -> String? {
      var plan = Self.plan()
      change(&plan)
      return #expect(throws: PlanError.self) { try Session(plan, data) }?.field
    }
    #expect(field { $0.model.hidden = 0 } == "model.hidden")
    #expect(field { $0.model.layers = 0 } == "model.layers")
    #expect(field { $0.model.dropout = 1 } == "model.dropout")
    #expect(field { $0.model.readout = .every } == "model.readout")
    #expect(field { $0.training.rate = -0.1 } == "training.rate")
    #expect(field { $0.training.rate = .nan } == "training.rate")
    #expect(field { $0.training.epochs = 0 } == "training.epochs")
    #expect(field { $0.training.batch = 0 } == "training.batch")
    #expect(field { $0.training.clipNorm = 0 } == "training.clip_norm")
    #expect(field { $0.training.beta1 = 1 } == "training.beta1")
    #expect(field { $0.objective = Objective(metric: "acuracy") } == "objective.metric")
    #expect(field { $0.objective = Objective(metric: "loss", split: .test) } == "objective.split")
  }

  @Test func `plans are written and read without loss`() throws {
    var plan = Self.plan()
    plan.objective = Objective(metric: "f1", split: .train, goal: .maximize)
    let json = CanonicalJSON.encode(plan)
    #expect(try CanonicalJSON.decode(Plan.self, from: json) == plan)
    #expect(
      try CanonicalJSON.decode(TrainingPlan.self, from: Array(#"{"clip_norm":2}"#.utf8))
        == TrainingPlan(clipNorm: 2))
    #expect(
      try CanonicalJSON.decode(ModelSettings.self, from: Array(#"{"cell":"gru"}"#.utf8))
        == ModelSettings(cell: .gru))
    let numbers: [Double] = [1.5, .infinity, -.infinity, .nan]
    let bytes = CanonicalJSON.encode(numbers)
    #expect(String(decoding: bytes, as: UTF8.self) == #"[1.5,"Infinity","-Infinity","NaN"]"#)
    let read = try CanonicalJSON.decode([Double].self, from: bytes)
    #expect(read.prefix(3) == numbers.prefix(3) && read[3].isNaN)
  }
}
