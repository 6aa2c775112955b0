public import Recurrent

/// How a model is trained. Flat, so that a sweep can vary any number of it by name; a constant that
/// the optimizer or the schedule does not have is ignored.
public struct TrainingPlan: Codable, Hashable, Sendable {
  /// The optimizers.
  public enum OptimizerName: String, Codable, Hashable, Sendable, CaseIterable {
    /// Stochastic gradient descent.
    case sgd
    /// RMSProp.
    case rmsprop
    /// Adam; weight decay is added to the gradient.
    case adam
    /// Adam with decoupled weight decay.
    case adamw
  }

  /// The courses of the learning rate.
  public enum ScheduleName: String, Codable, Hashable, Sendable, CaseIterable {
    /// Stays.
    case constant
    /// Is multiplied by `decayFactor` every `decayEvery` epochs.
    case step
    /// Falls along half a cosine over all epochs, to `floor` times the rate.
    case cosine
    /// Is multiplied by `decayFactor` every epoch.
    case exponential
    /// Rises over the first 30 % of all epochs and falls over the rest, along half cosines.
    case oneCycle = "one_cycle"
    /// Is multiplied by `decayFactor` when the objective has not improved for `patience` epochs.
    case plateau
  }

  /// The losses.
  public enum LossName: String, Codable, Hashable, Sendable, CaseIterable {
    /// Cross-entropy for classes, squared error for numbers.
    case auto
    /// The negative logarithm of the softmax of the right class.
    case crossEntropy = "cross_entropy"
    /// Each class against the rest, by its own sigmoid; its probability is the share of that in their sum.
    case binary
    /// The squared error.
    case squared
    /// The absolute error.
    case absolute
    /// Half the square of small errors, linear in large ones: see `huberBound`.
    case huber
    /// The pinball loss: see `quantile`.
    case quantile

    var isOfClasses: Bool { self == .crossEntropy || self == .binary }
  }

  /// The weights of classes in the loss.
  public enum ClassWeights: String, Codable, Hashable, Sendable, CaseIterable {
    /// Each example weighs the same.
    case none
    /// Each class weighs the same: examples / (classes · examples of the class).
    case balanced
  }

  /// From which probability on a trained model means the positive one of two labels.
  public enum ThresholdRule: String, Codable, Hashable, Sendable, CaseIterable {
    /// A half: whichever label is more probable.
    case half
    /// Where F1 of the positive label is largest on the validation split.
    case f1
  }

  /// Passes over the training split.
  public var epochs: Int
  /// Sequences of a step; a number above that of the training split takes it whole.
  public var batch: Int
  /// Whether the order of the sequences changes from epoch to epoch.
  public var shuffle: Bool
  /// The optimizer.
  public var optimizer: OptimizerName
  /// The learning rate.
  public var rate: Double
  /// `sgd`, `rmsprop`: the momentum.
  public var momentum: Double
  /// `rmsprop`: the share of the old mean square that stays.
  public var alpha: Double
  /// `adam`, `adamw`: the share of the old mean that stays.
  public var beta1: Double
  /// `adam`, `adamw`: the share of the old mean square that stays.
  public var beta2: Double
  /// `rmsprop`, `adam`, `adamw`: what is added to a denominator.
  public var epsilon: Double
  /// The decay of the weights; nil: PyTorch's, 0.01 for `adamw`, else 0.
  public var weightDecay: Double?
  /// The limit of the gradient's norm.
  public var clipNorm: Double?
  /// The limit of each component of the gradient.
  public var clipValue: Double?
  /// The course of the learning rate.
  public var schedule: ScheduleName
  /// Steps over which the rate first rises linearly.
  public var warmUp: Int
  /// `step`: epochs between two falls.
  public var decayEvery: Int
  /// `step`, `exponential`, `plateau`: the factor of each fall.
  public var decayFactor: Double
  /// `cosine`: where the rate ends, as a share of where it began.
  public var floor: Double

  /// The numbers that the products of recurrent layers multiply.
  public var precision = ModelPlan.Precision.float32
  /// `sgd`: whether the momentum looks one step ahead (Nesterov).
  public var nesterov = false
  /// `plateau`: epochs without an improvement before the rate falls.
  public var patience = 3
  /// The loss.
  public var loss = LossName.auto
  /// `huber`: the error up to which it is quadratic, in the scale in which the model is trained.
  public var huberBound = 1.0
  /// `quantile`: the quantile that is predicted.
  public var quantile = 0.5
  /// The share of each right answer that is spread over all classes; of `binary`, over yes and no.
  public var labelSmoothing = 0.0
  /// The weights of classes in the loss.
  public var classWeights = ClassWeights.none
  /// The weights of single labels in the loss, 1 for the others; nil: ``classWeights`` decides.
  public var labelWeights: [String: Double]?
  /// From which probability on the trained model means the positive one of two labels; nil: a half.
  public var threshold: ThresholdRule?
  /// Whether the initial weights are kept as an artifact.
  public var keepInitial = false
  /// Steps after which gradients are cut and the state carried over (truncated back-propagation
  /// through time), where each step has an answer; nil: none.
  public var truncate: Int?

  /// A plan; what is left out has the common default.
  ///
  /// - Parameters:
  ///   - epochs: Passes over the training split.
  ///   - batch: Sequences of a step.
  ///   - shuffle: Whether the order changes from epoch to epoch.
  ///   - optimizer: The optimizer.
  ///   - rate: The learning rate.
  ///   - momentum: The momentum of `sgd` and `rmsprop`.
  ///   - alpha: The share of the old mean square that stays in `rmsprop`.
  ///   - beta1: The share of the old mean that stays in `adam` and `adamw`.
  ///   - beta2: The share of the old mean square that stays in `adam` and `adamw`.
  ///   - epsilon: What is added to a denominator.
  ///   - weightDecay: The decay of the weights.
  ///   - clipNorm: The limit of the gradient's norm.
  ///   - clipValue: The limit of each component of the gradient.
  ///   - schedule: The course of the learning rate.
  ///   - warmUp: Steps over which the rate first rises.
  ///   - decayEvery: Epochs between two falls of `step`.
  ///   - decayFactor: The factor of each fall of `step`, `exponential` and `plateau`.
  ///   - floor: Where the rate of `cosine` ends.
  public init(
    epochs: Int = 5, batch: Int = 32, shuffle: Bool = true, optimizer: OptimizerName = .adam,
    rate: Double = 0.001, momentum: Double = 0, alpha: Double = 0.99, beta1: Double = 0.9,
    beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double? = nil,
    clipNorm: Double? = nil, clipValue: Double? = nil, schedule: ScheduleName = .constant,
    warmUp: Int = 0, decayEvery: Int = 1, decayFactor: Double = 0.1, floor: Double = 0
  ) {
    self.epochs = epochs
    self.batch = batch
    self.shuffle = shuffle
    self.optimizer = optimizer
    self.rate = rate
    self.momentum = momentum
    self.alpha = alpha
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.clipNorm = clipNorm
    self.clipValue = clipValue
    self.schedule = schedule
    self.warmUp = warmUp
    self.decayEvery = decayEvery
    self.decayFactor = decayFactor
    self.floor = floor
  }

  /// Reads a plan in which any key may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let common = TrainingPlan()
    func value<Value: Decodable>(_ key: CodingKeys, _ common: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: key) ?? common
    }
    self.init(
      epochs: try value(.epochs, common.epochs),
      batch: try value(.batch, common.batch),
      shuffle: try value(.shuffle, common.shuffle),
      optimizer: try value(.optimizer, common.optimizer), rate: try value(.rate, common.rate),
      momentum: try value(.momentum, common.momentum), alpha: try value(.alpha, common.alpha),
      beta1: try value(.beta1, common.beta1), beta2: try value(.beta2, common.beta2),
      epsilon: try value(.epsilon, common.epsilon),
      weightDecay: try container.decodeIfPresent(Double.self, forKey: .weightDecay),
      clipNorm: try container.decodeIfPresent(Double.self, forKey: .clipNorm),
      clipValue: try container.decodeIfPresent(Double.self, forKey: .clipValue),
      schedule: try value(.schedule, common.schedule), warmUp: try value(.warmUp, common.warmUp),
      decayEvery: try value(.decayEvery, common.decayEvery),
      decayFactor: try value(.decayFactor, common.decayFactor),
      floor: try value(.floor, common.floor))
    precision = try value(.precision, common.precision)
    nesterov = try value(.nesterov, common.nesterov)
    patience = try value(.patience, common.patience)
    loss = try value(.loss, common.loss)
    huberBound = try value(.huberBound, common.huberBound)
    quantile = try value(.quantile, common.quantile)
    labelSmoothing = try value(.labelSmoothing, common.labelSmoothing)
    classWeights = try value(.classWeights, common.classWeights)
    labelWeights = try container.decodeIfPresent([String: Double].self, forKey: .labelWeights)
    threshold = try container.decodeIfPresent(ThresholdRule.self, forKey: .threshold)
    keepInitial = try value(.keepInitial, common.keepInitial)
    truncate = try container.decodeIfPresent(Int.self, forKey: .truncate)
  }
}

extension TrainingPlan {
  /// Refuses numbers with which nothing can be trained.
  public func validate() throws(PlanError) {
    try PlanError.require(epochs, in: 1...1_000_000, "training.epochs")
    try PlanError.require(batch, in: 1...(.max), "training.batch")
    try PlanError.require(warmUp, in: 0...(.max), "training.warm_up")
    try PlanError.require(decayEvery, in: 1...(.max), "training.decay_every")
    func number(
      _ value: Double?, _ field: String, _ allowed: String, _ fits: (Double) -> Bool
    ) throws(PlanError) {
      guard let value, !(value.isFinite && fits(value)) else { return }
      throw PlanError(field: "training.\(field)", found: "\(value)", allowed: allowed)
    }
    let fraction = "a fraction from 0 up to, but not including, 1"
    try number(rate, "rate", "a number above 0") { $0 > 0 }
    try number(momentum, "momentum", fraction) { $0 >= 0 && $0 < 1 }
    try number(alpha, "alpha", fraction) { $0 >= 0 && $0 < 1 }
    try number(beta1, "beta1", fraction) { $0 >= 0 && $0 < 1 }
    try number(beta2, "beta2", fraction) { $0 >= 0 && $0 < 1 }
    try number(epsilon, "epsilon", "a number above 0") { $0 > 0 }
    try number(weightDecay, "weight_decay", "a number of at least 0") { $0 >= 0 }
    try number(clipNorm, "clip_norm", "a number above 0") { $0 > 0 }
    try number(clipValue, "clip_value", "a number above 0") { $0 > 0 }
    try number(decayFactor, "decay_factor", "a number above 0, at most 1") { $0 > 0 && $0 <= 1 }
    try number(floor, "floor", "a number from 0 to 1") { $0 >= 0 && $0 <= 1 }
    try number(huberBound, "huber_bound", "a number above 0") { $0 > 0 }
    try number(quantile, "quantile", "a number between 0 and 1") { $0 > 0 && $0 < 1 }
    try number(labelSmoothing, "label_smoothing", fraction) { $0 >= 0 && $0 < 1 }
    try PlanError.require(patience, in: 0...1_000_000, "training.patience")
    if let truncate { try PlanError.require(truncate, in: 1...1_000_000, "training.truncate") }
  }

  /// Refuses a loss that does not fit what is learned.
  func validate(for task: DataPlan.Task, _ model: ModelSettings) throws(PlanError) {
    let hasClasses = task == .classify || task == .tag || task == .language
    let fitting = LossName.allCases.filter { $0 == .auto || $0.isOfClasses == hasClasses }
    try PlanError.require(
      fitting.contains(loss), "training.loss",
      found: "\(loss.rawValue) for the task \(task.rawValue)",
      allowed: fitting.map(\.rawValue).joined(separator: ", "))
    try PlanError.require(
      truncate == nil || task == .tag || task == .language, "training.truncate",
      found: "\(truncate ?? 0) for the task \(task.rawValue)",
      allowed: "tasks with an answer at each step")
    try PlanError.require(
      truncate == nil || !model.bidirectional, "training.truncate",
      found: "\(truncate ?? 0) of a model that walks both ways",
      allowed: "a model.bidirectional of false")
  }

  /// Refuses weights, smoothing and thresholds for labels that the data does not have, or with a loss that
  /// takes none.
  func validate(for encoding: Encoding) throws(PlanError) {
    let task = encoding.task
    let hasClasses = task == .classify || task == .tag || task == .language
    try PlanError.require(
      labelSmoothing == 0 || hasClasses, "training.label_smoothing",
      found: "\(labelSmoothing) for the task \(task.rawValue)", allowed: "0 (it has no classes)")
    try PlanError.require(
      classWeights == .none || hasClasses, "training.class_weights",
      found: "\(classWeights.rawValue) for the task \(task.rawValue)",
      allowed: "none (it has no classes)")
    try PlanError.require(
      classWeights == .none || loss != .binary, "training.class_weights",
      found: "\(classWeights.rawValue) for the loss binary",
      allowed: "none, or the loss cross_entropy")
    if let labelWeights {
      let labels = encoding.labels ?? []
      for (label, weight) in labelWeights.sorted(by: { $0.key < $1.key }) {
        try PlanError.require(
          labels.contains(label), "training.label_weights", found: "the label \(label.quoted)",
          allowed: labels.isEmpty
            ? "nothing: the task has no labels"
            : label.nearest(in: labels).prefix(12).joined(separator: ", "))
        try PlanError.require(
          weight.isFinite && weight >= 0, "training.label_weights", found: "\(label): \(weight)",
          allowed: "numbers of at least 0")
      }
      try PlanError.require(
        labels.contains { labelWeights[$0] ?? 1 > 0 }, "training.label_weights",
        found: "0 for every label", allowed: "a number above 0 for one of them")
      try PlanError.require(
        classWeights == .none, "training.label_weights",
        found: "weights beside class_weights: \(classWeights.rawValue)", allowed: "one of the two")
      try PlanError.require(
        loss != .binary, "training.label_weights", found: "weights for the loss binary",
        allowed: "cross_entropy")
    }
    try PlanError.require(
      threshold != .f1 || (encoding.task == .classify && encoding.positive != nil),
      "training.threshold", found: "f1 for \(encoding.outputs) classes",
      allowed: "half (f1 is for the task classify with two labels)")
  }

  /// The optimizer with the constants that it has.
  public var optimizerPlan: OptimizerPlan {
    switch optimizer {
    case .sgd:
      .sgd(
        momentum: momentum, weightDecay: weightDecay ?? 0, nesterov: nesterov && momentum > 0)
    case .rmsprop:
      .rmsprop(
        alpha: alpha, momentum: momentum, epsilon: epsilon, weightDecay: weightDecay ?? 0)
    case .adam:
      .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay ?? 0)
    case .adamw:
      .adamw(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay ?? 0.01)
    }
  }

  /// The batches of the whole training, over so many sequences.
  public func steps(sequences: Int) -> Int {
    let perEpoch = sequences / batch + (sequences % batch == 0 ? 0 : 1)
    let (steps, isOver) = perEpoch.multipliedReportingOverflow(by: epochs)
    return isOver ? .max : steps
  }

  /// The learning rate as a function of the step, for epochs of a number of steps.
  func schedule(stepsPerEpoch: Int) -> Schedule {
    switch schedule {
    case .constant: Schedule(.constant, warmUp: warmUp)
    case .step:
      Schedule(.step(every: decayEvery * stepsPerEpoch, factor: decayFactor), warmUp: warmUp)
    case .cosine: Schedule(.cosine(steps: epochs * stepsPerEpoch, floor: floor), warmUp: warmUp)
    case .exponential:
      Schedule(.step(every: stepsPerEpoch, factor: decayFactor), warmUp: warmUp)
    case .oneCycle: Schedule(.oneCycle(steps: epochs * stepsPerEpoch), warmUp: warmUp)
    case .plateau: Schedule(.plateau(factor: decayFactor, patience: patience), warmUp: warmUp)
    }
  }
}
