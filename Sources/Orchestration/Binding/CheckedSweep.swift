import Postgres
public import Search
import Store
public import Training

/// A sweep that is known to run: its specification fits its data. The command checks before it
/// enqueues and the scheduler before it activates, with the same rules.
public struct CheckedSweep: Sendable {
  /// What was asked for.
  public let spec: SweepSpec
  /// The dataset made ready.
  public let data: PreparedData
  /// What the first trial trains.
  public let firstPlan: Plan
  /// What plain methods reach on the same data; of several folds the mean.
  public let baselines: [Training.Baseline]
  /// What a person should know of the data; of several folds what each came to.
  public let notes: [String]

  /// How many trials are bound to a plan on trial: all of a small grid, and enough of any other
  /// search to meet each choice.
  private static let tried = 256

  /// Checks a specification against its dataset.
  ///
  /// - Throws: `SpecError`, at its place in the file.
  public init(_ spec: SweepSpec, on dataset: Dataset) throws(SpecError) {
    try self.init(spec, on: dataset, initial: nil)
  }

  /// The same, and against the weights that it begins with.
  init(
    _ spec: SweepSpec, on dataset: Dataset, initial: InitialWeights?
  ) throws(SpecError) {
    try spec.checkUses()
    if spec.sampler == .pbt { try Self.checkPopulation(spec) }
    do throws(PlanError) {
      let folds = Binding.dataPlan(spec).split.folds ?? 1
      guard folds == 1 || spec.search.repeats == folds else {
        throw PlanError(
          field: "search.repeats", found: "\(spec.search.repeats)",
          allowed: "\(folds), that of dataset.split.folds: each setting is tried once on each fold")
      }
      guard spec.trials.isMultiple(of: folds) else {
        throw PlanError(
          field: "trials", found: "\(spec.trials)",
          allowed:
            "a multiple of \(folds), the folds (dataset.split.folds): the last setting would be "
            + "tried on some of them only")
      }
      var parts: [PreparedData] = []
      for fold in 0..<folds {
        parts.append(
          try PreparedData(dataset, Binding.dataPlan(spec, trial: fold), seed: spec.seed))
      }
      let data = parts[0]
      guard
        folds == 1 || data.encoding.task == .forecast || !spec.isChosen("dataset.split.test")
      else {
        throw PlanError(
          field: "data.split.test", found: "a share beside folds",
          allowed: "nothing: each fold is tested on its part of all examples")
      }
      try spec.checkUses(of: data, dataset)
      var sampler = spec.makeSampler()
      var first: Plan?
      for number in 0..<min(spec.trials, Self.tried) {
        guard let suggestion = sampler.suggest(trial: number) else { break }
        let plan = try Binding.plan(
          spec, suggestion.assignment, trial: UInt32(number), on: data)
        try initial?.check(plan, data)
        first = first ?? plan
      }
      guard let first else { preconditionFailure("a space without a point was parsed") }
      try spec.checkSense(first, data)
      self.spec = spec
      self.data = data
      baselines = Self.mean(of: parts.map { $0.baselines() })
      notes = Self.notes(of: parts.map(\.notes))
      firstPlan = first
    } catch {
      let error = Binding.inSpecWords(error)
      throw spec.error(error.field, "found \(error.found), allowed: \(error.allowed)")
    }
  }

  /// What may differ between members of a population: a copy has the weights and the optimizer's state
  /// of another one.
  private static let heritable = [
    "training.rate", "training.momentum", "training.alpha", "training.beta1", "training.beta2",
    "training.epsilon", "training.weight_decay", "training.clip_norm", "training.clip_value",
    "training.label_smoothing", "training.huber_bound", "model.dropout", "model.recurrent_dropout",
  ]

  private static func checkPopulation(_ spec: SweepSpec) throws(SpecError) {
    for parameter in spec.space.parameters {
      guard heritable.contains(parameter.path) else {
        throw spec.error(
          parameter.path,
          "found \(parameter.distribution), allowed: one value with the sampler pbt, whose members "
            + "take over each other's weights (what may vary: "
            + heritable.map { String($0.drop { $0 != "." }.dropFirst()) }.joined(separator: ", ")
            + ")")
      }
      let least =
        parameter.distribution.bounds?.low
        ?? parameter.distribution.values?.compactMap(\.number).min()
      guard parameter.path == "training.momentum", let low = least else { continue }
      if low <= 0 {
        throw spec.error(
          parameter.path,
          "found \(parameter.distribution), allowed: only more than 0 with the sampler pbt: without "
            + "momentum the optimizer has no state to take over")
      }
    }
  }

  /// What the scheduler writes when it accepts the sweep.
  func activation() throws -> Activation {
    guard let objective = firstPlan.objective, let goal = objective.goal else {
      preconditionFailure("a resolved plan has an objective with a goal")
    }
    return Activation(
      trials: spec.trials,
      objective: Store.Objective(
        metric: objective.metric, split: objective.split.rawValue, goal: goal.rawValue),
      facts: try JSON(encoding: facts),
      baselines: baselines.flatMap { baseline in
        baseline.metrics.map {
          Store.Baseline(
            name: baseline.name, split: $0.split.rawValue, metric: $0.name, value: $0.value)
        }
      },
      reason: "\(spec.trials) trials by \(spec.sampler.rawValue) search over "
        + "\(spec.space.parameters.count) parameters")
  }

  /// The mean of each metric of the same baselines of several folds.
  private static func mean(of folds: [[Training.Baseline]]) -> [Training.Baseline] {
    guard var mean = folds.first, folds.count > 1 else { return folds.first ?? [] }
    for (number, baseline) in mean.enumerated() {
      for (place, metric) in baseline.metrics.enumerated() {
        let values = folds.compactMap { fold in
          fold.first { $0.name == baseline.name }?.metrics
            .first { $0.split == metric.split && $0.name == metric.name }?.value
        }
        mean[number].metrics[place].value = values.reduce(0, +) / Double(values.count)
      }
    }
    return mean
  }

  /// The notes of all folds, each once; of many folds those of the first and the last.
  private static func notes(of folds: [[String]]) -> [String] {
    let told = folds.count > 8 ? [folds[0], folds[folds.count - 1]] : folds
    return told.joined().reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// What was resolved, for people and SQL.
  public var facts: SweepFacts {
    SweepFacts(
      task: data.encoding.task.rawValue, train: data.train.count,
      validation: data.validation.count, test: data.test.count,
      vocabulary: data.encoding.vocabularySize, channels: data.encoding.channels,
      labels: data.encoding.labels, notes: notes)
  }
}

/// What the data of a sweep came to.
public struct SweepFacts: Codable, Hashable, Sendable {
  /// What is learned.
  public var task: String
  /// Sequences of the training split.
  public var train: Int
  /// Sequences of the validation split.
  public var validation: Int
  /// Sequences of the test split.
  public var test: Int
  /// Tokens of the vocabulary, for texts.
  public var vocabulary: Int?
  /// The names of the inputs, for numbers.
  public var channels: [String]?
  /// The classes.
  public var labels: [String]?
  /// What was dropped, cut or unknown.
  public var notes: [String]
}
