import Recurrent
public import Search
public import Store
public import Training

/// From what a sweep says and a trial was given to what is trained: the only place that knows both.
public enum Binding {
  /// How the dataset of a sweep becomes sequences for a trial: the trials of a setting take the folds
  /// by turns, all others see the same.
  public static func dataPlan(_ spec: SweepSpec, trial: Int = 0) -> DataPlan {
    let settings = Settings(values: spec.fixed)
    var division = DataPlan.Division(
      source: settings.choice("dataset.split.source"),
      stratify: settings.boolean("dataset.split.stratify"),
      seed: settings.integer("dataset.split.seed").map(UInt64.init))
    (division.test, division.testSteps, division.testFrom) =
      settings.part("dataset.split.test", common: division.test)
    (division.validation, division.validationSteps, division.validationFrom) =
      settings.part("dataset.split.validation", common: division.validation)
    division.folds = settings.integer("dataset.split.folds")
    division.fold = division.folds.map { trial % $0 }
    var plan = DataPlan(
      task: settings.choice("dataset.task"), tokens: settings.choice("dataset.tokens"),
      maximumLength: settings.integer("dataset.max_length"), keep: settings.choice("dataset.keep"),
      minimumCount: settings.integer("dataset.min_count"),
      maximumVocabulary: settings.integer("dataset.max_vocabulary"),
      deduplicate: settings.boolean("dataset.deduplicate"),
      split: division, window: settings.integer("dataset.window"),
      horizon: settings.integer("dataset.horizon"),
      target: settings.text("dataset.target"), scaling: settings.choice("dataset.scaling"))
    plan.channels = settings.integer("dataset.channels")
    plan.missing = settings.choice("dataset.missing")
    plan.logarithm = settings.choice("dataset.log")
    plan.difference = settings.choice("dataset.difference")
    plan.season = settings.integer("dataset.season")
    plan.calendar = settings.list("dataset.calendar")?.compactMap {
      $0.string.flatMap(CalendarFeature.init(rawValue:))
    }
    plan.strategy = settings.choice("dataset.strategy")
    plan.quantiles = settings.list("training.quantiles")?.compactMap(\.number)
    return plan
  }

  /// What a trial of a sweep trains, with everything filled in that the data decides.
  ///
  /// - Parameters:
  ///   - spec: The sweep.
  ///   - assignment: The hyperparameters of the trial.
  ///   - trial: Its number within the sweep.
  ///   - data: What it learns from.
  ///   - accepted: The objective that the sweep was accepted with; nil: what the specification says.
  /// - Returns: The plan, resolved.
  /// - Throws: `PlanError`, whose field is a path in the sweep file.
  public static func plan(
    _ spec: SweepSpec, _ assignment: Assignment, trial: UInt32, on data: PreparedData,
    accepted: Store.Objective? = nil
  ) throws(PlanError) -> Plan {
    let settings = Settings(values: spec.settings(assignment))
    var model = ModelSettings()
    settings.set("model.nonlinearity", &model.nonlinearity)
    settings.set("model.hidden", &model.hidden)
    settings.set("model.layers", &model.layers)
    settings.set("model.dropout", &model.dropout)
    settings.set("model.embedding", &model.embedding)
    settings.set("model.forget_bias", &model.forgetBias)
    settings.set("model.reset", &model.reset)
    settings.set("model.normalization", &model.normalization)
    settings.set("model.recurrent_dropout", &model.recurrentDropout)
    settings.set("model.initializer", &model.initializer)
    if settings.text("model.cell") == "irnn" {
      (model.cell, model.nonlinearity, model.initializer) = (.rnn, .relu, .identity)
    } else {
      settings.set("model.cell", &model.cell)
    }
    model.peepholes = settings.boolean("model.peepholes") ?? false
    model.bidirectional = settings.boolean("model.bidirectional") ?? false
    model.residual = settings.boolean("model.residual") ?? false
    model.variational = settings.boolean("model.variational") ?? false
    model.tied = settings.boolean("model.tied") ?? false
    model.vectors = settings.text("model.vectors")
    model.initial = settings.text("model.initial")
    if let initial = model.initial, WeightsReference(initial) == nil {
      throw PlanError(
        field: "model.initial", found: initial,
        allowed: "TRIAL/NAME, such as 7/model.safetensors (unroll artifact list), or weights/NAME "
          + "(unroll weights list)")
    }
    model.chrono = settings.integer("model.chrono")
    model.readout = settings.choice("model.readout")

    var training = TrainingPlan()
    settings.set("training.epochs", &training.epochs)
    training.batch = settings.integerOrWord("training.batch", word: data.train.count) ?? 32
    settings.set("training.precision", &training.precision)
    settings.set("training.loss", &training.loss)
    settings.set("training.huber_bound", &training.huberBound)
    settings.set("training.quantile", &training.quantile)
    settings.set("training.label_smoothing", &training.labelSmoothing)
    settings.set("training.class_weights", &training.classWeights)
    training.labelWeights = try settings.numbers("training.label_weights")
    training.threshold = settings.choice("training.threshold")
    settings.set("training.schedule.patience", &training.patience)
    training.nesterov = settings.boolean("training.nesterov") ?? false
    training.keepInitial = settings.boolean("training.keep_initial") ?? false
    training.truncate = settings.integer("training.truncate")
    settings.set("training.optimizer", &training.optimizer)
    settings.set("training.rate", &training.rate)
    settings.set("training.momentum", &training.momentum)
    settings.set("training.alpha", &training.alpha)
    settings.set("training.beta1", &training.beta1)
    settings.set("training.beta2", &training.beta2)
    settings.set("training.epsilon", &training.epsilon)
    settings.set("training.schedule.kind", &training.schedule)
    settings.set("training.schedule.warm_up", &training.warmUp)
    settings.set("training.schedule.every", &training.decayEvery)
    settings.set("training.schedule.factor", &training.decayFactor)
    settings.set("training.schedule.floor", &training.floor)
    training.shuffle = settings.boolean("training.shuffle") ?? training.shuffle
    training.weightDecay = settings.number("training.weight_decay")
    training.clipNorm = settings.number("training.clip_norm")
    training.clipValue = settings.number("training.clip_value")

    let plan = Plan(
      data: dataPlan(spec, trial: Int(trial)), model: model, training: training,
      objective: try objective(spec, data.encoding, accepted), seed: spec.seed, trial: trial,
      probe: probe(settings))
    do {
      return try plan.resolved(for: data)
    } catch {
      throw inSpecWords(error)
    }
  }

  /// What is measured after each epoch.
  private static func probe(_ settings: Settings) -> FlowSettings? {
    guard settings.text("probe.every") == "epoch" else { return nil }
    var probe = FlowSettings()
    settings.set("probe.lags", &probe.lags)
    settings.set("probe.vanishing", &probe.vanishing)
    settings.set("probe.exploding", &probe.exploding)
    return probe
  }

  /// The objective that a sweep means: accuracy says nothing about numbers, so where a sweep names
  /// no metric, a task without classes is judged by its loss.
  private static func objective(
    _ spec: SweepSpec, _ encoding: Training.Encoding, _ accepted: Store.Objective?
  ) throws(PlanError) -> Training.Objective {
    let said = spec.objective
    if let accepted, spec.objectives.count == 1, said.expression == nil {
      return Training.Objective(
        metric: accepted.metric, split: Split(word: accepted.split) ?? .validation,
        goal: accepted.goal == "maximize" ? .maximize : .minimize)
    }
    let split = Split(word: said.split) ?? .validation
    let hasClasses = encoding.task == .classify || encoding.task == .tag
    guard hasClasses || spec.isChosen("objective.metric") else {
      guard !spec.isChosen("objective.goal") || said.goal == .minimize else {
        throw PlanError(
          field: "objective.goal", found: "\(said.goal)",
          allowed: "minimize, or a metric beside it: where none is named the loss is the objective")
      }
      return Training.Objective(metric: "loss", split: split, goal: .minimize)
    }
    let names = Metric.names(for: encoding)
    // A single metric is checked with the plan.
    for objective in spec.objectives where spec.objectives.count > 1 || said.expression != nil {
      let used = objective.expression?.names ?? [objective.metric]
      guard let unknown = used.first(where: { !names.contains($0) }) else { continue }
      throw PlanError(
        field: spec.objectives.count > 1
          ? "objectives" : "objective.\(objective.expression == nil ? "metric" : "expression")",
        found: unknown, allowed: names.joined(separator: ", "))
    }
    return Training.Objective(
      metric: said.metric, split: split,
      goal: said.goal == .maximize ? .maximize : .minimize,
      isComputed: said.expression == nil ? nil : true)
  }

  /// The objectives of a sweep, from the metrics of an epoch.
  ///
  /// - Parameters:
  ///   - spec: The sweep.
  ///   - plan: A resolved plan of one of its trials: it knows the metric where the sweep names none.
  ///   - metrics: The metrics of the epoch.
  /// - Returns: A value for each objective.
  static func objectives(
    _ spec: SweepSpec, _ plan: Plan, _ metrics: [Training.Metric]
  ) -> [Double] {
    if spec.objectives.count == 1, spec.objective.expression == nil, let objective = plan.objective
    {
      return [
        metrics.first { $0.split == objective.split && $0.name == objective.metric }?.value ?? .nan
      ]
    }
    return spec.objectives.map { value(of: $0, metrics) }
  }

  /// From the metrics of an epoch the first objective, and the losses of the others, which decide between
  /// epochs that are equal in those before; nil where one metric is all.
  static func score(_ spec: SweepSpec, _ plan: Plan) -> (([Training.Metric]) -> [Double])? {
    guard plan.objective?.isComputed == true || spec.objectives.count > 1 else { return nil }
    return { metrics in
      [value(of: spec.objective, metrics)]
        + spec.objectives.dropFirst().map { $0.goal.loss(of: value(of: $0, metrics)) }
    }
  }

  private static func value(
    of objective: Search.Objective, _ metrics: [Training.Metric]
  ) -> Double {
    objective.value { name in
      metrics.first { $0.split.rawValue == objective.split && $0.name == name }?.value
    }
  }

  /// An error of a plan with the path that its field has in a sweep file.
  public static func inSpecWords(_ error: PlanError) -> PlanError {
    let renamed = [
      "data.maximum_length": "dataset.max_length", "data.minimum_count": "dataset.min_count",
      "data.maximum_vocabulary": "dataset.max_vocabulary",
      "training.warm_up": "training.schedule.warm_up",
      "training.decay_every": "training.schedule.every",
      "training.decay_factor": "training.schedule.factor",
      "training.floor": "training.schedule.floor", "data.quantiles": "training.quantiles",
      "training.patience": "training.schedule.patience",
    ]
    let field =
      renamed[error.field]
      ?? (error.field.hasPrefix("data.") ? "dataset." + error.field.dropFirst(5) : error.field)
    return PlanError(field: field, found: error.found, allowed: error.allowed)
  }
}

/// Checked settings, read as what they are.
///
/// The schema has checked every kind and range; a value of another kind is a mistake of ours.
private struct Settings {
  let values: [String: Value]

  private func value<Result>(_ path: String, _ read: (Value) -> Result?) -> Result? {
    guard let value = values[path], value != .null else { return nil }
    guard let result = read(value) else { preconditionFailure("\(path) is \(value)") }
    return result
  }

  func integer(_ path: String) -> Int? { value(path, \.integer) }
  /// A number, or what its word stands for.
  func integerOrWord(_ path: String, word: Int) -> Int? {
    value(path) { $0.integer ?? ($0.string == nil ? nil : word) }
  }

  func number(_ path: String) -> Double? { value(path, \.number) }
  func boolean(_ path: String) -> Bool? { value(path, \.boolean) }
  func text(_ path: String) -> String? { value(path, \.string) }

  /// Numbers by name, which no schema has checked.
  func numbers(_ path: String) throws(PlanError) -> [String: Double]? {
    guard let values = value(path, \.map) else { return nil }
    var numbers: [String: Double] = [:]
    for (name, value) in values {
      guard let number = value.number else {
        throw PlanError(field: path, found: "\(name): \(value)", allowed: "a number for each label")
      }
      numbers[name] = number
    }
    return numbers
  }

  func list(_ path: String) -> [Value]? { value(path, \.list) }

  /// The size of a part: a share, or in place of it a number of steps or a date.
  func part(_ path: String, common: Double) -> (share: Double, steps: Int?, from: String?) {
    guard let value = values[path], value != .null else { return (common, nil, nil) }
    if let date = value.string { return (common, nil, date) }
    if let share = value.number, share < 1 { return (share, nil, nil) }
    return (common, value.integer, nil)
  }

  func choice<Choice: RawRepresentable>(_ path: String) -> Choice? where Choice.RawValue == String {
    value(path) { $0.string.flatMap(Choice.init(rawValue:)) }
  }

  func set(_ path: String, _ setting: inout Int) {
    if let value = integer(path) { setting = value }
  }

  func set(_ path: String, _ setting: inout Double) {
    if let value = number(path) { setting = value }
  }

  func set<Choice: RawRepresentable>(_ path: String, _ setting: inout Choice)
  where Choice.RawValue == String {
    if let value: Choice = choice(path) { setting = value }
  }
}
