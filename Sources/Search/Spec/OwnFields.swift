extension SweepSpec {
  /// The most trials that a sweep can have.
  static let trialRange = 1...10_000_000

  /// The sections of every specification.
  static let ownSections = [
    Section("search", "How settings are chosen.", shorthand: "sampler"),
    Section("objective", "What makes a trial good.", shorthand: "metric"),
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
        "grid tries every point of the space once; random draws points.",
        default: .string(SamplerKind.random.rawValue)),
      Field(
        "objective.metric", .oneOf(metrics.map(\.name)),
        "The metric that tells how good a trial is.",
        default: metrics.first.map { .string($0.name) }),
      Field(
        "objective.split", .oneOf(["validation", "train"]),
        "The split that it is measured on; never the test split, which has to stay unseen.",
        default: .string("validation")),
      Field(
        "objective.goal", .oneOf(Goal.allCases.map(\.rawValue)),
        "Which values are good; the metric's own goal if nothing is said."),
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
        "idempotency_key", .text,
        "Enqueueing a sweep with the key of an earlier one gives the earlier one."),
    ]
  }
}
