import Recurrent
import Testing
import Training

/// What is done to a series around a model is in the file too, and gives what a predictor gives.
@Suite struct ForecastExportTests {
  /// A way to prepare a series.
  struct Preparation: CustomTestStringConvertible {
    var testDescription: String
    var plan = DataPlan(window: 6, horizon: 5, target: "b")

    init(_ name: String, _ change: (inout DataPlan) -> Void) {
      testDescription = name
      change(&plan)
    }

    /// The steps that must be known.
    var least: Int {
      switch plan.difference ?? .none {
      case .none: 6
      case .first: 7
      case .seasonal: 6 + (plan.season ?? 24)
      }
    }
  }

  static let preparations = [
    Preparation("plain") { _ in },
    Preparation("log") { $0.logarithm = .log },
    Preparation("log1p of the first channel") { ($0.logarithm, $0.target) = (.log1p, "a") },
    Preparation("first differences") { $0.difference = .first },
    Preparation("seasonal differences of logarithms") {
      ($0.difference, $0.season, $0.logarithm) = (.seasonal, 3, .log)
    },
    Preparation("quantiles") { $0.quantiles = [0.1, 0.4, 0.9] },
    Preparation("quantiles of differences") {
      ($0.quantiles, $0.difference, $0.logarithm) = ([0.2, 0.8], .first, .log1p)
    },
    Preparation("calendar") { $0.calendar = [.hour, .weekday, .month] },
    Preparation("recursive") { $0.strategy = .recursive },
    Preparation("recursive, seasonal differences") {
      ($0.strategy, $0.difference, $0.season) = (.recursive, .seasonal, 2)
    },
    Preparation("recursive, all of it") {
      ($0.strategy, $0.difference, $0.logarithm) = (.recursive, .first, .log)
      ($0.calendar, $0.target) = ([.month, .hour], "c")
    },
    Preparation("a window of one step") { ($0.window, $0.strategy) = (1, .recursive) },
  ]

  private static let channels = ["a", "b", "c"]
  private static let count = 240
  /// Over the end of a leap year's February.
  private static let times = (0..<count).map { 1_456_000_000 + 11_700 * Int64($0) }

  /// Three channels, all above 0; with gaps in the second and the third, or none.
  private static func series(hasGaps: Bool) -> Dataset {
    var values: [Float] = []
    for step in 0..<count {
      let isGap = hasGaps && (step * step) % 11 == 3
      values += [
        Float(20 + step % 9), isGap ? .nan : Float(40 + 3 * (step % 7)),
        hasGaps && step % 13 == 5 ? .nan : Float(1 + step % 5),
      ]
    }
    return Dataset(
      name: "s", inputs: .values([values], channels: channels), targets: .none,
      times: NumberSequences([times]))
  }

  @Test(arguments: preparations, [false, true])
  func `a forecast of a file is that of a predictor`(
    preparation: Preparation, hasGaps: Bool
  ) throws {
    let dataset = Self.series(hasGaps: hasGaps)
    guard case .values(let series, _) = dataset.inputs else { return }
    let artifacts = try Trained.artifacts(
      dataset, ModelSettings(cell: .gru, hidden: 4), preparation.plan)
    // Ends of several lengths, some with gaps, padded with what must not matter.
    let lengths = (0..<4).map { preparation.least + 3 * $0 }
    let starts = [7, 61, 110, 150]
    let parts = zip(starts, lengths).map { start, length in
      Array(series[0][3 * start..<3 * (start + length)])
    }
    let times = zip(starts, lengths).map { Array(Self.times[$0..<$0 + $1]) }
    let longest = (lengths.max() ?? 0) + 1
    var inputs = [
      "lengths": ONNXFile.Array(shape: [4], elements: lengths.map(Double.init)),
      "values": ONNXFile.Array(
        shape: [4, longest, 3],
        elements: parts.flatMap {
          $0.map(Double.init) + [Double](repeating: 0.5, count: 3 * longest - $0.count)
        }),
    ]
    let graph = try ONNXFile(ModelExport(artifacts).onnx()).graph
    let hasCalendar = preparation.plan.calendar != nil
    let hasFollowing = hasCalendar && preparation.plan.strategy == .recursive
    #expect(
      graph.inputs.map(\.name)
        == ["values", "lengths"] + (hasCalendar ? ["times"] : [])
        + (hasFollowing ? ["following"] : []))
    if hasCalendar {
      inputs["times"] = ONNXFile.Array(
        shape: [4, longest],
        elements: times.flatMap {
          $0.map(Double.init) + [Double](repeating: 0, count: longest - $0.count)
        })
    }
    if hasFollowing {
      inputs["following"] = ONNXFile.Array(
        shape: [4, 5],
        elements: times.flatMap { part in
          (1...5).map { Double(part[part.count - 1] + 11_700 * Int64($0)) }
        })
    }
    let found = try ONNXEvaluation(graph, inputs)
    let ours = try Predictor(artifacts).predict(values: parts, times: hasCalendar ? times : nil)
    let numbers = try #require(found["numbers"])
    #expect(numbers.shape == [4, 5])
    let expected = ours.flatMap { $0.numbers ?? [] }
    #expect(expected.count == 20 && Set(expected).count > 4)
    for (one, other) in zip(numbers.elements, expected) {
      #expect(abs(one - other) < 2e-5 * max(1, abs(other)))
    }
    if let quantiles = preparation.plan.quantiles {
      let levels = try #require(found["quantiles"])
      #expect(levels.shape == [4, 5, quantiles.count])
      #expect(graph.outputs.map(\.name) == ["numbers", "quantiles"])
      let expected = ours.flatMap { ($0.quantiles ?? []).flatMap(\.self) }
      #expect(expected.count == 20 * quantiles.count)
      for (one, other) in zip(levels.elements, expected) {
        #expect(abs(one - other) < 2e-5 * max(1, abs(other)))
      }
    } else {
      #expect(graph.outputs.map(\.name) == ["numbers"])
    }
  }

  @Test(arguments: [DataPlan.Missing.mask, .last, .zero])
  func `a classifier of values with gaps gives our probabilities`(
    missing: DataPlan.Missing
  ) throws {
    let sequences = (0..<40).map { row in
      (0..<2 * (4 + row % 5)).map { (row + 3 * $0) % 7 == 2 ? .nan : Float(($0 * row) % 5) }
    }
    let dataset = Dataset(
      name: "g", inputs: .values(NumberSequences(sequences), channels: ["a", "b"]),
      labels: (0..<40).map { $0 % 2 == 0 ? "even" : "odd" })
    var plan = DataPlan(maximumLength: 7, keep: .end)
    plan.missing = missing
    let artifacts = try Trained.artifacts(dataset, ModelSettings(cell: .lstm, hidden: 4), plan)
    let graph = try ONNXFile(ModelExport(artifacts).onnx()).graph
    let some = (1...7).map { length in Array(sequences[33 + length % 2].prefix(2 * length)) }
    let found = try #require(
      try ONNXEvaluation(
        graph,
        [
          "lengths": ONNXFile.Array(shape: [7], elements: (1...7).map(Double.init)),
          "values": ONNXFile.Array(
            shape: [7, 7, 2],
            elements: some.flatMap {
              $0.map(Double.init) + [Double](repeating: .nan, count: 14 - $0.count)
            }),
        ])["probabilities"])
    let ours = try Predictor(artifacts).predict(values: some).flatMap {
      ($0.probabilities ?? []).map(\.probability)
    }
    #expect(ours.count == 14 && Set(ours).count > 7)
    #expect(some.contains { $0.contains { $0.isNaN } })
    #expect(zip(found.elements, ours).allSatisfy { abs($0 - $1) < 2e-6 })
  }

  @Test(arguments: preparations, [false, true])
  func `a script has what its forecast needs`(preparation: Preparation, hasGaps: Bool) throws {
    let artifacts = try Trained.artifacts(
      Self.series(hasGaps: hasGaps), ModelSettings(cell: .gru, hidden: 4), preparation.plan)
    let files = try ModelExport(artifacts).files(.pytorch, artifacts: artifacts, title: "T")
    let text = String(decoding: files[0].bytes, as: UTF8.self)
    let plan = preparation.plan
    #expect(text.contains("def clock(time):") == (plan.calendar != nil))
    #expect(text.contains("import math") == (plan.calendar != nil))
    #expect(text.contains("def fill(values):") == (hasGaps || plan.calendar != nil))
    #expect(text.contains("marks = ") == hasGaps)
    #expect(text.contains("def walk(") == (plan.strategy == .recursive))
    #expect(text.contains("PERIOD = ") == (plan.difference != nil))
    #expect(text.contains("QUANTILES = ") == (plan.quantiles != nil))
    #expect(text.contains("torch.log1p") == (plan.logarithm == .log1p))
    #expect(!text.contains("pad_sequence,") && !text.contains("MAXIMUM_LENGTH"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 && $0.last != " " })
  }
}
