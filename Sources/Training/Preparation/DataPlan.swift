/// How a dataset becomes training, validation and test sequences.
///
/// What is nil is chosen by ``resolved(for:)`` from the dataset.
public struct DataPlan: Codable, Hashable, Sendable {
  /// What a model learns.
  public enum Task: String, Codable, Hashable, Sendable, CaseIterable {
    /// One label for a sequence.
    case classify
    /// Numbers for a sequence.
    case regress
    /// A class for each step.
    case tag
    /// The next values of a series, from a window of it.
    case forecast
    /// The next token, at each step.
    case language
  }

  /// What a text is cut into.
  public enum Tokens: String, Codable, Hashable, Sendable, CaseIterable {
    /// Lower-case words, numbers and other signs; see ``Tokenizer``.
    case words
    /// Unicode scalars as they are.
    case characters
  }

  /// Which end of a sequence survives when it is cut to the maximal length.
  public enum Keep: String, Codable, Hashable, Sendable, CaseIterable {
    /// The first steps.
    case start
    /// The last steps.
    case end
  }

  /// What happens to numbers before a model sees them.
  public enum Scaling: String, Codable, Hashable, Sendable, CaseIterable {
    /// Subtract the mean of the training split, divide by its standard deviation.
    case standard
    /// Nothing.
    case none
  }

  /// Where the parts come from.
  public enum SplitSource: String, Codable, Hashable, Sendable, CaseIterable {
    /// Drawn by seed; a series or a long text by position.
    case fractions
    /// Given by the dataset. If that has no validation split, a fraction of its training split.
    case file
  }

  /// How the examples are divided.
  public struct Division: Codable, Hashable, Sendable {
    /// Where the parts come from; nil: the file if it gives them, else fractions.
    public var source: SplitSource?
    /// The share of the test split.
    public var test: Double
    /// The share of the validation split.
    public var validation: Double
    /// Whether each label has its share in each part; nil: yes, if there are labels.
    public var stratify: Bool?
    /// The seed of the division; nil: that of the run.
    public var seed: UInt64?

    /// A division; by default a tenth each for test and validation.
    ///
    /// - Parameters:
    ///   - source: Where the parts come from.
    ///   - test: The share of the test split.
    ///   - validation: The share of the validation split.
    ///   - stratify: Whether each label has its share in each part.
    ///   - seed: The seed of the division.
    public init(
      source: SplitSource? = nil, test: Double = 0.1, validation: Double = 0.1,
      stratify: Bool? = nil, seed: UInt64? = nil
    ) {
      self.source = source
      self.test = test
      self.validation = validation
      self.stratify = stratify
      self.seed = seed
    }

    /// Reads a division in which any key may be left out.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        source: try container.decodeIfPresent(SplitSource.self, forKey: .source),
        test: try container.decodeIfPresent(Double.self, forKey: .test) ?? 0.1,
        validation: try container.decodeIfPresent(Double.self, forKey: .validation) ?? 0.1,
        stratify: try container.decodeIfPresent(Bool.self, forKey: .stratify),
        seed: try container.decodeIfPresent(UInt64.self, forKey: .seed))
    }
  }

  /// What a model learns.
  public var task: Task?
  /// What a text is cut into.
  public var tokens: Tokens?
  /// The most steps of a sequence; for `language` the steps of a window. Nil: 64 for words, 256 for
  /// characters, 64 for `language`, no limit for symbols and values.
  public var maximumLength: Int?
  /// Which end survives. Nil: the start.
  public var keep: Keep?
  /// How often a token must occur in the training split to be in the vocabulary. Nil: 2 for words, 1
  /// for characters.
  public var minimumCount: Int?
  /// The most entries of the vocabulary, the two special ones included. Nil: no limit.
  public var maximumVocabulary: Int?
  /// Whether examples with the same input as an earlier one are dropped before the division. Nil:
  /// yes for texts with a target.
  public var deduplicate: Bool?
  /// How the examples are divided.
  public var split: Division
  /// `forecast`: the steps that a model sees. Nil: 24.
  public var window: Int?
  /// `forecast`: the steps that it predicts. Nil: 1.
  public var horizon: Int?
  /// `forecast`: the channel that it predicts, by name or number from 1. Nil: the last.
  public var target: String?
  /// What happens to numbers before a model sees them. Nil: standard.
  public var scaling: Scaling?

  /// A plan in which everything may be left to ``resolved(for:)``.
  ///
  /// - Parameters:
  ///   - task: What a model learns.
  ///   - tokens: What a text is cut into.
  ///   - maximumLength: The most steps of a sequence.
  ///   - keep: Which end survives.
  ///   - minimumCount: How often a token must occur to be in the vocabulary.
  ///   - maximumVocabulary: The most entries of the vocabulary.
  ///   - deduplicate: Whether repeated examples are dropped.
  ///   - split: How the examples are divided.
  ///   - window: The steps that a forecasting model sees.
  ///   - horizon: The steps that it predicts.
  ///   - target: The channel that it predicts.
  ///   - scaling: What happens to numbers before a model sees them.
  public init(
    task: Task? = nil, tokens: Tokens? = nil, maximumLength: Int? = nil, keep: Keep? = nil,
    minimumCount: Int? = nil, maximumVocabulary: Int? = nil, deduplicate: Bool? = nil,
    split: Division = Division(), window: Int? = nil, horizon: Int? = nil,
    target: String? = nil, scaling: Scaling? = nil
  ) {
    self.task = task
    self.tokens = tokens
    self.maximumLength = maximumLength
    self.keep = keep
    self.minimumCount = minimumCount
    self.maximumVocabulary = maximumVocabulary
    self.deduplicate = deduplicate
    self.split = split
    self.window = window
    self.horizon = horizon
    self.target = target
    self.scaling = scaling
  }

  /// Refuses numbers that no dataset could make sense of.
  public func validate() throws(PlanError) {
    try PlanError.require(maximumLength, in: 1...(.max), "data.maximum_length")
    try PlanError.require(minimumCount, in: 1...(.max), "data.minimum_count")
    try PlanError.require(maximumVocabulary, in: 3...(.max), "data.maximum_vocabulary")
    try PlanError.require(window, in: 1...1_000_000, "data.window")
    try PlanError.require(horizon, in: 1...1_000_000, "data.horizon")
    for (share, field) in [
      (split.test, "data.split.test"), (split.validation, "data.split.validation"),
    ] {
      try PlanError.require(
        share >= 0 && share < 1, field, found: share,
        allowed: "a fraction from 0 up to, but not including, 1")
    }
    try PlanError.require(
      split.test + split.validation < 1, "data.split",
      found: "test \(split.test) and validation \(split.validation)",
      allowed: "fractions whose sum is below 1")
  }
}

extension Dataset {
  /// The task that a plan gets when it names none.
  public var inferredTask: DataPlan.Task {
    switch (targets, inputs) {
    case (.labels, _): .classify
    case (.numbers, _): .regress
    case (.steps, _): .tag
    case (.none, .values): .forecast
    case (.none, _): .language
    }
  }
}

extension DataPlan {
  /// The plan with everything filled in that the dataset decides, and without what has no effect.
  ///
  /// Its ``maximumLength`` and ``maximumVocabulary`` stay nil where there is no limit.
  public func resolved(for dataset: Dataset) throws(PlanError) -> DataPlan {
    try validate()
    var plan = self
    let inferred = dataset.inferredTask
    let task = task ?? inferred
    plan.task = task
    let fits: Bool
    switch task {
    case .classify, .regress, .tag: fits = task == inferred
    case .forecast: fits = dataset.inputs.kind == "values"
    case .language: fits = dataset.inputs.kind != "values"
    }
    try PlanError.require(
      fits, "data.task",
      found: "\(task.rawValue) for \(dataset.inputs.kind) with target \(dataset.targets.kind)",
      allowed: inferred.rawValue)

    let isText = dataset.inputs.kind == "text"
    if isText {
      let tokens = tokens ?? (inferred == .language ? .characters : .words)
      plan.tokens = tokens
      plan.minimumCount = minimumCount ?? (tokens == .words ? 2 : 1)
      plan.maximumLength = maximumLength ?? (tokens == .words || task == .language ? 64 : 256)
    } else {
      plan.tokens = nil
      plan.minimumCount = nil
      plan.maximumVocabulary = nil
      if task == .language { plan.maximumLength = maximumLength ?? 64 }
    }
    if case .values(_, let channels) = dataset.inputs {
      plan.scaling = scaling ?? .standard
      if task == .forecast {
        plan.maximumLength = nil
        plan.window = window ?? 24
        plan.horizon = horizon ?? 1
        plan.target = try channel(in: channels)
      }
    } else {
      plan.scaling = task == .regress ? scaling ?? .standard : nil
    }
    if task != .forecast {
      plan.window = nil
      plan.horizon = nil
      plan.target = nil
    }
    plan.keep = keep ?? .start
    let hasTarget = task == .classify || task == .regress || task == .tag
    plan.deduplicate = deduplicate ?? (isText && hasTarget)
    plan.split.stratify = task == .classify && (split.stratify ?? true)
    plan.split.source = split.source ?? (dataset.splits == nil || !hasTarget ? .fractions : .file)
    try PlanError.require(
      plan.split.source == .fractions || (dataset.splits != nil && hasTarget), "data.split.source",
      found: "file, and a dataset without splits", allowed: "fractions")
    return plan
  }

  private func channel(in channels: [String]) throws(PlanError) -> String {
    guard let target else { return channels[channels.count - 1] }
    if channels.contains(target) { return target }
    if let number = Int(target), channels.indices.contains(number - 1) {
      return channels[number - 1]
    }
    throw PlanError(
      field: "data.target", found: target.quoted,
      allowed: target.nearest(in: channels).prefix(12).joined(separator: ", "))
  }
}
