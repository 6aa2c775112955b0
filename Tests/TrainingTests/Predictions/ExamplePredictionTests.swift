import Glibc
import Recurrent
import Testing
import Training

@Suite struct ExamplePredictionTests {
  private static func finished(
    _ dataset: Dataset, _ model: ModelSettings, data: DataPlan = DataPlan(),
    objective: Objective? = nil, change: (inout TrainingPlan) -> Void = { _ in }
  ) throws -> (PreparedData, Outcome, [ExamplePredictions], [String: [UInt8]]) {
    let prepared = try PreparedData(dataset, data, seed: 1)
    var training = TrainingPlan(epochs: 2, batch: 16, rate: 0.01)
    change(&training)
    let session = try Session(
      Plan(data: data, model: model, training: training, objective: objective, seed: 1), prepared)
    guard case .finished(let outcome) = try session.run() else {
      preconditionFailure("nothing stops this run")
    }
    let artifacts = Dictionary(
      uniqueKeysWithValues: outcome.artifacts.map { ($0.name, $0.bytes) })
    return (prepared, outcome, session.predictions(), artifacts)
  }

  @Test func `what is said of texts is what the metrics count`() throws {
    let dataset = PreparationTests.messages(90)
    guard case .labels(let labels, let names) = dataset.targets else { return }
    let (data, outcome, predictions, artifacts) = try Self.finished(
      dataset, ModelSettings(cell: .gru, hidden: 6, embedding: 5))
    #expect(predictions.map(\.split) == [.validation, .test])
    let test = predictions[1]
    #expect(test.examples == data.test.rows.map { Int32($0 + 1) })
    let truths = try #require(test.truths)
    #expect(
      truths.map { data.encoding.labels?[Int($0)] } == data.test.rows.map { names[Int(labels[$0])] }
    )
    let right = zip(truths, try #require(test.predictions)).count { $0 == $1 }
    #expect(Double(right) / Double(truths.count) == ArtifactTests.value(outcome, "accuracy"))
    let loss = test.losses.reduce(0, +) / Double(test.losses.count)
    #expect(abs(loss - ArtifactTests.value(outcome, "loss")) < 1e-5)
    #expect(test.probabilities?.allSatisfy { $0 > 0.4999 && $0 <= 1 } == true)
    #expect(test.positions == nil && test.steps == nil)
    // The model that was stored says the same.
    #expect(try Predictor(artifacts).predictions(on: data) == predictions)
  }

  @Test func `forecasts lie where their truth lies in the series`() throws {
    let series = [(0..<90).map { Float(sin(Double($0) / 5)) }, (0..<60).map { Float($0) }]
    let dataset = Dataset(
      name: "d", inputs: .values(series, channels: ["x"]), targets: .none)
    let (_, outcome, predictions, _) = try Self.finished(
      dataset, ModelSettings(cell: .rnn, hidden: 4),
      data: DataPlan(split: .init(test: 0.2, validation: 0.2), window: 5, horizon: 3))
    let test = predictions[1]
    let (positions, steps) = (try #require(test.positions), try #require(test.steps))
    let (truths, answers) = (try #require(test.truths), try #require(test.predictions))
    #expect(Set(test.examples) == [1, 2])
    for index in test.examples.indices {
      let truth = series[Int(test.examples[index]) - 1][Int(positions[index]) - 1]
      #expect(abs(truths[index] - Double(truth)) < 1e-4)
      #expect(abs(test.losses[index] - pow(answers[index] - truths[index], 2)) < 1e-9)
    }
    #expect(test.times == nil)
    // The test part of the first series is its last 18 steps: 16 windows of three.
    #expect(positions.prefix(3) == [73, 74, 75] && steps.prefix(3) == [1, 2, 3])
    #expect(test.examples.count { $0 == 1 } == 48)
    let rmse = (test.losses.reduce(0, +) / Double(test.losses.count)).squareRoot()
    #expect(abs(rmse - ArtifactTests.value(outcome, "rmse")) < 1e-4)
  }

  @Test(arguments: [DataPlan.Strategy.direct, .recursive], [DataPlan.Difference.none, .first])
  func `forecasts of differences, and step by step, are in units of the data`(
    strategy: DataPlan.Strategy, difference: DataPlan.Difference
  ) throws {
    var series = (0..<120).map { Float(20 + sin(Double($0) / 4) * 5 + Double($0) / 10) }
    // A step of the test part that was not measured has no row.
    series[110] = .nan
    let dataset = Dataset(
      name: "d", inputs: .values([series], channels: ["x"]), targets: .none,
      times: NumberSequences([(1...120).map { 3600 * Int64($0) }]))
    var plan = DataPlan(split: .init(test: 0.2, validation: 0.2), window: 6, horizon: 3)
    plan.strategy = strategy
    plan.difference = difference
    let (data, outcome, predictions, artifacts) = try Self.finished(
      dataset, ModelSettings(cell: .gru, hidden: 4), data: plan)
    let test = predictions[1]
    let (positions, truths) = (try #require(test.positions), try #require(test.truths))
    #expect(truths.count == data.test.count * 3 - 3)
    for index in truths.indices {
      #expect(truths[index] == Double(series[Int(positions[index]) - 1]))
    }
    #expect(!positions.contains(111) && test.lowers == nil)
    #expect(test.times == positions.map { 3600 * Int64($0) })
    let rmse = (test.losses.reduce(0, +) / Double(test.losses.count)).squareRoot()
    #expect(abs(rmse - ArtifactTests.value(outcome, "rmse")) < 1e-4)
    #expect(try Predictor(artifacts).predictions(on: data) == predictions)
    let mean = try #require(try Ensemble([artifacts, artifacts]).compare(on: data, .test))
    #expect(mean.mean == mean.members[0])
    let found = mean.mean.first { $0.name == "rmse" }?.value ?? .nan
    #expect(abs(found - rmse) < 1e-4)
  }

  @Test func `quantiles give intervals around the forecast`() throws {
    let series = (0..<120).map { Float(sin(Double($0) / 4)) }
    let dataset = Dataset(
      name: "d", inputs: .values([series], channels: ["x"]), targets: .none)
    var plan = DataPlan(split: .init(test: 0.2, validation: 0.2), window: 6, horizon: 2)
    plan.quantiles = [0.1, 0.5, 0.9]
    let (data, _, predictions, _) = try Self.finished(
      dataset, ModelSettings(cell: .gru, hidden: 4), data: plan)
    let test = predictions[1]
    let (lowers, uppers) = (try #require(test.lowers), try #require(test.uppers))
    let answers = try #require(test.predictions)
    #expect(answers.count == data.test.count * 2 && lowers.count == answers.count)
    for index in answers.indices {
      #expect(lowers[index] <= answers[index] && answers[index] <= uppers[index])
    }
  }

  @Test func `each step of a tagged sequence has its row, those without a question none`() throws {
    let dataset = try Generator.copy.dataset(count: 60, length: 2, seed: 1)
    let (_, outcome, predictions, _) = try Self.finished(
      dataset, ModelSettings(cell: .gru, hidden: 6, embedding: 4))
    let test = predictions[1]
    let (truths, answers) = (try #require(test.truths), try #require(test.predictions))
    guard case .steps(let classes, _) = dataset.targets else { return }
    for index in test.examples.indices {
      let position = Int(try #require(test.positions)[index])
      #expect(classes[Int(test.examples[index]) - 1][position - 1] == Int32(truths[index]))
    }
    let right = zip(truths, answers).count { $0 == $1 }
    #expect(Double(right) / Double(truths.count) == ArtifactTests.value(outcome, "accuracy"))
  }

  @Test func `windows of a text have their mean loss, and the metrics follow from it`() throws {
    let text = Dataset(
      name: "d", inputs: .texts([String(repeating: "abcde ", count: 400)]), targets: .none)
    let (data, outcome, predictions, _) = try Self.finished(
      text, ModelSettings(cell: .lstm, hidden: 8, embedding: 4), data: DataPlan(maximumLength: 16))
    let test = predictions[1]
    #expect(test.examples.count == data.test.count && test.truths == nil)
    #expect(test.positions?.prefix(2) == [1, 17])
    let total = zip(test.losses, data.test.lengths).reduce(0.0) { $0 + $1.0 * Double($1.1) }
    let loss = ArtifactTests.value(outcome, "loss")
    #expect(abs(total / Double(data.test.stepCount) - loss) < 1e-5)
    #expect(abs(ArtifactTests.value(outcome, "perplexity") - exp(loss)) < 1e-12)
    #expect(abs(ArtifactTests.value(outcome, "bits_per_character") - loss / log(2)) < 1e-12)
    let names = Set(outcome.metrics.map(\.name))
    #expect(names == Set(Metric.names(for: data.encoding)))
    #expect(Metric.goal(of: "perplexity") == .minimize)
  }

  @Test func `perplexity is that of the probabilities, whatever the loss`() throws {
    let text = Dataset(
      name: "d", inputs: .texts([String(repeating: "aaab aac ", count: 300)]), targets: .none)
    let changes: [(inout TrainingPlan) -> Void] = [
      { $0.labelSmoothing = 0.2 }, { $0.classWeights = .balanced }, { $0.loss = .binary },
    ]
    for change in changes {
      let (data, outcome, predictions, artifacts) = try Self.finished(
        text, ModelSettings(cell: .lstm, hidden: 8, embedding: 4),
        data: DataPlan(maximumLength: 16)
      ) {
        change(&$0)
        $0.epochs = 6
      }
      let test = predictions[1]
      let total = zip(test.losses, data.test.lengths).reduce(0.0) { $0 + $1.0 * Double($1.1) }
      let mean = total / Double(data.test.stepCount)
      #expect(abs(ArtifactTests.value(outcome, "loss") - mean) > 1e-3)
      let perplexity = ArtifactTests.value(outcome, "perplexity")
      #expect(abs(log(perplexity) - mean) < 1e-4)
      #expect(abs(ArtifactTests.value(outcome, "bits_per_token") * log(2) - mean) < 1e-4)
      #expect(abs(ArtifactTests.value(outcome, "bits_per_character") * log(2) - mean) < 1e-4)
      let members = try #require(try Ensemble([artifacts]).compare(on: data, .test)).members
      let other = members[0].first { $0.name == "perplexity" }?.value ?? .nan
      #expect(abs(other - perplexity) < 1e-4 * perplexity)
    }
  }

  @Test func `probabilities of the loss binary are those that it trains`() throws {
    // The same words with two labels: no more can be said than how often each is.
    let dataset = Dataset(
      name: "d", inputs: .texts((0..<200).map { _ in "the same words" }),
      labels: (0..<200).map { $0 % 10 == 0 ? "spam" : "ham" })
    let (data, _, predictions, artifacts) = try Self.finished(
      dataset, ModelSettings(cell: .gru, hidden: 3, embedding: 3),
      data: DataPlan(deduplicate: false), objective: Objective(metric: "loss")
    ) {
      $0.loss = .binary
      ($0.batch, $0.epochs, $0.rate) = (200, 150, 0.05)
    }
    #expect(predictions[1].probabilities?.allSatisfy { abs($0 - 0.9) < 0.01 } == true)
    let answer = try Predictor(artifacts).predict(texts: ["the same words"])[0]
    #expect(answer.label == "ham")
    #expect(abs((answer.probabilities?[0].probability ?? .nan) - 0.9) < 0.01)
    let members = try #require(try Ensemble([artifacts]).compare(on: data, .test)).members
    let loss = members[0].first { $0.name == "loss" }?.value ?? .nan
    // -0.9 ln 0.9 - 0.1 ln 0.1
    #expect(abs(loss - 0.32508) < 0.002)
  }

  @Test func `a threshold by F1 decides test metrics and later answers`() throws {
    let dataset = PreparationTests.messages(120)
    guard case .texts(let texts) = dataset.inputs else { return }
    let (data, outcome, predictions, artifacts) = try Self.finished(
      dataset, ModelSettings(cell: .gru, hidden: 4, embedding: 3),
      data: DataPlan(split: .init(test: 0.3, validation: 0.3))
    ) {
      $0.threshold = .f1
      $0.epochs = 1
      $0.rate = 0.001
    }
    let threshold = try #require(outcome.threshold)
    let predictor = try Predictor(artifacts)
    #expect(predictor.document.threshold == threshold)
    let positive = try #require(data.encoding.positive)
    let answers = try predictor.predict(texts: data.test.rows.map { texts[$0] })
    let said = answers.map { answer in
      let probability = answer.probabilities?[positive].probability ?? 0
      #expect((answer.label == data.encoding.labels?[positive]) == (probability >= threshold))
      return data.encoding.labels?.firstIndex(of: answer.label ?? "").map(Double.init)
    }
    #expect(said == predictions[1].predictions?.map(Optional.some))
    let matrix = try #require(outcome.confusion[.test]).counts
    let hits = Double(matrix[positive][positive])
    let wrong = Double(matrix[0][1] + matrix[1][0])
    let f1 = ArtifactTests.value(outcome, "f1")
    #expect(abs(f1 - 2 * hits / (2 * hits + wrong)) < 1e-12)
    #expect(throws: PlanError.self) {
      try Self.finished(
        Generator.adding.dataset(count: 60, length: 5, seed: 1), ModelSettings(hidden: 3)
      ) { $0.threshold = .f1 }
    }
  }

  @Test func `an epoch is judged by the threshold that it would keep`() throws {
    let prepared = try PreparedData(
      PreparationTests.messages(120), DataPlan(split: .init(test: 0.3, validation: 0.3)), seed: 1)
    func reports(
      _ rule: TrainingPlan.ThresholdRule?, seed: UInt64
    ) throws -> ([EpochReport], Outcome, evaluations: Int) {
      var training = TrainingPlan(epochs: 3, batch: 16, rate: 1e-5)
      training.threshold = rule
      let session = try Session(
        Plan(
          model: ModelSettings(cell: .gru, hidden: 4, embedding: 3), training: training, seed: seed),
        prepared)
      var reports: [EpochReport] = []
      var evaluations = 0
      let ending = try session.run(
        onEvaluation: { evaluations += 1 },
        onEpoch: {
          reports.append($0)
          return .proceed
        })
      guard case .finished(let outcome) = ending else {
        preconditionFailure("nothing stops this run")
      }
      return (reports, outcome, evaluations)
    }
    func f1(_ metrics: [Metric]) throws -> Double {
      try #require(metrics.first { $0.split == .validation && $0.name == "f1" }).value
    }
    var gains: [Double] = []
    for seed in 1...4 as ClosedRange<UInt64> {
      let (plain, _, calls) = try reports(nil, seed: seed)
      let (judged, outcome, judgedCalls) = try reports(.f1, seed: seed)
      // One pass over a split is enough for both.
      #expect(calls > 0 && judgedCalls == calls)
      #expect(try f1(judged[outcome.bestEpoch - 1].metrics) == f1(outcome.metrics))
      for (one, other) in zip(plain, judged) {
        gains.append(try f1(other.metrics) - f1(one.metrics))
      }
    }
    #expect(gains.allSatisfy { $0 >= 0 } && gains.contains { $0 > 0 })
  }

  @Test func `weights of labels weigh in the loss`() throws {
    let dataset = PreparationTests.messages(90)
    func loss(_ weights: [String: Double]?) throws -> Double {
      let (_, outcome, _, _) = try Self.finished(
        dataset, ModelSettings(cell: .gru, hidden: 4, embedding: 3)
      ) {
        $0.labelWeights = weights
        $0.rate = 1e-12
      }
      return ArtifactTests.value(outcome, "loss")
    }
    let plain = try loss(nil)
    #expect(try abs(loss(["spam": 1]) - plain) < 1e-7)
    // (ham + 0 · spam) / ham and (0 · ham + spam) / spam make up the mean by their shares.
    let (ham, spam) = (try loss(["spam": 0]), try loss(["ham": 0]))
    #expect(ham != spam && min(ham, spam) <= plain && plain <= max(ham, spam))
    let error = #expect(throws: PlanError.self) { try loss(["sham": 2]) }
    #expect(error?.description.contains("the label 'sham'; allowed: ham, spam") == true)
    #expect(throws: PlanError.self) { try loss(["spam": -1]) }
  }
}
