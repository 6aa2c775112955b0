import Postgres

/// What a model said of the examples of a split: an element for each answer, all lists equally long,
/// nil where there is no such thing.
public struct SplitAnswers: Sendable, Hashable {
  /// `validation` or `test`.
  public var split: String
  /// Number of the example within the dataset, from 1.
  public var examples: [Int32]
  /// Step of a sequence or time of a series, from 1.
  public var positions: [Int32]?
  /// Which step of a forecast, or which of several numbers, from 1.
  public var steps: [Int32]?
  /// The time of a series with times, in seconds since 1970 by the clock of the data.
  public var times: [Int64]?
  /// The true number, or index of the true label from 0.
  public var truths: [Double]?
  /// The predicted number, or index of the predicted label from 0.
  public var predictions: [Double]?
  /// How probable the model held the label that it gave.
  public var probabilities: [Double]?
  /// Lower ends of intervals.
  public var lowers: [Double]?
  /// Upper ends of intervals.
  public var uppers: [Double]?
  /// The loss of each answer.
  public var losses: [Double]?

  /// Answers of which nothing is known but their examples.
  public init(split: String, examples: [Int32]) {
    self.split = split
    self.examples = examples
  }
}

/// What a model said of the examples that it did not learn from.
public struct TrialPredictions: Sendable, Hashable {
  /// The labels by index, if the answers are labels.
  public var labels: [String]?
  /// The splits.
  public var splits: [SplitAnswers]

  /// Predictions of splits.
  public init(labels: [String]?, splits: [SplitAnswers]) {
    self.labels = labels
    self.splits = splits
  }
}

/// A prediction that was wrong, or far from the truth: a row of `unroll.predictions`.
public struct Mistake: Sendable, Hashable {
  /// Number of the example within the dataset.
  public let example: Int
  /// What the file calls its series.
  public let series: String?
  /// When it was, by the clock of the data, as `2014-01-31T23:00:00`.
  public let time: String?
  /// Where in its sequence.
  public let position: Int?
  /// Which step of a forecast.
  public let step: Int?
  /// The beginning of its text.
  public let text: String?
  /// What is true.
  public let truth: String
  /// What the model said.
  public let prediction: String
  /// How probable the model held it.
  public let probability: Double?
  /// Predicted minus true number.
  public let residual: Double?
}

/// How well a trial knows a class: a row of `unroll.classes`.
public struct ClassReport: Sendable, Hashable {
  /// `validation` or `test`.
  public let split: String
  /// The class.
  public let label: String
  /// Which share of its answers is right.
  public let precision: Double
  /// Which share of its examples is found.
  public let recall: Double
  /// Their harmonic mean.
  public let f1: Double
  /// Its examples.
  public let support: Int
}

extension Database {
  /// Whether a trial that ends with an objective is among the best of its sweep so far, whose
  /// predictions are kept. Decided again when they are written.
  public func wantsPredictions(trial: Int, objective: Double) throws -> Bool {
    try one(WantsPredictions(trial: trial, objective: objective))
  }

  /// Stores predictions that a person asked for, in place of those that are there.
  public func store(_ predictions: TrialPredictions, trial: Int) throws {
    try batch(
      [AskPredictions(trial: trial, labels: predictions.labels)]
        + predictions.splits.map { WritePredictions(trial: trial, answers: $0) })
  }

  /// Whether predictions of a trial are stored.
  public func hasPredictions(trial: Int) throws -> Bool {
    try one(HasPredictions(trial: trial))
  }

  /// The wrong answers of which a trial was most sure, or of numbers those farthest from the truth.
  public func mistakes(trial: Int, split: String, limit: Int) throws -> [Mistake] {
    try all(ListMistakes(trial: trial, split: split, limit: limit))
  }

  /// How well a trial knows each class, by split and label.
  public func classes(trial: Int) throws -> [ClassReport] {
    try all(ListClasses(trial: trial))
  }

  func statements(for predictions: TrialPredictions, under lease: Lease) -> [any Statement] {
    [BeginPredictions(trial: lease.trial, labels: predictions.labels)]
      + predictions.splits.map { WritePredictions(trial: lease.trial, answers: $0) }
  }
}

private struct WantsPredictions: Statement {
  static let sql = "select unroll_internal.wants_predictions($1, $2)"
  let trial: Int
  let objective: Double
  var parameters: [any PostgresEncodable] { [trial, objective] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct BeginPredictions: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.begin_predictions($1, $2)"
  let trial: Int
  let labels: [String]?
  var parameters: [any PostgresEncodable] { [trial, labels] }
}

private struct AskPredictions: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.ask_predictions($1, $2)"
  let trial: Int
  let labels: [String]?
  var parameters: [any PostgresEncodable] { [trial, labels] }
}

private struct WritePredictions: Statement {
  typealias Output = Void
  static let sql = """
    select unroll_internal.write_predictions($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    """
  let trial: Int
  let answers: SplitAnswers
  var parameters: [any PostgresEncodable] {
    [
      trial, answers.split, answers.examples, answers.positions, answers.steps, answers.times,
      answers.truths, answers.predictions, answers.probabilities, answers.lowers, answers.uppers,
      losses,
    ]
  }
  /// As the table holds them, which takes no number that is too large or too small for a real.
  private var losses: [Double]? {
    answers.losses?.map { Double(min(Float($0), .greatestFiniteMagnitude)) }
  }
}

private struct HasPredictions: Statement {
  static let sql = "select exists (select from unroll_internal.predicted where trial_id = $1)"
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

struct ListMistakes: Statement {
  static let sql = """
    select p.example, p.series, to_char(p.time, 'YYYY-MM-DD"T"HH24:MI:SS') as time, p.position,
      p.step, p.text, p.truth, p.prediction, p.probability::float8 as probability, p.residual
    from unroll.predictions p
    where p.trial_id = $1 and p.split = $2 and (p.is_wrong or p.residual <> 0)
    order by p.probability desc nulls last, abs(p.residual) desc nulls last, p.example, p.position,
      p.step
    limit $3
    """
  let trial: Int
  let split: String
  let limit: Int
  var parameters: [any PostgresEncodable] { [trial, split, limit] }
  static func decode(_ row: Row) throws -> Mistake {
    Mistake(
      example: try row["example"], series: try row["series"], time: try row["time"],
      position: try row["position"], step: try row["step"], text: try row["text"],
      truth: try row["truth"], prediction: try row["prediction"],
      probability: try row["probability"], residual: try row["residual"])
  }
}

struct ListClasses: Statement {
  static let sql = """
    select split, label, precision, recall, f1, support from unroll.classes where trial_id = $1
    order by split, label
    """
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> ClassReport {
    ClassReport(
      split: try row["split"], label: try row["label"], precision: try row["precision"],
      recall: try row["recall"], f1: try row["f1"], support: try row["support"])
  }
}
