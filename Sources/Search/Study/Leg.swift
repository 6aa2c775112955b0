/// The way of a trial from one rung to the next: what a worker is asked to train in one go.
///
/// Legs of a sweep are numbered from 0 in the order in which they were decided.
public struct Leg: Hashable, Sendable {
  /// Its number within the sweep.
  public let number: Int
  /// The number of the trial within the sweep.
  public let trial: Int
  /// The epochs that the trial has behind it at the end of the leg.
  public let until: Int
  /// How many results had been taken in when it was decided. Stored with the leg, it is what a study
  /// is restored from.
  public let after: Int
  /// Why it was decided: a row of the decisions.
  public let why: Explanation
  /// What the trial takes over from another one before it; nil if it goes on as it is.
  public let inheritance: Inheritance?

  /// A leg of a trial.
  public init(
    number: Int, trial: Int, until: Int, after: Int, why: Explanation,
    inheritance: Inheritance? = nil
  ) {
    self.number = number
    self.trial = trial
    self.until = until
    self.after = after
    self.why = why
    self.inheritance = inheritance
  }
}

/// Why something was decided, for people and for SQL.
public struct Explanation: Hashable, Sendable {
  /// What was done: `create`, `promote`, `copy`, `continue`, `pause`, `stop`, `complete`, `fail`.
  public let kind: String
  /// A sentence.
  public let reason: String
  /// What it was computed from: rank, cutoff, population, rung, seed.
  public let details: [String: Value]

  /// A reason in words and numbers.
  public init(kind: String, reason: String, details: [String: Value] = [:]) {
    self.kind = kind
    self.reason = reason
    self.details = details
  }
}

/// How a leg ended.
public enum LegResult: Hashable, Sendable {
  /// The trial stands at the end of the leg, with these losses (the best so far; less is better), and
  /// broke the constraints that only training shows by so much. A trial at its last rung is over.
  case reached([Double], violation: Double = 0)
  /// The trial is over without a value: it diverged, could not be run, or was cancelled.
  case failed
}
