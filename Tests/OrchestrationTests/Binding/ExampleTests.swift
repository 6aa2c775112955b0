import FoundationEssentials
import Orchestration
import Search
import Testing
import Training

/// The sweep files that a user is given.
@Suite struct ExampleTests {
  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "deploy/examples").path

  @Test func `each example is a good sweep`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
    #expect(files.count >= 7)
    for file in files {
      let bytes = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(file)"))
      let spec = try SweepSpec.parse([UInt8](bytes), file: file, schema: .sweep)
      #expect(spec.name.map { "\($0).yaml" } == file)
      #expect(spec.trials >= 3)
    }
  }

  /// The examples whose data needs no download are bound to data of their kind.
  @Test func `an example fits its data`() throws {
    let bytes = try #require(
      FileManager.default.contents(atPath: "\(Self.folder)/temporal-order.yaml"))
    let spec = try SweepSpec.parse([UInt8](bytes), file: "temporal-order.yaml", schema: .sweep)
    let dataset = try Generator.temporalOrder.dataset(count: 400, length: 100, seed: 1)
    let checked = try CheckedSweep(spec, on: dataset)
    #expect(checked.facts.labels?.count == 4)
    #expect((290...310).contains(checked.facts.train))
    #expect(checked.firstPlan.training.batch == 32)
  }

  @Test func `the precision of a sweep reaches its plans`() throws {
    let dataset = try Generator.temporalOrder.dataset(count: 100, length: 20, seed: 1)
    func sweep(_ training: String) throws -> SweepSpec {
      try SweepSpec.parse(
        "dataset: order\ntraining: {\(training)}\n", file: "a.yaml", schema: .sweep)
    }
    let rounded = try CheckedSweep(sweep("precision: bf16"), on: dataset)
    #expect("\(rounded.firstPlan.training.precision)" == "bf16")
    let common = try CheckedSweep(sweep("epochs: 1"), on: dataset)
    #expect("\(common.firstPlan.training.precision)" == "float32")
    #expect {
      try sweep("precision: half")
    } throws: {
      "\($0)".contains("training.precision: found half, allowed: float32, bf16")
    }
  }

  @Test
  func `an objective that is named is the one, and none is the loss where there are no classes`()
    throws
  {
    let text = Dataset(
      name: "t", inputs: .texts([String(repeating: "to be or not to be ", count: 40)]),
      targets: .none)
    func plan(_ more: String) throws -> Plan {
      let spec = try SweepSpec.parse(
        "dataset: {name: t, max_length: 16}\n\(more)\n", file: "a.yaml", schema: .sweep)
      // As the scheduler and workers read it.
      let stored = try SweepSpec.parse(spec.json, file: "sweep 1", schema: .sweep)
      return try CheckedSweep(stored, on: text).firstPlan
    }
    let none = try #require(try plan("trials: 1").objective)
    #expect(none.metric == "loss" && none.goal == .minimize)
    for named in ["objective: accuracy", "objective: {metric: accuracy, goal: maximize}"] {
      let objective = try #require(try plan(named).objective)
      #expect(objective.metric == "accuracy" && objective.goal == .maximize, "\(named)")
    }
    #expect {
      try plan("objective: {goal: maximize}")
    } throws: {
      "\($0)".contains("objective.goal: found maximize, allowed: minimize, or a metric beside it")
    }
    #expect {
      try CheckedSweep(
        ForecastBindingTests.sweep("dataset: {name: d, window: 4}\nobjective: accuracy\n"),
        on: ForecastBindingTests.dataset)
    } throws: {
      "\($0)".hasPrefix("a.yaml:2:12: objective.metric: found 'accuracy', allowed: ")
    }
  }

  @Test func `what cannot be bound is told at its place`() throws {
    let dataset = try Generator.temporalOrder.dataset(count: 100, length: 20, seed: 1)
    let spec = try SweepSpec.parse(
      "dataset: order\nobjective:\n  metric: rmse\n", file: "a.yaml", schema: .sweep)
    #expect {
      try CheckedSweep(spec, on: dataset)
    } throws: {
      "\($0)".hasPrefix("a.yaml:3:11: objective.metric: found 'rmse', allowed: ")
    }
  }
}
