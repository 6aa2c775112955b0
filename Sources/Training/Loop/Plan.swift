public import Recurrent

/// What makes one epoch, or one trial, better than another.
public struct Objective: Codable, Hashable, Sendable {
  /// The two directions.
  public enum Goal: String, Codable, Hashable, Sendable, CaseIterable {
    /// Small is good.
    case minimize
    /// Large is good.
    case maximize
  }

  /// The name of a metric; see ``Metric/names(for:)``.
  public var metric: String
  /// The split on which it is taken. Never `test`, which would be no test any more.
  public var split: Split
  /// The direction; nil: that of the metric.
  public var goal: Goal?
  /// Whether the name stands for what the owner of the session computes from metrics of the split.
  public var isComputed: Bool?

  /// An objective.
  ///
  /// - Parameters:
  ///   - metric: The name of a metric.
  ///   - split: The split on which it is taken.
  ///   - goal: The direction.
  ///   - isComputed: Whether the name stands for something computed from metrics; nil: it does not.
  public init(
    metric: String, split: Split = .validation, goal: Goal? = nil, isComputed: Bool? = nil
  ) {
    self.metric = metric
    self.split = split
    self.goal = goal
    self.isComputed = isComputed
  }

  /// Whether one value is better than another. What is not a number is worse than any.
  public func prefers(_ value: Double, over other: Double) -> Bool {
    if other.isNaN { return !value.isNaN }
    return switch goal ?? Metric.goal(of: metric) {
    case .minimize: value < other
    case .maximize: value > other
    }
  }
}

/// Everything that decides a trial: the same plan on the same dataset gives the same bits.
public struct Plan: Codable, Hashable, Sendable {
  /// How the dataset becomes sequences.
  public var data: DataPlan
  /// The model.
  public var model: ModelSettings
  /// How it is trained.
  public var training: TrainingPlan
  /// What makes an epoch the best; nil: accuracy, or for numbers and language the loss, on the
  /// validation split.
  public var objective: Objective?
  /// The seed of the sweep.
  public var seed: UInt64
  /// The number of the trial within its sweep: with the seed the key of all random numbers.
  public var trial: UInt32
  /// What to measure of the flow of gradients after each epoch; nil: nothing.
  public var probe: FlowSettings?

  /// A plan.
  ///
  /// - Parameters:
  ///   - data: How the dataset becomes sequences.
  ///   - model: The model.
  ///   - training: How it is trained.
  ///   - objective: What makes an epoch the best.
  ///   - seed: The seed of the sweep.
  ///   - trial: The number of the trial.
  ///   - probe: What to measure of the flow of gradients.
  public init(
    data: DataPlan = DataPlan(), model: ModelSettings = ModelSettings(),
    training: TrainingPlan = TrainingPlan(), objective: Objective? = nil, seed: UInt64 = 0,
    trial: UInt32 = 0, probe: FlowSettings? = nil
  ) {
    self.data = data
    self.model = model
    self.training = training
    self.objective = objective
    self.seed = seed
    self.trial = trial
    self.probe = probe
  }

  /// The model for data, with the precision in which it is trained and used.
  func network(for encoding: Encoding) throws(PlanError) -> ModelPlan {
    var network = try model.plan(for: encoding)
    network.precision = training.precision
    return network
  }

  /// The plan with everything filled in that data decides.
  ///
  /// - Throws: ``PlanError`` if model, training or objective are impossible or do not fit the data.
  public func resolved(for data: PreparedData) throws(PlanError) -> Plan {
    try training.validate()
    let readout = try network(for: data.encoding).readout
    var plan = self
    plan.data = data.plan
    plan.model.readout = readout
    let task = data.encoding.task
    try training.validate(for: task, model)
    try training.validate(for: data.encoding)
    try PlanError.require(
      data.encoding.forecast?.quantiles == nil || training.loss == .auto
        || training.loss == .quantile, "training.loss",
      found: "\(training.loss.rawValue), with quantiles", allowed: "auto, quantile")
    let objective =
      objective ?? Objective(metric: task == .classify || task == .tag ? "accuracy" : "loss")
    let names = Metric.names(for: data.encoding)
    try PlanError.require(
      objective.isComputed == true || names.contains(objective.metric), "objective.metric",
      found: objective.metric.quoted
        + (objective.metric == "mase" && data.encoding.forecast?.naiveError == 0
          ? ", a share of the naive forecast's error, which is 0 on the training part" : ""),
      allowed: objective.metric.nearest(in: names).joined(separator: ", "))
    try PlanError.require(
      objective.split != .test, "objective.split", found: "test",
      allowed: "validation, train (the test split is looked at once, at the end)")
    try PlanError.require(
      data[objective.split].count > 0, "objective.split",
      found: "an empty \(objective.split.rawValue) split",
      allowed: "a split with examples (a larger share, or more of them)")
    plan.objective = objective
    plan.objective?.goal = objective.goal ?? Metric.goal(of: objective.metric)
    return plan
  }
}
