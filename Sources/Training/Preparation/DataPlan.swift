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
    /// Subtract the mean of the training split, divide by its standard deviation, each channel by
    /// itself.
    case standard
    /// The same with one mean and one deviation for all channels, as for the pixels of a picture.
    case joint
    /// From the least value of the training split to the largest, each channel: from 0 to 1.
    case range
    /// Nothing.
    case none
  }

  /// What stands for values that were not measured.
  public enum Missing: String, Codable, Hashable, Sendable, CaseIterable {
    /// The last one that was, and a further channel says where it does.
    case mask
    /// The last one that was.
    case last
    /// 0, as if it had been measured: what is predicted is scored there too.
    case zero
  }

  /// `forecast`: what is predicted in place of a value.
  public enum Logarithm: String, Codable, Hashable, Sendable, CaseIterable {
    /// The value itself.
    case none
    /// Its logarithm.
    case log
    /// The logarithm of one more than it.
    case log1p
  }

  /// `forecast`: what is predicted, the value or its distance from an earlier one.
  public enum Difference: String, Codable, Hashable, Sendable, CaseIterable {
    /// The value.
    case none
    /// The difference from the step before.
    case first
    /// The difference from the same step of the season before.
    case seasonal
  }

  /// `forecast`: how several steps are predicted.
  public enum Strategy: String, Codable, Hashable, Sendable, CaseIterable {
    /// All at once.
    case direct
    /// One at a time, with the answers so far in place of what is not known yet.
    case recursive
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
    /// `forecast`: the steps of the test part, in place of a share.
    public var testSteps: Int?
    /// `forecast`: the steps of the validation part, in place of a share.
    public var validationSteps: Int?
    /// `forecast`: the date at which the test part begins, in place of a share.
    public var testFrom: String?
    /// `forecast`: the date at which the validation part begins, in place of a share.
    public var validationFrom: String?
    /// Into how many blocks all examples are cut, in place of a share for the test: a fold is tested on its
    /// block and learns from the others. `forecast`: into how many blocks the test part is cut; a fold knows
    /// nothing but what was before its own.
    public var folds: Int?
    /// Which of the blocks this is, from 0.
    public var fold: Int?

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
      testSteps = try container.decodeIfPresent(Int.self, forKey: .testSteps)
      validationSteps = try container.decodeIfPresent(Int.self, forKey: .validationSteps)
      testFrom = try container.decodeIfPresent(String.self, forKey: .testFrom)
      validationFrom = try container.decodeIfPresent(String.self, forKey: .validationFrom)
      folds = try container.decodeIfPresent(Int.self, forKey: .folds)
      fold = try container.decodeIfPresent(Int.self, forKey: .fold)
    }

    /// Whether anything is said that only a series has.
    var isOfTime: Bool {
      testSteps != nil || validationSteps != nil || testFrom != nil || validationFrom != nil
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
  /// What happens to numbers before a model sees them. Nil: standard; for bytes joint.
  public var scaling: Scaling?
  /// Values: the channels of a step, in place of those of the dataset: a picture can be read by rows or
  /// by pixels. Nil: as the dataset has them.
  public var channels: Int?
  /// Values: what stands for those that were not measured. Nil: mask.
  public var missing: Missing?
  /// `forecast`: whether logarithms are predicted. Nil: none.
  public var logarithm: Logarithm?
  /// `forecast`: whether differences are predicted. Nil: none.
  public var difference: Difference?
  /// `forecast`: the steps of a season. Nil: by the times, if those are hours, days or months, else
  /// there are no seasons.
  public var season: Int?
  /// `forecast`: what a model is told of the time of a step. Nil: nothing.
  public var calendar: [CalendarFeature]?
  /// `forecast`: how several steps are predicted. Nil: direct.
  public var strategy: Strategy?
  /// `forecast`: the quantiles that are predicted. Nil: one number a step.
  public var quantiles: [Double]?

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
    try PlanError.require(season, in: 2...1_000_000, "data.season")
    try PlanError.require(split.testSteps, in: 1...(.max), "data.split.test")
    try PlanError.require(split.validationSteps, in: 1...(.max), "data.split.validation")
    try PlanError.require(split.folds, in: 2...1000, "data.split.folds")
    for (date, field) in [
      (split.testFrom, "data.split.test"), (split.validationFrom, "data.split.validation"),
    ] {
      guard let date, CalendarTime.seconds(date) == nil else { continue }
      throw PlanError(
        field: field, found: date.quoted,
        allowed: "a fraction, a number of steps, or a date such as 2010-01-31 or 2010-01-31 23:00")
    }
    if let quantiles {
      try PlanError.require(
        !quantiles.isEmpty && quantiles.allSatisfy { $0 > 0 && $0 < 1 }
          && zip(quantiles, quantiles.dropFirst()).allSatisfy { $0 < $1 },
        "data.quantiles", found: "\(quantiles)", allowed: "rising numbers between 0 and 1")
    }
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
