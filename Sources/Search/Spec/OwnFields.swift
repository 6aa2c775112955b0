extension SweepSpec {
  /// The most trials that a sweep can have.
  static let trialRange = 1...10_000_000

  /// The sections of every specification.
  static let ownSections = [
    Section("search", "How settings are chosen.", shorthand: "sampler"),
    Section("objective", "What makes a trial good.", shorthand: "metric"),
    Section("limits", "What bounds the sweep."),
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
        "idempotency_key", .text,
        "Enqueueing a sweep with the key of an earlier one gives the earlier one."),
    ]
  }
}
