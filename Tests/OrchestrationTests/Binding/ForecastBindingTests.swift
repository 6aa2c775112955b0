import Orchestration
import Search
import Testing
import Training

/// Sweep files about forecasts: what they say reaches the plans, and what cannot be is told at its
/// place.
@Suite struct ForecastBindingTests {
  static let dataset = Dataset(
    name: "d", inputs: .values([(0..<200).map { Float(10 + $0 % 7) }], channels: ["y"]),
    targets: .none, times: [(0..<200).map { Int64($0) * 86_400 }])

  static func sweep(_ text: String) throws -> SweepSpec {
    try SweepSpec.parse(text, file: "a.yaml", schema: .sweep)
  }

  @Test func `settings of forecasts reach the plan`() throws {
    let spec = try Self.sweep(
      """
      dataset:
        name: d
        window: 14
        horizon: 3
        difference: seasonal
        log: log1p
        calendar: [weekday, month]
        missing: last
        split: {test: 1970-06-01, validation: 20}
      training: {loss: quantile, quantiles: [0.1, 0.5, 0.9]}
      objective: {metric: pinball, goal: minimize}
      """)
    let checked = try CheckedSweep(spec, on: Self.dataset)
    let plan = checked.firstPlan.data
    #expect(plan.split.testFrom == "1970-06-01" && plan.split.validationSteps == 20)
    #expect(plan.difference == .seasonal && plan.season == 7 && plan.logarithm == .log1p)
    #expect(plan.calendar == [.weekday, .month] && plan.missing == .last)
    #expect(plan.quantiles == [0.1, 0.5, 0.9])
    #expect(checked.data.encoding.outputs == 9)
    // The first of June is day 151.
    #expect(checked.data.test.count == 200 - 151 - 2)
    #expect(Set(checked.baselines.map(\.name)) == ["mean", "persistence", "seasonal-naive"])
  }

  @Test func `the trials of a setting take the folds by turns`() throws {
    let spec = try Self.sweep(
      """
      dataset: {name: d, window: 7, split: {test: 60, folds: 3, validation: 10}}
      search: {repeats: 3}
      trials: 6
      """)
    let checked = try CheckedSweep(spec, on: Self.dataset)
    let tests = try (0..<6).map { trial in
      try PreparedData(Self.dataset, Binding.dataPlan(spec, trial: trial), seed: 0).test.starts
    }
    #expect(tests.map { $0[0] + 7 } == [140, 160, 180, 140, 160, 180])
    #expect(tests.allSatisfy { $0.count == 20 })
    #expect(checked.baselines.allSatisfy { $0.metrics.allSatisfy { $0.value.isFinite } })
    let notes = checked.facts.notes
    #expect(
      notes.filter { $0.hasPrefix("fold ") }
        == (0..<3).map {
          "fold \($0 + 1) of 3: \(123 + 20 * $0) train, 10 validation, 20 test windows of 7 steps, "
            + "divided by position in time"
        })
    #expect(Set(notes).count == notes.count && notes.contains("seasons of 7 steps"))
    #expect {
      try CheckedSweep(
        Self.sweep(
          """
          dataset: {name: d, window: 7, split: {test: 60, folds: 3, validation: 10}}
          search: {repeats: 3}
          trials: 4
          """), on: Self.dataset)
    } throws: {
      "\($0)".contains("a.yaml:3:9: trials: found 4, allowed: a multiple of 3")
    }
    #expect {
      try CheckedSweep(
        Self.sweep("dataset: {name: d, window: 7, split: {folds: 3}}\ntrials: 3\n"),
        on: Self.dataset)
    } throws: {
      "\($0)".contains("search.repeats: found 1, allowed: 3")
    }
  }

  @Test func `examples are cross-validated by the trials of a setting`() throws {
    let dataset = Dataset(
      name: "d", inputs: .texts((0..<60).map { "text \($0) of \($0 % 5)" }),
      labels: (0..<60).map { $0 % 2 == 0 ? "x" : "y" })
    let spec = try Self.sweep(
      "dataset: {name: d, split: {folds: 3}}\nsearch: {repeats: 3}\ntrials: 6\n")
    let checked = try CheckedSweep(spec, on: dataset)
    #expect(checked.facts.notes.count { $0.hasPrefix("fold ") } == 3)
    let tests = try (0..<6).map { trial in
      Array(try PreparedData(dataset, Binding.dataPlan(spec, trial: trial), seed: 0).test.rows)
    }
    #expect(Set(tests[0] + tests[1] + tests[2]) == Set(0..<60))
    #expect(tests[3...] == tests[..<3])
    #expect {
      try CheckedSweep(
        Self.sweep(
          "dataset: {name: d, split: {folds: 3, test: 0.2}}\nsearch: {repeats: 3}\ntrials: 6\n"),
        on: dataset)
    } throws: {
      "\($0)".contains("dataset.split.test: found a share beside folds, allowed: nothing")
    }
  }

  @Test(arguments: [
    (
      "dataset:\n  name: d\n  split: {test: soon}\n",
      "a.yaml:3:17: dataset.split.test: found 'soon'"
    ),
    (
      "dataset:\n  name: d\n  difference: second\n", "a.yaml:3:15: dataset.difference: found second"
    ),
    ("dataset:\n  name: d\n  calendar: [hours]\n", "dataset.calendar: found"),
    (
      "dataset: d\ntraining:\n  quantiles: [0.9, 0.1]\n",
      "a.yaml:3:14: training.quantiles: found [0.9, 0.1], allowed: rising numbers between 0 and 1"
    ),
    (
      "dataset: d\ntraining:\n  loss: absolute\n  quantiles: [0.5]\n",
      "a.yaml:3:9: training.loss: found absolute, with quantiles, allowed: auto, quantile"
    ),
    ("dataset:\n  name: d\n  season: 1\n", "a.yaml:3:11: dataset.season: found 1"),
    (
      "dataset:\n  name: d\n  keep: start\n",
      "a.yaml:3:9: dataset.keep: found start, for the task forecast"
    ),
    (
      "dataset:\n  name: d\n  split: {stratify: true}\n",
      "dataset.split.stratify: found true, for the task forecast"
    ),
  ])
  func `what cannot be is told at its place`(text: String, message: String) throws {
    #expect {
      try CheckedSweep(Self.sweep(text), on: Self.dataset)
    } throws: {
      "\($0)".contains(message)
    }
  }

  @Test func `a share of an error that is 0 is no objective, and it is told why`() throws {
    func dataset(_ values: [Float]) -> Dataset {
      Dataset(name: "d", inputs: .values([values], channels: ["y"]), targets: .none)
    }
    let text = "dataset: {name: d, window: 4}\nobjective: {metric: mase, goal: minimize}\n"
    _ = try CheckedSweep(Self.sweep(text), on: dataset((0..<60).map { Float($0 % 5) }))
    #expect {
      try CheckedSweep(Self.sweep(text), on: dataset([Float](repeating: 3, count: 60)))
    } throws: {
      "\($0)".contains("the naive forecast's error, which is 0 on the training part")
    }
  }
}
