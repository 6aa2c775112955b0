import Glibc
import Recurrent
import Testing
import Training

@Suite struct ForecastTests {
  static func series(
    _ columns: [[Float]], _ channels: [String] = ["y"], times: [Int64]? = nil
  ) -> Dataset {
    let steps = columns[0].indices.flatMap { step in columns.map { $0[step] } }
    return Dataset(
      name: "d", inputs: .values([steps], channels: channels), targets: .none,
      times: times.map { NumberSequences([$0]) })
  }

  static func plan(_ change: (inout DataPlan) -> Void) -> DataPlan {
    var plan = DataPlan(split: .init(test: 0.2, validation: 0.2), scaling: DataPlan.Scaling.none)
    change(&plan)
    return plan
  }

  static func numbers(_ sequences: Sequences) -> [Float] {
    guard case .forecast(let answers) = sequences.answers else { return [] }
    return sequences.starts.indices.flatMap {
      answers.numbers(sequences.starts[$0] + sequences.lengths[$0])
    }
  }

  static let powers: [Float] = (0..<10).map { Float(1 << $0) }

  @Test func `differences are seen, and predicted from the last known value`() throws {
    let data = try PreparedData(
      Self.series([Self.powers]),
      Self.plan {
        $0.difference = .first
        ($0.window, $0.horizon) = (2, 2)
      }, seed: 0)
    // 1 2 4 8 16 32 | 64 128 | 256 512: the first difference is that of step 1, the first window sees
    // the steps 1 and 2, and the first prediction is that of step 3.
    #expect(data.train.count == 2)
    #expect(Array(data.train.values(0)) == [1, 2])
    #expect(Array(data.train.values(1)) == [2, 4])
    #expect(Self.scaledBack(data.train, data.encoding) == [4, 12, 8, 24])
    #expect(Self.scaledBack(data.test, data.encoding) == [128, 384])
    #expect(data.encoding.forecast?.period == 1)
  }

  /// The answers before scaling, which for differences has a scale a step.
  static func scaledBack(_ sequences: Sequences, _ encoding: Encoding) -> [Double] {
    let scale = encoding.targetScale ?? Scale(means: [0], deviations: [1])
    return numbers(sequences).enumerated().map {
      let column = $0 % scale.means.count
      return (Double($1) * scale.deviations[column] + scale.means[column])
    }
  }

  @Test func `seasonal differences go back to the last season that is known`() throws {
    let data = try PreparedData(
      Self.series([(0..<40).map { Float($0 * $0) }]),
      Self.plan {
        $0.difference = .seasonal
        ($0.window, $0.horizon, $0.season) = (2, 4, 3)
      }, seed: 0)
    // The first prediction is of the steps 5, 6, 7 and 8 from 2, 3, 4 and again 2.
    #expect(Array(data.train.values(0)) == [9, 15])
    let wanted: [Double] = [25 - 4, 36 - 9, 49 - 16, 64 - 4]
    #expect(Array(Self.scaledBack(data.train, data.encoding).prefix(4)) == wanted)
  }

  @Test func `recursive answers are one step each, evaluated over the horizon`() throws {
    let data = try PreparedData(
      Self.series([Self.powers]),
      Self.plan {
        $0.difference = .first
        $0.strategy = .recursive
        ($0.window, $0.horizon) = (2, 2)
      }, seed: 0)
    #expect(data.encoding.outputs == 1)
    #expect(Self.numbers(data.train) == [4, 8, 16])
    #expect(Self.numbers(data.test) == [128, 256])
  }

  @Test func `logarithms are predicted`() throws {
    let data = try PreparedData(
      Self.series([Self.powers]),
      Self.plan {
        $0.logarithm = .log
        $0.difference = .first
        ($0.window, $0.horizon) = (2, 1)
      }, seed: 0)
    for value in Self.scaledBack(data.test, data.encoding) + data.test.values(0).map(Double.init) {
      #expect(abs(value - log(2)) < 1e-6)
    }
    let error = #expect(throws: PlanError.self) {
      try PreparedData(
        Self.series([[0] + Self.powers]), Self.plan { $0.logarithm = .log }, seed: 0)
    }
    #expect(
      error?.description
        == "data.log: found the value 0.0 of 'y'; "
        + "allowed: a series whose values are all above 0 (log1p takes those above -1)")
  }

  struct Way: Sendable, CustomTestStringConvertible {
    var logarithm = DataPlan.Logarithm.none
    var difference = DataPlan.Difference.none
    var strategy = DataPlan.Strategy.direct
    var testDescription: String { "\(logarithm) \(difference) \(strategy)" }
  }

  static let ways: [Way] = DataPlan.Logarithm.allCases.flatMap { logarithm in
    DataPlan.Difference.allCases.flatMap { difference in
      DataPlan.Strategy.allCases.map {
        Way(logarithm: logarithm, difference: difference, strategy: $0)
      }
    }
  }

  @Test(arguments: ways)
  func `right answers are restored to what was measured`(way: Way) throws {
    let values = (0..<60).map { Float(20 + $0 + 7 * ($0 % 4)) }
    var plan = DataPlan(window: 5, horizon: 6)
    (plan.logarithm, plan.difference, plan.strategy) = (way.logarithm, way.difference, way.strategy)
    plan.season = 4
    let data = try PreparedData(Self.series([values]), plan, seed: 0)
    let forecast = try #require(data.encoding.forecast)
    let scale = try #require(data.encoding.targetScale)
    for sequence in 0..<data.validation.count {
      let origin = data.validation.starts[sequence] + 5
      let answers = Array(Self.numbers(data.validation)[sequence * 6..<(sequence + 1) * 6])
      let period = forecast.period ?? 0
      let restored = answers.withUnsafeBufferPointer {
        forecast.restored(
          $0, scale, anchors: values[origin - period..<origin - period + min(period, 6)])
      }
      for (found, wanted) in zip(restored, values[origin..<origin + 6]) {
        #expect(abs(found - Double(wanted)) < 1e-3)
      }
    }
    #expect(data.validation.count == 1 && data.train.count > 20)
  }

  @Test func `quantiles without a middle are told`() throws {
    let values = (0..<60).map { Float($0 % 7) }
    func notes(_ quantiles: [Double]) throws -> [String] {
      var plan = DataPlan(window: 3)
      plan.quantiles = quantiles
      return try PreparedData(Self.series([values]), plan, seed: 0).notes
        .filter { $0.contains("quantile") }
    }
    #expect(try notes([0.1, 0.5, 0.9]).isEmpty)
    #expect(
      try notes([0.1, 0.9])
        == ["no quantile is near 0.5: the forecast, and its errors, are those of 0.1"])
  }

  @Test func `the scale is that of the training part`() throws {
    let values: [Float] = (0..<60).map { $0 < 36 ? ($0 % 2 == 0 ? 1 : 3) : 1000 }
    let data = try PreparedData(
      Self.series([values]), DataPlan(split: .init(test: 0.2, validation: 0.2), window: 3), seed: 0)
    #expect(data.encoding.inputScale == Scale(means: [2], deviations: [1]))
    #expect(data.encoding.targetScale == Scale(means: [2], deviations: [1]))
    let range = try PreparedData(
      Self.series([values]),
      DataPlan(split: .init(test: 0.2, validation: 0.2), window: 3, scaling: .range), seed: 0)
    #expect(range.encoding.inputScale == Scale(means: [1], deviations: [2]))
  }

  @Test func `gaps are the last values, with a channel that says so, and ask for nothing`() throws {
    let gap = Float.nan
    let data = try PreparedData(
      Self.series(
        [[gap, 4, gap, 8, 5, 6, gap, 7, 8, 9], Array(repeating: 1, count: 10)], ["y", "x"]),
      Self.plan {
        ($0.window, $0.target) = (2, "y")
        $0.split.testSteps = 2
        $0.split.validationSteps = 1
      }, seed: 0)
    // The mean of the training part, 23/4, stands before the first measured value.
    #expect(data.encoding.features?.masked == [0])
    #expect(data.train.count == 3)
    #expect(Self.numbers(data.train) == [8, 5, 6], "the windows that ask for gaps are left out")
    #expect(Array(data.train.values(0)) == [4, 1, 0, 4, 1, 1])
    #expect(Array(data.train.values(2)) == [8, 1, 0, 5, 1, 0])
    #expect(data.encoding.features?.fill == [5.75, 1])
    #expect(data.notes.contains { $0.hasPrefix("3 of 20 values were not measured") })
    let unmarked = try PreparedData(
      Self.series([[gap, 4, gap, 8, 5, 6, gap, 7, 8, 9]]),
      Self.plan {
        ($0.window, $0.missing) = (2, .last)
      }, seed: 0)
    #expect(unmarked.encoding.inputWidth == 1)
    let zeros = try PreparedData(
      Self.series([[gap, 4, gap, 8, 5, 6, gap, 7, 8, 9]]),
      Self.plan {
        ($0.window, $0.missing) = (2, .zero)
      }, seed: 0)
    #expect(Self.numbers(zeros.train) == [0, 8, 5, 6])
    #expect(zeros.encoding.features == nil)
  }

  @Test func `the calendar is told on circles`() {
    let day: Int64 = 86_400
    // 1970 began on a Thursday.
    #expect(Self.near(CalendarFeature.hour.values(at: 6 * 3600), [1, 0]))
    #expect(Self.near(CalendarFeature.hour.values(at: 12 * 3600 - day), [0, -1]))
    #expect(Self.near(CalendarFeature.weekday.values(at: 4 * day), [0, 1]))
    #expect(Self.near(CalendarFeature.weekday.values(at: -3 * day), [0, 1]))
    let wednesday = Float(2 * Double.pi * 2 / 7)
    #expect(
      Self.near(CalendarFeature.weekday.values(at: 6 * day), [sin(wednesday), cos(wednesday)]))
    #expect(Self.near(CalendarFeature.month.values(at: 0), [0, 1]))
    // The first of April 1970: 31 + 28 + 31 days.
    #expect(Self.near(CalendarFeature.month.values(at: 90 * day), [1, 0]))
  }

  static func near(_ left: [Float], _ right: [Float]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) < 1e-6 }
  }

  @Test(arguments: ways)
  func `a predictor forecasts as the evaluation did`(way: Way) throws {
    var values = (0..<90).map { Float(20 + 10 * sin(Double($0) / 3)) + Float($0 % 4) }
    values[11] = .nan
    let times = (0..<90).map { Int64($0) * 3600 }
    let dataset = Self.series(
      [values, (0..<90).map { Float($0 % 5) }], ["y", "x"], times: times)
    var plan = DataPlan(window: 6, horizon: 5, target: "y")
    (plan.logarithm, plan.difference, plan.strategy) = (way.logarithm, way.difference, way.strategy)
    plan.season = 4
    plan.calendar = [.hour, .weekday]
    let (data, outcome, artifacts) = try ArtifactTests.train(
      dataset, ModelSettings(cell: .gru, hidden: 5), data: plan)
    let predictor = try Predictor(artifacts)
    guard case .values(let steps, _) = dataset.inputs else { return }
    var squares = 0.0
    var count = 0
    for start in data.test.starts {
      let end = start + 6
      let first = start - (data.encoding.forecast?.period ?? 0)
      let prediction = try predictor.predict(
        values: [Array(steps[0][first * 2..<end * 2])], times: [Array(times[first..<end])])
      for (step, number) in (prediction[0].numbers ?? []).enumerated() {
        let error = number - Double(values[end + step])
        squares += error * error
        count += 1
      }
    }
    #expect(count == 5 * data.test.count && count > 20)
    let rmse = (squares / Double(count)).squareRoot()
    #expect(abs(rmse - ArtifactTests.value(outcome, "rmse")) < 1e-3 * rmse)
    #expect(throws: ArtifactError.self) {
      try predictor.predict(values: [Array(steps[0].prefix(40))])
    }
  }

  @Test func `quantiles that cross are put in order before anything is measured`() throws {
    let forecast = ForecastEncoding(horizon: 2, quantiles: [0.1, 0.5, 0.9])
    let answers: [Float] = [3, 1, 2, 4, 5, 6]
    let restored = answers.withUnsafeBufferPointer {
      forecast.restored($0, .identity(width: 1), anchors: [])
    }
    #expect(restored == [1, 2, 3, 4, 5, 6])

    // Nine quantiles after one epoch cross; the errors of the evaluation are those of the answers.
    var data = DataPlan(window: 8, horizon: 2)
    data.quantiles = (1...9).map { Double($0) / 10 }
    let values = (0..<200).map { Float($0 % 8) + Float(($0 * $0) % 5) }
    let prepared = try PreparedData(Self.series([values]), data, seed: 0)
    let plan = Plan(
      data: data, model: ModelSettings(cell: .gru, hidden: 6),
      training: TrainingPlan(epochs: 1, batch: 16, rate: 0.01), seed: 1)
    let session = try Session(plan, prepared)
    guard case .finished(let outcome) = try session.run() else { return }
    let test = try #require(session.predictions().last)
    let errors = zip(try #require(test.predictions), try #require(test.truths)).map { $0 - $1 }
    let rmse = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    #expect(test.split == .test && abs(rmse - ArtifactTests.value(outcome, "rmse")) < 1e-5)
  }

  @Test func `quantiles are learned in their order`() throws {
    // A sawtooth with noise that is not symmetric.
    var state: UInt32 = 1
    let values = (0..<400).map { step -> Float in
      state = state &* 1_664_525 &+ 1_013_904_223
      let noise = Float(state >> 8) / Float(1 << 24)
      return Float(step % 8) + 4 * noise * noise
    }
    var data = DataPlan(window: 8, horizon: 2)
    data.quantiles = [0.1, 0.5, 0.9]
    let prepared = try PreparedData(Self.series([values]), data, seed: 0)
    #expect(prepared.encoding.outputs == 6)
    let plan = Plan(
      data: data, model: ModelSettings(cell: .gru, hidden: 12),
      training: TrainingPlan(epochs: 40, batch: 16, rate: 0.01), seed: 1)
    guard case .finished(let outcome) = try Session(plan, prepared).run() else { return }
    let coverage = ArtifactTests.value(outcome, "coverage")
    #expect((0.6...1).contains(coverage))
    let naive =
      prepared.baselines().first { $0.name == "persistence" }?.metrics
      .first { $0.split == .test && $0.name == "pinball" }?.value ?? 0
    #expect(ArtifactTests.value(outcome, "pinball") < naive / 2)
    let artifacts = Dictionary(uniqueKeysWithValues: outcome.artifacts.map { ($0.name, $0.bytes) })
    let prediction = try Predictor(artifacts).predict(values: [Array(values.suffix(8))])[0]
    #expect(prediction.quantiles?.count == 2)
    #expect(prediction.quantiles?.allSatisfy { $0.count == 3 && $0 == $0.sorted() } == true)
    #expect(prediction.numbers == prediction.quantiles?.map { $0[1] })
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    let field: String
    var dataset = ForecastTests.series([(0..<50).map(Float.init)])
    let change: @Sendable (inout DataPlan) -> Void
    var testDescription: String { field }
  }

  static let faults: [Fault] = [
    Fault(field: "data.season") { $0.difference = .seasonal },
    Fault(field: "data.season") { $0.season = 1 },
    Fault(field: "data.split.test") { $0.split.testFrom = "1970-02" },
    Fault(field: "data.split.test") { $0.split.testFrom = "yesterday" },
    Fault(field: "data.split.validation") { $0.split.validationFrom = "1970-02-30" },
    Fault(field: "data.split.test") { $0.split.testSteps = 0 },
    Fault(field: "data.split.folds") { $0.split.folds = 1 },
    Fault(field: "data.split.folds") { $0.split.folds = 20 },
    // Blocks of five steps hold no window that predicts six.
    Fault(field: "data.split.folds") {
      ($0.split.testSteps, $0.split.folds, $0.window, $0.horizon) = (20, 4, 5, 6)
    },
    Fault(field: "data.calendar") { $0.calendar = [.hour] },
    Fault(field: "data.quantiles") { $0.quantiles = [0.5, 0.1] },
    Fault(field: "data.quantiles") { $0.quantiles = [0, 0.1] },
    Fault(field: "data.strategy") { ($0.quantiles, $0.strategy) = ([0.5], .recursive) },
    Fault(field: "data.channels") { $0.channels = 7 },
    Fault(
      field: "data.split.test",
      dataset: series([(0..<50).map(Float.init)], times: (0..<50).map { Int64($0) * 86_400 })
    ) { $0.split.testFrom = "2001-01-01" },
    Fault(field: "data.quantiles", dataset: PreparationTests.messages(30)) {
      $0.quantiles = [0.5]
    },
    Fault(field: "data.difference", dataset: PreparationTests.messages(30)) {
      $0.difference = .first
    },
    Fault(field: "data.split.test", dataset: PreparationTests.messages(30)) {
      $0.split.testSteps = 5
    },
    Fault(field: "data.channels", dataset: PreparationTests.messages(30)) { $0.channels = 2 },
  ]

  @Test(arguments: faults)
  func `what does not go together is refused by the name of its field`(fault: Fault) {
    var plan = DataPlan()
    fault.change(&plan)
    let error = #expect(throws: PlanError.self) {
      try PreparedData(fault.dataset, plan, seed: 0)
    }
    #expect(error?.field == fault.field)
  }
}
