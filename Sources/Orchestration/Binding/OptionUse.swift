import Recurrent
import Search
import Training

/// When a setting that a sweep states has an effect. One that some of its trials can use is fine, whatever the
/// others do with it; one that none of them can use is a mistake, and the user is told.
struct OptionUse: Sendable {
  /// The setting.
  let path: String
  /// The setting that decides whether it is used.
  let decider: String
  /// The values with which it is, in words.
  let words: String
  let isUsed: @Sendable (Value) -> Bool

  private init(_ path: String, _ decider: String, _ values: [String]) {
    (self.path, self.decider) = (path, decider)
    words = values.joined(separator: ", ")
    isUsed = { value in value.string.map { values.contains($0) } ?? false }
  }

  private init(_ path: String, _ decider: String, above bound: Double) {
    (self.path, self.decider, words) = (path, decider, "above \(Int(bound))")
    isUsed = { $0.number.map { $0 > bound } ?? false }
  }

  private init(_ path: String, without decider: String) {
    (self.path, self.decider, words) = (path, decider, "null")
    isUsed = { $0 == .null }
  }

  static let all = [
    OptionUse("model.peepholes", "model.cell", ["lstm"]),
    OptionUse("model.forget_bias", "model.cell", ["lstm"]),
    // chrono draws the biases in its place.
    OptionUse("model.forget_bias", without: "model.chrono"),
    OptionUse("model.chrono", "model.cell", ["lstm", "gru"]),
    OptionUse("model.reset", "model.cell", ["gru"]),
    // irnn means a nonlinearity and an initializer of its own.
    OptionUse("model.nonlinearity", "model.cell", ["rnn"]),
    OptionUse("model.initializer", "model.cell", ["rnn", "lstm", "gru"]),
    OptionUse("model.variational", "model.dropout", above: 0),
    OptionUse("model.residual", "model.layers", above: 1),
    OptionUse("training.momentum", "training.optimizer", ["sgd", "rmsprop"]),
    OptionUse("training.nesterov", "training.optimizer", ["sgd"]),
    OptionUse("training.nesterov", "training.momentum", above: 0),
    OptionUse("training.alpha", "training.optimizer", ["rmsprop"]),
    OptionUse("training.beta1", "training.optimizer", ["adam", "adamw"]),
    OptionUse("training.beta2", "training.optimizer", ["adam", "adamw"]),
    OptionUse("training.epsilon", "training.optimizer", ["rmsprop", "adam", "adamw"]),
    OptionUse("training.huber_bound", "training.loss", ["huber"]),
    OptionUse("training.quantile", "training.loss", ["quantile"]),
    OptionUse("training.schedule.every", "training.schedule.kind", ["step"]),
    OptionUse(
      "training.schedule.factor", "training.schedule.kind", ["step", "exponential", "plateau"]),
    OptionUse("training.schedule.patience", "training.schedule.kind", ["plateau"]),
    OptionUse("training.schedule.floor", "training.schedule.kind", ["cosine"]),
    OptionUse(
      "training.schedule.warm_up", "training.schedule.kind",
      ["constant", "step", "cosine", "exponential", "plateau"]),
    OptionUse("probe.lags", "probe.every", ["epoch"]),
    OptionUse("probe.vanishing", "probe.every", ["epoch"]),
    OptionUse("probe.exploding", "probe.every", ["epoch"]),
  ]
}

extension SweepSpec {
  /// Refuses settings that no trial can use.
  func checkUses() throws(SpecError) {
    for use in OptionUse.all where isChosen(use.path) {
      let values = possible(use.decider)
      guard !values.contains(where: use.isUsed) else { continue }
      let found = fixed[use.path]?.description ?? space[use.path]?.distribution.description ?? ""
      throw error(
        use.path,
        "found \(found), allowed: only where \(use.decider) can be \(use.words); here it is "
          + (space[use.decider]?.distribution.description ?? values[0].description))
    }
  }

  /// The values that a setting can have, or the bounds of its numbers; null where it can be absent.
  private func possible(_ path: String) -> [Value] {
    guard let parameter = space[path] else { return [fixed[path] ?? .null] }
    let distribution = parameter.distribution
    let drawn =
      distribution.values ?? distribution.bounds.map { [.number($0.low), .number($0.high)] } ?? []
    return drawn + (parameter.conditions.isEmpty ? [] : [defaults[path] ?? .null])
  }

  /// Refuses what is said of the data and has no effect on these: shares of parts that the dataset gives, and
  /// an end to keep where nothing is cut off.
  func checkUses(of data: PreparedData, _ dataset: Dataset) throws(PlanError) {
    let split = data.plan.split
    let parts = [
      // Who wants no test has none where the dataset gives none.
      (part: Split.test, isGiven: data.test.count > 0 || split.test > 0),
      (part: Split.validation, isGiven: dataset.splits?.contains(.validation) == true),
    ]
    for (part, isGiven) in parts where isGiven && split.source == .file {
      let field = "dataset.split.\(part.rawValue)"
      guard isChosen(field) else { continue }
      throw PlanError(
        field: field, found: "a share, where the dataset says what is the \(part.rawValue)",
        allowed: "nothing, or split.source: fractions")
    }
    let task = data.encoding.task
    guard task == .forecast || task == .language, fixed["dataset.keep"]?.string == "start" else {
      return
    }
    throw PlanError(
      field: "dataset.keep", found: "start, for the task \(task.rawValue)",
      allowed: "nothing: windows are taken of the whole, of which neither end is cut off")
  }

  /// Refuses numbers that make no sense with the data or with each other, where all trials have the same.
  func checkSense(_ plan: Plan, _ data: PreparedData) throws(PlanError) {
    func refuse(
      _ path: String, with others: [String] = [], if isSenseless: Bool, _ found: String,
      _ allowed: String
    ) throws(PlanError) {
      guard isSenseless, ([path] + others).allSatisfy({ space[$0] == nil }) else { return }
      throw PlanError(field: path, found: found, allowed: allowed)
    }
    if isChosen("model.embedding"), data.encoding.vocabularySize == nil {
      throw PlanError(
        field: "model.embedding",
        found: fixed["model.embedding"]?.description
          ?? space["model.embedding"]?.distribution.description ?? "",
        allowed: "nothing: the data are numbers, which a model reads as they are")
    }
    let training = plan.training
    let steps = training.steps(sequences: data.train.count)
    try refuse(
      "training.schedule.warm_up", with: ["training.batch", "training.epochs"],
      if: training.warmUp > steps, "\(training.warmUp)",
      "at most \(steps), the steps of the whole training")
    if let truncate = training.truncate {
      let longest = data.train.lengths.max() ?? 0
      try refuse(
        "training.truncate", if: truncate >= longest, "\(truncate)",
        "less than \(longest), the steps of the longest sequence: there is nothing to cut")
    }
    if let probe = plan.probe {
      try refuse(
        "probe.vanishing", if: probe.vanishing >= probe.exploding,
        "\(Value.number(probe.vanishing))",
        "less than \(Value.number(probe.exploding)), that of probe.exploding")
    }
  }
}
