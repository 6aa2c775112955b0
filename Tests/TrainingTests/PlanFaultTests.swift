import Testing
import Training

/// Plans that do not fit a dataset, or say what nothing would use.
@Suite struct PlanFaultTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    let plan: DataPlan
    let field: String
    var dataset = PreparationTests.messages(30)
    var testDescription: String { field }
  }

  private static func folds(_ count: Int, of plan: DataPlan) -> DataPlan {
    var plan = plan
    plan.split.folds = count
    return plan
  }

  static let faults: [Fault] = [
    Fault(plan: DataPlan(maximumLength: 0), field: "data.maximum_length"),
    Fault(plan: DataPlan(minimumCount: 0), field: "data.minimum_count"),
    Fault(plan: DataPlan(maximumVocabulary: 2), field: "data.maximum_vocabulary"),
    Fault(plan: DataPlan(split: .init(test: 1)), field: "data.split.test"),
    Fault(plan: DataPlan(split: .init(validation: -0.1)), field: "data.split.validation"),
    Fault(plan: DataPlan(split: .init(validation: .nan)), field: "data.split.validation"),
    Fault(plan: DataPlan(split: .init(test: 0.5, validation: 0.5)), field: "data.split"),
    Fault(plan: DataPlan(split: .init(source: .file)), field: "data.split.source"),
    Fault(plan: folds(31, of: DataPlan()), field: "data.split.folds"),
    Fault(
      plan: folds(2, of: DataPlan()), field: "data.split.folds",
      dataset: Dataset(
        name: "d", inputs: .texts(["a", "b", "c"]), labels: ["x", "y", "x"],
        splits: [.train, .train, .test])),
    Fault(
      plan: folds(2, of: DataPlan()), field: "data.split.folds",
      dataset: Dataset(name: "d", inputs: .texts(["a long text"]), targets: .none)),
    Fault(plan: DataPlan(task: .regress), field: "data.task"),
    Fault(plan: DataPlan(task: .forecast), field: "data.task"),
    Fault(
      plan: DataPlan(), field: "dataset",
      dataset: Dataset(name: "d", inputs: .texts([]), labels: [])),
    Fault(
      plan: DataPlan(), field: "dataset",
      dataset: Dataset(name: "d", inputs: .texts(["a", "b"]), labels: ["x", "x"])),
    Fault(
      plan: DataPlan(window: 50), field: "data.window",
      dataset: Dataset(
        name: "d", inputs: .values([[Float](repeating: 1, count: 40)], channels: ["a"]),
        targets: .none)),
    Fault(
      plan: DataPlan(target: "OTT"), field: "data.target",
      dataset: Dataset(
        name: "d", inputs: .values([[Float](repeating: 1, count: 40)], channels: ["OT"]),
        targets: .none)),
    Fault(
      plan: DataPlan(), field: "dataset",
      dataset: Dataset(
        name: "d", inputs: .symbols([[], [0]], alphabet: 2), labels: ["x", "y"])),
  ]

  @Test(arguments: faults)
  func `a plan that does not fit is refused by the name of its field`(fault: Fault) {
    let error = #expect(throws: PlanError.self) {
      try PreparedData(fault.dataset, fault.plan, seed: 0)
    }
    #expect(error?.field == fault.field)
  }

  private static func plan(_ change: (inout DataPlan) -> Void) -> DataPlan {
    var plan = DataPlan()
    change(&plan)
    return plan
  }

  static let series = Dataset(
    name: "d", inputs: .values([(0..<80).map { Float($0 % 7) }], channels: ["a"]), targets: .none)
  static let symbols = Dataset(
    name: "d", inputs: .symbols([[0, 1], [1, 0], [0, 0]], alphabet: 2), labels: ["x", "y", "x"])
  static let tagged = Dataset(
    name: "d", inputs: .symbols([[0, 1], [1, 0], [0, 0]], alphabet: 2),
    targets: .steps([[0, 1], [1, -1], [0, 1]], classes: 2))
  static let rated = Dataset(
    name: "d", inputs: .texts(["one two", "two three", "three one"]),
    targets: .numbers([1, 2, 3], width: 1))

  @Test(arguments: [
    Fault(plan: plan { $0.window = 8 }, field: "data.window"),
    Fault(plan: plan { $0.horizon = 2 }, field: "data.horizon"),
    Fault(plan: plan { $0.target = "a" }, field: "data.target"),
    Fault(plan: plan { $0.season = 7 }, field: "data.season"),
    Fault(plan: plan { $0.missing = .last }, field: "data.missing"),
    Fault(plan: plan { $0.tokens = .words }, field: "data.tokens", dataset: symbols),
    Fault(plan: plan { $0.minimumCount = 2 }, field: "data.minimum_count", dataset: symbols),
    Fault(
      plan: plan { $0.maximumVocabulary = 9 }, field: "data.maximum_vocabulary", dataset: symbols),
    Fault(plan: plan { $0.tokens = .words }, field: "data.tokens", dataset: series),
    Fault(plan: plan { $0.maximumLength = 9 }, field: "data.maximum_length", dataset: series),
    Fault(plan: plan { $0.deduplicate = true }, field: "data.deduplicate", dataset: series),
    Fault(plan: plan { $0.split.stratify = true }, field: "data.split.stratify", dataset: series),
    Fault(plan: plan { $0.split.stratify = true }, field: "data.split.stratify", dataset: tagged),
    Fault(plan: plan { $0.split.stratify = true }, field: "data.split.stratify", dataset: rated),
    Fault(plan: plan { $0.scaling = .range }, field: "data.scaling"),
    Fault(plan: plan { $0.scaling = .standard }, field: "data.scaling", dataset: symbols),
  ])
  func `a setting that nothing would use is refused`(fault: Fault) throws {
    let error = #expect(throws: PlanError.self) {
      try PreparedData(fault.dataset, fault.plan, seed: 0)
    }
    #expect(error?.field == fault.field)
    // What was resolved can be resolved again, as a worker does.
    let resolved = try PreparedData(fault.dataset, DataPlan(), seed: 0).plan
    #expect(try PreparedData(fault.dataset, resolved, seed: 0).plan == resolved)
  }

  @Test func `a setting that says what happens anyway is none that nothing uses`() throws {
    _ = try PreparedData(Self.symbols, Self.plan { $0.scaling = DataPlan.Scaling.none }, seed: 0)
    _ = try PreparedData(Self.tagged, Self.plan { $0.split.stratify = false }, seed: 0)
    // Numbers are scaled, also those that are only answers.
    let scaled = try PreparedData(Self.rated, Self.plan { $0.scaling = .range }, seed: 0)
    #expect(scaled.plan.scaling == .range)
  }

  @Test func `a target that was never measured in training is named`() {
    let gaps = Dataset(
      name: "d",
      inputs: .values([(0..<80).map { $0 < 70 ? .nan : Float($0) }], channels: ["a"]),
      targets: .none)
    let error = #expect(throws: PlanError.self) {
      try PreparedData(gaps, DataPlan(window: 4), seed: 0)
    }
    #expect(error?.description.contains("no value of 'a' in the training part") == true)
  }
}
