extension SweepSpec {
  /// The most trials that a sweep can have.
  static let trialRange = 1...10_000_000

  /// The sections of every specification.
  static let ownSections = [
    Section("search", "How settings are chosen.", shorthand: "sampler"),
    Section("objective", "What makes a trial good.", shorthand: "metric"),
    Section("stop", "When trials are stopped early.", shorthand: "rule"),
    Section("limits", "What bounds the sweep."),
    Section("retention", "How many days its rows are kept; for ever if nothing is said."),
  ]

  /// The fields of every specification, whatever is trained.
  static func ownFields(metrics: [Metric]) -> [Field] {
    [
      Field("name", .text, "What to call the sweep."),
      Field("description", .text, "What the sweep is for, in a line."),
      Field(
        "search.sampler", .oneOf(SamplerKind.allCases.map(\.rawValue)),
        "grid tries every point of the space once; random draws points; sobol spreads them; tpe and"
          + " gp learn from results; pbt trains a population whose worst become copies of its best.",
        default: .string(SamplerKind.random.rawValue)),
      Field(
        "search.startup", .integer(0...1_000_000), "Trials at random before a sampler learns.",
        default: .integer(10)),
      Field(
        "search.candidates", .integer(1...100_000),
        "How many points a sampler weighs for each that it suggests.", default: .integer(24)),
      Field(
        "search.multivariate", .boolean,
        "Whether a sampler sees parameters together rather than each by itself.",
        default: .boolean(true)),
      Field(
        "search.order", .oneOf(SearchSettings.Order.allCases.map(\.rawValue)),
        "Whether decisions depend on the results that have arrived, or on those that any run has by"
          + " then.",
        default: .string(SearchSettings.Order.arrival.rawValue)),
      Field(
        "search.window", .integer(1...1000),
        "deterministic: decision n knows the results up to n - window.", default: .integer(8)),
      Field(
        "search.repeats", .integer(1...1000),
        "Trials of each setting, that differ by their random numbers alone. Rules that halve judge them"
          + " together, by their mean.",
        default: .integer(1)),
      Field(
        "search.every", .integer(1...1_000_000), "pbt: the epochs between two looks.",
        default: .integer(1)),
      Field(
        "search.quantile", .number(.above(0, through: 0.5)),
        "pbt: the share of the worst that become copies, and of the best that are copied.",
        default: .number(0.25)),
      Field(
        "search.factor", .number(.above(1, through: 10)),
        "pbt: a number of a copy is multiplied or divided by it.", default: .number(1.2)),
      Field(
        "search.resample", .number(.from(0, through: 1)),
        "pbt: how often a value of a copy is drawn anew instead.", default: .number(0.25)),
      Field(
        "search.warm_start",
        .either(
          .integer(1...Int.max), .either(.list(.integer(1...Int.max), count: 1...100), .text)),
        "The sweeps whose results a sampler learns from beforehand: numbers, or a name or latest."),
      Field(
        "objective.metric", .oneOf(metrics.map(\.name)),
        "The metric that tells how good a trial is; if none is named the loss, where there are no classes.",
        default: metrics.first.map { .string($0.name) }),
      Field(
        "objective.expression", .text,
        "What tells how good a trial is, computed from metrics; in place of one of them."),
      Field(
        "objective.split", .oneOf(["validation", "train"]),
        "The split that it is measured on; never the test split, which has to stay unseen.",
        default: .string("validation")),
      Field(
        "objective.goal", .oneOf(Goal.allCases.map(\.rawValue)),
        "Which values are good; the metric's own goal if nothing is said."),
      Field(
        "objectives", .list(.either(.text, .map), count: 1...8),
        "Several metrics that make a trial good; in place of objective."),
      Field(
        "constraints", .list(.text, count: 0...32),
        "What every setting has to fulfil, such as hidden * layers <= 512."),
      Field(
        "try", .list(.map, count: 0...1000),
        "Settings to try first; what they leave out is chosen as in other trials."),
    ] + stopFields + [
      Field(
        "trials", .integer(trialRange),
        "How many settings to try, exactly; a grid needs none and then tries all its points."),
      Field(
        "seed", .integer(0...Int.max),
        "Where all random numbers come from: the same seed gives the same results.",
        default: .integer(0)),
      Field(
        "priority", .integer(0...Int(Int16.max)), "Sweeps with a smaller number are trained first.",
        default: .integer(100)),
      Field(
        "weight", .number(.from(0.001, through: 1000)),
        "Its share of the machines beside other sweeps of the same priority.",
        default: .integer(1)),
      Field("queue", .text, "Which workers may run it.", default: .string("default")),
      Field(
        "limits.max_parallel", .integer(1...1_000_000),
        "How many trials may run at once; no bound if nothing is said."),
      Field(
        "limits.max_failures", .integer(1...1_000),
        "How often a trial may fail before it is given up.", default: .integer(3)),
      Field(
        "limits.max_losses", .integer(1...1_000),
        "How often a trial may lose its worker before it is given up.", default: .integer(5)),
      Field(
        "limits.trial_time", .number(.from(0.001, through: 1e8)),
        "Seconds after which a trial that still runs counts as lost."),
      Field(
        "limits.cpu_time", .number(.from(0.001, through: 1e10)),
        "Seconds of CPU time after which the sweep is stopped."),
      Field(
        "limits.wall_time", .number(.from(0.001, through: 1e9)),
        "Seconds after its begin at which the sweep is stopped."),
      Field(
        "limits.deadline", .text,
        "When the sweep is stopped, such as 2030-01-31T12:00:00+01:00."),
      Field(
        "retention.checkpoints", .number(.from(0, through: 1e5)),
        "Days after the end of a trial for which its checkpoints are kept.",
        default: .integer(1)),
      Field(
        "retention.metrics", .number(.from(0, through: 1e5)),
        "Days after the end of the sweep for which metrics and gradients of its epochs are kept."),
      Field(
        "retention.sweep", .number(.from(0, through: 1e5)),
        "Days after its end for which the sweep is kept, with all that belongs to it."),
      Field(
        "predictions", .integer(0...1000),
        "How many of the best trials keep what they said of each example; the best one if nothing is"
          + " said."),
      Field(
        "idempotency_key", .text,
        "Enqueueing a sweep with the key of an earlier one gives the earlier one."),
    ]
  }

  private static let stopFields = [
    Field(
      "stop.rule", .oneOf(StopRuleKind.allCases.map(\.rawValue)),
      "Which trials are stopped before their last epoch.",
      default: .string(StopRuleKind.none.rawValue)),
    Field(
      "stop.eta", .integer(2...100),
      "halving, hyperband, asha, pasha: one in so many trials goes on to the next rung.",
      default: .integer(3)),
    Field(
      "stop.min_epochs", .integer(1...1_000_000), "Epochs up to the first rung.",
      default: .integer(1)),
    Field(
      "stop.every", .integer(1...1_000_000),
      "median, patience, threshold: epochs between two looks.", default: .integer(1)),
    Field(
      "stop.startup", .integer(0...1_000_000),
      "median: trials that must have ended before any is stopped.", default: .integer(5)),
    Field(
      "stop.warm_up", .integer(0...1_000_000),
      "median, patience, threshold: epochs in which no trial is stopped.", default: .integer(0)),
    Field(
      "stop.patience", .integer(1...1_000_000),
      "patience: looks without an improvement after which a trial is stopped.",
      default: .integer(5)),
    Field("stop.threshold", .number(.any), "threshold: trials that are worse are stopped."),
    Field(
      "stop.brackets", .integer(1...10),
      "How many brackets begin at different rungs; for hyperband all that fit, else one, if nothing"
        + " is said."),
    Field(
      "stop.tolerance", .number(.from(0)), "patience: the improvement that counts.",
      default: .integer(0)),
  ]
}
